// Kernels with one fault each, which the host must find; not for the GPU. Usage: prelude_faults NAME
// The program must not get to its last line; the faults whose name begins with "shows-" are those that the host does
// not report but makes visible: their kernel writes one number, which the program prints.

#include <cstdio>
#include <cstring>

#include "prelude.cuh"

using namespace kernelgen;

// ---- Accesses out of bounds, misaligned, or of the wrong memory -----------------------------------------------------

/** `numbers` holds 64 floats; `out` one. */
KERNELGEN_KERNEL void global_read_beyond(float* numbers, float* out) { *out = numbers[thread_index() + 1]; }

KERNELGEN_KERNEL void global_write_beyond(float* numbers, float*) {
  store_streaming(numbers + thread_index() + 1, 1.0f);
}

KERNELGEN_KERNEL void global_async_beyond(float* numbers, float*) {
  copy_async_16(shared_memory(), numbers + 4 * thread_index(), true);
}

/** The launch has 256 B of shared memory. */
KERNELGEN_KERNEL void shared_read_beyond(float*, float* out) {
  *out = reinterpret_cast<const float*>(shared_memory())[thread_index() + 1];
}

KERNELGEN_KERNEL void shared_write_before(float*, float*) { shared_memory()[thread_index() - 1] = 0; }

KERNELGEN_KERNEL void ldmatrix_beyond(float*, float* out) {
  std::uint32_t r[4];
  ldmatrix_x4(r, shared_memory() + 16 * lane_index());
  *out = float_of(r[0]);
}

KERNELGEN_KERNEL void ldmatrix_misaligned(float*, float* out) {
  std::uint32_t r[2];
  ldmatrix_x2(r, shared_memory() + 8 * (lane_index() % 16));
  *out = float_of(r[0]);
}

KERNELGEN_KERNEL void load_misaligned(float* numbers, float* out) {
  *out = float_of(load_relaxed(reinterpret_cast<const Words4*>(numbers + 1)).w[0]);
}

KERNELGEN_KERNEL void plain_load_misaligned(float* numbers, float* out) {
  *out = float_of(reinterpret_cast<const Words4*>(numbers + 2)->w[0]);
}

KERNELGEN_KERNEL void load_of_shared(float*, float* out) {
  *out = load_streaming(reinterpret_cast<const float*>(shared_memory()));
}

// ---- Barriers and collectives that do not meet ----------------------------------------------------------------------

KERNELGEN_KERNEL void return_before_barrier(float*, float*) {
  if (thread_index() == 3) return;
  sync_block();
}

KERNELGEN_KERNEL void return_after_barrier_began(float*, float*) {
  if (thread_index() == 60) return;
  sync_block();
}

KERNELGEN_KERNEL void barrier_after_return(float*, float*) {
  if (thread_index() == 0) return;
  sync_block();
}

KERNELGEN_KERNEL void barrier_in_branch(float*, float*) {
  if (lane_index() < 16) {
    sync_block();
  } else {
    sync_block();
  }
}

KERNELGEN_KERNEL void shuffle_in_branch(float*, float* out) {
  if (lane_index() != 7) *out = shuffle_xor(1.0f, 1);
}

KERNELGEN_KERNEL void shuffle_after_return(float*, float* out) {
  if (lane_index() != 0) *out = shuffle_xor(1.0f, 1);
}

KERNELGEN_KERNEL void different_collectives(float*, float* out) {
  if (lane_index() < 16) {
    *out = shuffle_xor(1.0f, 1);
  } else {
    sync_warp();
  }
}

KERNELGEN_KERNEL void partial_warp(float*, float*) {
  float c[4] = {};
  const std::uint32_t a[4] = {};
  mma_m16n8k16_bf16(c, a, 0, 0);
}

// ---- Waiting for what never comes -----------------------------------------------------------------------------------

KERNELGEN_KERNEL void poll_in_vain(float* numbers, float*) {
  if (warp_index() == 0) sync_block();
  while (load_acquire(reinterpret_cast<const std::uint32_t*>(numbers)) == 0) spin_pause();
}

/** Right only if the launch is cooperative: block 0 waits for block 1. */
KERNELGEN_KERNEL void poll_next_block(float* numbers, float*) {
  std::uint32_t* flag = reinterpret_cast<std::uint32_t*>(numbers);
  if (block_index() == 0) {
    while (load_acquire(flag) == 0) spin_pause();
  } else {
    store_release(flag, 1);
  }
}

/** The barrier in the loop must not count as progress. */
KERNELGEN_KERNEL void poll_with_barrier(float* numbers, float*) {
  std::uint32_t* flag = reinterpret_cast<std::uint32_t*>(shared_memory());
  do {
    if (thread_index() == 0) *flag = load_acquire(reinterpret_cast<const std::uint32_t*>(numbers));
    sync_block();
    spin_pause();
  } while (*flag == 0);
}

