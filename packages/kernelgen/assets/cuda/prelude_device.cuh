// The prelude on the GPU, as inline PTX. Included by prelude.cuh, which documents each function.
#pragma once

namespace kernelgen {

// ---- Where a thread stands ------------------------------------------------------------------------------------------

KERNELGEN_OPERATION int thread_index() { return static_cast<int>(threadIdx.x); }
KERNELGEN_OPERATION int lane_index() { return static_cast<int>(threadIdx.x % warpLanes); }
KERNELGEN_OPERATION int warp_index() { return static_cast<int>(threadIdx.x / warpLanes); }
KERNELGEN_OPERATION int block_index() { return static_cast<int>(blockIdx.x); }

KERNELGEN_OPERATION unsigned char* shared_memory() {
  extern __shared__ __align__(128) unsigned char dynamicSharedMemory[];
  return dynamicSharedMemory;
}

// ---- Barriers and shuffles ------------------------------------------------------------------------------------------

KERNELGEN_OPERATION void sync_block(CallSite) { __syncthreads(); }
KERNELGEN_OPERATION void sync_warp(CallSite) { __syncwarp(); }
KERNELGEN_OPERATION float shuffle_xor(float value, int mask, CallSite) {
  return __shfl_xor_sync(0xFFFFFFFFu, value, mask);
}

// ---- Matrix products on tensor cores --------------------------------------------------------------------------------

// `volatile` keeps the collectives from being moved into a branch that only some lanes take.

KERNELGEN_OPERATION void mma_m16n8k16_bf16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                           std::uint32_t b1, CallSite) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

KERNELGEN_OPERATION void mma_m16n8k8_tf32(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                          std::uint32_t b1, CallSite) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

KERNELGEN_OPERATION void mma_m16n8k16_fp16(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                           std::uint32_t b1, CallSite) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** @internal The 32-bit address in shared memory that PTX takes. */
KERNELGEN_DEVICE std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

KERNELGEN_OPERATION void ldmatrix_x4(std::uint32_t (&r)[4], const void* sharedRow, CallSite) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(sharedRow))
               : "memory");
}

KERNELGEN_OPERATION void ldmatrix_x4_transposed(std::uint32_t (&r)[4], const void* sharedRow, CallSite) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(sharedRow))
               : "memory");
}

KERNELGEN_OPERATION void ldmatrix_x2(std::uint32_t (&r)[2], const void* sharedRow, CallSite) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(sharedRow))
               : "memory");
}

KERNELGEN_OPERATION void ldmatrix_x2_transposed(std::uint32_t (&r)[2], const void* sharedRow, CallSite) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(sharedRow))
               : "memory");
}

// ---- Asynchronous copies from global to shared memory ---------------------------------------------------------------

/** @internal The address in global memory that PTX takes. */
KERNELGEN_DEVICE std::uint64_t global_address(const void* pointer) { return __cvta_generic_to_global(pointer); }

// The last operand is how many bytes are read; the rest of the 16, 8 or 4 is filled with zeros.

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

KERNELGEN_OPERATION void copy_async_16(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
               "l"(global_address(global)), "r"(valid ? 16 : 0)
               : "memory");
}

KERNELGEN_OPERATION void copy_async_4(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(shared)),
               "l"(global_address(global)), "r"(valid ? 4 : 0)
               : "memory");
}

KERNELGEN_OPERATION void copy_async_8(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared_address(shared)),
               "l"(global_address(global)), "r"(valid ? 8 : 0)
               : "memory");
}

KERNELGEN_OPERATION void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

template <int pendingGroups>
KERNELGEN_DEVICE void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pendingGroups) : "memory");
}

#else

// Before compute capability 8.0 a copy is a load, through L2 as there, and a store: it has ended when the call returns.

KERNELGEN_OPERATION void copy_async_16(void* shared, const void* global, bool valid) {
  *static_cast<uint4*>(shared) = valid ? __ldcg(static_cast<const uint4*>(global)) : uint4{};
}

