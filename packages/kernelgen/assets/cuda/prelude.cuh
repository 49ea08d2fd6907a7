// The operations that only a GPU has, under plain names. A generated kernel includes this file and calls nothing else
// of CUDA.
//
// Compiled by nvcc (sm_80 and later, C++17) each name is one PTX instruction or a few; compiled by any other C++17
// compiler (g++, clang) the same source runs on the CPU: a block's threads are fibers, a warp's lanes meet at its
// collectives, and barriers or collectives that do not meet, waiting for what never comes and misaligned or misplaced
// operands end the program with a message. That side is a test bench: build it with -fsanitize=address,undefined and
// every access out of bounds, of global or shared memory, shows too. A missing barrier or wait can only show as a wrong
// number (KERNELGEN_SCHEDULE_SEED, see prelude_host_scheduler.hpp); a missing fence or a stale cache does not show.
//
// This file is the interface: what each name does, which lanes take part, how it orders memory, and its PTX name.
//   nvcc -std=c++17 -arch=sm_90 kernel.cu
//   g++ -std=c++17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fstack-clash-protection
//     -x c++ kernel.cu prelude_host.cpp
// prelude_host.cpp may be compiled once for many kernels; it needs -fsanitize=address if the kernels have it, and
// nothing else.
//
// Words used below: a *warp collective* is called by all 32 lanes of a warp at the same place in the program (PTX
// `.aligned`); *relaxed*, *release*, *acquire* and scope `gpu` are those of the PTX memory consistency model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// A kernel: `KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(256, 1) name(arguments…) { … }`. Its name has C linkage, so
// it is no template and unique in the program.
//
// KERNELGEN_DEVICE marks a function that kernels call, KERNELGEN_HOST_DEVICE one that host code calls too,
// KERNELGEN_OPERATION one of this interface that prelude_device.cuh defines for the device and prelude_host.cpp for the
// host.
//
// KERNELGEN_UNROLL before a loop unrolls it wholly, KERNELGEN_UNROLL_TWICE by two, KERNELGEN_NO_UNROLL not at all; the
// host leaves that to its compiler.
#if defined(__CUDACC__)
#define KERNELGEN_KERNEL extern "C" __global__
#define KERNELGEN_LAUNCH_BOUNDS(threadsPerBlock, minBlocksPerMultiprocessor) \
  __launch_bounds__(threadsPerBlock, minBlocksPerMultiprocessor)
#define KERNELGEN_DEVICE __device__ __forceinline__
#define KERNELGEN_OPERATION __device__ __forceinline__
#define KERNELGEN_HOST_DEVICE __host__ __device__ __forceinline__
#define KERNELGEN_UNROLL _Pragma("unroll")
#define KERNELGEN_UNROLL_TWICE _Pragma("unroll 2")
#define KERNELGEN_NO_UNROLL _Pragma("unroll 1")
#else
#define KERNELGEN_KERNEL extern "C"
#define KERNELGEN_LAUNCH_BOUNDS(threadsPerBlock, minBlocksPerMultiprocessor)
#define KERNELGEN_DEVICE inline
#define KERNELGEN_OPERATION
#define KERNELGEN_HOST_DEVICE inline
#define KERNELGEN_UNROLL
#define KERNELGEN_UNROLL_TWICE
#define KERNELGEN_NO_UNROLL
#endif

