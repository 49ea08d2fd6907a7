// The host's blocks, warps and threads: who runs, who waits where, and what ends the program.
//
// One thread of the program runs everything. Blocks of a cooperative launch are all alive and take turns, and so are
// those of a cluster; others run one after another. In its turn a block runs until each of its threads waits at a collective, polls (spin_pause) or
// has returned. Threads of one warp run in lane order, and of the warps that can run always the first in an order of
// preference: one warp runs ahead of the others as far as barriers let it, so a missing barrier shows as a wrong
// number. The preference is the warps' numbers; with the environment variable KERNELGEN_SCHEDULE_SEED=<number> blocks,
// warps and lanes run in random order.
#pragma once

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "prelude.cuh"
#include "prelude_host_fiber.hpp"

namespace kernelgen {
namespace host {

/** Turns of all blocks in which threads only poll and no one stores, after which nobody can be waiting for anything to
 * come. */
constexpr int idleRoundLimit = 10'000;

/** So many loads by load_relaxed or load_acquire in one thread while no one stores can only be a loop without
 * spin_pause. */
constexpr int loadsWithoutPauseLimit = 1'000'000;

/** A sequence of random numbers (SplitMix64), the same on every machine. */
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /** A number from 0 to bound − 1. */
  unsigned below(unsigned bound) { return static_cast<unsigned>((next() >> 32) * bound >> 32); }

  template <typename Value>
  void shuffle(std::vector<Value>& values) {
    for (std::size_t last = values.size(); last > 1; last -= 1)
      std::swap(values[last - 1], values[below(static_cast<unsigned>(last))]);
  }

 private:
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
  }

  std::uint64_t state_;
};

/** A copy that has been started and has not landed. */
struct PendingCopy {
  unsigned char* shared;
  unsigned char bytes[16];
  int byteCount;
  /** How many groups the thread had committed when it started the copy. */
  int group;
};

/** A store to a block's shared memory that has been started and has not landed, and the barrier that counts it. */
struct PendingStore {
  unsigned char* target;
  Words4 value;
  TransactionBarrier* barrier;
};

/** What a thread does; `ready` also while it runs. */
enum class ThreadState { ready, atBlockBarrier, atClusterBarrier, atWarpCollective, polling, returned };

struct Warp;
struct Block;

/** Blocks that can reach each other's shared memory. One that has ended is null. */
struct Cluster {
  std::vector<Block*> blocks;
  int threadCount = 0;
  int atBarrierCount = 0;
};

/** A thread of a kernel. */
struct Thread {
  Context context;
  Block* block = nullptr;
  Warp* warp = nullptr;
  int index = 0;
  int lane = 0;
  ThreadState state = ThreadState::ready;
  /** What it passed to the warp collective where it waits. */
  void* operand = nullptr;
  /** Where it waits or polls. */
  const char* collective = nullptr;
  CallSite site{};
  /** Its loads by load_relaxed and load_acquire since its last pause and since someone stored. */
  int loadCount = 0;
  /** How many changes there had been at its last load. */
  std::uint64_t seenChangeCount = 0;
  std::vector<PendingCopy> copies;
  int committedGroups = 0;
};

/** 32 threads, or fewer in the last warp of a block. Sets of lanes are bit masks. */
struct Warp {
  Thread* lanes[warpLanes] = {};
  int laneCount = 0;
  std::uint32_t ready = 0;
  std::uint32_t polling = 0;
  std::uint32_t arrived = 0;
  std::uint32_t returned = 0;
};

/** A block that is alive. */
struct Block {
  int index = 0;
  Cluster* cluster = nullptr;
  int rank = 0;
  /** Stores on their way to its shared memory. */
  std::vector<PendingStore> stores;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  /** The warps, most preferred first. */
  std::vector<int> warpOrder;
  int atBarrierCount = 0;
  int returnedCount = 0;
  unsigned char* shared = nullptr;
  std::size_t sharedBytes = 0;
};

/** Equal texts are nearly always one text in memory: that saves most comparisons. */
inline bool same_text(const char* left, const char* right) { return left == right || std::strcmp(left, right) == 0; }

/** "sync_block (kernel.cu:12)". */
inline std::string quote(const char* collective, CallSite site) {
  return format("%s (%s:%d)", collective, site.file, site.line);
}

/** Runs one grid at a time. */
class Scheduler {
 public:
  void run(const Grid& grid) {
    if (grid_ != nullptr) end_program("launch inside of a kernel");
    grid_ = &grid;
    const int together = grid.residency.cooperative ? grid.blockCount : grid.residency.clusterBlocks;
    for (int first = 0; first < grid.blockCount; first += together) run_blocks(create_blocks(first, together));
    grid_ = nullptr;
  }

