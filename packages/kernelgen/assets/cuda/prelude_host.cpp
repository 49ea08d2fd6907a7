// The prelude on the CPU: to be linked to each kernel. prelude.cuh documents each function; what is said here is what
// the host checks.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "prelude.cuh"
#include "prelude_host_scheduler.hpp"

namespace kernelgen {

namespace host {

/** The one scheduler of the program. */
Scheduler scheduler;

/** The thread that runs now. */
Thread& thread() { return scheduler.current(); }

/** The address relative to the block's shared memory. */
std::ptrdiff_t shared_offset(const void* pointer) {
  return reinterpret_cast<std::intptr_t>(pointer) - reinterpret_cast<std::intptr_t>(thread().block->shared);
}

/** Whether all of [pointer, pointer + bytes) is the block's shared memory. */
bool is_shared(const void* pointer, std::size_t bytes) {
  const std::size_t offset = static_cast<std::size_t>(shared_offset(pointer));  // before the start: huge
  const std::size_t sharedBytes = thread().block->sharedBytes;
  return offset <= sharedBytes && sharedBytes - offset >= bytes;
}

void require_shared(const char* operation, const void* pointer, std::size_t bytes) {
  if (is_shared(pointer, bytes)) return;
  scheduler.fail("%s: accesses %zu B from byte %td of shared memory, the block has %zu B", operation, bytes,
                 shared_offset(pointer), thread().block->sharedBytes);
}

void require_global(const char* operation, const void* pointer) {
  if (!is_shared(pointer, 1)) return;
  scheduler.fail("%s: needs global memory, the address is byte %td of shared memory", operation,
                 shared_offset(pointer));
}

void require_aligned(const char* operation, const void* pointer, std::size_t alignment) {
  const std::size_t excess = reinterpret_cast<std::uintptr_t>(pointer) % alignment;
  if (excess == 0) return;
  scheduler.fail("%s: needs an address that is a multiple of %zu B, this one is %zu B past one", operation, alignment,
                 excess);
}

// The operations on global memory; the address sanitizer checks the accesses themselves.

template <typename Value>
Value load(const char* operation, const Value* address) {
  require_global(operation, address);
  require_aligned(operation, address, sizeof(Value));
  return *address;
}

template <typename Value>
void store(const char* operation, Value* address, const Value& value) {
  require_global(operation, address);
  require_aligned(operation, address, sizeof(Value));
  *address = value;
}

/** A load that a polling loop may repeat. */
template <typename Value>
Value load_strong(const char* operation, const Value* address) {
  scheduler.note_load();
  return load(operation, address);
}

/** A store that another thread may wait for. */
template <typename Value>
void store_strong(const char* operation, Value* address, const Value& value) {
  store(operation, address, value);
  scheduler.note_change();
}

}  // namespace host

// ---- Where a thread stands ------------------------------------------------------------------------------------------

int thread_index() { return host::thread().index; }
int lane_index() { return host::thread().lane; }
int warp_index() { return host::thread().index / warpLanes; }
int block_index() { return host::thread().block->index; }
unsigned char* shared_memory() { return host::thread().block->shared; }

// ---- Barriers and shuffles ------------------------------------------------------------------------------------------

void sync_block(CallSite site) { host::scheduler.block_barrier("sync_block", site); }

void sync_warp(CallSite site) {
  int nothing = 0;
  host::scheduler.warp_collective("sync_warp", site, true, nothing, [](int**) {});
}

float shuffle_xor(float value, int mask, CallSite site) {
  if (mask < 0 || mask >= warpLanes) host::scheduler.fail("shuffle_xor: mask must be 0 to 31, it is %d", mask);
  struct Operand {
    float value;
    int mask;
    float result;
  } operand{value, mask, 0};
  host::scheduler.warp_collective("shuffle_xor", site, false, operand, [](Operand** lanes) {
    for (int lane = 0; lane < warpLanes; lane += 1) lanes[lane]->result = lanes[lane ^ lanes[lane]->mask]->value;
  });
  return operand.result;
}

// ---- Matrix products on tensor cores --------------------------------------------------------------------------------

namespace host {

/** The product for operands of one type, whose pairs `low` and `high` take apart. */
template <float (*low)(std::uint32_t), float (*high)(std::uint32_t)>
void mma_m16n8k16(const char* operation, float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1,
                  CallSite site) {
  struct Operand {
    float* c;
    const std::uint32_t* a;
    std::uint32_t b[2];
  } operand{c, a, {b0, b1}};
  scheduler.warp_collective(operation, site, false, operand, [](Operand** lanes) {
    float matrixA[16][16];
    float matrixB[16][8];
    for (int lane = 0; lane < warpLanes; lane += 1) {
      const int group = lane / 4;
      const int pair = lane % 4 * 2;
      for (int word = 0; word < 4; word += 1) {
        const int row = group + word % 2 * 8;
        const int column = pair + word / 2 * 8;
        matrixA[row][column] = low(lanes[lane]->a[word]);
        matrixA[row][column + 1] = high(lanes[lane]->a[word]);
      }
      for (int word = 0; word < 2; word += 1) {
        matrixB[pair + word * 8][group] = low(lanes[lane]->b[word]);
        matrixB[pair + word * 8 + 1][group] = high(lanes[lane]->b[word]);
      }
    }
    for (int lane = 0; lane < warpLanes; lane += 1) {
      for (int element = 0; element < 4; element += 1) {
        const int row = lane / 4 + element / 2 * 8;
        const int column = lane % 4 * 2 + element % 2;
        double sum = 0;
        for (int k = 0; k < 16; k += 1)
          sum += static_cast<double>(matrixA[row][k]) * static_cast<double>(matrixB[k][column]);
        lanes[lane]->c[element] = static_cast<float>(static_cast<double>(lanes[lane]->c[element]) + sum);
      }
    }
  });
}

}  // namespace host

void mma_m16n8k16_bf16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1, CallSite site) {
  host::mma_m16n8k16<low_bf16_to_float, high_bf16_to_float>("mma_m16n8k16_bf16", c, a, b0, b1, site);
}

