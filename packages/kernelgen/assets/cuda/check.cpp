// What every check program does; check.hpp says how this file is used.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"

namespace kernelgen {

[[noreturn]] inline void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

inline void require(const std::string& error) {
  if (!error.empty()) fail(error);
}

/** Runs work(i) for i = 0 … count − 1 on all cores. */
inline void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& work) {
  const int threads = static_cast<int>(std::min<std::int64_t>(std::max(1u, std::thread::hardware_concurrency()), count));
  std::atomic<std::int64_t> next{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::int64_t index = next++; index < count; index = next++) work(index);
    });
  }
  for (std::thread& worker : workers) worker.join();
}

/** The values of a tensor, as the bytes that the device sees. */
struct TensorBytes {
  ElementType type;
  std::vector<unsigned char> bytes;

  double at(std::int64_t index) const {
    if (type == ElementType::fp32) return reinterpret_cast<const float*>(bytes.data())[index];
    if (type == ElementType::int32) return reinterpret_cast<const std::int32_t*>(bytes.data())[index];
    const std::uint16_t element = reinterpret_cast<const std::uint16_t*>(bytes.data())[index];
    return type == ElementType::bf16 ? bf16_to_float(element) : fp16_to_float(element);
  }
  void set(std::int64_t index, double value) {
    const float single = static_cast<float>(value);
    if (type == ElementType::fp32) {
      reinterpret_cast<float*>(bytes.data())[index] = single;
    } else if (type == ElementType::int32) {
      reinterpret_cast<std::int32_t*>(bytes.data())[index] = static_cast<std::int32_t>(value);
    } else {
      reinterpret_cast<std::uint16_t*>(bytes.data())[index] =
          type == ElementType::bf16 ? float_to_bf16(single) : float_to_fp16(single);
    }
  }
};

inline std::vector<unsigned char> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail("cannot read " + path);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

/** Normal numbers with deviation 1, R with 1/√headDim, each rounded to its tensor's type; states that have no negative values are zero
 * in place of them. Lengths, which are integers, lie between 1 and the number of steps. */
inline TensorBytes random_tensor(const KernelDescription& kernel, const TensorDescription& tensor, int steps, std::uint64_t seed) {
  TensorBytes result{tensor.type, std::vector<unsigned char>(static_cast<std::size_t>(tensor.bytes(steps)))};
  const double deviation = std::string(tensor.name) == "recurrent" ? 1.0 / std::sqrt(static_cast<double>(kernel.headDim)) : 1.0;
  // No two tensors draw the same numbers.
  const std::uint64_t name = std::hash<std::string>{}(tensor.name);
  const std::int64_t part = 1 << 20;
  const std::int64_t count = tensor.count(steps);
  parallel_for((count + part - 1) / part, [&](std::int64_t index) {
    std::seed_seq seeds{seed, name, static_cast<std::uint64_t>(index)};
    std::mt19937_64 generator(seeds);
    std::normal_distribution<double> normal(0.0, deviation);
    std::uniform_int_distribution<int> length(1, steps);
    for (std::int64_t i = index * part; i < std::min(count, (index + 1) * part); ++i) {
      const double value = tensor.type == ElementType::int32 ? length(generator) : normal(generator);
      result.set(i, tensor.isNonNegative ? std::max(value, 0.0) : value);
    }
  });
  return result;
}

/** The steps of each sequence. */
inline std::vector<int> lengths_of(const KernelDescription& kernel, const std::vector<TensorDescription>& tensors,
                                   const std::vector<TensorBytes>& inputs, int steps) {
  std::vector<int> lengths(static_cast<std::size_t>(kernel.batch), steps);
  std::size_t place = 0;
  for (const TensorDescription& tensor : tensors) {
    if (!tensor.isInput) continue;
    if (tensor.type == ElementType::int32) {
      for (int b = 0; b < kernel.batch; ++b) lengths[b] = static_cast<int>(inputs[place].at(b));
    }
    ++place;
  }
  return lengths;
}

/**
 * The forward pass in double precision on the CPU, from the values that the kernel gets:
 *   u[g] = R[g] · h + wx[g] + bias[g] for each unit, less the parts that the gate does not have, then one step of the cell.
 * `compare(output, step, sequence, head, unit, value)` is called for each state of each unit, and then for each saved value. Beyond the
 * length of a sequence all of them are 0.
 */