  /** The thread that runs now. */
  Thread& current() {
    if (current_ == nullptr) end_program("a device function was called outside of a kernel");
    return *current_;
  }

  const Grid& grid() const { return *grid_; }

  /** Ends the program with a message about the thread that runs now. */
  [[noreturn]] __attribute__((format(printf, 2, 3))) void fail(const char* message, ...) {
    std::va_list arguments;
    va_start(arguments, message);
    const std::string text = format_list(message, arguments);
    va_end(arguments);
    const Thread& thread = current();
    end_program("block %d, thread %d (warp %d, lane %d): %s", thread.block->index, thread.index,
                thread.index / warpLanes, thread.lane, text.c_str());
  }

  /** Someone may have been waiting for what happened now. */
  void note_change() { changeCount_ += 1; }

  /** Waits for all threads of the block. */
  void block_barrier(const char* collective, CallSite site) {
    Thread& thread = current();
    Block& block = *thread.block;
    arrive(thread, collective, site);
    if (block.returnedCount > 0) {
      const Thread& other = first_in(block, ThreadState::returned);
      fail("waits at %s, but thread %d of the block has returned", quote(collective, site).c_str(), other.index);
    }
    thread.warp->arrived |= 1u << thread.lane;
    block.atBarrierCount += 1;
    if (block.atBarrierCount < static_cast<int>(block.threads.size())) {
      suspend(thread, ThreadState::atBlockBarrier);
      return;
    }
    block.atBarrierCount = 0;
    for (Warp& warp : block.warps) release(warp, thread);
    if (seeded_) random_.shuffle(block.warpOrder);
  }

  /** Waits for all threads of the cluster. */
  void cluster_barrier(const char* collective, CallSite site) {
    Thread& thread = current();
    Cluster& cluster = *thread.block->cluster;
    arrive(thread, collective, site);
    for (const Block* block : cluster.blocks) {
      if (block != nullptr && block->returnedCount == 0) continue;
      fail("waits at %s, but a thread of another block of the cluster has returned", quote(collective, site).c_str());
    }
    thread.warp->arrived |= 1u << thread.lane;
    cluster.atBarrierCount += 1;
    if (cluster.atBarrierCount < cluster.threadCount) {
      suspend(thread, ThreadState::atClusterBarrier);
      return;
    }
    cluster.atBarrierCount = 0;
    for (Block* block : cluster.blocks)
      for (Warp& warp : block->warps) release(warp, thread);
    note_change();
  }

  /**
   * Waits for all lanes of the warp; the last calls perform(operands), where operands[lane] points to what that lane
   * passed, while the others still wait. A warp of fewer than 32 lanes may only meet where `partialWarp` says so.
   */
  template <typename Operand, typename Perform>
  void warp_collective(const char* collective, CallSite site, bool partialWarp, Operand& operand, Perform perform) {
    Thread& thread = current();
    Warp& warp = *thread.warp;
    arrive(thread, collective, site);
    if (warp.laneCount < warpLanes && !partialWarp) {
      fail("%s needs %d lanes, the warp has %d", quote(collective, site).c_str(), warpLanes, warp.laneCount);
    }
    if (warp.returned != 0) {
      fail("waits at %s, but lane %d of the warp has returned", quote(collective, site).c_str(), lowest(warp.returned));
    }
    thread.operand = &operand;
    warp.arrived |= 1u << thread.lane;
    if (warp.arrived != all_lanes(warp)) {
      suspend(thread, ThreadState::atWarpCollective);
      return;
    }
    Operand* operands[warpLanes] = {};
    for (int lane = 0; lane < warp.laneCount; lane += 1)
      operands[lane] = static_cast<Operand*>(warp.lanes[lane]->operand);
    perform(operands);
    release(warp, thread);
  }

  /** Lets the others run before this thread looks again. */
  void pause(CallSite site) {
    Thread& thread = current();
    thread.collective = "spin_pause";
    thread.site = site;
    thread.loadCount = 0;
    thread.warp->polling |= 1u << thread.lane;
    suspend(thread, ThreadState::polling);
  }

  /** Counts a load that may be one of a polling loop. */
  void note_load() {
    Thread& thread = current();
    if (thread.seenChangeCount != changeCount_) thread.loadCount = 0;
    thread.seenChangeCount = changeCount_;
    thread.loadCount += 1;
    if (thread.loadCount > loadsWithoutPauseLimit) {
      fail("has loaded %d times without a pause: a loop that waits for another thread must call spin_pause()",
           loadsWithoutPauseLimit);
    }
  }

 private:
  static std::uint32_t all_lanes(const Warp& warp) { return 0xFFFFFFFFu >> (warpLanes - warp.laneCount); }
  static int lowest(std::uint32_t lanes) { return __builtin_ctz(lanes); }

