// Checks and times the generated kernels of a linear recurrence, forward and backward. The generated program describes them and calls
// scan_check_main; everything here is the same for all cells, and under nvcc and g++ alike.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "prelude.cuh"

namespace kernelgen {

/** How a sequence's numbers are stored. */
enum class StoredAs { bf16, fp16, fp32 };

/** log(1 / (1 + e^-x)) */
inline double log_sigmoid(double x) { return (x < 0 ? x : 0.0) - std::log1p(std::exp(-std::abs(x))); }

/** What the generated program says of its kernels. Tensors are passed in the order of the kernels' parameters. */
struct ScanDescription {
  const char* name;
  const char* plan;  // the plan's hash
  bool isForward;
  int gateCount;
  std::vector<int> biasGates;  // the gates that have a bias
  int decayGate;               // the gate that is the decay itself, or -1
  int channels;
  int batch;
  int defaultSteps;
  StoredAs storedAs;
  double tolerance;  // largest error allowed: absolute up to ±1, relative beyond
  std::int64_t (*scratchBytes)(int batch, int steps);
  std::string (*prepareScratch)(Stream stream, void* scratch, int batch, int steps);
  /** Starts the kernel. Returns an empty string or why it was refused. */
  std::string (*launch)(Stream stream, void* const* tensors, const int* lengths, void* scratch, int batch, int steps);
  /** The state after a step in double precision. */
  double (*step)(const double* u, double state);
  /** The gradients of a step's pre-activations, and of the state before it. */
  void (*gradients)(const double* u, double state, double adjoint, double* d_u, double& d_state);
};

/** Runs the check program with its command-line arguments; returns its exit code: 0 if the kernel's results are right. */
int scan_check_main(const ScanDescription& scan, int argumentCount, char** arguments);

}  // namespace kernelgen

// A program is one source file that nvcc builds alone, so the rest comes with it; unless scan_check.cpp is compiled once, with
// KERNELGEN_LINK_CHECK defined as for the programs, and linked to many of them.
#if !defined(KERNELGEN_LINK_CHECK)
#include "scan_check.cpp"
#endif
