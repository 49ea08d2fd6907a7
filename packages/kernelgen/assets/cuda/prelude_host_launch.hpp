// Launching on the CPU. Included by prelude_host.hpp; prelude.cuh documents each function.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <tuple>

#include "prelude_host_scheduler.hpp"

namespace kernelgen {

inline std::string device_name() { return "host CPU"; }

template <typename... Parameters, typename... Arguments>
std::string launch(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                   bool cooperative, Stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  constexpr int threadLimit = 1024;
  if (blockCount < 1) return "grid: needs at least 1 block, the launch has " + std::to_string(blockCount);
  if (threadsPerBlock < 1 || threadsPerBlock > threadLimit) {
    return "threads: the launch has " + std::to_string(threadsPerBlock) + " in a block, the kernel allows 1 to " + std::to_string(threadLimit);
  }
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> parameters;
  } call{kernel, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)};
  const auto body = [](void* argument) { std::apply(static_cast<Call*>(argument)->kernel, static_cast<Call*>(argument)->parameters); };
  host::scheduler.run({body, &call, blockCount, threadsPerBlock, sharedBytes, cooperative});
  return {};
}

inline std::string synchronize(Stream) { return {}; }

inline void device_fill(void* device, int byte, std::size_t bytes) { std::memset(device, byte, bytes); }

inline void* device_allocate(std::size_t bytes) {
  // Exactly this size, so that the address sanitizer sees what goes beyond; aligned as cudaMalloc does.
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0) host::end_program("no memory for " + std::to_string(bytes) + " B");
  device_fill(memory, 0xFF, bytes);
  return memory;
}

inline void device_free(void* memory) { std::free(memory); }
inline void copy_to_device(void* device, const void* host, std::size_t bytes) { std::memcpy(device, host, bytes); }
inline void copy_to_host(void* host, const void* device, std::size_t bytes) { std::memcpy(host, device, bytes); }

template <typename LaunchOnce>
LaunchTime time_launches(int count, Stream, LaunchOnce launchOnce) {
  LaunchTime result{};
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < count && result.error.empty(); call += 1) result.error = launchOnce();
  const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
  result.microseconds = elapsed.count() / count;
  return result;
}

}  // namespace kernelgen
