// What every check program of a linear recurrence does; scan_check.hpp says how this file is used.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "scan_check.hpp"

namespace kernelgen {

[[noreturn]] inline void stop(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

inline void demand(const std::string& error) {
  if (!error.empty()) stop(error);
}

/** Numbers as the device stores them. */
class StoredNumbers {
 public:
  StoredNumbers(StoredAs type, std::int64_t count)
      : type_(type), count_(count), bytes_(static_cast<std::size_t>(count * (type == StoredAs::fp32 ? 4 : 2))) {}

  double at(std::int64_t index) const {
    if (type_ == StoredAs::fp32) return reinterpret_cast<const float*>(bytes_.data())[index];
    const std::uint16_t bits = reinterpret_cast<const std::uint16_t*>(bytes_.data())[index];
    return type_ == StoredAs::bf16 ? bf16_to_float(bits) : fp16_to_float(bits);
  }
  void set(std::int64_t index, double value) {
    const float single = static_cast<float>(value);
    if (type_ == StoredAs::fp32) {
      reinterpret_cast<float*>(bytes_.data())[index] = single;
    } else {
      reinterpret_cast<std::uint16_t*>(bytes_.data())[index] = type_ == StoredAs::bf16 ? float_to_bf16(single) : float_to_fp16(single);
    }
  }
  std::int64_t count() const { return count_; }
  std::size_t byteCount() const { return bytes_.size(); }
  unsigned char* data() { return bytes_.data(); }
  const unsigned char* data() const { return bytes_.data(); }

 private:
  StoredAs type_;
  std::int64_t count_;
  std::vector<unsigned char> bytes_;
};

/** Device memory that holds NaN, or a copy of some numbers. */
class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes) : pointer_(device_allocate(std::max<std::size_t>(bytes, 1))) {}
  explicit DeviceMemory(const StoredNumbers& numbers) : DeviceMemory(numbers.byteCount()) {
    copy_to_device(pointer_, numbers.data(), numbers.byteCount());
  }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { device_free(pointer_); }
  void* get() const { return pointer_; }

 private:
  void* pointer_;
};