namespace kernelgen {

// ---- Types ----------------------------------------------------------------------------------------------------------

/** Lanes of a warp. */
constexpr int warpLanes = 32;

/** Two 32-bit words that move in one access; 8-byte aligned. */
struct alignas(8) Words2 {
  std::uint32_t w[2];
};

/** Four 32-bit words that move in one access; 16-byte aligned. */
struct alignas(16) Words4 {
  std::uint32_t w[4];
};

/** Which blocks of a launch run at once. */
struct Residency {
  /** All blocks of the grid do, as sync_grid and polling need. */
  bool cooperative;
  /** Those of each thread block cluster do: this many consecutive blocks, of which the grid has whole clusters. */
  int clusterBlocks;
  KERNELGEN_HOST_DEVICE constexpr Residency(bool allBlocks, int blocksOfCluster = 1)
      : cooperative(allBlocks), clusterBlocks(blocksOfCluster) {}
};

#if defined(__CUDACC__)
/** A place in the shared memory of a block of the cluster: its address in the window shared::cluster. */
struct ClusterAddress {
  std::uint32_t window;
};
/** Where a collective was called: empty on the device. */
struct CallSite {
  KERNELGEN_DEVICE static CallSite here() { return {}; }
};
/** A CUDA stream. */
using Stream = cudaStream_t;
#else
/** A place in the shared memory of a block of the cluster. */
struct ClusterAddress {
  int rank;
  std::size_t offset;
};
/** Where a collective was called: the host names it in messages, and compares it, since lanes of a warp must meet at
 * one place. */
struct CallSite {
  const char* file;
  int line;
  static CallSite here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};
/** The host has no streams: a launch has ended when it returns. */
using Stream = void*;
#endif

// ---- Bits -----------------------------------------------------------------------------------------------------------

/** The 32 bits of a float. */
KERNELGEN_HOST_DEVICE std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/** The float that has these 32 bits. */
KERNELGEN_HOST_DEVICE float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/** The float equal to a bf16 (its bits are the upper half of a float's): exact. */
KERNELGEN_HOST_DEVICE float bf16_to_float(std::uint16_t bits) {
  return float_of(static_cast<std::uint32_t>(bits) << 16);
}

/** The bf16 in the low half of a word, as a float: exact. */
KERNELGEN_HOST_DEVICE float low_bf16_to_float(std::uint32_t pair) { return float_of(pair << 16); }

/** The bf16 in the high half of a word, as a float: exact. */
KERNELGEN_HOST_DEVICE float high_bf16_to_float(std::uint32_t pair) { return float_of(pair & 0xFFFF0000u); }

/** The nearest bf16, ties to even; beyond the largest finite bf16 infinity, NaN to NaN (0x7FFF). PTX: cvt.rn.bf16.f32.
 */
KERNELGEN_HOST_DEVICE std::uint16_t float_to_bf16(float value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint16_t result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(value));
  return result;
#else
  const std::uint32_t bits = bits_of(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFF;
  const std::uint32_t lowestKeptBit = bits >> 16 & 1u;
  return static_cast<std::uint16_t>((bits + 0x7FFFu + lowestKeptBit) >> 16);
#endif
}

/** Two floats as bf16, each as by float_to_bf16: `low` in bits 0..15, `high` in bits 16..31. PTX: cvt.rn.bf16x2.f32. */
KERNELGEN_HOST_DEVICE std::uint32_t pack_bf16(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return static_cast<std::uint32_t>(float_to_bf16(high)) << 16 | float_to_bf16(low);
#endif
}

#if !defined(__CUDA_ARCH__)
/** @internal The nearest binary16 number to a float, ties to even, in integers: what cvt.rn.f16.f32 does. */
inline std::uint16_t float_to_fp16_bits(float value) {
  const std::uint32_t bits = bits_of(value);
  const std::uint16_t sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return 0x7FFF;
  if (magnitude >= 0x477FF000u) return sign | 0x7C00;  // nearer to 2^16 than to 65504
  const int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent < -25) return sign;
  // The significand as an integer, of which the low `dropped` bits are rounded away; subnormal results drop more.
  const std::uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
  const int dropped = exponent >= -14 ? 13 : -1 - exponent;
  const std::uint32_t half = 1u << (dropped - 1);
  const std::uint32_t kept = (significand + half - 1 + (significand >> dropped & 1u)) >> dropped;
  // The implicit bit of a normal number adds one to the exponent field, and so does a carry.
  return sign | static_cast<std::uint16_t>((exponent >= -14 ? (exponent + 14) << 10 : 0) + static_cast<int>(kept));
}

/** @internal The float equal to a binary16 number. */
inline float fp16_bits_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t rest = bits & 0x7FFFu;
  if (rest >= 0x7C00) return float_of(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
  // Shifted into a float's fields the exponent is 112 too low; multiplying by 2^112 mends that, for subnormals too.
  return float_of(sign | bits_of(float_of(rest << 13) * 0x1p112f));
}
#endif

/** The float equal to a binary16 number: exact. PTX: cvt.f32.f16. */
KERNELGEN_HOST_DEVICE float fp16_to_float(std::uint16_t bits) {
#if defined(__CUDA_ARCH__)
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
#else
  return fp16_bits_to_float(bits);
#endif
}

