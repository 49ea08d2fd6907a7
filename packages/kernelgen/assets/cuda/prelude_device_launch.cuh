// Launching on the GPU through the CUDA runtime. Included by prelude.cuh, which documents each function.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace kernelgen {

/** @internal "cudaMalloc of 12 B: out of memory", or empty on success. */
inline std::string cuda_error(const std::string& what, cudaError_t status) {
  if (status == cudaSuccess) return {};
  cudaGetLastError();  // a launch that was refused must not be reported again by the next call
  return what + ": " + cudaGetErrorString(status);
}

/** @internal Ends the program with the message if the call failed. */
inline void require_cuda(const std::string& what, cudaError_t status) {
  const std::string error = cuda_error(what, status);
  if (error.empty()) return;
  std::fprintf(stderr, "%s\n", error.c_str());
  std::exit(EXIT_FAILURE);
}

/** @internal One attribute of the current device. */
inline int device_attribute(cudaDeviceAttr attribute) {
  int device = 0;
  int value = 0;
  require_cuda("cudaGetDevice", cudaGetDevice(&device));
  require_cuda("cudaDeviceGetAttribute", cudaDeviceGetAttribute(&value, attribute, device));
  return value;
}

inline std::string device_name() {
  int device = 0;
  cudaDeviceProp properties;
  require_cuda("cudaGetDevice", cudaGetDevice(&device));
  require_cuda("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, device));
  return properties.name;
}

/** @internal Allows the kernel its shared memory and checks what the CUDA runtime would refuse with fewer words. */
inline std::string prepare_launch(const void* kernel, int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                                  bool cooperative) {
  if (blockCount < 1) return "grid: needs at least 1 block, the launch has " + std::to_string(blockCount);
  cudaFuncAttributes attributes;
  std::string error = cuda_error("cudaFuncGetAttributes", cudaFuncGetAttributes(&attributes, kernel));
  if (!error.empty()) return error;
  if (threadsPerBlock < 1 || threadsPerBlock > attributes.maxThreadsPerBlock) {
    return "threads: the launch has " + std::to_string(threadsPerBlock) + " in a block, the kernel allows 1 to " +
           std::to_string(attributes.maxThreadsPerBlock);
  }
  const std::size_t sharedLimit = static_cast<std::size_t>(device_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
  if (sharedBytes + attributes.sharedSizeBytes > sharedLimit) {
    return "shared memory: needs " + std::to_string(sharedBytes + attributes.sharedSizeBytes) + " B in a block, " +
           device_name() + " allows " + std::to_string(sharedLimit) + " B";
  }
  error = cuda_error(
      "cudaFuncSetAttribute(" + std::to_string(sharedBytes) + " B of dynamic shared memory)",
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(sharedBytes)));
  if (!error.empty() || !cooperative) return error;
  int blocksPerMultiprocessor = 0;
  error = cuda_error(
      "cudaOccupancyMaxActiveBlocksPerMultiprocessor",
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocksPerMultiprocessor, kernel, threadsPerBlock, sharedBytes));
  if (!error.empty()) return error;
  const int multiprocessorCount = device_attribute(cudaDevAttrMultiProcessorCount);
  if (blockCount > blocksPerMultiprocessor * multiprocessorCount) {
    return "cooperative launch: needs " + std::to_string(blockCount) + " blocks resident at once (" +
           std::to_string(threadsPerBlock) + " threads, " + std::to_string(attributes.numRegs) +
           " registers a thread, " + std::to_string(sharedBytes) + " B of shared memory), " + device_name() +
           " holds " + std::to_string(blocksPerMultiprocessor) + " on each of " + std::to_string(multiprocessorCount) +
           " multiprocessors = " + std::to_string(blocksPerMultiprocessor * multiprocessorCount);
  }
  return {};
}

template <typename... Parameters, typename... Arguments>
std::string launch(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                   bool cooperative, Stream stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  const void* function = reinterpret_cast<const void*>(kernel);
  const std::string error = prepare_launch(function, blockCount, threadsPerBlock, sharedBytes, cooperative);
  if (!error.empty()) return error;
  std::tuple<Parameters...> parameters(static_cast<Parameters>(arguments)...);
  return std::apply(
      [&](auto&... parameter) {
        void* addresses[] = {static_cast<void*>(&parameter)..., nullptr};  // nullptr: a kernel may have no parameter
        const dim3 grid(static_cast<unsigned>(blockCount));
        const dim3 block(static_cast<unsigned>(threadsPerBlock));
        return cooperative
                   ? cuda_error("cudaLaunchCooperativeKernel",
                                cudaLaunchCooperativeKernel(function, grid, block, addresses, sharedBytes, stream))
                   : cuda_error("cudaLaunchKernel",
                                cudaLaunchKernel(function, grid, block, addresses, sharedBytes, stream));
      },
      parameters);
}

inline std::string synchronize(Stream stream) { return cuda_error("kernel", cudaStreamSynchronize(stream)); }

inline void device_fill(void* device, int byte, std::size_t bytes) {
  require_cuda("cudaMemset of " + std::to_string(bytes) + " B", cudaMemset(device, byte, bytes));
}

inline std::string fill_async(void* device, int byte, std::size_t bytes, Stream stream) {
  return cuda_error("cudaMemsetAsync of " + std::to_string(bytes) + " B", cudaMemsetAsync(device, byte, bytes, stream));
}

inline void* device_allocate(std::size_t bytes) {
  void* memory = nullptr;
  require_cuda("cudaMalloc of " + std::to_string(bytes) + " B", cudaMalloc(&memory, bytes));
  device_fill(memory, 0xFF, bytes);
  return memory;
}

inline void device_free(void* memory) { require_cuda("cudaFree", cudaFree(memory)); }

inline void copy_to_device(void* device, const void* host, std::size_t bytes) {
  require_cuda("cudaMemcpy of " + std::to_string(bytes) + " B to the device",
               cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
}

inline void copy_to_host(void* host, const void* device, std::size_t bytes) {
  require_cuda("cudaDeviceSynchronize", cudaDeviceSynchronize());
  require_cuda("cudaMemcpy of " + std::to_string(bytes) + " B to the host",
               cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

template <typename LaunchOnce>
LaunchTime time_launches(int count, Stream stream, LaunchOnce launchOnce) {
  cudaEvent_t start;
  cudaEvent_t stop;
  require_cuda("cudaEventCreate", cudaEventCreate(&start));
  require_cuda("cudaEventCreate", cudaEventCreate(&stop));
  LaunchTime result{};
  float milliseconds = 0;
  require_cuda("cudaEventRecord", cudaEventRecord(start, stream));
  for (int call = 0; call < count && result.error.empty(); call += 1) result.error = launchOnce();
  require_cuda("cudaEventRecord", cudaEventRecord(stop, stream));
  if (result.error.empty()) result.error = cuda_error("kernel", cudaEventSynchronize(stop));
  if (result.error.empty())
    result.error = cuda_error("cudaEventElapsedTime", cudaEventElapsedTime(&milliseconds, start, stop));
  result.microseconds = 1000.0 * static_cast<double>(milliseconds) / count;
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  return result;
}

}  // namespace kernelgen