  /** The next `count` blocks, in clusters. */
  std::vector<Block*> create_blocks(int first, int count) {
    std::vector<Block*> blocks;
    clusters_.clear();
    const int clusterBlocks = grid_->residency.clusterBlocks;
    for (int index = first; index < first + count; index += 1) {
      Block* block = create_block(index);
      block->rank = index % clusterBlocks;
      if (block->rank == 0) clusters_.push_back(std::make_unique<Cluster>());
      block->cluster = clusters_.back().get();
      block->cluster->blocks.push_back(block);
      block->cluster->threadCount += static_cast<int>(block->threads.size());
      blocks.push_back(block);
    }
    return blocks;
  }

  Block* create_block(int index) {
    Block* block = new Block;
    block->index = index;
    block->sharedBytes = grid_->sharedBytes;
    if (block->sharedBytes > 0) {
      // An allocation of its own and of exactly this size: the address sanitizer sees what goes beyond.
      void* shared = nullptr;
      if (posix_memalign(&shared, 128, block->sharedBytes) != 0) {
        end_program("no memory for %zu B of shared memory", block->sharedBytes);
      }
      std::memset(shared, 0xFF, block->sharedBytes);
      block->shared = static_cast<unsigned char*>(shared);
    }
    block->threads.resize(static_cast<std::size_t>(grid_->threadsPerBlock));
    block->warps.resize((block->threads.size() + warpLanes - 1) / warpLanes);
    for (std::size_t warp = 0; warp < block->warps.size(); warp += 1)
      block->warpOrder.push_back(static_cast<int>(warp));
    if (seeded_) random_.shuffle(block->warpOrder);
    for (Thread& thread : block->threads) {
      thread.index = static_cast<int>(&thread - block->threads.data());
      thread.lane = thread.index % warpLanes;
      thread.block = block;
      thread.warp = &block->warps[static_cast<std::size_t>(thread.index / warpLanes)];
      thread.warp->lanes[thread.lane] = &thread;
      thread.warp->laneCount += 1;
      thread.warp->ready |= 1u << thread.lane;
      prepare_context(thread.context, stacks_.take(), &Scheduler::thread_entry);
    }
    return block;
  }

  void destroy_block(Block* block) {
    if (!block->stores.empty()) {
      end_program("block %d has returned, but %zu stores to its shared memory are on their way", block->index,
                  block->stores.size());
    }
    block->cluster->blocks[static_cast<std::size_t>(block->rank)] = nullptr;
    for (Thread& thread : block->threads) stacks_.give_back(thread.context.stackBottom);
    std::free(block->shared);
    delete block;
  }

  void run_blocks(std::vector<Block*> blocks) {
    int idleRounds = 0;
    while (!blocks.empty()) {
      const std::uint64_t changeCount = changeCount_;
      if (seeded_) random_.shuffle(blocks);
      for (Block* block : blocks) take_turn(*block);
      idleRounds = changeCount_ == changeCount ? idleRounds + 1 : 0;
      if (idleRounds > idleRoundLimit)
        end_program("deadlock: threads poll for what no thread stores%s", describe(blocks).c_str());
      std::size_t alive = 0;
      for (Block* block : blocks) {
        if (block->returnedCount < static_cast<int>(block->threads.size())) {
          blocks[alive++] = block;
        } else {
          destroy_block(block);
        }
      }
      blocks.resize(alive);
    }
  }

  /** Runs the block until none of its threads is ready. Those that poll are ready again in the next turn. */
  void take_turn(Block& block) {
    for (Warp& warp : block.warps) {
      warp.ready |= warp.polling;
      warp.polling = 0;
    }
    while (Thread* thread = choose(block)) resume(*thread);
  }

  /** The ready thread that runs next; null if there is none. */
  Thread* choose(Block& block) {
    if (seeded_ && random_.below(16) == 0) random_.shuffle(block.warpOrder);
    for (int index : block.warpOrder) {
      Warp& warp = block.warps[static_cast<std::size_t>(index)];
      if (warp.ready == 0) continue;
      std::uint32_t lanes = warp.ready;
      unsigned skipped = seeded_ ? random_.below(static_cast<unsigned>(__builtin_popcount(lanes))) : 0;
      for (; skipped > 0; skipped -= 1) lanes &= lanes - 1;
      return warp.lanes[lowest(lanes)];
    }
    return nullptr;
  }

  void resume(Thread& thread) {
    thread.warp->ready &= ~(1u << thread.lane);
    thread.state = ThreadState::ready;
    current_ = &thread;
    switch_context(context_, thread.context, false);
    current_ = nullptr;
  }

