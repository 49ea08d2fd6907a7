// Checks and times a generated kernel. The generated program describes the kernel (tensors, launch, one step of the cell in
// double precision) and calls check_main; everything here is the same for all kernels, and under nvcc and g++ alike.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "prelude.cuh"

namespace kernelgen {

enum class ElementType { bf16, fp16, fp32, int32 };

/** A tensor of the kernel. It has `elements` elements, times the number of steps if `perStep`. */
struct TensorDescription {
  const char* name;
  bool isInput;
  ElementType type;
  std::int64_t elements;
  bool perStep;
  bool isNonNegative;  // random values are zero where they would be negative

  std::int64_t count(int steps) const { return elements * (perStep ? steps : 1); }
  std::int64_t elementBytes() const { return type == ElementType::bf16 || type == ElementType::fp16 ? 2 : 4; }
  std::int64_t bytes(int steps) const { return count(steps) * elementBytes(); }
};

/** The places of a gate's parts in the tensors of R, of the input and of the bias; −1 where it has no such part. */
struct GateDescription {
  int recurrent;
  int input;
  int bias;
};

/** log(1 / (1 + e^-x)) */
inline double log_sigmoid(double x) { return (x < 0 ? x : 0.0) - std::log1p(std::exp(-std::abs(x))); }

/** What a backward kernel computes, and the forward pass that makes its inputs. */
struct BackwardDescription {
  /** The forward pass's tensors: wx, recurrent, bias, the initial states; then the states and the saved values of all steps. */
  std::vector<TensorDescription> forwardTensors;
  std::vector<const char*> states;
  std::vector<const char*> saved;
  std::vector<const char*> gates;
  /** The states, by number, whose values before the step the backward step reads, and those whose values after it. */
  std::vector<int> previous;
  std::vector<int> next;
  /** The backward of one step of one unit in double precision: replaces the adjoints of the states, writes du of each gate. */
  void (*referenceStep)(const double* saved, const double* previous, const double* next, double* adjoints, double* du);
  /** The largest magnitude of what a unit of h gets through R; 0 if it gets nothing. */
  double recurrentGradientClip = INFINITY;
};

/** What the generated program says of its kernel. Tensors are in the order of the kernel's parameters. */
struct KernelDescription {
  const char* name;
  const char* plan;  // the plan's hash
  std::vector<GateDescription> gates;
  int stateCount;
  int savedCount;  // values of a step that a forward pass stores for the backward pass, after the states
  int headDim;
  int headCount;
  int batch;
  int defaultSteps;
  /** Largest error allowed. Forward: of each value, absolute up to ±1, relative beyond. Backward: of each output, |difference| / |expected| (Euclidean norms). */
  double tolerance;
  std::int64_t scratchBytes;
  std::vector<TensorDescription> tensors;
  /** Starts the kernel; `scratch` has scratchBytes bytes. Returns an empty string or why it was refused. */
  std::string (*launch)(Stream stream, void* const* tensors, void* scratch, int steps);
  /** One step of one unit in double precision: pre-activations, the states, which it replaces, and where saved values go. */
  void (*referenceStep)(const double* u, double* states, double* saved);
  /** Of a backward kernel. */
  const BackwardDescription* backward = nullptr;
};

/** Runs the check program with its command-line arguments; returns its exit code: 0 if the kernel's results are right. */
int check_main(const KernelDescription& kernel, int argumentCount, char** arguments);

}  // namespace kernelgen

// A program is one source file that nvcc builds alone, so the rest comes with it; unless check.cpp is compiled once, with
// KERNELGEN_LINK_CHECK defined as for the programs, and linked to many of them.
#if !defined(KERNELGEN_LINK_CHECK)
#include "check.cpp"
#endif
