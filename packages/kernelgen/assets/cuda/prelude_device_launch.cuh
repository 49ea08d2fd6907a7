// Launching on the GPU through the CUDA runtime. Included by prelude.cuh, which documents each function.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
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

/** @internal What a block of a launch takes, for messages. */
inline std::string block_needs(const cudaFuncAttributes& attributes, int threadsPerBlock, std::size_t sharedBytes) {
  return std::to_string(threadsPerBlock) + " threads, " + std::to_string(attributes.numRegs) + " registers a thread, " +
         std::to_string(sharedBytes + attributes.sharedSizeBytes) + " B of shared memory";
}

/** @internal Why the device cannot run the clusters of the launch, or empty. */
inline std::string prepare_clusters(const void* kernel, const cudaLaunchConfig_t& config,
                                    const cudaFuncAttributes& attributes, Residency residency) {
  const int blockCount = static_cast<int>(config.gridDim.x);
  const std::string size = std::to_string(residency.clusterBlocks);
  if (residency.clusterBlocks < 1 || blockCount % residency.clusterBlocks != 0) {
    return "cluster: the grid of " + std::to_string(blockCount) + " blocks is not made of whole clusters of " + size;
  }
  if (device_attribute(cudaDevAttrClusterLaunch) == 0) {
    return "cluster: needs thread block clusters (compute capability 9.0 and later), " + device_name() + " has none";
  }
  constexpr int portableClusterBlocks = 8;
  std::string error;
  if (residency.clusterBlocks > portableClusterBlocks) {
    error = cuda_error("cudaFuncSetAttribute(clusters of " + size + " blocks)",
                       cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
    if (!error.empty()) return error;
  }
  int clusters = 0;
  error = cuda_error("cudaOccupancyMaxActiveClusters for clusters of " + size + " blocks",
                     cudaOccupancyMaxActiveClusters(&clusters, kernel, &config));
  if (!error.empty()) return error;
  const int needed = residency.cooperative ? blockCount / residency.clusterBlocks : 1;
  if (clusters >= needed) return {};
  return "cluster launch: needs " + std::to_string(needed) + " clusters of " + size + " blocks resident at once (" +
         block_needs(attributes, static_cast<int>(config.blockDim.x), config.dynamicSmemBytes) + "), " + device_name() +
         " holds " + std::to_string(clusters);
}

/** @internal Allows the kernel its shared memory and checks what the CUDA runtime would refuse with fewer words. */
inline std::string prepare_launch(const void* kernel, const cudaLaunchConfig_t& config, Residency residency) {
  const int blockCount = static_cast<int>(config.gridDim.x);
  const int threadsPerBlock = static_cast<int>(config.blockDim.x);
  const std::size_t sharedBytes = config.dynamicSmemBytes;
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
  if (!error.empty()) return error;
  if (residency.clusterBlocks != 1) return prepare_clusters(kernel, config, attributes, residency);
  if (!residency.cooperative) return {};
  int blocksPerMultiprocessor = 0;
  error = cuda_error(
      "cudaOccupancyMaxActiveBlocksPerMultiprocessor",
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocksPerMultiprocessor, kernel, threadsPerBlock, sharedBytes));
  if (!error.empty()) return error;
  const int multiprocessorCount = device_attribute(cudaDevAttrMultiProcessorCount);
  if (blockCount > blocksPerMultiprocessor * multiprocessorCount) {
    return "cooperative launch: needs " + std::to_string(blockCount) + " blocks resident at once (" +
           block_needs(attributes, threadsPerBlock, sharedBytes) + "), " + device_name() + " holds " +
           std::to_string(blocksPerMultiprocessor) + " on each of " + std::to_string(multiprocessorCount) +
           " multiprocessors = " + std::to_string(blocksPerMultiprocessor * multiprocessorCount);
  }
  return {};
}