/** A case: the inputs of both passes, and what must come out. */
class ScanCase {
 public:
  /**
   * @param spread deviation of the pre-activations: 1 as after a usual initialisation, 10 for gates that are nearly open or shut
   */
  ScanCase(const ScanDescription& scan, int steps, std::uint64_t seed, double spread, bool hasLengths)
      : scan(scan), steps(steps), wx(sequences(scan.gateCount)), bias(scan.storedAs, scan.channels * static_cast<std::int64_t>(scan.biasGates.size())),
        initial(states()), d_h(sequences(1)), d_last(states()), h(sequences(1)), last(states()), d_wx(sequences(scan.gateCount)), d_initial(states()) {
    const std::int64_t channels = scan.channels;
    std::mt19937_64 lengthGenerator(seed);
    for (int b = 0; b < scan.batch; ++b) {
      lengths.push_back(hasLengths ? static_cast<int>(lengthGenerator() % static_cast<unsigned>(steps)) + (b == 0 ? 0 : 1) : steps);
    }
    fill(bias, seed + 1, 1.0);
    fill(initial, seed + 2, 1.0);
    fill(d_last, seed + 3, 1.0);
    const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::thread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
      workers.emplace_back([&, worker] {
        for (std::int64_t column = worker; column < channels * scan.batch; column += threads) reference(column, seed, spread);
      });
    }
    for (std::thread& worker : workers) worker.join();
  }

  const ScanDescription& scan;
  const int steps;
  std::vector<int> lengths;
  StoredNumbers wx, bias, initial, d_h, d_last;  // inputs
  StoredNumbers h, last, d_wx, d_initial;        // expected

 private:
  StoredNumbers sequences(std::int64_t words) const {
    return StoredNumbers(scan.storedAs, static_cast<std::int64_t>(scan.batch) * steps * words * scan.channels);
  }
  StoredNumbers states() const { return StoredNumbers(StoredAs::fp32, static_cast<std::int64_t>(scan.batch) * scan.channels); }

  static void fill(StoredNumbers& numbers, std::uint64_t seed, double deviation) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal(0.0, deviation);
    for (std::int64_t i = 0; i < numbers.count(); ++i) numbers.set(i, normal(generator));
  }

  /** Draws one channel of one sequence and runs it forward and backward in double precision. */
  void reference(std::int64_t column, std::uint64_t seed, double spread) {
    const std::int64_t channels = scan.channels, gates = scan.gateCount;
    const std::int64_t b = column / channels, channel = column % channels;
    std::mt19937_64 generator(seed * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(column));
    std::normal_distribution<double> normal(0.0, 1.0);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    // Gates stay open or shut for long: the larger part of a pre-activation is that of its channel.
    std::vector<double> level(static_cast<std::size_t>(gates));
    for (double& value : level) value = spread > 1 ? spread * normal(generator) : 0.0;
    const auto row = [&](std::int64_t t) { return (b * steps + t) * channels + channel; };
    const auto place = [&](std::int64_t t, std::int64_t gate) { return ((b * steps + t) * gates + gate) * channels + channel; };
    std::vector<double> u(static_cast<std::size_t>(gates)), d_u(static_cast<std::size_t>(gates));
    const auto preActivations = [&](std::int64_t t) {
      for (std::int64_t gate = 0; gate < gates; ++gate) u[gate] = wx.at(place(t, gate));
      for (std::size_t i = 0; i < scan.biasGates.size(); ++i) u[scan.biasGates[i]] += bias.at(static_cast<std::int64_t>(i) * channels + channel);
    };
    double state = initial.at(column);
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        // Decays that are given: between 0 and 1, near 1 where the spread is large; beside them, updates that keep the state near 1.
        const double decay = 1.0 - uniform(generator) / (spread > 1 ? spread * spread : 1.0);
        if (gate == scan.decayGate) {
          wx.set(place(t, gate), decay);
        } else {
          wx.set(place(t, gate), scan.decayGate < 0 ? level[gate] + normal(generator) : (1.0 - decay) * normal(generator));
        }
      }
      d_h.set(row(t), normal(generator));
      if (t < lengths[b]) {
        preActivations(t);
        state = scan.step(u.data(), state);
      }
      h.set(row(t), t < lengths[b] ? state : 0.0);
    }
    last.set(column, state);
    double adjoint = d_last.at(column);
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      std::fill(d_u.begin(), d_u.end(), 0.0);
      if (t < lengths[b]) {
        preActivations(t);
        // The kernel reads the state as the forward pass stored it.
        const double before = t == 0 ? initial.at(column) : h.at(row(t - 1));
        double d_state;
        scan.gradients(u.data(), before, adjoint + d_h.at(row(t)), d_u.data(), d_state);
        adjoint = d_state;
      }
      for (std::int64_t gate = 0; gate < gates; ++gate) d_wx.set(place(t, gate), d_u[gate]);
    }
    d_initial.set(column, adjoint);
  }

};