/** The binary16 number in the low half of a word, as a float: exact. */
KERNELGEN_HOST_DEVICE float low_fp16_to_float(std::uint32_t pair) {
  return fp16_to_float(static_cast<std::uint16_t>(pair));
}

/** The binary16 number in the high half of a word, as a float: exact. */
KERNELGEN_HOST_DEVICE float high_fp16_to_float(std::uint32_t pair) {
  return fp16_to_float(static_cast<std::uint16_t>(pair >> 16));
}

/** The nearest binary16 number, ties to even; beyond 65504 infinity, NaN to NaN (0x7FFF). PTX: cvt.rn.f16.f32. */
KERNELGEN_HOST_DEVICE std::uint16_t float_to_fp16(float value) {
#if defined(__CUDA_ARCH__)
  std::uint16_t result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(value));
  return result;
#else
  return float_to_fp16_bits(value);
#endif
}

/** Two floats as binary16, each as by float_to_fp16: `low` in bits 0..15, `high` in bits 16..31. PTX: cvt.rn.f16x2.f32. */
KERNELGEN_HOST_DEVICE std::uint32_t pack_fp16(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return static_cast<std::uint32_t>(float_to_fp16(high)) << 16 | float_to_fp16(low);
#endif
}

/** The bits of the nearest float whose significand has 11 bits, ties away from zero; infinity and NaN stay. PTX: cvt.rna.tf32.f32. */
KERNELGEN_HOST_DEVICE std::uint32_t float_to_tf32(float value) {
#if defined(__CUDA_ARCH__)
  std::uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
  return result;
#else
  const std::uint32_t bits = bits_of(value);
  if ((bits & 0x7F800000u) == 0x7F800000u) return bits;
  return (bits + 0x1000u) & ~0x1FFFu;
#endif
}

// ---- Where a thread stands ------------------------------------------------------------------------------------------

/** The thread's number in its block, 0 … threadsPerBlock − 1. PTX: %tid.x. */
KERNELGEN_OPERATION int thread_index();

/** The thread's number in its warp, 0 … 31: thread_index() mod 32. */
KERNELGEN_OPERATION int lane_index();

/** The warp's number in its block: thread_index() / 32. */
KERNELGEN_OPERATION int warp_index();

/** The block's number in its grid, 0 … blockCount − 1. PTX: %ctaid.x. */
KERNELGEN_OPERATION int block_index();

/**
 * The block's dynamic shared memory, 128-byte aligned, as many bytes as the launch asked for. Uninitialised: the host
 * fills it with 0xFF bytes (NaN as bf16 and as float). Ordinary pointers read and write it; sync_block() or sync_warp()
 * orders them.
 */
KERNELGEN_OPERATION unsigned char* shared_memory();

// ---- Barriers and shuffles ------------------------------------------------------------------------------------------

/**
 * Waits for every thread of the block; what each wrote to shared or global memory before is visible to all of them
 * after. All threads take part; a thread that has returned cannot. PTX: barrier.sync.aligned 0 (`__syncthreads`).
 */
KERNELGEN_OPERATION void sync_block(CallSite site = CallSite::here());

/** Warp collective: waits for the lanes of the warp and orders their memory accesses among them. PTX: bar.warp.sync. */
KERNELGEN_OPERATION void sync_warp(CallSite site = CallSite::here());

/**
 * Warp collective: the `value` that lane `lane_index() ^ mask` passed, mask in 0 … 31. Orders no memory.
 * PTX: shfl.sync.bfly.b32.
 */
KERNELGEN_OPERATION float shuffle_xor(float value, int mask, CallSite site = CallSite::here());

// ---- Matrix products on tensor cores --------------------------------------------------------------------------------

/**
 * Warp collective: C += A · B for A 16×16 and B 16×8 in bf16, C 16×8 in fp32. Products are exact, the order in which
 * the 16 terms and C are added is the hardware's (the host adds in double and rounds once).
 *
 * With g = lane / 4 and t = lane mod 4, lane holds (PTX ISA, "Matrix Fragments for mma.m16n8k16"):
 *   a[0] = A[g][2t, 2t+1]      a[1] = A[g+8][2t, 2t+1]      a[2] = A[g][2t+8, 2t+9]      a[3] = A[g+8][2t+8, 2t+9]
 *   b0 = B[2t, 2t+1][g]        b1 = B[2t+8, 2t+9][g]
 *   c[0], c[1] = C[g][2t, 2t+1]                             c[2], c[3] = C[g+8][2t, 2t+1]
 * where of a pair of bf16 the first lies in the word's low half. Touches no memory.
 * PTX: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32.
 */