template <typename... Parameters, typename... Arguments>
std::string launch(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                   Residency residency, Stream stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  const void* function = reinterpret_cast<const void*>(kernel);
  cudaLaunchAttribute attributes[2] = {};
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(blockCount));
  config.blockDim = dim3(static_cast<unsigned>(threadsPerBlock));
  config.dynamicSmemBytes = sharedBytes;
  config.stream = stream;
  config.attrs = attributes;
  if (residency.clusterBlocks != 1) {
    cudaLaunchAttribute& attribute = attributes[config.numAttrs++];
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = static_cast<unsigned>(residency.clusterBlocks);
    attribute.val.clusterDim.y = 1;
    attribute.val.clusterDim.z = 1;
  }
  // What prepare_launch asks the runtime takes longer than the launch, and the answer stays.
  static thread_local std::set<std::tuple<const void*, int, int, int, std::size_t, bool, int>> prepared;
  int device = 0;
  std::string error = cuda_error("cudaGetDevice", cudaGetDevice(&device));
  if (!error.empty()) return error;
  const auto call = std::make_tuple(function, device, blockCount, threadsPerBlock, sharedBytes, residency.cooperative,
                                    residency.clusterBlocks);
  if (prepared.count(call) == 0) {
    error = prepare_launch(function, config, residency);
    if (!error.empty()) return error;
    prepared.insert(call);
  }
  if (residency.cooperative) {
    cudaLaunchAttribute& attribute = attributes[config.numAttrs++];
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
  }
  std::tuple<Parameters...> parameters(static_cast<Parameters>(arguments)...);
  return std::apply(
      [&](auto&... parameter) {
        void* addresses[] = {static_cast<void*>(&parameter)..., nullptr};  // nullptr: a kernel may have no parameter
        return cuda_error("cudaLaunchKernelExC", cudaLaunchKernelExC(&config, function, addresses));
      },
      parameters);
}

/** @internal The launches of launch_steps as a graph, kept from one call to the next. */
template <typename Tuple>
struct StepGraph {
  std::mutex mutex;
  Tuple arguments{};
  int steps = 0;
  int device = -1;
  cudaGraphExec_t graph = nullptr;

  bool repeats(const Tuple& otherArguments, int otherSteps, int otherDevice) const {
    return device == otherDevice && steps == otherSteps && arguments == otherArguments;
  }
};

template <typename... Parameters, typename... Arguments>
std::string launch_steps(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                         int steps, Stream stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments) + 1, "the kernel's last parameter is the step");
  const void* function = reinterpret_cast<const void*>(kernel);
  const auto launches = [&](Stream target) {
    // From compute capability 9.0 on a launch may begin before the one before it has ended; the kernel waits.
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(blockCount));
    config.blockDim = dim3(static_cast<unsigned>(threadsPerBlock));
    config.dynamicSmemBytes = sharedBytes;
    config.stream = target;
    std::string error = prepare_launch(function, config, Residency(false));
    const bool overlaps = device_attribute(cudaDevAttrComputeCapabilityMajor) >= 9;
    config.attrs = &attribute;
    for (int step = 0; step < steps && error.empty(); step += 1) {
      // The first must wait for all that is in the stream before.
      config.numAttrs = overlaps && step > 0 ? 1 : 0;
      std::tuple<Parameters...> parameters(arguments..., step);
      error = std::apply(
          [&](auto&... parameter) {
            void* addresses[] = {static_cast<void*>(&parameter)...};
            return cuda_error("cudaLaunchKernelExC", cudaLaunchKernelExC(&config, function, addresses));
          },
          parameters);
    }
    return error;
  };
  cudaStreamCaptureStatus capture;
  std::string error = cuda_error("cudaStreamIsCapturing", cudaStreamIsCapturing(stream, &capture));
  if (!error.empty()) return error;
  if (capture != cudaStreamCaptureStatusNone) return launches(stream);

  using Tuple = std::tuple<const void*, Arguments...>;
  static StepGraph<Tuple> kept;
  const std::lock_guard<std::mutex> lock(kept.mutex);
  int device = 0;
  error = cuda_error("cudaGetDevice", cudaGetDevice(&device));
  if (!error.empty()) return error;
  const Tuple call(function, arguments...);
  if (!kept.repeats(call, steps, device)) {
    if (kept.graph != nullptr) cudaGraphExecDestroy(kept.graph);
    kept.graph = nullptr;
    kept.arguments = call;
    kept.steps = steps;
    kept.device = device;
    return launches(stream);
  }
  if (kept.graph == nullptr) {
    cudaStream_t recorder = nullptr;
    cudaGraph_t graph = nullptr;
    error = cuda_error("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&recorder, cudaStreamNonBlocking));
    if (error.empty())
      error = cuda_error("cudaStreamBeginCapture", cudaStreamBeginCapture(recorder, cudaStreamCaptureModeThreadLocal));
    if (error.empty()) {
      error = launches(recorder);
      const std::string ended = cuda_error("cudaStreamEndCapture", cudaStreamEndCapture(recorder, &graph));
      if (error.empty()) error = ended;
    }
    if (error.empty()) error = cuda_error("cudaGraphInstantiate", cudaGraphInstantiate(&kept.graph, graph, 0));
    if (graph != nullptr) cudaGraphDestroy(graph);
    if (recorder != nullptr) cudaStreamDestroy(recorder);
    if (!error.empty()) return error;
  }
  return cuda_error("cudaGraphLaunch", cudaGraphLaunch(kept.graph, stream));
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
