// The prelude on the CPU. Included by prelude.cuh, which documents each function; what is said here is what the host checks.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "prelude_host_launch.hpp"
#include "prelude_host_scheduler.hpp"

namespace kernelgen {

namespace host {

/** The thread that runs now. */
inline Thread& thread() { return scheduler.current(); }

/** How far `pointer` lies into the block's shared memory, for messages. */
inline std::string offset_text(const void* pointer) {
  return std::to_string(static_cast<const unsigned char*>(pointer) - thread().block->shared) + " B into shared memory";
}

/** Whether all of [pointer, pointer + bytes) is the block's shared memory. */
inline bool is_shared(const void* pointer, std::size_t bytes) {
  const std::uintptr_t base = reinterpret_cast<std::uintptr_t>(thread().block->shared);
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(pointer);
  return address >= base && address - base <= thread().block->sharedBytes && thread().block->sharedBytes - (address - base) >= bytes;
}

inline void require_shared(const char* operation, const void* pointer, std::size_t bytes) {
  if (is_shared(pointer, bytes)) return;
  scheduler.fail(std::string(operation) + ": " + std::to_string(bytes) + " B at " + offset_text(pointer) + ", the block has " +
                 std::to_string(thread().block->sharedBytes) + " B");
}

inline void require_global(const char* operation, const void* pointer) {
  if (thread().block->sharedBytes > 0 && is_shared(pointer, 1)) {
    scheduler.fail(std::string(operation) + ": needs an address in global memory, this one is " + offset_text(pointer));
  }
}

inline void require_aligned(const char* operation, const void* pointer, std::size_t bytes) {
  const std::size_t excess = reinterpret_cast<std::uintptr_t>(pointer) % bytes;
  if (excess == 0) return;
  scheduler.fail(std::string(operation) + ": the address must be a multiple of " + std::to_string(bytes) + " B, this one is " +
                 std::to_string(excess) + " B beyond one");
}

/** An access to global memory by one of the named operations; the address sanitizer checks the access itself. */
template <typename Value>
Value load_global(const char* operation, const Value* address) {
  require_global(operation, address);
  require_aligned(operation, address, sizeof(Value));
  return *address;
}

template <typename Value>
void store_global(const char* operation, Value* address, const Value& value) {
  require_global(operation, address);
  require_aligned(operation, address, sizeof(Value));
  *address = value;
}

template <typename Value>
Value load_relaxed_global(const char* operation, const Value* address) {
  scheduler.note_load();
  return load_global(operation, address);
}

template <typename Value>
void store_relaxed_global(const char* operation, Value* address, const Value& value) {
  store_global(operation, address, value);
  scheduler.note_progress();
}

}  // namespace host

// ---- Where a thread stands ------------------------------------------------------------------------------------------

KERNELGEN_DEVICE int thread_index() { return host::thread().index; }
KERNELGEN_DEVICE int lane_index() { return host::thread().lane; }
KERNELGEN_DEVICE int warp_index() { return host::thread().index / warpLanes; }
KERNELGEN_DEVICE int block_index() { return host::thread().block->index; }
KERNELGEN_DEVICE unsigned char* shared_memory() { return host::thread().block->shared; }

// ---- Barriers and shuffles ------------------------------------------------------------------------------------------

KERNELGEN_DEVICE void sync_block(CallSite site) { host::scheduler.block_barrier("sync_block", site); }

KERNELGEN_DEVICE void sync_warp(CallSite site) {
  int nothing = 0;
  host::scheduler.warp_collective("sync_warp", site, true, nothing, [](int**) {});
}

KERNELGEN_DEVICE float shuffle_xor(float value, int mask, CallSite site) {
  if (mask < 0 || mask >= warpLanes) host::scheduler.fail("shuffle_xor: mask must be 0 to 31, it is " + std::to_string(mask));
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

KERNELGEN_DEVICE void mma_m16n8k16_bf16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1,
                                        CallSite site) {
  struct Operand {
    float* c;
    const std::uint32_t* a;
    std::uint32_t b[2];
  } operand{c, a, {b0, b1}};
  host::scheduler.warp_collective("mma_m16n8k16_bf16", site, false, operand, [](Operand** lanes) {
    float matrixA[16][16];
    float matrixB[16][8];
    for (int lane = 0; lane < warpLanes; lane += 1) {
      const int group = lane / 4;
      const int pair = lane % 4 * 2;
      for (int word = 0; word < 4; word += 1) {
        const int row = group + word % 2 * 8;
        const int column = pair + word / 2 * 8;
        matrixA[row][column] = low_bf16_to_float(lanes[lane]->a[word]);
        matrixA[row][column + 1] = high_bf16_to_float(lanes[lane]->a[word]);
      }
      for (int word = 0; word < 2; word += 1) {
        matrixB[pair + word * 8][group] = low_bf16_to_float(lanes[lane]->b[word]);
        matrixB[pair + word * 8 + 1][group] = high_bf16_to_float(lanes[lane]->b[word]);
      }
    }
    for (int lane = 0; lane < warpLanes; lane += 1) {
      for (int element = 0; element < 4; element += 1) {
        const int row = lane / 4 + element / 2 * 8;
        const int column = lane % 4 * 2 + element % 2;
        double sum = 0;
        for (int k = 0; k < 16; k += 1) sum += static_cast<double>(matrixA[row][k]) * static_cast<double>(matrixB[k][column]);
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

KERNELGEN_DEVICE void ldmatrix_x4(std::uint32_t (&r)[4], const void* sharedRow, CallSite site) {
  host::ldmatrix<4, false>("ldmatrix_x4", r, sharedRow, site);
}

KERNELGEN_DEVICE void ldmatrix_x4_transposed(std::uint32_t (&r)[4], const void* sharedRow, CallSite site) {
  host::ldmatrix<4, true>("ldmatrix_x4_transposed", r, sharedRow, site);
}

KERNELGEN_DEVICE void ldmatrix_x2(std::uint32_t (&r)[2], const void* sharedRow, CallSite site) {
  host::ldmatrix<2, false>("ldmatrix_x2", r, sharedRow, site);
}

KERNELGEN_DEVICE void ldmatrix_x2_transposed(std::uint32_t (&r)[2], const void* sharedRow, CallSite site) {
  host::ldmatrix<2, true>("ldmatrix_x2_transposed", r, sharedRow, site);
}

// ---- Asynchronous copies from global to shared memory ---------------------------------------------------------------

namespace host {

/**
 * Reads at once and writes as late as a GPU may, when the thread waits for the copy's group; until then the bytes are 0xFF. So
 * a missing commit, wait or barrier shows.
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

KERNELGEN_DEVICE void copy_async_16(void* shared, const void* global, bool valid) {
  host::copy_async<16>("copy_async_16", shared, global, valid);
}

KERNELGEN_DEVICE void copy_async_4(void* shared, const void* global, bool valid) {
  host::copy_async<4>("copy_async_4", shared, global, valid);
}

KERNELGEN_DEVICE void copy_async_commit() { host::thread().committedGroups += 1; }

template <int pendingGroups>
KERNELGEN_DEVICE void copy_async_wait() {
  static_assert(pendingGroups >= 0, "a number of groups");
  host::Thread& thread = host::thread();
  std::size_t kept = 0;
  for (const host::PendingCopy& copy : thread.copies) {
    if (copy.group < thread.committedGroups - pendingGroups) {
      std::memcpy(copy.shared, copy.bytes, static_cast<std::size_t>(copy.byteCount));
    } else {
      thread.copies[kept++] = copy;
    }
  }
  thread.copies.resize(kept);
}

// ---- Global memory that is touched once -----------------------------------------------------------------------------

KERNELGEN_DEVICE std::uint16_t load_streaming(const std::uint16_t* address) { return host::load_global("load_streaming", address); }
KERNELGEN_DEVICE std::uint32_t load_streaming(const std::uint32_t* address) { return host::load_global("load_streaming", address); }
KERNELGEN_DEVICE float load_streaming(const float* address) { return host::load_global("load_streaming", address); }
KERNELGEN_DEVICE Words2 load_streaming(const Words2* address) { return host::load_global("load_streaming", address); }
KERNELGEN_DEVICE Words4 load_streaming(const Words4* address) { return host::load_global("load_streaming", address); }

KERNELGEN_DEVICE void store_streaming(std::uint16_t* address, std::uint16_t value) { host::store_global("store_streaming", address, value); }
KERNELGEN_DEVICE void store_streaming(std::uint32_t* address, std::uint32_t value) { host::store_global("store_streaming", address, value); }
KERNELGEN_DEVICE void store_streaming(float* address, float value) { host::store_global("store_streaming", address, value); }
KERNELGEN_DEVICE void store_streaming(Words2* address, Words2 value) { host::store_global("store_streaming", address, value); }
KERNELGEN_DEVICE void store_streaming(Words4* address, Words4 value) { host::store_global("store_streaming", address, value); }

// ---- Between blocks, through L2 -------------------------------------------------------------------------------------

// The host runs one thread at a time, so its memory is coherent and a missing fence does not show.

KERNELGEN_DEVICE std::uint16_t load_relaxed(const std::uint16_t* address) { return host::load_relaxed_global("load_relaxed", address); }
KERNELGEN_DEVICE std::uint32_t load_relaxed(const std::uint32_t* address) { return host::load_relaxed_global("load_relaxed", address); }
KERNELGEN_DEVICE float load_relaxed(const float* address) { return host::load_relaxed_global("load_relaxed", address); }
KERNELGEN_DEVICE Words2 load_relaxed(const Words2* address) { return host::load_relaxed_global("load_relaxed", address); }
KERNELGEN_DEVICE Words4 load_relaxed(const Words4* address) { return host::load_relaxed_global("load_relaxed", address); }

KERNELGEN_DEVICE void store_relaxed(std::uint16_t* address, std::uint16_t value) { host::store_relaxed_global("store_relaxed", address, value); }
KERNELGEN_DEVICE void store_relaxed(std::uint32_t* address, std::uint32_t value) { host::store_relaxed_global("store_relaxed", address, value); }
KERNELGEN_DEVICE void store_relaxed(float* address, float value) { host::store_relaxed_global("store_relaxed", address, value); }
KERNELGEN_DEVICE void store_relaxed(Words2* address, Words2 value) { host::store_relaxed_global("store_relaxed", address, value); }
KERNELGEN_DEVICE void store_relaxed(Words4* address, Words4 value) { host::store_relaxed_global("store_relaxed", address, value); }

KERNELGEN_DEVICE void fence_device() {}

KERNELGEN_DEVICE std::uint32_t load_acquire(const std::uint32_t* address) { return host::load_relaxed_global("load_acquire", address); }

KERNELGEN_DEVICE void store_release(std::uint32_t* address, std::uint32_t value) {
  host::store_relaxed_global("store_release", address, value);
}

KERNELGEN_DEVICE void atomic_add_release(std::uint32_t* address, std::uint32_t value) {
  host::store_relaxed_global("atomic_add_release", address, host::load_global("atomic_add_release", address) + value);
}

KERNELGEN_DEVICE void spin_pause(CallSite site) { host::scheduler.pause(site); }

/** @internal sync_grid with a count that is not the grid's would wait forever or not at all. */
KERNELGEN_DEVICE void check_cooperative_grid(std::uint32_t blockCount) {
  const host::Grid& grid = host::scheduler.grid();
  if (!grid.cooperative) host::scheduler.fail("sync_grid: the launch is not cooperative");
  if (blockCount != static_cast<std::uint32_t>(grid.blockCount)) {
    host::scheduler.fail("sync_grid: is told of " + std::to_string(blockCount) + " blocks, the launch has " + std::to_string(grid.blockCount));
  }
}

// ---- Functions of a real number -------------------------------------------------------------------------------------

namespace host {

/** Subnormal numbers count as 0, of their sign. */
inline float flush_subnormal(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }

}  // namespace host

KERNELGEN_DEVICE float tanh_approx(float x) { return static_cast<float>(std::tanh(static_cast<double>(x))); }

KERNELGEN_DEVICE float exp2_approx(float x) {
  return host::flush_subnormal(static_cast<float>(std::exp2(static_cast<double>(host::flush_subnormal(x)))));
}

KERNELGEN_DEVICE float reciprocal_approx(float x) { return host::flush_subnormal(1.0f / host::flush_subnormal(x)); }

}  // namespace kernelgen