KERNELGEN_OPERATION void mma_m16n8k16_bf16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                           std::uint32_t b1, CallSite site = CallSite::here());

/**
 * Warp collective: C += A · B for A 16×8 and B 8×8 in tf32, C 16×8 in fp32. tf32 is a float whose significand has 11 bits; the
 * hardware leaves the others out, so operands should be rounded by `float_to_tf32` first. With g = lane / 4 and t = lane mod 4, lane holds:
 *   a[0] = A[g][t]    a[1] = A[g+8][t]    a[2] = A[g][t+4]    a[3] = A[g+8][t+4]
 *   b0 = B[t][g]      b1 = B[t+4][g]      c as for mma_m16n8k16_bf16
 * PTX: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32.
 */
KERNELGEN_OPERATION void mma_m16n8k8_tf32(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                          std::uint32_t b1, CallSite site = CallSite::here());

/** As mma_m16n8k16_bf16 for A and B in binary16. PTX: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32. */
KERNELGEN_OPERATION void mma_m16n8k16_fp16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                           std::uint32_t b1, CallSite site = CallSite::here());

/**
 * Warp collective: loads four 8×8 matrices of 16-bit elements from shared memory. Lane 8·i + j passes the address of
 * row j of matrix i (16 bytes, 16-byte aligned). With g = lane / 4 and t = lane mod 4, r[i] = matrix i [g][2t, 2t+1],
 * the first in the low half. Reads as ordinary loads do: order writers before it with sync_warp() or sync_block(). PTX:
 * ldmatrix.sync.aligned.m8n8.x4.shared.b16.
 */
KERNELGEN_OPERATION void ldmatrix_x4(std::uint32_t (&r)[4], const void* sharedRow, CallSite site = CallSite::here());

/** As ldmatrix_x4 with each matrix transposed: r[i] = matrix i [2t, 2t+1][g]. PTX: ldmatrix….x4.trans…. */
KERNELGEN_OPERATION void ldmatrix_x4_transposed(std::uint32_t (&r)[4], const void* sharedRow,
                                                CallSite site = CallSite::here());

/** As ldmatrix_x4 for two matrices: lanes 0 … 15 pass rows, the others' addresses are not read. PTX: ldmatrix….x2…. */
KERNELGEN_OPERATION void ldmatrix_x2(std::uint32_t (&r)[2], const void* sharedRow, CallSite site = CallSite::here());

/** As ldmatrix_x2 with each matrix transposed. PTX: ldmatrix….x2.trans…. */
KERNELGEN_OPERATION void ldmatrix_x2_transposed(std::uint32_t (&r)[2], const void* sharedRow,
                                                CallSite site = CallSite::here());

// ---- Asynchronous copies from global to shared memory ---------------------------------------------------------------

/**
 * Starts a copy of 16 bytes from global to shared memory past L1, both addresses 16-byte aligned; with `valid` false it
 * writes zeros and does not read `global`. Per thread. The bytes are there after this thread's copy_async_wait, for
 * other threads after a barrier that follows it; until then the 16 bytes of shared memory are undefined (the host fills
 * them with 0xFF). PTX: cp.async.cg.shared.global.
 */
KERNELGEN_OPERATION void copy_async_16(void* shared, const void* global, bool valid);

/** As copy_async_16 for 4 bytes, 4-byte aligned, through L1. PTX: cp.async.ca.shared.global. */
KERNELGEN_OPERATION void copy_async_4(void* shared, const void* global, bool valid);

/** As copy_async_16 for 8 bytes, 8-byte aligned, through L1. PTX: cp.async.ca.shared.global. */
KERNELGEN_OPERATION void copy_async_8(void* shared, const void* global, bool valid);

/** Makes one group of the copies this thread started since its last group (maybe none). PTX: cp.async.commit_group. */
KERNELGEN_OPERATION void copy_async_commit();

