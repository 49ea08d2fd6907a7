// Thread block clusters on the GPU, as inline PTX of sm_90 and later. Included by prelude.cuh, which documents each
// function.
#pragma once

namespace kernelgen {

// The host's pass over this file has no architecture, and only parses.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900

KERNELGEN_OPERATION int cluster_rank() {
  std::uint32_t rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return static_cast<int>(rank);
}

KERNELGEN_OPERATION void sync_cluster(CallSite) {
  asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

KERNELGEN_OPERATION ClusterAddress cluster_address(const void* shared, int rank) {
  ClusterAddress address;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(address.window) : "r"(shared_address(shared)), "r"(rank));
  return address;
}

KERNELGEN_OPERATION void init_barrier(TransactionBarrier* barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n\tfence.mbarrier_init.release.cluster;" ::"r"(
                   shared_address(barrier))
               : "memory");
}

KERNELGEN_OPERATION void expect_bytes(TransactionBarrier* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(bytes)
               : "memory");
}

KERNELGEN_OPERATION void wait_phase(TransactionBarrier* barrier, int phase, CallSite) {
  std::uint32_t ended;
  do {
    asm volatile(
        "{\n\t"
        ".reg .pred ended;\n\t"
        "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 ended, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, ended;\n\t"
        "}"
        : "=r"(ended)
        : "r"(shared_address(barrier)), "r"(phase % 2)
        : "memory");
  } while (ended == 0);
}

KERNELGEN_OPERATION void store_async(ClusterAddress target, Words4 value, ClusterAddress barrier) {
  asm volatile(
      "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(
          target.window),
      "r"(value.w[0]), "r"(value.w[1]), "r"(value.w[2]), "r"(value.w[3]), "r"(barrier.window)
      : "memory");
}

#else

KERNELGEN_OPERATION int cluster_rank() { return 0; }
KERNELGEN_OPERATION void sync_cluster(CallSite) { __trap(); }
KERNELGEN_OPERATION ClusterAddress cluster_address(const void* shared, int) { return {shared_address(shared)}; }
KERNELGEN_OPERATION void init_barrier(TransactionBarrier*) { __trap(); }
KERNELGEN_OPERATION void expect_bytes(TransactionBarrier*, int) { __trap(); }
KERNELGEN_OPERATION void wait_phase(TransactionBarrier*, int, CallSite) { __trap(); }
KERNELGEN_OPERATION void store_async(ClusterAddress, Words4, ClusterAddress) { __trap(); }

#endif

KERNELGEN_OPERATION ClusterAddress operator+(ClusterAddress address, int bytes) {
  return {address.window + static_cast<std::uint32_t>(bytes)};
}

}  // namespace kernelgen