inline void reference_forward(const KernelDescription& kernel, const std::vector<TensorBytes>& inputs, const std::vector<int>& lengths, int steps,
                              const std::function<void(int, int, int, int, int, double)>& compare) {
  const TensorBytes& wx = inputs[0];
  const TensorBytes& recurrent = inputs[1];
  const TensorBytes& bias = inputs[2];
  const std::int64_t D = kernel.headDim, N = kernel.headCount, B = kernel.batch, S = kernel.stateCount;
  const std::int64_t G = static_cast<std::int64_t>(kernel.gates.size());
  std::int64_t recurrentGates = 0, inputGates = 0;
  for (const GateDescription& gate : kernel.gates) {
    recurrentGates += gate.recurrent >= 0;
    inputGates += gate.input >= 0;
  }
  std::vector<float> matrix(static_cast<std::size_t>(recurrentGates * N * D * D));
  parallel_for(recurrentGates * N * D, [&](std::int64_t row) {
    for (std::int64_t k = 0; k < D; ++k) matrix[row * D + k] = static_cast<float>(recurrent.at(row * D + k));
  });
  // states[n][s][d][b]: the sequences of a unit lie together, so that one row of R serves them all.
  std::vector<double> states(static_cast<std::size_t>(N * S * D * B)), next(states.size());
  for (std::int64_t n = 0; n < N; ++n)
    for (std::int64_t s = 0; s < S; ++s)
      for (std::int64_t d = 0; d < D; ++d)
        for (std::int64_t b = 0; b < B; ++b) states[((n * S + s) * D + d) * B + b] = inputs[3 + s].at((b * N + n) * D + d);
  for (int t = 0; t < steps; ++t) {
    const std::int64_t part = 8;  // units that a core takes at a time
    parallel_for(N * ((D + part - 1) / part), [&](std::int64_t index) {
      const std::int64_t n = index / ((D + part - 1) / part);
      const std::int64_t first = index % ((D + part - 1) / part) * part;
      std::vector<double> u(static_cast<std::size_t>(G * B)), unitInputs(static_cast<std::size_t>(G)), unitStates(static_cast<std::size_t>(S)), saved(static_cast<std::size_t>(kernel.savedCount));
      const double* h = &states[n * S * D * B];
      for (std::int64_t d = first; d < std::min(D, first + part); ++d) {
        for (std::int64_t g = 0; g < G; ++g) {
          const GateDescription& gate = kernel.gates[g];
          const auto unit_of = [&](int place) { return (place * N + n) * D + d; };
          double* sums = &u[g * B];
          for (std::int64_t b = 0; b < B; ++b) {
            sums[b] = gate.bias >= 0 ? bias.at(unit_of(gate.bias)) : 0.0;
            if (gate.input >= 0) sums[b] += wx.at((b * steps + t) * inputGates * N * D + unit_of(gate.input));
          }
          if (gate.recurrent < 0) continue;
          const std::int64_t row = unit_of(gate.recurrent);
          for (std::int64_t k = 0; k < D; ++k) {
            const double weight = matrix[row * D + k];
            for (std::int64_t b = 0; b < B; ++b) sums[b] += weight * h[k * B + b];
          }
        }
        for (std::int64_t b = 0; b < B; ++b) {
          for (std::int64_t g = 0; g < G; ++g) unitInputs[g] = u[g * B + b];
          for (std::int64_t s = 0; s < S; ++s) unitStates[s] = states[((n * S + s) * D + d) * B + b];
          kernel.referenceStep(unitInputs.data(), unitStates.data(), saved.data());
          if (t >= lengths[b]) {
            std::fill(unitStates.begin(), unitStates.end(), 0.0);
            std::fill(saved.begin(), saved.end(), 0.0);
          }
          for (std::int64_t s = 0; s < S; ++s) {
            next[((n * S + s) * D + d) * B + b] = unitStates[s];
            compare(static_cast<int>(s), t, static_cast<int>(b), static_cast<int>(n), static_cast<int>(d), unitStates[s]);
          }
          for (int value = 0; value < kernel.savedCount; ++value) {
            compare(kernel.stateCount + value, t, static_cast<int>(b), static_cast<int>(n), static_cast<int>(d), saved[value]);
          }
        }
      }
    });
    std::swap(states, next);
  }
}

