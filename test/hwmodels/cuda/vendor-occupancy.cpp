// Answers occupancy questions with NVIDIA's own calculator, cuda_occupancy.h, one line of numbers for each line of
// standard input. The first character of a line says what is asked:
//
//   V                                                  -> CUDA_VERSION, newest compute capability (major, minor)
//   O <device> <kernel> threadsPerBlock dynamicBytes   -> status, blocks, factors, limits of warps, blocks, registers,
//                                                         shared memory, barriers, registers and shared bytes of a block
//   D <device> <kernel> threadsPerBlock blocks         -> status, most dynamic shared bytes for so many blocks
//   B <device> <kernel> maxThreadsPerBlock dynamicBytes -> status, best block size
//
//   <device>: major minor warpSize maxThreadsPerBlock maxThreadsPerMultiprocessor registersPerBlock
//             registersPerMultiprocessor sharedPerBlock sharedPerBlockOptin sharedPerMultiprocessor reservedPerBlock
//   <kernel>: registersPerThread staticBytes maxDynamicBytes carveoutPercent blockBarriers
//
// A carve-out of -1 is no preference. Status 0 is success.

#include <climits>
#include <iostream>
#include <sstream>
#include <string>

#include <cuda.h>
#include <cuda_occupancy.h>

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    char question = 0;
    in >> question;
    if (question == 'V') {
      std::cout << CUDA_VERSION << ' ' << __CUDA_OCC_MAJOR__ << ' ' << __CUDA_OCC_MINOR__ << '\n';
      continue;
    }

    cudaOccDeviceProp device;
    cudaOccFuncAttributes kernel;
    cudaOccDeviceState state;
    in >> device.computeMajor >> device.computeMinor >> device.warpSize >> device.maxThreadsPerBlock >>
        device.maxThreadsPerMultiprocessor >> device.regsPerBlock >> device.regsPerMultiprocessor >>
        device.sharedMemPerBlock >> device.sharedMemPerBlockOptin >> device.sharedMemPerMultiprocessor >>
        device.reservedSharedMemPerBlock;
    in >> kernel.numRegs >> kernel.sharedSizeBytes >> kernel.maxDynamicSharedSizeBytes >> state.carveoutConfig >>
        kernel.numBlockBarriers;
    device.numSms = 1;
    kernel.maxThreadsPerBlock = INT_MAX;
    kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;

    int threads = 0;
    size_t last = 0;
    in >> threads >> last;
    if (in.fail()) {
      std::cerr << "cannot read: " << line << '\n';
      return 1;
    }

    if (question == 'O') {
      cudaOccResult result = {};
      const int status = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, threads, last);
      std::cout << status << ' ' << result.activeBlocksPerMultiprocessor << ' ' << result.limitingFactors << ' '
                << result.blockLimitWarps << ' ' << result.blockLimitBlocks << ' ' << result.blockLimitRegs << ' '
                << result.blockLimitSharedMem << ' ' << result.blockLimitBarriers << ' '
                << result.allocatedRegistersPerBlock << ' ' << result.allocatedSharedMemPerBlock << '\n';
    } else if (question == 'D') {
      size_t bytes = 0;
      const int status = cudaOccAvailableDynamicSMemPerBlock(&bytes, &device, &kernel, &state, static_cast<int>(last), threads);
      std::cout << status << ' ' << bytes << '\n';
    } else if (question == 'B') {
      kernel.maxThreadsPerBlock = threads;
      int blocks = 0, best = 0;
      const int status = cudaOccMaxPotentialOccupancyBlockSize(&blocks, &best, &device, &kernel, &state, last);
      std::cout << status << ' ' << best << '\n';
    } else {
      std::cerr << "unknown question: " << line << '\n';
      return 1;
    }
  }
}