/**
 * Waits until all of this thread's groups but the latest `pendingGroups` have landed; copies that are in no group yet
 * are not waited for. Says nothing of other threads' copies: a barrier after it does. PTX: cp.async.wait_group.
 */
template <int pendingGroups>
KERNELGEN_DEVICE void copy_async_wait();

// ---- Global memory that is touched once -----------------------------------------------------------------------------

/**
 * Asks for the global memory around `address` to be brought to L2. Nothing comes to the multiprocessor, so that no load waits behind it. PTX:
 * prefetch.global.L2.
 */
KERNELGEN_OPERATION void bring_to_l2(const void* address);

/**
 * A load of global memory that is read once and that nothing writes while the kernel runs (it may come from a cache
 * that is not coherent). Aligned to the type's size. PTX: ld.global.nc.L1::no_allocate.
 */
KERNELGEN_OPERATION std::uint16_t load_streaming(const std::uint16_t* address);
KERNELGEN_OPERATION std::uint32_t load_streaming(const std::uint32_t* address);
KERNELGEN_OPERATION float load_streaming(const float* address);
KERNELGEN_OPERATION Words2 load_streaming(const Words2* address);
KERNELGEN_OPERATION Words4 load_streaming(const Words4* address);

/** A store to global memory that this kernel does not read again; orders as an ordinary store. PTX: st.global.cs. */
KERNELGEN_OPERATION void store_streaming(std::uint16_t* address, std::uint16_t value);
KERNELGEN_OPERATION void store_streaming(std::uint32_t* address, std::uint32_t value);
KERNELGEN_OPERATION void store_streaming(float* address, float value);
KERNELGEN_OPERATION void store_streaming(Words2* address, Words2 value);
KERNELGEN_OPERATION void store_streaming(Words4* address, Words4 value);

// ---- Between blocks, through L2 -------------------------------------------------------------------------------------

/**
 * The same address, where the compiler must not know it: what is computed from it after this call is computed there, instead of once for
 * all turns of a loop, which would keep a register pair for each of many addresses.
 */
KERNELGEN_OPERATION const void* address_of_turn(const void* address);

/**
 * A relaxed load at scope gpu: reads L2, never a stale line of L1. It orders nothing by itself; of a Words2 or Words4
 * each 32-bit word is whole, the words together need not be of one store. PTX: ld.relaxed.gpu.global.
 */
/** Four words that this thread wrote, or that were there before the kernel, past the first cache. PTX: ld.global.cg.v4.u32. */
KERNELGEN_OPERATION Words4 load_from_l2(const Words4* address);

KERNELGEN_OPERATION std::uint16_t load_relaxed(const std::uint16_t* address);
KERNELGEN_OPERATION std::uint32_t load_relaxed(const std::uint32_t* address);
KERNELGEN_OPERATION float load_relaxed(const float* address);
KERNELGEN_OPERATION Words2 load_relaxed(const Words2* address);
KERNELGEN_OPERATION Words4 load_relaxed(const Words4* address);

/** A relaxed store at scope gpu, word by word; orders nothing by itself. PTX: st.relaxed.gpu.global. */
KERNELGEN_OPERATION void store_relaxed(std::uint16_t* address, std::uint16_t value);
KERNELGEN_OPERATION void store_relaxed(std::uint32_t* address, std::uint32_t value);
KERNELGEN_OPERATION void store_relaxed(float* address, float value);
KERNELGEN_OPERATION void store_relaxed(Words2* address, Words2 value);
KERNELGEN_OPERATION void store_relaxed(Words4* address, Words4 value);

/** A fence at scope gpu: this thread's accesses before it are ordered before those after it. PTX: fence.acq_rel.gpu. */
KERNELGEN_OPERATION void fence_device();

/** A load that synchronises with the release whose value it reads: what came before that is visible after. PTX:
 * ld.acquire.gpu.global. */
KERNELGEN_OPERATION std::uint32_t load_acquire(const std::uint32_t* address);

/** A store that releases what this thread did, or saw through a barrier, before it. PTX: st.release.gpu.global. */
KERNELGEN_OPERATION void store_release(std::uint32_t* address, std::uint32_t value);

/** Adds, modulo 2^32, and releases what this thread did, or saw through a barrier, before it. PTX:
 * red.release.gpu.global.add.u32. */
KERNELGEN_OPERATION void atomic_add_release(std::uint32_t* address, std::uint32_t value);