void mma_m16n8k16_fp16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1, CallSite site) {
  host::mma_m16n8k16<low_fp16_to_float, high_fp16_to_float>("mma_m16n8k16_fp16", c, a, b0, b1, site);
}

void mma_m16n8k8_tf32(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1, CallSite site) {
  struct Operand {
    float* c;
    const std::uint32_t* a;
    std::uint32_t b[2];
  } operand{c, a, {b0, b1}};
  host::scheduler.warp_collective("mma_m16n8k8_tf32", site, false, operand, [](Operand** lanes) {
    // What the hardware does not read of a float.
    const auto value = [](std::uint32_t bits) { return static_cast<double>(float_of(bits & ~0x1FFFu)); };
    double matrixA[16][8];
    double matrixB[8][8];
    for (int lane = 0; lane < warpLanes; lane += 1) {
      for (int word = 0; word < 4; word += 1) {
        matrixA[lane / 4 + word % 2 * 8][lane % 4 + word / 2 * 4] = value(lanes[lane]->a[word]);
      }
      for (int word = 0; word < 2; word += 1) matrixB[lane % 4 + word * 4][lane / 4] = value(lanes[lane]->b[word]);
    }
    for (int lane = 0; lane < warpLanes; lane += 1) {
      for (int element = 0; element < 4; element += 1) {
        double sum = 0;
        for (int k = 0; k < 8; k += 1) sum += matrixA[lane / 4 + element / 2 * 8][k] * matrixB[k][lane % 4 * 2 + element % 2];
        lanes[lane]->c[element] = static_cast<float>(static_cast<double>(lanes[lane]->c[element]) + sum);
      }
    }
  });
}