/** The kernel's tensors on the device; outputs are filled with NaN, so that an element that is not written shows. */
class DeviceCase {
 public:
  DeviceCase(const KernelDescription& kernel, const std::vector<TensorBytes>& inputs, int steps) : kernel_(kernel), steps_(steps) {
    for (std::size_t i = 0; i < kernel.tensors.size(); ++i) {
      tensors_.push_back(device_allocate(static_cast<std::size_t>(kernel.tensors[i].bytes(steps))));
      if (kernel.tensors[i].isInput) copy_to_device(tensors_[i], inputs[i].bytes.data(), inputs[i].bytes.size());
    }
    scratch_ = kernel.scratchBytes > 0 ? device_allocate(static_cast<std::size_t>(kernel.scratchBytes)) : nullptr;
  }
  DeviceCase(const DeviceCase&) = delete;
  DeviceCase& operator=(const DeviceCase&) = delete;
  ~DeviceCase() {
    for (void* tensor : tensors_) device_free(tensor);
    if (scratch_ != nullptr) device_free(scratch_);
  }

  std::string launch() const { return kernel_.launch(Stream{}, tensors_.data(), scratch_, steps_); }

  std::vector<TensorBytes> run() const {
    require(launch());
    require(synchronize(Stream{}));
    std::vector<TensorBytes> outputs;
    for (std::size_t i = 0; i < kernel_.tensors.size(); ++i) {
      const TensorDescription& tensor = kernel_.tensors[i];
      if (tensor.isInput) continue;
      outputs.push_back({tensor.type, std::vector<unsigned char>(static_cast<std::size_t>(tensor.bytes(steps_)))});
      copy_to_host(outputs.back().bytes.data(), tensors_[i], outputs.back().bytes.size());
    }
    return outputs;
  }

 private:
  const KernelDescription& kernel_;
  int steps_;
  std::vector<void*> tensors_;
  void* scratch_;
};

/** The largest error of each output, relative to what is expected where that is beyond ±1; NaN anywhere counts as infinite. */
class ErrorReport {
 public:
  explicit ErrorReport(const KernelDescription& kernel) : kernel_(kernel), largest_(kernel.stateCount + kernel.savedCount) {
    for (auto& value : largest_) value.store(0);
  }

  void add(int output, double actual, double expected) {
    const double difference = std::abs(actual - expected) / std::max(1.0, std::abs(expected));
    const double error = std::isnan(difference) ? INFINITY : difference;
    double seen = largest_[output].load();
    while (error > seen && !largest_[output].compare_exchange_weak(seen, error)) {
    }
  }

  /** Prints a line for each output; returns whether all are within the tolerance. */
  bool print(int steps) const {
    bool good = true;
    int output = 0;
    for (const TensorDescription& tensor : kernel_.tensors) {
      if (tensor.isInput) continue;
      const double error = largest_[output++].load();
      const bool within = error <= kernel_.tolerance;
      good = good && within;
      std::printf("%s %s: largest error %.3e over %lld values, allowed %.0e: %s\n", kernel_.name, tensor.name, error,
                  static_cast<long long>(tensor.count(steps)), kernel_.tolerance, within ? "ok" : "WRONG");
    }
    return good;
  }

 private:
  const KernelDescription& kernel_;
  std::vector<std::atomic<double>> largest_;
};

/** Prints a line for each output of a backward kernel: its error by norm; returns whether all are within the tolerance. NaN is not. */
inline bool compare_gradients(const KernelDescription& kernel, const std::vector<TensorBytes>& outputs,
                              const std::vector<std::vector<double>>& expected, int steps) {
  bool good = true;
  std::size_t output = 0;
  for (const TensorDescription& tensor : kernel.tensors) {
    if (tensor.isInput) continue;
    double difference = 0, norm = 0;
    for (std::int64_t i = 0; i < tensor.count(steps); ++i) {
      const double value = expected[output][i];
      difference += (outputs[output].at(i) - value) * (outputs[output].at(i) - value);
      norm += value * value;
    }
    const double error = difference == 0 ? 0 : std::sqrt(difference / norm);
    const bool within = error <= kernel.tolerance;
    good = good && within;
    std::printf("%s %s: relative error %.3e over %lld values, allowed %.0e: %s\n", kernel.name, tensor.name, error,
                static_cast<long long>(tensor.count(steps)), kernel.tolerance, within ? "ok" : "WRONG");
    ++output;
  }
  return good;
}