KERNELGEN_KERNEL void poll_without_pause(float* numbers, float*) {
  while (load_relaxed(reinterpret_cast<const std::uint32_t*>(numbers)) == 0) {
  }
}

/** Nor must the barrier hide that nobody pauses. */
KERNELGEN_KERNEL void poll_with_barrier_without_pause(float* numbers, float*) {
  while (load_relaxed(reinterpret_cast<const std::uint32_t*>(numbers)) == 0) sync_block();
}

/** One of the two blocks does not come to the grid's barrier. */
KERNELGEN_KERNEL void grid_barrier_in_branch(float* numbers, float*) {
  std::uint32_t epoch = 0;
  if (block_index() == 0) sync_grid(reinterpret_cast<std::uint32_t*>(numbers), 2, epoch);
}

KERNELGEN_KERNEL void grid_barrier_of_three(float* numbers, float*) {
  std::uint32_t epoch = 0;
  sync_grid(reinterpret_cast<std::uint32_t*>(numbers), 3, epoch);
}

// ---- Clusters (of two blocks of one warp) ---------------------------------------------------------------------------

KERNELGEN_DEVICE TransactionBarrier* made_barrier() {
  TransactionBarrier* barrier = reinterpret_cast<TransactionBarrier*>(shared_memory());
  if (thread_index() == 0) init_barrier(barrier);
  sync_cluster();
  return barrier;
}

KERNELGEN_KERNEL void store_beyond_a_block(float*, float*) {
  TransactionBarrier* barrier = made_barrier();
  store_async(cluster_address(shared_memory(), 1) + 256, Words4{}, cluster_address(barrier, 1));
}

KERNELGEN_KERNEL void store_to_a_block_that_returned(float*, float*) {
  TransactionBarrier* barrier = made_barrier();
  if (cluster_rank() == 0) return;
  const ClusterAddress target = cluster_address(shared_memory() + 16, 0);
  for (int i = 0; i < 10; i += 1) spin_pause();
  store_async(target, Words4{}, cluster_address(barrier, 0));
}

KERNELGEN_KERNEL void return_before_stores_land(float*, float*) {
  TransactionBarrier* barrier = made_barrier();
  store_async(cluster_address(shared_memory() + 16, 1 - cluster_rank()), Words4{},
              cluster_address(barrier, 1 - cluster_rank()));
  sync_cluster();
}

KERNELGEN_KERNEL void barrier_not_made(float*, float*) {
  store_async(cluster_address(shared_memory() + 16, 0), Words4{}, cluster_address(shared_memory(), 0));
}

KERNELGEN_KERNEL void cluster_barrier_in_branch(float*, float*) {
  if (cluster_rank() == 0) sync_cluster();
}

KERNELGEN_KERNEL void rank_beyond_the_cluster(float*, float*) {
  static_cast<void>(cluster_address(shared_memory(), 2));
}

// ---- More stack than a thread has -----------------------------------------------------------------------------------

KERNELGEN_DEVICE float deep(float* numbers, int depth) {
  volatile float frame[1024];
  for (int i = 0; i < 1024; i += 1) frame[i] = numbers[i % 64];
  return depth == 0 ? frame[5] : deep(numbers, depth - 1) + frame[depth % 1024];
}

KERNELGEN_KERNEL void deep_stack(float* numbers, float* out) { *out = deep(numbers, 1000); }

// ---- Faults that show as wrong numbers ------------------------------------------------------------------------------

KERNELGEN_KERNEL void shows_unwritten_shared(float*, float* out) {
  *out = reinterpret_cast<const float*>(shared_memory())[5];
}

/** A copy that nobody waits for: commit and barrier are there. */
KERNELGEN_KERNEL void shows_missing_wait(float* numbers, float* out) {
  copy_async_4(shared_memory() + 4 * thread_index(), numbers + thread_index(), true);
  copy_async_commit();
  sync_block();
  *out = reinterpret_cast<const float*>(shared_memory())[5];
}

/** A copy in no group: wait and barrier are there. */
KERNELGEN_KERNEL void shows_missing_commit(float* numbers, float* out) {
  copy_async_4(shared_memory() + 4 * thread_index(), numbers + thread_index(), true);
  copy_async_wait<0>();
  sync_block();
  *out = reinterpret_cast<const float*>(shared_memory())[5];
}

/** Warp 1 reads what warp 0 wrote, with no barrier between: wrong (not 7) only where warp 1 runs before warp 0. */
KERNELGEN_KERNEL void shows_missing_barrier(float*, float* out) {
  float* shared = reinterpret_cast<float*>(shared_memory());
  if (warp_index() == 0) {
    shared[lane_index()] = 7.0f;
  } else {
    *out = shared[lane_index()];
  }
}