namespace host {

/** ldmatrix of `matrixCount` matrices, plain or transposed. */
template <int matrixCount, bool transposed>
void ldmatrix(const char* operation, std::uint32_t (&r)[matrixCount], const void* sharedRow, CallSite site) {
  if (thread().lane < 8 * matrixCount) {
    require_shared(operation, sharedRow, 16);
    require_aligned(operation, sharedRow, 16);
  }
  struct Operand {
    std::uint32_t* r;
    const std::uint16_t* row;
  } operand{r, static_cast<const std::uint16_t*>(sharedRow)};
  scheduler.warp_collective(operation, site, false, operand, [](Operand** lanes) {
    for (int lane = 0; lane < warpLanes; lane += 1) {
      const int group = lane / 4;
      const int pair = lane % 4 * 2;
      for (int matrix = 0; matrix < matrixCount; matrix += 1) {
        const auto element = [&](int row, int column) { return lanes[8 * matrix + row]->row[column]; };
        const std::uint32_t first = transposed ? element(pair, group) : element(group, pair);
        const std::uint32_t second = transposed ? element(pair + 1, group) : element(group, pair + 1);
        lanes[lane]->r[matrix] = second << 16 | first;
      }
    }
  });
}

}  // namespace host

void ldmatrix_x4(std::uint32_t (&r)[4], const void* sharedRow, CallSite site) {
  host::ldmatrix<4, false>("ldmatrix_x4", r, sharedRow, site);
}

void ldmatrix_x4_transposed(std::uint32_t (&r)[4], const void* sharedRow, CallSite site) {
  host::ldmatrix<4, true>("ldmatrix_x4_transposed", r, sharedRow, site);
}

void ldmatrix_x2(std::uint32_t (&r)[2], const void* sharedRow, CallSite site) {
  host::ldmatrix<2, false>("ldmatrix_x2", r, sharedRow, site);
}

void ldmatrix_x2_transposed(std::uint32_t (&r)[2], const void* sharedRow, CallSite site) {
  host::ldmatrix<2, true>("ldmatrix_x2_transposed", r, sharedRow, site);
}

// ---- Asynchronous copies from global to shared memory ---------------------------------------------------------------

namespace host {

/**
 * Reads at once and writes as late as a GPU may, when the thread waits for the copy's group; until then the bytes are
 * 0xFF. So a missing commit, wait or barrier shows.
 */
template <int byteCount>
void copy_async(const char* operation, void* shared, const void* global, bool valid) {
  require_shared(operation, shared, byteCount);
  require_aligned(operation, shared, byteCount);
  PendingCopy copy{static_cast<unsigned char*>(shared), {}, byteCount, thread().committedGroups};
  if (valid) {
    require_global(operation, global);
    require_aligned(operation, global, byteCount);
    std::memcpy(copy.bytes, global, byteCount);
  }
  std::memset(shared, 0xFF, byteCount);
  thread().copies.push_back(copy);
}

}  // namespace host

void copy_async_16(void* shared, const void* global, bool valid) {
  host::copy_async<16>("copy_async_16", shared, global, valid);
}

void copy_async_4(void* shared, const void* global, bool valid) {
  host::copy_async<4>("copy_async_4", shared, global, valid);
}

void copy_async_8(void* shared, const void* global, bool valid) {
  host::copy_async<8>("copy_async_8", shared, global, valid);
}

void copy_async_commit() { host::thread().committedGroups += 1; }

void host::copy_async_wait(int pendingGroups) {
  std::vector<PendingCopy>& copies = thread().copies;
  std::size_t kept = 0;
  for (const PendingCopy& copy : copies) {
    if (copy.group < thread().committedGroups - pendingGroups) {
      std::memcpy(copy.shared, copy.bytes, static_cast<std::size_t>(copy.byteCount));
    } else {
      copies[kept++] = copy;
    }
  }
  copies.resize(kept);
}

// ---- Global memory that is touched once -----------------------------------------------------------------------------

void bring_to_l2(const void* address) {
  host::require_global("bring_to_l2", address);
  // Where nothing is, a GPU says nothing; the sanitizer does.
  [[maybe_unused]] const volatile unsigned char first = *static_cast<const unsigned char*>(address);
}