/** Compares with the inputs and expected outputs in DIR: NAME.bin and, for outputs, NAME.expected.bin (float64). */
inline bool check_case(const KernelDescription& kernel, const std::string& directory) {
  const auto isSequence = [](const TensorDescription& tensor) { return tensor.isInput && tensor.perStep; };
  const TensorDescription& sequence = *std::find_if(kernel.tensors.begin(), kernel.tensors.end(), isSequence);
  const int steps = static_cast<int>(read_file(directory + "/" + sequence.name + ".bin").size() / sequence.bytes(1));
  std::vector<TensorBytes> inputs;
  for (const TensorDescription& tensor : kernel.tensors) {
    if (!tensor.isInput) continue;
    inputs.push_back({tensor.type, read_file(directory + "/" + tensor.name + ".bin")});
    const std::int64_t size = static_cast<std::int64_t>(inputs.back().bytes.size());
    if (size != tensor.bytes(steps) || steps < 1) {
      fail(directory + "/" + tensor.name + ".bin: has " + std::to_string(size) + " B, the kernel's tensor has " +
           std::to_string(tensor.bytes(std::max(steps, 1))) + " B for " + std::to_string(std::max(steps, 1)) + " steps");
    }
  }
  const std::vector<TensorBytes> outputs = DeviceCase(kernel, inputs, steps).run();
  std::vector<std::vector<double>> expected;
  for (const TensorDescription& tensor : kernel.tensors) {
    if (tensor.isInput) continue;
    const std::vector<unsigned char> bytes = read_file(directory + "/" + tensor.name + ".expected.bin");
    if (bytes.size() != static_cast<std::size_t>(tensor.count(steps)) * sizeof(double)) {
      fail(directory + "/" + tensor.name + ".expected.bin: has " + std::to_string(bytes.size()) + " B, needs " +
           std::to_string(tensor.count(steps) * static_cast<std::int64_t>(sizeof(double))) + " B");
    }
    const double* values = reinterpret_cast<const double*>(bytes.data());
    expected.emplace_back(values, values + tensor.count(steps));
  }
  if (kernel.backward != nullptr) return compare_gradients(kernel, outputs, expected, steps);
  ErrorReport report(kernel);
  for (std::size_t output = 0; output < expected.size(); ++output) {
    for (std::size_t i = 0; i < expected[output].size(); ++i) {
      report.add(static_cast<int>(output), outputs[output].at(static_cast<std::int64_t>(i)), expected[output][i]);
    }
  }
  return report.print(steps);
}

inline std::vector<TensorBytes> random_inputs(const KernelDescription& kernel, const std::vector<TensorDescription>& tensors, int steps,
                                              std::uint64_t seed) {
  std::vector<TensorBytes> inputs;
  for (const TensorDescription& tensor : tensors) {
    if (tensor.isInput) inputs.push_back(random_tensor(kernel, tensor, steps, seed));
  }
  return inputs;
}

/** The place of a tensor of that name among the inputs, or among the outputs, of a list. */
inline std::size_t place_of(const std::vector<TensorDescription>& tensors, const std::string& name) {
  std::size_t inputs = 0, outputs = 0;
  for (const TensorDescription& tensor : tensors) {
    if (tensor.name == name) return tensor.isInput ? inputs : outputs;
    ++(tensor.isInput ? inputs : outputs);
  }
  fail("no tensor is named " + name);
}
inline bool has_tensor(const std::vector<TensorDescription>& tensors, const std::string& name) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const TensorDescription& tensor) { return tensor.name == name; });
}

/**
 * The backward pass in double precision on the CPU, from the values that the kernel gets: for t from the last step to the first
 *   adjoint of h += Σ_g R[g]ᵀ · du[g] of step t + 1, adjoints += the given gradients, then the backward of one step of the cell,
 * where the sum is held within the clip, and the last step is that of the sequence.
 * Returns the kernel's outputs, in their order.
 */