  void suspend(Thread& thread, ThreadState state) {
    thread.state = state;
    switch_context(thread.context, context_, false);
  }

  /** The lanes of a warp meet at one collective, at one place in the program, or not at all. */
  void arrive(Thread& thread, const char* collective, CallSite site) {
    thread.collective = collective;
    thread.site = site;
    const Warp& warp = *thread.warp;
    if (warp.arrived == 0) return;
    const Thread& other = *warp.lanes[lowest(warp.arrived)];
    const bool samePlace = other.site.line == site.line && same_text(other.site.file, site.file);
    if (samePlace && same_text(other.collective, collective)) return;
    fail("the lanes of a warp meet at different collectives: this one at %s, lane %d at %s",
         quote(collective, site).c_str(), other.lane, quote(other.collective, other.site).c_str());
  }

  /** The lanes that met go on: `last`, which runs now, and the others when their turn comes. */
  static void release(Warp& warp, const Thread& last) {
    for (std::uint32_t lanes = warp.arrived; lanes != 0; lanes &= lanes - 1)
      warp.lanes[lowest(lanes)]->state = ThreadState::ready;
    warp.ready |= warp.arrived;
    if (last.warp == &warp) warp.ready &= ~(1u << last.lane);
    warp.arrived = 0;
  }

  static void thread_entry();

  /** The kernel has returned in this thread. */
  void finish(Thread& thread) {
    Block& block = *thread.block;
    Warp& warp = *thread.warp;
    const Thread* waiting = nullptr;
    if (warp.arrived != 0) waiting = warp.lanes[lowest(warp.arrived)];
    if (block.atBarrierCount > 0) waiting = &first_in(block, ThreadState::atBlockBarrier);
    if (block.cluster->atBarrierCount > 0 && block.cluster->blocks.size() > 1) {
      fail("has returned, but threads of the cluster wait for it at sync_cluster");
    }
    if (waiting != nullptr) {
      fail("has returned, but thread %d of the block waits for it at %s", waiting->index,
           quote(waiting->collective, waiting->site).c_str());
    }
    thread.state = ThreadState::returned;
    warp.returned |= 1u << thread.lane;
    block.returnedCount += 1;
    note_change();
  }

  /** A thread of the block in this state; there is one. */
  static const Thread& first_in(const Block& block, ThreadState state) {
    std::size_t index = 0;
    while (block.threads[index].state != state) index += 1;
    return block.threads[index];
  }

  static std::string describe(const std::vector<Block*>& blocks) {
    constexpr std::size_t shownBlocks = 8;
    std::string text;
    for (std::size_t shown = 0; shown < blocks.size() && shown < shownBlocks; shown += 1) {
      const std::vector<Thread>& threads = blocks[shown]->threads;
      for (std::size_t first = 0, next = 0; first < threads.size(); first = next) {
        while (next < threads.size() && describe(threads[next]) == describe(threads[first])) next += 1;
        text += format("\n  block %d, threads %zu to %zu %s", blocks[shown]->index, first, next - 1,
                       describe(threads[first]).c_str());
      }
    }
    if (blocks.size() > shownBlocks) text += format("\n  and %zu more blocks", blocks.size() - shownBlocks);
    return text;
  }

  static std::string describe(const Thread& thread) {
    if (thread.state == ThreadState::returned) return "have returned";
    if (thread.state == ThreadState::polling) return "poll in " + quote(thread.collective, thread.site);
    return "wait at " + quote(thread.collective, thread.site);
  }

  static std::uint64_t read_seed(const char* text) {
    char* end = nullptr;
    const std::uint64_t seed = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0') end_program("KERNELGEN_SCHEDULE_SEED must be a whole number, it is \"%s\"", text);
    return seed;
  }

  Context context_;
  StackPool stacks_;
  const Grid* grid_ = nullptr;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  Thread* current_ = nullptr;
  std::uint64_t changeCount_ = 0;
  const char* const seedText_ = std::getenv("KERNELGEN_SCHEDULE_SEED");
  const bool seeded_ = seedText_ != nullptr;
  Random random_{seeded_ ? read_seed(seedText_) : 0};
};

/** The one scheduler of the program. */
extern Scheduler scheduler;

// Not sanitized, and the last thing on the fiber's stack: what it leaves behind there must not mark the stack for the
// next fiber.
KERNELGEN_NOT_ADDRESS_SANITIZED inline void Scheduler::thread_entry() {
  begin_context(scheduler.context_);
  scheduler.grid_->body(scheduler.grid_->arguments);
  Thread& thread = *scheduler.current_;
  scheduler.finish(thread);
  switch_context(thread.context, scheduler.context_, true);
}

}  // namespace host
}  // namespace kernelgen