std::uint16_t load_streaming(const std::uint16_t* address) { return host::load("load_streaming", address); }
std::uint32_t load_streaming(const std::uint32_t* address) { return host::load("load_streaming", address); }
float load_streaming(const float* address) { return host::load("load_streaming", address); }
Words2 load_streaming(const Words2* address) { return host::load("load_streaming", address); }
Words4 load_streaming(const Words4* address) { return host::load("load_streaming", address); }

Words4 load_from_l2(const Words4* address) { return host::load("load_from_l2", address); }

void store_streaming(std::uint16_t* address, std::uint16_t value) { host::store("store_streaming", address, value); }
void store_streaming(std::uint32_t* address, std::uint32_t value) { host::store("store_streaming", address, value); }
void store_streaming(float* address, float value) { host::store("store_streaming", address, value); }
void store_streaming(Words2* address, Words2 value) { host::store("store_streaming", address, value); }
void store_streaming(Words4* address, Words4 value) { host::store("store_streaming", address, value); }

// ---- Between blocks, through L2 -------------------------------------------------------------------------------------

// The host runs one thread at a time, so its memory is coherent and a missing fence does not show.

const void* address_of_turn(const void* address) { return address; }

std::uint16_t load_relaxed(const std::uint16_t* address) { return host::load_strong("load_relaxed", address); }
std::uint32_t load_relaxed(const std::uint32_t* address) { return host::load_strong("load_relaxed", address); }
float load_relaxed(const float* address) { return host::load_strong("load_relaxed", address); }
Words2 load_relaxed(const Words2* address) { return host::load_strong("load_relaxed", address); }
Words4 load_relaxed(const Words4* address) { return host::load_strong("load_relaxed", address); }

void store_relaxed(std::uint16_t* address, std::uint16_t value) { host::store_strong("store_relaxed", address, value); }
void store_relaxed(std::uint32_t* address, std::uint32_t value) { host::store_strong("store_relaxed", address, value); }
void store_relaxed(float* address, float value) { host::store_strong("store_relaxed", address, value); }
void store_relaxed(Words2* address, Words2 value) { host::store_strong("store_relaxed", address, value); }
void store_relaxed(Words4* address, Words4 value) { host::store_strong("store_relaxed", address, value); }

void fence_device() {}

std::uint32_t load_acquire(const std::uint32_t* address) { return host::load_strong("load_acquire", address); }

void store_release(std::uint32_t* address, std::uint32_t value) { host::store_strong("store_release", address, value); }

void atomic_add_release(std::uint32_t* address, std::uint32_t value) {
  host::store_strong("atomic_add_release", address, host::load("atomic_add_release", address) + value);
}

std::uint32_t atomic_fetch_add(std::uint32_t* address, std::uint32_t value) {
  const std::uint32_t before = host::load("atomic_fetch_add", address);
  host::store_strong("atomic_fetch_add", address, before + value);
  return before;
}

void spin_pause(CallSite site) { host::scheduler.pause(site); }

void check_cooperative_grid(std::uint32_t blockCount) {
  const host::Grid& grid = host::scheduler.grid();
  if (!grid.residency.cooperative) host::scheduler.fail("sync_grid: the launch is not cooperative");
  if (blockCount != static_cast<std::uint32_t>(grid.blockCount)) {
    host::scheduler.fail("sync_grid: is told of %u blocks, the launch has %d", blockCount, grid.blockCount);
  }
}

// ---- Thread block clusters (sm_90 and later) ------------------------------------------------------------------------

int cluster_rank() { return host::thread().block->rank; }

void sync_cluster(CallSite site) { host::scheduler.cluster_barrier("sync_cluster", site); }