inline std::vector<std::vector<double>> reference_backward(const KernelDescription& kernel, const BackwardDescription& backward,
                                                           const std::vector<TensorBytes>& inputs, int steps) {
  const std::int64_t D = kernel.headDim, N = kernel.headCount, B = kernel.batch, S = kernel.stateCount, T = steps;
  const std::int64_t G = static_cast<std::int64_t>(kernel.gates.size());
  std::int64_t recurrentGates = 0, inputGates = 0;
  for (const GateDescription& gate : kernel.gates) {
    recurrentGates += gate.recurrent >= 0;
    inputGates += gate.input >= 0;
  }
  const auto input = [&](const std::string& name) { return &inputs[place_of(kernel.tensors, name)]; };
  const std::vector<int> lengths = lengths_of(kernel, kernel.tensors, inputs, steps);
  const TensorBytes& recurrent = *input("recurrent");
  std::vector<float> matrix(static_cast<std::size_t>(recurrentGates * N * D * D));
  parallel_for(recurrentGates * N * D, [&](std::int64_t row) {
    for (std::int64_t k = 0; k < D; ++k) matrix[row * D + k] = static_cast<float>(recurrent.at(row * D + k));
  });

  std::vector<const TensorBytes*> saved, previous, initial, next, given;
  std::vector<bool> givenSequence;
  for (const char* name : backward.saved) saved.push_back(input(name));
  for (const int state : backward.previous) {
    previous.push_back(input(backward.states[state]));
    initial.push_back(input(std::string(backward.states[state]) + "_initial"));
  }
  for (const int state : backward.next) next.push_back(input(backward.states[state]));
  for (const char* state : backward.states) {
    const std::string name = std::string("d_") + state;
    given.push_back(input(name));
    const auto isNamed = [&](const TensorDescription& tensor) { return tensor.name == name; };
    givenSequence.push_back(std::find_if(kernel.tensors.begin(), kernel.tensors.end(), isNamed)->perStep);
  }

  std::vector<std::vector<double>> outputs;
  for (const TensorDescription& tensor : kernel.tensors) {
    if (!tensor.isInput) outputs.emplace_back(static_cast<std::size_t>(tensor.count(steps)));
  }
  // For each gate its output, and whether that is d_wx.
  std::vector<double*> gateOutputs;
  for (std::int64_t g = 0; g < G; ++g) {
    const std::string name = kernel.gates[g].input >= 0 ? "d_wx" : std::string("d_u_") + backward.gates[g];
    gateOutputs.push_back(outputs[place_of(kernel.tensors, name)].data());
  }

  // adjoints[n][s][d][b] and gradients[n][recurrent gate][d][b]: the sequences of a unit lie together.
  std::vector<double> adjoints(static_cast<std::size_t>(N * S * D * B)), gradients(static_cast<std::size_t>(N * recurrentGates * D * B));
  const std::int64_t part = 8;  // units that a core takes at a time
  const std::int64_t parts = (D + part - 1) / part;
  for (std::int64_t t = T - 1; t >= -1; --t) {
    // What h gets through R from the step after.
    if (t < T - 1) {
      parallel_for(N * parts, [&](std::int64_t index) {
        const std::int64_t n = index / parts, first = index % parts * part, last = std::min(D, first + part);
        std::vector<double> sums(static_cast<std::size_t>((last - first) * B));
        for (std::int64_t g = 0; g < recurrentGates; ++g) {
          for (std::int64_t i = 0; i < D; ++i) {
            const double* gradient = &gradients[((n * recurrentGates + g) * D + i) * B];
            const float* row = &matrix[((g * N + n) * D + i) * D];
            for (std::int64_t k = first; k < last; ++k) {
              for (std::int64_t b = 0; b < B; ++b) sums[(k - first) * B + b] += row[k] * gradient[b];
            }
          }
        }
        const double clip = backward.recurrentGradientClip;
        for (std::int64_t k = first; k < last; ++k) {
          double* adjoint = &adjoints[(n * S * D + k) * B];
          for (std::int64_t b = 0; b < B; ++b) adjoint[b] += std::max(-clip, std::min(clip, sums[(k - first) * B + b]));
        }
      });
    }
    if (t < 0) break;
    parallel_for(N * D, [&](std::int64_t index) {
      const std::int64_t n = index / D, d = index % D;
      std::vector<double> savedValues(saved.size() + 1), previousValues(previous.size() + 1), nextValues(next.size() + 1), unit(static_cast<std::size_t>(S)), du(static_cast<std::size_t>(G));
      for (std::int64_t b = 0; b < B; ++b) {
        if (t >= lengths[b]) continue;
        const std::int64_t single = (b * N + n) * D + d;
        const auto at = [&](std::int64_t time) { return ((b * T + time) * N + n) * D + d; };
        for (std::size_t i = 0; i < saved.size(); ++i) savedValues[i] = saved[i]->at(at(t));
        for (std::size_t i = 0; i < previous.size(); ++i) previousValues[i] = t > 0 ? previous[i]->at(at(t - 1)) : initial[i]->at(single);
        for (std::size_t i = 0; i < next.size(); ++i) nextValues[i] = next[i]->at(at(t));
        for (std::int64_t s = 0; s < S; ++s) {
          unit[s] = adjoints[((n * S + s) * D + d) * B + b];
          if (givenSequence[s]) unit[s] += given[s]->at(at(t));
          else if (t == lengths[b] - 1) unit[s] += given[s]->at(single);
        }
        backward.referenceStep(savedValues.data(), previousValues.data(), nextValues.data(), unit.data(), du.data());
        for (std::int64_t s = 0; s < S; ++s) adjoints[((n * S + s) * D + d) * B + b] = unit[s];
        for (std::int64_t g = 0; g < G; ++g) {
          const GateDescription& gate = kernel.gates[g];
          gateOutputs[g][gate.input >= 0 ? (((b * T + t) * inputGates + gate.input) * N + n) * D + d : at(t)] = du[g];
          if (gate.recurrent >= 0) gradients[((n * recurrentGates + gate.recurrent) * D + d) * B + b] = du[g];
        }
      }
    });
  }
  for (std::int64_t s = 0; s < S; ++s) {
    std::vector<double>& output = outputs[place_of(kernel.tensors, std::string("d_") + backward.states[s] + "_initial")];
    for (std::int64_t n = 0; n < N; ++n)
      for (std::int64_t d = 0; d < D; ++d)
        for (std::int64_t b = 0; b < B; ++b) output[(b * N + n) * D + d] = adjoints[((n * S + s) * D + d) * B + b];
  }
  return outputs;
}

