// The prelude on the CPU, as far as it is templates; prelude_host.cpp holds the rest. Included by prelude.cuh, which
// documents each function.
#pragma once

#include <chrono>
#include <tuple>

namespace kernelgen {

namespace host {

/** What a launch asks for. */
struct Grid {
  void (*body)(void* arguments);
  void* arguments;
  int blockCount;
  int threadsPerBlock;
  std::size_t sharedBytes;
  Residency residency;
};

/** Runs the body in every thread of the grid; returns what launch returns. */
std::string run_grid(const Grid& grid);

void copy_async_wait(int pendingGroups);

}  // namespace host

template <int pendingGroups>
KERNELGEN_DEVICE void copy_async_wait() {
  static_assert(pendingGroups >= 0, "a number of groups");
  host::copy_async_wait(pendingGroups);
}

template <typename... Parameters, typename... Arguments>
std::string launch(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                   Residency residency, Stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> parameters;
  } call{kernel, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)};
  const auto body = [](void* argument) {
    const Call& call = *static_cast<const Call*>(argument);
    std::apply(call.kernel, call.parameters);
  };
  return host::run_grid({body, &call, blockCount, threadsPerBlock, sharedBytes, residency});
}

template <typename... Parameters, typename... Arguments>
std::string launch_steps(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes,
                         int steps, Stream stream, Arguments... arguments) {
  std::string error;
  for (int step = 0; step < steps && error.empty(); step += 1)
    error = launch(kernel, blockCount, threadsPerBlock, sharedBytes, false, stream, arguments..., step);
  return error;
}

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