ClusterAddress cluster_address(const void* shared, int rank) {
  host::require_shared("cluster_address", shared, 1);
  const std::size_t blockCount = host::thread().block->cluster->blocks.size();
  if (rank < 0 || static_cast<std::size_t>(rank) >= blockCount)
    host::scheduler.fail("cluster_address: needs a rank of 0 to %zu, it is %d", blockCount - 1, rank);
  return {rank, static_cast<std::size_t>(host::shared_offset(shared))};
}

ClusterAddress operator+(ClusterAddress address, int bytes) {
  return {address.rank, address.offset + static_cast<std::size_t>(bytes)};
}

namespace host {

/** What the 64 bits of a barrier hold here; what they hold on a GPU is not published. */
struct BarrierState {
  std::uint16_t made;  // barrierIsMade
  std::uint16_t phase;
  std::int32_t missingBytes;  // below the expected arrival's weight where it has come
};

constexpr std::uint16_t barrierIsMade = 0x6B67;
/** A phase cannot end before expect_bytes: that arrival counts as more bytes than can be on their way. */
constexpr std::int32_t arrivalBytes = 1 << 30;

BarrierState load_barrier(const char* operation, const TransactionBarrier* barrier) {
  BarrierState state;
  std::memcpy(&state, barrier, sizeof state);
  if (state.made != barrierIsMade) scheduler.fail("%s: there is no barrier, or it has been overwritten", operation);
  return state;
}

void store_barrier(TransactionBarrier* barrier, BarrierState state) {
  if (state.missingBytes == 0) {
    state.phase += 1;
    state.missingBytes = arrivalBytes;
  }
  std::memcpy(barrier, &state, sizeof state);
  scheduler.note_change();
}

void require_barrier(const char* operation, const TransactionBarrier* barrier) {
  require_shared(operation, barrier, sizeof *barrier);
  require_aligned(operation, barrier, sizeof *barrier);
}

/** The place in memory, which must lie wholly within the shared memory of a block that is alive. */
unsigned char* resolve(const char* operation, ClusterAddress address, std::size_t bytes) {
  const Block* block = thread().block->cluster->blocks[static_cast<std::size_t>(address.rank)];
  if (block == nullptr) scheduler.fail("%s: block %d of the cluster has returned", operation, address.rank);
  if (address.offset > block->sharedBytes || block->sharedBytes - address.offset < bytes) {
    scheduler.fail("%s: accesses %zu B from byte %zu of shared memory, block %d of the cluster has %zu B", operation,
                   bytes, address.offset, address.rank, block->sharedBytes);
  }
  return block->shared + address.offset;
}

/** Lets the stores land that this barrier of the block counts: as late as they may, when a thread waits for them. */
void land_stores(Block& block, const TransactionBarrier* barrier) {
  std::size_t kept = 0;
  for (const PendingStore& store : block.stores) {
    if (store.barrier == barrier) {
      std::memcpy(store.target, &store.value, sizeof store.value);
      BarrierState state = load_barrier("store_async", store.barrier);
      state.missingBytes -= static_cast<std::int32_t>(sizeof store.value);
      store_barrier(store.barrier, state);
    } else {
      block.stores[kept++] = store;
    }
  }
  block.stores.resize(kept);
}

}  // namespace host

void init_barrier(TransactionBarrier* barrier) {
  host::require_barrier("init_barrier", barrier);
  host::store_barrier(barrier, {host::barrierIsMade, 0, host::arrivalBytes});
}

void expect_bytes(TransactionBarrier* barrier, int bytes) {
  host::require_barrier("expect_bytes", barrier);
  host::BarrierState state = host::load_barrier("expect_bytes", barrier);
  state.missingBytes += bytes - host::arrivalBytes;
  host::store_barrier(barrier, state);
}

void wait_phase(TransactionBarrier* barrier, int phase, CallSite site) {
  host::require_barrier("wait_phase", barrier);
  host::Block& block = *host::thread().block;
  const auto current = [&] {
    host::land_stores(block, barrier);
    return host::load_barrier("wait_phase", barrier).phase;
  };
  // As the hardware does: it tells only whether the current phase is of the same parity.
  while (current() % 2 == phase % 2) host::scheduler.pause(site);
}