/** Compares a backward kernel with the double-precision reference, on what the forward pass makes of fresh random inputs. */
inline bool check_random_backward(const KernelDescription& kernel, const BackwardDescription& backward, int steps, std::uint64_t seed) {
  const std::vector<TensorBytes> forwardInputs = random_inputs(kernel, backward.forwardTensors, steps, seed);
  // Random gradients, and what the forward pass reads; its results take the place of the random numbers that they are drawn as.
  std::vector<TensorBytes> inputs = random_inputs(kernel, kernel.tensors, steps, seed);
  std::vector<TensorBytes*> results;
  for (const TensorDescription& tensor : backward.forwardTensors) {
    const bool isRead = has_tensor(kernel.tensors, tensor.name);
    TensorBytes* input = isRead ? &inputs[place_of(kernel.tensors, tensor.name)] : nullptr;
    if (!tensor.isInput) results.push_back(input);
    else if (isRead) *input = forwardInputs[place_of(backward.forwardTensors, tensor.name)];
  }
  const std::vector<int> lengths = lengths_of(kernel, backward.forwardTensors, forwardInputs, steps);
  reference_forward(kernel, forwardInputs, lengths, steps, [&](int output, int step, int sequence, int head, int unit, double value) {
    const std::int64_t row = static_cast<std::int64_t>(sequence) * steps + step;
    if (results[output] != nullptr) results[output]->set((row * kernel.headCount + head) * kernel.headDim + unit, value);
  });
  const std::vector<TensorBytes> outputs = DeviceCase(kernel, inputs, steps).run();
  return compare_gradients(kernel, outputs, reference_backward(kernel, backward, inputs, steps), steps);
}