KERNELGEN_OPERATION void copy_async_4(void* shared, const void* global, bool valid) {
  *static_cast<unsigned*>(shared) = valid ? __ldcg(static_cast<const unsigned*>(global)) : 0;
}

KERNELGEN_OPERATION void copy_async_8(void* shared, const void* global, bool valid) {
  *static_cast<uint2*>(shared) = valid ? __ldcg(static_cast<const uint2*>(global)) : uint2{};
}

KERNELGEN_OPERATION void copy_async_commit() {}

template <int pendingGroups>
KERNELGEN_DEVICE void copy_async_wait() {}

#endif

// ---- Global memory that is touched once -----------------------------------------------------------------------------

KERNELGEN_OPERATION void bring_to_l2(const void* address) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(global_address(address)));
}

// No "memory" clobber on the loads: nothing writes what they read, so ordinary accesses may move across them.

KERNELGEN_OPERATION std::uint16_t load_streaming(const std::uint16_t* address) {
  std::uint16_t value;
  asm volatile("ld.global.nc.L1::no_allocate.u16 %0, [%1];" : "=h"(value) : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION std::uint32_t load_streaming(const std::uint32_t* address) {
  std::uint32_t value;
  asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(value) : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION float load_streaming(const float* address) {
  float value;
  asm volatile("ld.global.nc.L1::no_allocate.f32 %0, [%1];" : "=f"(value) : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION Words2 load_streaming(const Words2* address) {
  Words2 value;
  asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
               : "=r"(value.w[0]), "=r"(value.w[1])
               : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION Words4 load_streaming(const Words4* address) {
  Words4 value;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.w[0]), "=r"(value.w[1]), "=r"(value.w[2]), "=r"(value.w[3])
               : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION Words4 load_from_l2(const Words4* address) {
  Words4 value;
  asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.w[0]), "=r"(value.w[1]), "=r"(value.w[2]), "=r"(value.w[3])
               : "l"(global_address(address)));
  return value;
}

KERNELGEN_OPERATION void store_streaming(std::uint16_t* address, std::uint16_t value) {
  asm volatile("st.global.cs.u16 [%0], %1;" ::"l"(global_address(address)), "h"(value) : "memory");
}

KERNELGEN_OPERATION void store_streaming(std::uint32_t* address, std::uint32_t value) {
  asm volatile("st.global.cs.u32 [%0], %1;" ::"l"(global_address(address)), "r"(value) : "memory");
}

KERNELGEN_OPERATION void store_streaming(float* address, float value) {
  asm volatile("st.global.cs.f32 [%0], %1;" ::"l"(global_address(address)), "f"(value) : "memory");
}

KERNELGEN_OPERATION void store_streaming(Words2* address, Words2 value) {
  asm volatile("st.global.cs.v2.u32 [%0], {%1, %2};" ::"l"(global_address(address)), "r"(value.w[0]), "r"(value.w[1])
               : "memory");
}

KERNELGEN_OPERATION void store_streaming(Words4* address, Words4 value) {
  asm volatile("st.global.cs.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(global_address(address)), "r"(value.w[0]),
               "r"(value.w[1]), "r"(value.w[2]), "r"(value.w[3])
               : "memory");
}

// ---- Between blocks, through L2 -------------------------------------------------------------------------------------

KERNELGEN_OPERATION const void* address_of_turn(const void* address) {
  std::uint64_t bits = reinterpret_cast<std::uint64_t>(address);
  asm volatile("" : "+l"(bits));
  return reinterpret_cast<const void*>(bits);
}

KERNELGEN_OPERATION std::uint16_t load_relaxed(const std::uint16_t* address) {
  std::uint16_t value;
  asm volatile("ld.relaxed.gpu.global.u16 %0, [%1];" : "=h"(value) : "l"(global_address(address)) : "memory");
  return value;
}

KERNELGEN_OPERATION std::uint32_t load_relaxed(const std::uint32_t* address) {
  std::uint32_t value;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(global_address(address)) : "memory");
  return value;
}

KERNELGEN_OPERATION float load_relaxed(const float* address) {
  float value;
  asm volatile("ld.relaxed.gpu.global.f32 %0, [%1];" : "=f"(value) : "l"(global_address(address)) : "memory");
  return value;
}

KERNELGEN_OPERATION Words2 load_relaxed(const Words2* address) {
  Words2 value;
  asm volatile("ld.relaxed.gpu.global.v2.u32 {%0, %1}, [%2];"
               : "=r"(value.w[0]), "=r"(value.w[1])
               : "l"(global_address(address))
               : "memory");
  return value;
}

KERNELGEN_OPERATION Words4 load_relaxed(const Words4* address) {
  Words4 value;
  asm volatile("ld.relaxed.gpu.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.w[0]), "=r"(value.w[1]), "=r"(value.w[2]), "=r"(value.w[3])
               : "l"(global_address(address))
               : "memory");
  return value;
}

KERNELGEN_OPERATION void store_relaxed(std::uint16_t* address, std::uint16_t value) {
  asm volatile("st.relaxed.gpu.global.u16 [%0], %1;" ::"l"(global_address(address)), "h"(value) : "memory");
}

KERNELGEN_OPERATION void store_relaxed(std::uint32_t* address, std::uint32_t value) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(global_address(address)), "r"(value) : "memory");
}

KERNELGEN_OPERATION void store_relaxed(float* address, float value) {
  asm volatile("st.relaxed.gpu.global.f32 [%0], %1;" ::"l"(global_address(address)), "f"(value) : "memory");
}

KERNELGEN_OPERATION void store_relaxed(Words2* address, Words2 value) {
  asm volatile("st.relaxed.gpu.global.v2.u32 [%0], {%1, %2};" ::"l"(global_address(address)), "r"(value.w[0]),
               "r"(value.w[1])
               : "memory");
}

KERNELGEN_OPERATION void store_relaxed(Words4* address, Words4 value) {
  asm volatile("st.relaxed.gpu.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(global_address(address)), "r"(value.w[0]),
               "r"(value.w[1]), "r"(value.w[2]), "r"(value.w[3])
               : "memory");
}

KERNELGEN_OPERATION void fence_device() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

KERNELGEN_OPERATION std::uint32_t load_acquire(const std::uint32_t* address) {
  std::uint32_t value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(global_address(address)) : "memory");
  return value;
}