/** Runs a pass and gives back its outputs. */
inline std::vector<StoredNumbers> run_scan(const ScanCase& given, bool hasLengths) {
  const ScanDescription& scan = given.scan;
  const bool hasBias = !scan.biasGates.empty();
  std::vector<const StoredNumbers*> inputs{&given.wx};
  if (hasBias) inputs.push_back(&given.bias);
  inputs.push_back(&given.initial);
  if (!scan.isForward) inputs.insert(inputs.end(), {&given.h, &given.d_h, &given.d_last});
  std::vector<StoredNumbers> outputs = scan.isForward ? std::vector<StoredNumbers>{given.h, given.last} : std::vector<StoredNumbers>{given.d_wx, given.d_initial};
  std::vector<std::unique_ptr<DeviceMemory>> memory;
  std::vector<void*> tensors;
  for (const StoredNumbers* numbers : inputs) memory.push_back(std::make_unique<DeviceMemory>(*numbers));
  for (const StoredNumbers& numbers : outputs) memory.push_back(std::make_unique<DeviceMemory>(numbers.byteCount()));
  for (const auto& tensor : memory) tensors.push_back(tensor->get());
  DeviceMemory lengths(given.lengths.size() * sizeof(int));
  copy_to_device(lengths.get(), given.lengths.data(), given.lengths.size() * sizeof(int));
  DeviceMemory scratch(static_cast<std::size_t>(scan.scratchBytes(scan.batch, given.steps)));
  demand(scan.prepareScratch(Stream{}, scratch.get(), scan.batch, given.steps));
  // Twice: a launch must leave its scratch memory ready for the next one.
  for (int launch = 0; launch < 2; ++launch) demand(scan.launch(Stream{}, tensors.data(), hasLengths ? static_cast<const int*>(lengths.get()) : nullptr, scratch.get(), scan.batch, given.steps));
  demand(synchronize(Stream{}));
  for (std::size_t i = 0; i < outputs.size(); ++i) copy_to_host(outputs[i].data(), tensors[inputs.size() + i], outputs[i].byteCount());
  return outputs;
}

/** Prints the largest error of an output; returns whether it is within the tolerance. NaN anywhere counts as infinite. */
inline bool compare(const ScanDescription& scan, const std::string& output, const StoredNumbers& actual, const StoredNumbers& expected) {
  double largest = 0;
  for (std::int64_t i = 0; i < expected.count(); ++i) {
    const double error = std::abs(actual.at(i) - expected.at(i)) / std::max(1.0, std::abs(expected.at(i)));
    largest = std::isnan(error) ? INFINITY : std::max(largest, error);
  }
  const bool within = largest <= scan.tolerance;
  std::printf("%s %s: largest error %.3e over %lld values, allowed %.0e: %s\n", scan.name, output.c_str(), largest,
              static_cast<long long>(expected.count()), scan.tolerance, within ? "ok" : "WRONG");
  return within;
}

/** Compares with a double-precision loop over the steps, on fresh inputs, without and with lengths. */
inline bool check_scan(const ScanDescription& scan, int steps, std::uint64_t seed, double spread) {
  bool good = true;
  for (const bool hasLengths : {false, true}) {
    const ScanCase given(scan, steps, seed, spread, hasLengths);
    const std::vector<StoredNumbers> outputs = run_scan(given, hasLengths);
    const std::string suffix = hasLengths ? "_with_lengths" : "";
    good = compare(scan, (scan.isForward ? "h" : "d_wx") + suffix, outputs[0], scan.isForward ? given.h : given.d_wx) && good;
    good = compare(scan, (scan.isForward ? "h_last" : "d_h_initial") + suffix, outputs[1], scan.isForward ? given.last : given.d_initial) && good;
  }
  return good;
}