/** Compares with the double-precision reference on fresh random inputs. */
inline bool check_random(const KernelDescription& kernel, int steps, std::uint64_t seed) {
  if (kernel.backward != nullptr) return check_random_backward(kernel, *kernel.backward, steps, seed);
  const std::vector<TensorBytes> inputs = random_inputs(kernel, kernel.tensors, steps, seed);
  const std::vector<TensorBytes> outputs = DeviceCase(kernel, inputs, steps).run();
  const std::size_t firstOutput = inputs.size();
  ErrorReport report(kernel);
  const std::vector<int> lengths = lengths_of(kernel, kernel.tensors, inputs, steps);
  reference_forward(kernel, inputs, lengths, steps, [&](int output, int step, int sequence, int head, int unit, double value) {
    const bool sequenceKept = kernel.tensors[firstOutput + output].perStep;
    if (!sequenceKept && step != lengths[sequence] - 1) return;
    const std::int64_t row = sequenceKept ? static_cast<std::int64_t>(sequence) * steps + step : sequence;
    report.add(output, outputs[output].at((row * kernel.headCount + head) * kernel.headDim + unit), value);
  });
  return report.print(steps);
}

/** Prints the median time of a launch and of a step. Where sequences have lengths, they all have all steps. */
inline void time_kernel(const KernelDescription& kernel, int steps, std::uint64_t seed) {
  std::vector<TensorBytes> inputs = random_inputs(kernel, kernel.tensors, steps, seed);
  for (TensorBytes& input : inputs) {
    if (input.type != ElementType::int32) continue;
    for (int b = 0; b < kernel.batch; ++b) input.set(b, steps);
  }
  const DeviceCase device(kernel, inputs, steps);
  const int warmUp = 3;
  const int launches = 21;
  require(time_launches(warmUp, Stream{}, [&] { return device.launch(); }).error);
  std::vector<double> microseconds;
  for (int i = 0; i < launches; ++i) {
    const LaunchTime time = time_launches(1, Stream{}, [&] { return device.launch(); });
    require(time.error);
    microseconds.push_back(time.microseconds);
  }
  std::sort(microseconds.begin(), microseconds.end());
  const double median = microseconds[launches / 2];
  std::printf("%s plan %s on %s: %.3f ms for %d steps, %.4f us a step (median of %d; fastest %.4f, slowest %.4f)\n", kernel.name,
              kernel.plan, device_name().c_str(), median / 1000, steps, median / steps, launches, microseconds.front() / steps,
              microseconds.back() / steps);
}

int check_main(const KernelDescription& kernel, int argumentCount, char** arguments) {
  const std::string usage = std::string("usage: ") + kernel.name +
                            "_check case DIR | random [STEPS [SEED]] | time [STEPS]\n"
                            "  case DIR   compare with the inputs and expected outputs in DIR\n"
                            "  random     compare with a double-precision reference on fresh random inputs\n"
                            "  time       measure\n";
  const std::string mode = argumentCount > 1 ? arguments[1] : "";
  const auto number = [&](int index, std::uint64_t otherwise, std::uint64_t limit) {
    if (index >= argumentCount) return otherwise;
    const std::string text = arguments[index];
    errno = 0;
    const std::uint64_t value = std::strtoull(text.c_str(), nullptr, 10);
    const bool isNumber = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && errno == 0;
    if (!isNumber || value < 1 || value > limit) {
      fail("\"" + text + "\" is not a number from 1 to " + std::to_string(limit) + "\n" + usage);
    }
    return value;
  };
  const auto stepsAt = [&](int index) {
    const std::uint64_t limit = std::numeric_limits<int>::max();
    return static_cast<int>(number(index, static_cast<std::uint64_t>(kernel.defaultSteps), limit));
  };
  if (mode == "case" && argumentCount == 3) return check_case(kernel, arguments[2]) ? 0 : 1;
  if (mode == "random" && argumentCount <= 4) {
    const int steps = stepsAt(2);
    const std::uint64_t seed = number(3, std::random_device{}(), std::numeric_limits<std::uint64_t>::max());
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    return check_random(kernel, steps, seed) ? 0 : 1;
  }
  if (mode == "time" && argumentCount <= 3) {
    time_kernel(kernel, stepsAt(2), std::random_device{}());
    return 0;
  }
  std::fputs(usage.c_str(), stderr);
  return 2;
}

}  // namespace kernelgen
