// Prints what the CUDA runtime knows of every GPU of this machine, as a JSON list. `kernelgen devices probe` builds and runs it:
//
//   nvcc -std=c++17 -o device_query device_query.cu && ./device_query
//
// It asks by attribute: CUDA 13 has taken the clocks out of cudaDeviceProp.

#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

namespace {

void check(cudaError_t status, const char *what) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  std::exit(1);
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
  return value;
}

void print_text(const char *name, const char *text) {
  std::printf("    \"%s\": \"", name);
  for (; *text != '\0'; ++text) {
    if (*text == '"' || *text == '\\') std::putchar('\\');
    if (static_cast<unsigned char>(*text) >= ' ') std::putchar(*text);
  }
  std::printf("\",\n");
}

void print_number(const char *name, int value) { std::printf("    \"%s\": %d,\n", name, value); }
void print_flag(const char *name, bool value) { std::printf("    \"%s\": %s,\n", name, value ? "true" : "false"); }

__global__ void nothing() {}

constexpr int threads = 128;

/** A launch in clusters whose blocks take a multiprocessor each. */
struct ClusterLaunch {
  cudaLaunchAttribute cluster = {};
  cudaLaunchConfig_t config = {};

  ClusterLaunch(int cluster_blocks, int shared_bytes) {
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = cluster_blocks;
    cluster.val.clusterDim.y = 1;
    cluster.val.clusterDim.z = 1;
    config.gridDim = dim3(cluster_blocks);
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.attrs = &cluster;
    config.numAttrs = 1;
  }
};

/** Prints the largest cluster and how many clusters of each size are active at once; null and none if it cannot be asked. */
void print_clusters(int device, bool supported) {
  const int shared_bytes = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  int largest = 0;
  if (supported) {
    check(cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes), "opting in to shared memory");
    check(cudaFuncSetAttribute(nothing, cudaFuncAttributeNonPortableClusterSizeAllowed, 1), "opting in to large clusters");
    ClusterLaunch launch(1, shared_bytes);
    if (cudaOccupancyMaxPotentialClusterSize(&largest, nothing, &launch.config) != cudaSuccess) largest = 0;
  }
  if (largest > 0) std::printf("    \"maxClusterBlocks\": %d,\n", largest);
  else std::printf("    \"maxClusterBlocks\": null,\n");
  std::printf("    \"activeClusters\": [");
  const char *separator = "";
  for (int blocks = 1; blocks <= largest; blocks *= 2) {
    ClusterLaunch launch(blocks, shared_bytes);
    int clusters = 0;
    if (cudaOccupancyMaxActiveClusters(&clusters, nothing, &launch.config) != cudaSuccess) break;
    std::printf("%s{ \"clusterBlocks\": %d, \"clusters\": %d }", separator, blocks, clusters);
    separator = ", ";
  }
  std::printf("]\n");
}

void print_device(int device) {
  check(cudaSetDevice(device), "cudaSetDevice");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  const auto number = [device](const char *name, cudaDeviceAttr which) { print_number(name, attribute(which, device)); };
  print_text("name", properties.name);
  number("major", cudaDevAttrComputeCapabilityMajor);
  number("minor", cudaDevAttrComputeCapabilityMinor);
  number("multiprocessorCount", cudaDevAttrMultiProcessorCount);
  number("warpSize", cudaDevAttrWarpSize);
  number("maxThreadsPerBlock", cudaDevAttrMaxThreadsPerBlock);
  number("maxThreadsPerMultiprocessor", cudaDevAttrMaxThreadsPerMultiProcessor);
  number("maxBlocksPerMultiprocessor", cudaDevAttrMaxBlocksPerMultiprocessor);
  number("registersPerBlock", cudaDevAttrMaxRegistersPerBlock);
  number("registersPerMultiprocessor", cudaDevAttrMaxRegistersPerMultiprocessor);
  number("sharedBytesPerBlock", cudaDevAttrMaxSharedMemoryPerBlock);
  number("sharedBytesPerBlockOptin", cudaDevAttrMaxSharedMemoryPerBlockOptin);
  number("sharedBytesPerMultiprocessor", cudaDevAttrMaxSharedMemoryPerMultiprocessor);
  number("sharedReservedBytesPerBlock", cudaDevAttrReservedSharedMemoryPerBlock);
  number("l2Bytes", cudaDevAttrL2CacheSize);
  number("clockKilohertz", cudaDevAttrClockRate);
  number("memoryClockKilohertz", cudaDevAttrMemoryClockRate);
  number("memoryBusBits", cudaDevAttrGlobalMemoryBusWidth);
  print_flag("cooperativeLaunch", attribute(cudaDevAttrCooperativeLaunch, device) != 0);
  const bool clusters = attribute(cudaDevAttrClusterLaunch, device) != 0;
  print_flag("clusterLaunch", clusters);
  print_clusters(device, clusters);
}

}  // namespace

int main() {
  int count = 0;
  check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  std::printf("[");
  for (int device = 0; device < count; ++device) {
    std::printf("%s\n  {\n", device > 0 ? "," : "");
    print_device(device);
    std::printf("  }");
  }
  std::printf("\n]\n");
}