/** Adds, modulo 2^32, and returns the value before; a relaxed access at scope gpu that orders nothing by itself. PTX:
 * atom.relaxed.gpu.global.add.u32. */
KERNELGEN_OPERATION std::uint32_t atomic_fetch_add(std::uint32_t* address, std::uint32_t value);

/**
 * To be called in each iteration of a loop that waits for another thread's store. Nothing on the device; on the host it
 * lets the others run, and a loop without it never ends (the host then says so).
 */
KERNELGEN_OPERATION void spin_pause(CallSite site = CallSite::here());

/**
 * A barrier of all blocks of a cooperative launch: what any thread wrote to global memory before it is visible to every
 * thread after it (to loads other than load_streaming). Every thread of every block takes part.
 *
 * `*counter` is 0 at launch and used for nothing else; `epoch` is a variable of each thread, 0 at first, that counts
 * the barriers passed; `blockCount` is the launch's. The k-th barrier waits until *counter ≥ k · blockCount, modulo
 * 2^32.
 */
KERNELGEN_DEVICE void sync_grid(std::uint32_t* counter, std::uint32_t blockCount, std::uint32_t& epoch,
                                CallSite site = CallSite::here());

// ---- Thread block clusters (sm_90 and later) ------------------------------------------------------------------------

// Compiled for an earlier GPU these end the kernel with a trap: there, launch refuses a cluster.

/** The block's number in its cluster, 0 … clusterBlocks − 1; 0 without a cluster. PTX: %cluster_ctarank. */
KERNELGEN_OPERATION int cluster_rank();

/**
 * Waits for every thread of the cluster; what each wrote to shared memory of the cluster's blocks or to global memory
 * before is visible to all of them after. All threads of all its blocks take part.
 * PTX: barrier.cluster.arrive.release.aligned, barrier.cluster.wait.acquire.aligned.
 */
KERNELGEN_OPERATION void sync_cluster(CallSite site = CallSite::here());

/** The place that `shared`, in this block's shared memory, has in that of the block with this rank. PTX: mapa. */
KERNELGEN_OPERATION ClusterAddress cluster_address(const void* shared, int rank);

/** The place `bytes` further in the same block. */
KERNELGEN_OPERATION ClusterAddress operator+(ClusterAddress address, int bytes);

/**
 * A barrier in shared memory that counts bytes which arrive (PTX: mbarrier). It passes through phases 0, 1, 2, …; a
 * phase ends when a thread has said by expect_bytes how many it has, and so many have come.
 */
using TransactionBarrier = std::uint64_t;

/** Makes a barrier in phase 0. Before another thread uses it: sync_block(), or sync_cluster() for other blocks.
 * PTX: mbarrier.init with one arrival, fence.mbarrier_init.release.cluster. */
KERNELGEN_OPERATION void init_barrier(TransactionBarrier* barrier);

/** Says how many bytes end the current phase; called by one thread in each phase, before or after they arrive.
 * PTX: mbarrier.arrive.expect_tx.release.cta. */
KERNELGEN_OPERATION void expect_bytes(TransactionBarrier* barrier, int bytes);

/** Waits until the phases up to `phase` have ended, of which all but the last have been waited for; what arrived is then
 * visible. Per thread. PTX: mbarrier.try_wait.parity.acquire.cluster. */
KERNELGEN_OPERATION void wait_phase(TransactionBarrier* barrier, int phase, CallSite site = CallSite::here());

/**
 * Starts a store of 16 bytes to the shared memory of a block of the cluster, 16-byte aligned; the barrier, in the same
 * block, counts them when they are there. That block must not have returned. Per thread. On the host the 16 bytes are
 * 0xFF from here on until a thread waits for the barrier. PTX: st.async.mbarrier::complete_tx::bytes.
 */
KERNELGEN_OPERATION void store_async(ClusterAddress target, Words4 value, ClusterAddress barrier);

// ---- From one launch to the next -----------------------------------------------------------------------------------

/**
 * In a kernel of launch_steps: waits until the launch before has ended and what it wrote is visible. What comes before it
 * in the program overlaps with that launch, from sm_90 on, and must not read what it writes.
 * PTX: griddepcontrol.wait; nothing before sm_90.
 */
KERNELGEN_OPERATION void wait_for_previous_step();