/** Prints the median time of a launch of each pass, and the rate of the bytes that it must read and write. */
inline void time_scan(const ScanDescription& scan, int steps) {
  const std::int64_t row = static_cast<std::int64_t>(scan.batch) * scan.channels;
  const std::int64_t elementBytes = scan.storedAs == StoredAs::fp32 ? 4 : 2;
  const std::int64_t sequenceBytes = row * steps * elementBytes;
  const std::int64_t gates = scan.gateCount;
  // Numbers between 0 and 1, again and again: whatever they mean, no state grows.
  StoredNumbers numbers(scan.storedAs, std::min<std::int64_t>(row * steps, 1 << 22));
  std::mt19937 generator(1);
  for (std::int64_t i = 0; i < numbers.count(); ++i) numbers.set(i, static_cast<double>(generator() % 1024) / 1024.0);
  const auto filled = [&](std::int64_t copies) {
    auto memory = std::make_unique<DeviceMemory>(static_cast<std::size_t>(sequenceBytes * copies));
    const std::int64_t bytes = sequenceBytes * copies;
    const std::int64_t part = static_cast<std::int64_t>(numbers.byteCount());
    for (std::int64_t done = 0; done < bytes; done += part) {
      copy_to_device(static_cast<unsigned char*>(memory->get()) + done, numbers.data(), static_cast<std::size_t>(std::min(part, bytes - done)));
    }
    return memory;
  };
  const auto wx = filled(gates), h = filled(1), d_h = filled(1), d_wx = filled(gates);
  StoredNumbers zeros(StoredAs::fp32, row);
  for (std::int64_t i = 0; i < row; ++i) zeros.set(i, 0.0);
  const DeviceMemory initial(zeros), last(zeros), biases(static_cast<std::size_t>(scan.channels * elementBytes * static_cast<std::int64_t>(scan.biasGates.size())));
  const DeviceMemory scratch(static_cast<std::size_t>(scan.scratchBytes(scan.batch, steps)));
  demand(scan.prepareScratch(Stream{}, scratch.get(), scan.batch, steps));
  std::vector<void*> tensors{wx->get()};
  if (!scan.biasGates.empty()) tensors.push_back(biases.get());
  tensors.push_back(initial.get());
  if (scan.isForward) {
    tensors.insert(tensors.end(), {h->get(), last.get()});
  } else {
    tensors.insert(tensors.end(), {h->get(), d_h->get(), initial.get(), d_wx->get(), last.get()});
  }
  const auto launch = [&] { return scan.launch(Stream{}, tensors.data(), nullptr, scratch.get(), scan.batch, steps); };
  const int warmUp = 3;
  const int launches = 21;
  demand(time_launches(warmUp, Stream{}, launch).error);
  std::vector<double> microseconds;
  for (int i = 0; i < launches; ++i) {
    const LaunchTime time = time_launches(1, Stream{}, launch);
    demand(time.error);
    microseconds.push_back(time.microseconds);
  }
  std::sort(microseconds.begin(), microseconds.end());
  const double median = microseconds[launches / 2];
  const double bytes = static_cast<double>(sequenceBytes) * static_cast<double>(scan.isForward ? gates + 1 : 2 * gates + 2);
  std::printf("%s plan %s on %s: %.2f us for %d steps, %.0f GB/s (median of %d; fastest %.2f, slowest %.2f)\n", scan.name, scan.plan,
              device_name().c_str(), median, steps, bytes / median / 1e3, launches, microseconds.front(), microseconds.back());
}

int scan_check_main(const ScanDescription& scan, int argumentCount, char** arguments) {
  const std::string mode = argumentCount > 1 ? arguments[1] : "";
  const auto number = [&](int index, double otherwise) {
    if (index >= argumentCount) return otherwise;
    char* end = nullptr;
    const double value = std::strtod(arguments[index], &end);
    if (end == arguments[index] || *end != 0 || !(value >= 1) || value > 1e15) stop(std::string("\"") + arguments[index] + "\" is not a number from 1 to 1e15");
    return value;
  };
  const int steps = static_cast<int>(std::min(number(2, scan.defaultSteps), 2147483647.0));
  if (mode == "random" && argumentCount <= 5) {
    const std::uint64_t seed = static_cast<std::uint64_t>(number(3, static_cast<double>(std::random_device{}())));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    return check_scan(scan, steps, seed, number(4, 1.0)) ? 0 : 1;
  }
  if (mode == "time" && argumentCount <= 3) {
    time_scan(scan, steps);
    return 0;
  }
  std::fprintf(stderr,
               "usage: %s_check random [STEPS [SEED [SPREAD]]] | time [STEPS]\n"
               "  random     compare with a double-precision loop on fresh inputs; SPREAD 10: gates nearly open or shut\n"
               "  time       measure\n",
               scan.name);
  return 2;
}

}  // namespace kernelgen