KERNELGEN_OPERATION void store_release(std::uint32_t* address, std::uint32_t value) {
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(global_address(address)), "r"(value) : "memory");
}

KERNELGEN_OPERATION void atomic_add_release(std::uint32_t* address, std::uint32_t value) {
  asm volatile("red.release.gpu.global.add.u32 [%0], %1;" ::"l"(global_address(address)), "r"(value) : "memory");
}

KERNELGEN_OPERATION std::uint32_t atomic_fetch_add(std::uint32_t* address, std::uint32_t value) {
  std::uint32_t before;
  asm volatile("atom.relaxed.gpu.global.add.u32 %0, [%1], %2;"
               : "=r"(before)
               : "l"(global_address(address)), "r"(value)
               : "memory");
  return before;
}

KERNELGEN_OPERATION void spin_pause(CallSite) {}

KERNELGEN_OPERATION void check_cooperative_grid(std::uint32_t) {}

// ---- From one launch to the next -----------------------------------------------------------------------------------

KERNELGEN_OPERATION void wait_for_previous_step() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

KERNELGEN_OPERATION void allow_next_step() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// ---- Functions of a real number -------------------------------------------------------------------------------------

KERNELGEN_OPERATION float tanh_approx(float x) {
  float result;
  asm("tanh.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

KERNELGEN_OPERATION float exp2_approx(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

KERNELGEN_OPERATION float log2_approx(float x) {
  float result;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

KERNELGEN_OPERATION float two_product(float a, float b, float& rest) {
  const float product = __fmul_rn(a, b);
  rest = __fmaf_rn(a, b, -product);
  return product;
}

KERNELGEN_OPERATION float maximum(float a, float b) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#else
  return a > b || a != a ? a : b;
#endif
}

KERNELGEN_OPERATION float reciprocal_approx(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

}  // namespace kernelgen