void store_async(ClusterAddress target, Words4 value, ClusterAddress barrier) {
  if (target.rank != barrier.rank) {
    host::scheduler.fail("store_async: the barrier is of block %d of the cluster, the target of block %d", barrier.rank,
                         target.rank);
  }
  unsigned char* place = host::resolve("store_async", target, sizeof value);
  host::require_aligned("store_async", place, sizeof value);
  auto* counter =
      reinterpret_cast<TransactionBarrier*>(host::resolve("store_async", barrier, sizeof(TransactionBarrier)));
  host::require_aligned("store_async", counter, sizeof(TransactionBarrier));
  host::load_barrier("store_async", counter);
  std::memset(place, 0xFF, sizeof value);
  host::thread().block->cluster->blocks[static_cast<std::size_t>(target.rank)]->stores.push_back(
      {place, value, counter});
  host::scheduler.note_change();
}

// ---- From one launch to the next -----------------------------------------------------------------------------------

// The launch before has ended.
void wait_for_previous_step() {}
void allow_next_step() {}

// ---- Functions of a real number -------------------------------------------------------------------------------------

namespace host {

/** Subnormal numbers count as 0, of their sign. */
float flush_subnormal(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }

}  // namespace host

float tanh_approx(float x) { return static_cast<float>(std::tanh(static_cast<double>(x))); }

float exp2_approx(float x) {
  return host::flush_subnormal(static_cast<float>(std::exp2(static_cast<double>(host::flush_subnormal(x)))));
}

float log2_approx(float x) { return static_cast<float>(std::log2(static_cast<double>(host::flush_subnormal(x)))); }

float maximum(float a, float b) { return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b); }

float two_product(float a, float b, float& rest) {
  const float product = a * b;
  rest = std::fma(a, b, -product);
  return product;
}

float reciprocal_approx(float x) { return host::flush_subnormal(1.0f / host::flush_subnormal(x)); }

// ---- Launching ------------------------------------------------------------------------------------------------------

std::string host::run_grid(const Grid& grid) {
  constexpr int threadLimit = 1024;
  if (grid.blockCount < 1) return format("grid: needs at least 1 block, the launch has %d", grid.blockCount);
  if (grid.threadsPerBlock < 1 || grid.threadsPerBlock > threadLimit) {
    return format("threads: the launch has %d in a block, a block has 1 to %d", grid.threadsPerBlock, threadLimit);
  }
  const int clusterBlocks = grid.residency.clusterBlocks;
  if (clusterBlocks < 1 || grid.blockCount % clusterBlocks != 0) {
    return format("cluster: the grid of %d blocks is not made of whole clusters of %d", grid.blockCount, clusterBlocks);
  }
  constexpr int clusterLimit = 16;
  if (clusterBlocks > clusterLimit) {
    return format("cluster: the launch has %d blocks in a cluster, a cluster has 1 to %d", clusterBlocks, clusterLimit);
  }
  scheduler.run(grid);
  return {};
}

std::string synchronize(Stream) { return {}; }

std::string device_name() { return "host CPU"; }

void* device_allocate(std::size_t bytes) {
  // Exactly this size, so that the address sanitizer sees what goes beyond; aligned as cudaMalloc does.
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0) host::end_program("no memory for %zu B", bytes);
  device_fill(memory, 0xFF, bytes);
  return memory;
}

void device_free(void* memory) { std::free(memory); }
void device_fill(void* device, int byte, std::size_t bytes) { std::memset(device, byte, bytes); }

std::string fill_async(void* device, int byte, std::size_t bytes, Stream) {
  device_fill(device, byte, bytes);
  return {};
}

void copy_to_device(void* device, const void* host, std::size_t bytes) { std::memcpy(device, host, bytes); }
void copy_to_host(void* host, const void* device, std::size_t bytes) { std::memcpy(host, device, bytes); }

}  // namespace kernelgen