/** In a kernel of launch_steps: lets the next launch begin as soon as all blocks have called this.
 * PTX: griddepcontrol.launch_dependents; nothing before sm_90. */
KERNELGEN_OPERATION void allow_next_step();

// ---- Functions of a real number -------------------------------------------------------------------------------------

/** tanh x, relative error about 2^-11. PTX: tanh.approx.f32. */
KERNELGEN_OPERATION float tanh_approx(float x);

/** 2^x, relative error at most 2^-22, subnormal x and results taken as 0. PTX: ex2.approx.ftz.f32. */
KERNELGEN_OPERATION float exp2_approx(float x);

/** log2 x, absolute error at most 2^-22 near x = 1 and relative error at most 2^-22 elsewhere, subnormal x taken as 0. PTX:
 * lg2.approx.ftz.f32. */
KERNELGEN_OPERATION float log2_approx(float x);

/** 1 / x, error at most 1 ulp, subnormal x and results taken as 0. PTX: rcp.approx.ftz.f32. */
KERNELGEN_OPERATION float reciprocal_approx(float x);

/** The larger of two numbers, NaN if one of them is. PTX: max.NaN.f32. */
KERNELGEN_OPERATION float maximum(float a, float b);

/** a · b, rounded; `rest` is what rounding took from it. PTX: mul.rn.f32, which no sum is fused with, and fma.rn.f32. */
KERNELGEN_OPERATION float two_product(float a, float b, float& rest);

/** tanh x through tanh_approx: error about 2^-11. */
KERNELGEN_DEVICE float tanh_fast(float x) { return tanh_approx(x); }

/** 1 / (1 + e^-x) = (1 + tanh(x / 2)) / 2 through tanh_approx: absolute error about 2^-12. */
KERNELGEN_DEVICE float sigmoid_fast(float x) { return 0.5f * tanh_approx(0.5f * x) + 0.5f; }

/** 1 / (1 + e^-x), absolute error at most 1e-6 for every x, infinities included; no branch. */
KERNELGEN_DEVICE float sigmoid_accurate(float x) {
  constexpr float log2E = 1.44269504088896341f;
  return reciprocal_approx(1.0f + exp2_approx(-log2E * x));
}

/** tanh x = 1 − 2 / (1 + e^2x), absolute (not relative) error at most 1e-6 for every x, infinities included; no branch.
 */
KERNELGEN_DEVICE float tanh_accurate(float x) {
  constexpr float twoLog2E = 2.88539008177792681f;
  return 1.0f - 2.0f * reciprocal_approx(1.0f + exp2_approx(twoLog2E * x));
}

/** e^x, relative error at most 2^-21 + |x| · 2^-23; for x ≤ 0 an absolute error of at most 1e-6. */
KERNELGEN_DEVICE float exp_approx(float x) {
  constexpr float log2E = 1.44269504088896341f;
  return exp2_approx(log2E * x);
}

/** The natural logarithm, absolute error at most 1e-6 for x from 1/2 to 2, relative error at most 1e-6 elsewhere. */
KERNELGEN_DEVICE float log_approx(float x) {
  constexpr float ln2 = 0.693147180559945309f;
  return ln2 * log2_approx(x);
}

/** log(1 / (1 + e^-x)) = min(x, 0) − log(1 + e^-|x|), absolute error at most 1e-6 beside the rounding of x; no branch. */
KERNELGEN_DEVICE float log_sigmoid_accurate(float x) {
  const float magnitude = maximum(x, -x);
  return -maximum(-x, 0.0f) - log_approx(1.0f + exp_approx(-magnitude));
}

/**
 * log(1 / (1 + e^-x)) = min(x, 0) − 2·atanh(e / (2 + e)), e = e^-|x|, relative error at most 3e-6 for |x| ≤ 16: of x > 0 it keeps a softplus of
 * −x that is far below 1. atanh q = q·(1 + q²/3 + q⁴/5 + …), q ≤ 1/3. No branch.
 */
KERNELGEN_DEVICE float log_sigmoid_relative(float x) {
  const float e = exp_approx(-maximum(x, -x));
  const float q = e * reciprocal_approx(2.0f + e);
  const float s = q * q;
  const float series = 1.0f + s * (1.0f / 3 + s * (1.0f / 5 + s * (1.0f / 7 + s * (1.0f / 9 + s * (1.0f / 11 + s * (1.0f / 13))))));
  return -maximum(-x, 0.0f) - 2.0f * q * series;
}