// ---- Faults of the launching program --------------------------------------------------------------------------------

KERNELGEN_KERNEL void launch_inside_of_kernel(float* numbers, float* out) {
  static_cast<void>(launch(shows_unwritten_shared, 1, 32, 256, false, nullptr, numbers, out));
}

int main(int argumentCount, char** arguments) {
  const struct {
    const char* name;
    void (*kernel)(float*, float*);
    int blockCount;
    int threadsPerBlock;
    Residency residency;
  } faults[] = {
      {"global-read-beyond", global_read_beyond, 1, 64, false},
      {"global-write-beyond", global_write_beyond, 1, 64, false},
      {"global-async-beyond", global_async_beyond, 1, 64, false},
      {"shared-read-beyond", shared_read_beyond, 1, 64, false},
      {"shared-write-before", shared_write_before, 1, 64, false},
      {"ldmatrix-beyond", ldmatrix_beyond, 1, 32, false},
      {"ldmatrix-misaligned", ldmatrix_misaligned, 1, 32, false},
      {"load-misaligned", load_misaligned, 1, 32, false},
      {"plain-load-misaligned", plain_load_misaligned, 1, 32, false},
      {"load-of-shared", load_of_shared, 1, 32, false},
      {"return-before-barrier", return_before_barrier, 1, 64, false},
      {"return-after-barrier-began", return_after_barrier_began, 1, 64, false},
      {"barrier-after-return", barrier_after_return, 1, 64, false},
      {"barrier-in-branch", barrier_in_branch, 1, 64, false},
      {"shuffle-in-branch", shuffle_in_branch, 1, 64, false},
      {"shuffle-after-return", shuffle_after_return, 1, 32, false},
      {"different-collectives", different_collectives, 3, 64, true},
      {"partial-warp", partial_warp, 1, 48, false},
      {"poll-in-vain", poll_in_vain, 1, 64, false},
      {"poll-next-block", poll_next_block, 2, 32, false},
      {"poll-with-barrier", poll_with_barrier, 1, 64, false},
      {"poll-without-pause", poll_without_pause, 1, 32, false},
      {"poll-with-barrier-without-pause", poll_with_barrier_without_pause, 1, 2, false},
      {"grid-barrier-in-branch", grid_barrier_in_branch, 2, 64, true},
      {"grid-barrier-of-three", grid_barrier_of_three, 2, 64, true},
      {"grid-barrier-not-cooperative", grid_barrier_of_three, 3, 64, false},
      {"store-beyond-a-block", store_beyond_a_block, 2, 32, {false, 2}},
      {"store-to-a-block-that-returned", store_to_a_block_that_returned, 2, 32, {false, 2}},
      {"return-before-stores-land", return_before_stores_land, 2, 32, {false, 2}},
      {"barrier-not-made", barrier_not_made, 2, 32, {false, 2}},
      {"cluster-barrier-in-branch", cluster_barrier_in_branch, 2, 32, {false, 2}},
      {"rank-beyond-the-cluster", rank_beyond_the_cluster, 2, 32, {false, 2}},
      {"deep-stack", deep_stack, 1, 32, false},
      {"launch-inside-of-kernel", launch_inside_of_kernel, 1, 32, false},
      {"shows-unwritten-shared", shows_unwritten_shared, 1, 32, false},
      {"shows-missing-wait", shows_missing_wait, 1, 64, false},
      {"shows-missing-commit", shows_missing_commit, 1, 64, false},
      {"shows-missing-barrier", shows_missing_barrier, 1, 64, false},
  };
  const char* name = argumentCount == 2 ? arguments[1] : "";
  if (std::strcmp(name, "function-outside-of-kernel") == 0) sync_block();
  float* numbers = static_cast<float*>(device_allocate(64 * sizeof(float)));
  float* out = static_cast<float*>(device_allocate(sizeof(float)));
  device_fill(numbers, 0, 64 * sizeof(float));
  for (const auto& fault : faults) {
    if (std::strcmp(name, fault.name) != 0) continue;
    std::string error =
        launch(fault.kernel, fault.blockCount, fault.threadsPerBlock, 256, fault.residency, nullptr, numbers, out);
    if (error.empty()) error = synchronize(nullptr);
    float result = 0;
    copy_to_host(&result, out, sizeof result);
    device_free(out);
    device_free(numbers);
    std::printf("%s%s wrote %g\n", error.c_str(), fault.name, static_cast<double>(result));
    return 0;
  }
  std::printf("there is no fault \"%s\"\n", name);
  return 0;
}