/** a / b within 2 ulp, for |b| from 2^-126 to 2^126. */
KERNELGEN_DEVICE float divide_approx(float a, float b) { return a * reciprocal_approx(b); }

// ---- Launching, from host code --------------------------------------------------------------------------------------

/**
 * Starts `kernel` on `blockCount` blocks of `threadsPerBlock` threads (1 … 1024) with `sharedBytes` of dynamic shared
 * memory, its parameters initialised from `arguments`. `residency` says which blocks run at once; `true` stands for a
 * cooperative launch, `false` for none.
 *
 * Returns an empty string, or why the launch was refused: too much shared memory, too many threads, a cooperative grid
 * that cannot be resident at once, or a cluster that the device cannot hold, with the numbers. On the device the kernel runs on in `stream`; see
 * synchronize(). On the host it has run when launch returns, and a fault in the kernel has ended the program.
 */
template <typename... Parameters, typename... Arguments>
[[nodiscard]] std::string launch(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock,
                                 std::size_t sharedBytes, Residency residency, Stream stream,
                                 Arguments... arguments);

/**
 * Starts `kernel` once for each step from 0 to `steps` − 1, one after another, the step being its last parameter. A call
 * that repeats the one before it (same kernel, arguments and number of steps) replays the launches as one CUDA graph, made
 * at its first repetition; in a stream that is being captured the launches are captured one by one.
 *
 * Returns what launch returns.
 */
template <typename... Parameters, typename... Arguments>
[[nodiscard]] std::string launch_steps(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock,
                                       std::size_t sharedBytes, int steps, Stream stream, Arguments... arguments);

/** Waits for the stream; returns an empty string or the error of what ran in it. */
[[nodiscard]] std::string synchronize(Stream stream);

/** Memory of the device, 256-byte aligned, filled with 0xFF bytes (NaN). Ends the program with a message if there is
 * none. */
void* device_allocate(std::size_t bytes);

/** Gives back what device_allocate returned. */
void device_free(void* memory);

/** Sets each byte of device memory, as std::memset. */
void device_fill(void* device, int byte, std::size_t bytes);

/** Sets each byte of device memory, in the stream's order. Returns an empty string or the error. */
[[nodiscard]] std::string fill_async(void* device, int byte, std::size_t bytes, Stream stream);

/** Copies to device memory, and waits for it. */
void copy_to_device(void* device, const void* host, std::size_t bytes);

/** Waits for all kernels and copies from device memory. */
void copy_to_host(void* host, const void* device, std::size_t bytes);

/** What runs the kernels, by name: the GPU's, or that it is the host. */
std::string device_name();

/** What time_launches measured. */
struct LaunchTime {
  /** Empty, or why a launch was refused or failed. */
  std::string error;
  /** Mean time of one call, in microseconds. */
  double microseconds;
};

/**
 * Calls `launchOnce` (which returns what launch returns) `count` times in a row and measures the mean time of one call
 * in the stream: with events on the device, with the steady clock on the host. Does not warm up.
 */
template <typename LaunchOnce>
LaunchTime time_launches(int count, Stream stream, LaunchOnce launchOnce);

}  // namespace kernelgen

#if defined(__CUDACC__)
#include "prelude_device.cuh"
#include "prelude_device_cluster.cuh"
#include "prelude_device_launch.cuh"
#else
#include "prelude_host.hpp"
#endif

namespace kernelgen {

/** @internal The host ends the program unless the launch is cooperative and has this many blocks; the device trusts. */
KERNELGEN_OPERATION void check_cooperative_grid(std::uint32_t blockCount);

KERNELGEN_DEVICE void sync_grid(std::uint32_t* counter, std::uint32_t blockCount, std::uint32_t& epoch, CallSite site) {
  check_cooperative_grid(blockCount);
  epoch += 1;
  sync_block(site);
  if (thread_index() == 0) {
    atomic_add_release(counter, 1);
    // The difference as a signed number, so that the counter may wrap.
    while (static_cast<std::int32_t>(load_acquire(counter) - epoch * blockCount) < 0) spin_pause(site);
  }
  sync_block(site);
}

}  // namespace kernelgen
