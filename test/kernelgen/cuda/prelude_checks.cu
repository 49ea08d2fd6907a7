// Checks of the prelude against plain loops, written once for the host (g++) and the GPU (nvcc).
// Usage: prelude_checks [NAME …]; without a name all checks run. Prints the first difference of each that fails; exit
// code 1.

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "prelude.cuh"

using namespace kernelgen;

// ---- What the checks share ------------------------------------------------------------------------------------------

/** An array on the device that copies itself there and back. */
template <typename Value>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count)
      : count_(count), memory_(static_cast<Value*>(device_allocate(count * sizeof(Value)))) {}
  explicit DeviceArray(const std::vector<Value>& values) : DeviceArray(values.size()) {
    copy_to_device(memory_, values.data(), values.size() * sizeof(Value));
  }
  ~DeviceArray() { device_free(memory_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  Value* get() const { return memory_; }
  std::vector<Value> read() const {
    std::vector<Value> values(count_);
    copy_to_host(values.data(), memory_, count_ * sizeof(Value));
    return values;
  }

 private:
  std::size_t count_;
  Value* memory_;
};

/** Reports the first difference beyond the tolerance (a NaN is one). */
template <typename Value, typename Expected>
bool same(const char* what, const std::vector<Value>& actual, const std::vector<Expected>& expected,
          double tolerance = 0) {
  if (actual.size() != expected.size()) {
    std::printf("%s: %zu values, expected %zu\n", what, actual.size(), expected.size());
    return false;
  }
  for (std::size_t i = 0; i < actual.size(); i += 1) {
    const double a = static_cast<double>(actual[i]);
    const double e = static_cast<double>(expected[i]);
    if (a == e || std::fabs(a - e) <= tolerance) continue;
    std::printf("%s: [%zu] is %.9g, expected %.9g\n", what, i, a, e);
    return false;
  }
  return true;
}

/** Launches with `sharedBytes` and waits; reports an error. */
template <typename... Parameters, typename... Arguments>
bool ran(void (*kernel)(Parameters...), int blockCount, int threadsPerBlock, std::size_t sharedBytes, Residency residency,
         Arguments... arguments) {
  std::string error = launch(kernel, blockCount, threadsPerBlock, sharedBytes, residency, nullptr, arguments...);
  if (error.empty()) error = synchronize(nullptr);
  if (!error.empty()) std::printf("%s\n", error.c_str());
  return error.empty();
}

/** A sequence of random words (xorshift32), the same on every machine. */
std::uint32_t random_word() {
  static std::uint32_t state = 20250101;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/** A random number between −2 and 2. */
float random_float() { return static_cast<float>(random_word() >> 8) * 0x1p-22f - 2.0f; }

std::vector<std::uint16_t> random_bf16(std::size_t count) {
  std::vector<std::uint16_t> values(count);
  for (std::uint16_t& value : values) value = float_to_bf16(random_float());
  return values;
}

// ---- Where a thread stands; each block's own shared memory ----------------------------------------------------------

KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(96, 1) positions_kernel(int* out) {
  int* shared = reinterpret_cast<int*>(shared_memory());
  shared[thread_index()] = 10000 * block_index() + 100 * warp_index() + lane_index();
  sync_block();
  out[96 * block_index() + thread_index()] = shared[95 - thread_index()];
}

bool check_positions() {
  constexpr int blockCount = 5;
  DeviceArray<int> out(96 * blockCount);
  std::vector<int> expected;
  for (int block = 0; block < blockCount; block += 1) {
    for (int thread = 95; thread >= 0; thread -= 1)
      expected.push_back(10000 * block + 100 * (thread / 32) + thread % 32);
  }
  return ran(positions_kernel, blockCount, 96, 96 * sizeof(int), false, out.get()) &&
         same("positions", out.read(), expected);
}

// ---- Shuffles -------------------------------------------------------------------------------------------------------

KERNELGEN_KERNEL void shuffles_kernel(float* out) {
  for (int mask = 0; mask < warpLanes; mask += 1) {
    out[64 * mask + thread_index()] = shuffle_xor(static_cast<float>(thread_index()), mask);
    sync_warp();
  }
}

bool check_shuffles() {
  DeviceArray<float> out(32 * 64);
  std::vector<int> expected;
  for (int mask = 0; mask < 32; mask += 1) {
    for (int thread = 0; thread < 64; thread += 1) expected.push_back(thread / 32 * 32 + (thread % 32 ^ mask));
  }
  return ran(shuffles_kernel, 1, 64, 0, false, out.get()) && same("shuffles", out.read(), expected);
}

// ---- mma ------------------------------------------------------------------------------------------------------------

/** C += A · B, A row-major 16×16, B row-major 16×8, C row-major 16×8; each lane gathers its fragments element by
 * element. */
KERNELGEN_KERNEL void mma_from_elements_kernel(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  const int g = lane_index() / 4;
  const int t = lane_index() % 4;
  const auto pair = [](std::uint16_t low, std::uint16_t high) { return static_cast<std::uint32_t>(high) << 16 | low; };
  std::uint32_t fragmentA[4];
  for (int half = 0; half < 2; half += 1) {
    for (int lower = 0; lower < 2; lower += 1) {
      const std::uint16_t* first = a + 16 * (g + 8 * lower) + 2 * t + 8 * half;
      fragmentA[2 * half + lower] = pair(first[0], first[1]);
    }
  }
  const std::uint32_t b0 = pair(b[8 * (2 * t) + g], b[8 * (2 * t + 1) + g]);
  const std::uint32_t b1 = pair(b[8 * (2 * t + 8) + g], b[8 * (2 * t + 9) + g]);
  float fragmentC[4];
  for (int i = 0; i < 4; i += 1) fragmentC[i] = c[8 * (g + i / 2 * 8) + 2 * t + i % 2];
  mma_m16n8k16_bf16(fragmentC, fragmentA, b0, b1);
  for (int i = 0; i < 4; i += 1) c[8 * (g + i / 2 * 8) + 2 * t + i % 2] = fragmentC[i];
}

/** The same product with fragments from ldmatrix: A's four 8×8 quarters as they lie, B's two halves transposed. */
KERNELGEN_KERNEL void mma_from_ldmatrix_kernel(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  std::uint16_t* sharedA = reinterpret_cast<std::uint16_t*>(shared_memory());
  std::uint16_t* sharedB = sharedA + 16 * 16;
  for (int i = lane_index(); i < 16 * 16; i += warpLanes) sharedA[i] = a[i];
  for (int i = lane_index(); i < 16 * 8; i += warpLanes) sharedB[i] = b[i];
  sync_warp();
  std::uint32_t fragmentA[4];
  std::uint32_t fragmentB[2];
  ldmatrix_x4(fragmentA, sharedA + 16 * (lane_index() % 16) + 8 * (lane_index() / 16));
  ldmatrix_x2_transposed(fragmentB, sharedB + 8 * (lane_index() % 16));
  float fragmentC[4] = {};
  mma_m16n8k16_bf16(fragmentC, fragmentA, fragmentB[0], fragmentB[1]);
  for (int i = 0; i < 4; i += 1) c[8 * (lane_index() / 4 + i / 2 * 8) + lane_index() % 4 * 2 + i % 2] += fragmentC[i];
}

bool check_mma() {
  for (int round = 0; round < 10; round += 1) {
    const std::vector<std::uint16_t> a = random_bf16(16 * 16);
    const std::vector<std::uint16_t> b = random_bf16(16 * 8);
    std::vector<float> c(16 * 8);
    for (float& value : c) value = random_float();
    std::vector<double> expected(16 * 8);
    for (std::size_t row = 0; row < 16; row += 1) {
      for (std::size_t column = 0; column < 8; column += 1) {
        double sum = static_cast<double>(c[8 * row + column]);
        for (std::size_t k = 0; k < 16; k += 1) {
          sum += static_cast<double>(bf16_to_float(a[16 * row + k])) *
                 static_cast<double>(bf16_to_float(b[8 * k + column]));
        }
        expected[8 * row + column] = sum;
      }
    }
    DeviceArray<std::uint16_t> deviceA(a);
    DeviceArray<std::uint16_t> deviceB(b);
    DeviceArray<float> fromElements(c);
    DeviceArray<float> fromLdmatrix(c);
    if (!ran(mma_from_elements_kernel, 1, 32, 0, false, deviceA.get(), deviceB.get(), fromElements.get())) return false;
    if (!ran(mma_from_ldmatrix_kernel, 1, 32, 768, false, deviceA.get(), deviceB.get(), fromLdmatrix.get()))
      return false;
    if (!same("mma from elements", fromElements.read(), expected, 2e-5)) return false;
    if (!same("mma from ldmatrix", fromLdmatrix.read(), expected, 2e-5)) return false;
  }
  return true;
}

// ---- ldmatrix -------------------------------------------------------------------------------------------------------

/** Four 8×8 matrices whose elements are their own numbers, the rows of a matrix 48 bytes apart. Twelve words a lane. */
KERNELGEN_KERNEL void ldmatrix_kernel(std::uint32_t* out) {
  constexpr int rowPitch = 24;
  std::uint16_t* shared = reinterpret_cast<std::uint16_t*>(shared_memory());
  const int row = lane_index();
  for (int column = 0; column < 8; column += 1)
    shared[rowPitch * row + column] = static_cast<std::uint16_t>(8 * row + column);
  sync_warp();
  const void* address = shared + rowPitch * row;
  std::uint32_t plain4[4];
  std::uint32_t transposed4[4];
  std::uint32_t plain2[2];
  std::uint32_t transposed2[2];
  ldmatrix_x4(plain4, address);
  ldmatrix_x4_transposed(transposed4, address);
  ldmatrix_x2(plain2, address);
  ldmatrix_x2_transposed(transposed2, address);
  std::uint32_t* mine = out + 12 * lane_index();
  for (int i = 0; i < 4; i += 1) mine[i] = plain4[i];
  for (int i = 0; i < 4; i += 1) mine[4 + i] = transposed4[i];
  for (int i = 0; i < 2; i += 1) mine[8 + i] = plain2[i];
  for (int i = 0; i < 2; i += 1) mine[10 + i] = transposed2[i];
}

bool check_ldmatrix() {
  DeviceArray<std::uint32_t> out(12 * 32);
  std::vector<std::uint32_t> expected;
  const auto word = [](unsigned lane, unsigned matrix, bool transposed) {
    const unsigned g = lane / 4;
    const unsigned t = lane % 4;
    const unsigned first = transposed ? 8 * (2 * t) + g : 8 * g + 2 * t;
    const unsigned second = transposed ? 8 * (2 * t + 1) + g : 8 * g + 2 * t + 1;
    return (64 * matrix + second) << 16 | (64 * matrix + first);
  };
  for (unsigned lane = 0; lane < 32; lane += 1) {
    for (unsigned i = 0; i < 4; i += 1) expected.push_back(word(lane, i, false));
    for (unsigned i = 0; i < 4; i += 1) expected.push_back(word(lane, i, true));
    for (unsigned i = 0; i < 2; i += 1) expected.push_back(word(lane, i, false));
    for (unsigned i = 0; i < 2; i += 1) expected.push_back(word(lane, i, true));
  }
  return ran(ldmatrix_kernel, 1, 32, 32 * 48, false, out.get()) && same("ldmatrix", out.read(), expected);
}

// ---- Asynchronous copies --------------------------------------------------------------------------------------------

/**
 * Three stages of 64 threads × 16 bytes, a ring of two in shared memory, each stage read by another thread than copied
 * it; then 64 words by copies of 4 bytes. What is not valid becomes zero: the last 5 vectors and the last 7 words.
 */
KERNELGEN_KERNEL void copies_kernel(const Words4* in, int vectorCount, const std::uint32_t* words, int wordCount,
                                    Words4* out, std::uint32_t* outWords) {
  Words4* ring = reinterpret_cast<Words4*>(shared_memory());
  std::uint32_t* sharedWords = reinterpret_cast<std::uint32_t*>(ring + 2 * 64);
  const int thread = thread_index();
  const auto start = [&](int stage) {
    const int vector = 64 * stage + thread;
    copy_async_16(ring + 64 * (stage % 2) + thread, in + vector, vector < vectorCount);
    copy_async_commit();
  };
  start(0);
  start(1);
  for (int stage = 0; stage < 3; stage += 1) {
    if (stage < 2) {
      copy_async_wait<1>();
    } else {
      copy_async_wait<0>();
    }
    sync_block();
    out[64 * stage + thread] = ring[64 * (stage % 2) + 63 - thread];
    sync_block();
    if (stage == 0) start(2);
  }
  copy_async_4(sharedWords + thread, words + thread, thread < wordCount);
  copy_async_commit();
  copy_async_wait<0>();
  sync_block();
  outWords[thread] = sharedWords[63 - thread];
}

bool check_copies() {
  constexpr int vectorCount = 3 * 64 - 5;
  constexpr int wordCount = 64 - 7;
  std::vector<Words4> in(vectorCount);
  std::vector<std::uint32_t> words(wordCount);
  for (Words4& vector : in) {
    for (std::uint32_t& word : vector.w) word = random_word();
  }
  for (std::uint32_t& word : words) word = random_word();
  DeviceArray<Words4> deviceIn(in);
  DeviceArray<std::uint32_t> deviceWords(words);
  DeviceArray<Words4> out(3 * 64);
  DeviceArray<std::uint32_t> outWords(64);
  if (!ran(copies_kernel, 1, 64, 2 * 64 * 16 + 64 * 4, false, deviceIn.get(), vectorCount, deviceWords.get(), wordCount,
           out.get(), outWords.get())) {
    return false;
  }
  std::vector<std::uint32_t> actual;
  std::vector<std::uint32_t> expected;
  for (const Words4& vector : out.read()) actual.insert(actual.end(), vector.w, vector.w + 4);
  for (std::size_t stage = 0; stage < 3; stage += 1) {
    for (std::size_t thread = 0; thread < 64; thread += 1) {
      const std::size_t vector = 64 * stage + 63 - thread;
      for (std::size_t i = 0; i < 4; i += 1) expected.push_back(vector < vectorCount ? in[vector].w[i] : 0);
    }
  }
  std::vector<std::uint32_t> expectedWords;
  for (std::size_t thread = 0; thread < 64; thread += 1)
    expectedWords.push_back(63 - thread < wordCount ? words[63 - thread] : 0);
  return same("copy_async_16", actual, expected) && same("copy_async_4", outWords.read(), expectedWords);
}

// ---- Loads and stores of every width --------------------------------------------------------------------------------

/** Copies 16 bytes as 8 + 4 + 2 + 2 (a float and an integer for the 4) and 16 at once, streaming or relaxed. */
template <bool relaxed>
KERNELGEN_DEVICE void copy_widths(const unsigned char* in, unsigned char* out) {
  const auto copy = [&](auto example, int offset) {
    using Value = decltype(example);
    const Value* from = reinterpret_cast<const Value*>(in + offset);
    Value* to = reinterpret_cast<Value*>(out + offset);
    if constexpr (relaxed) {
      store_relaxed(to, load_relaxed(from));
    } else {
      store_streaming(to, load_streaming(from));
    }
  };
  copy(Words4{}, 0);
  copy(Words2{}, 16);
  copy(std::uint32_t{}, 24);
  copy(float{}, 28);
  copy(std::uint16_t{}, 32);
  copy(std::uint16_t{}, 34);
}

KERNELGEN_KERNEL void widths_kernel(const unsigned char* in, unsigned char* out) {
  copy_widths<false>(in + 48 * thread_index(), out + 48 * thread_index());
  copy_widths<true>(in + 48 * (32 + thread_index()), out + 48 * (32 + thread_index()));
}

bool check_widths() {
  std::vector<unsigned char> in(64 * 48);
  std::vector<unsigned char> expected(64 * 48, 0xFF);
  for (std::size_t i = 0; i < in.size(); i += 1) {
    in[i] = static_cast<unsigned char>(random_word() % 100);  // no NaN among the floats
    if (i % 48 < 36) expected[i] = in[i];
  }
  DeviceArray<unsigned char> deviceIn(in);
  DeviceArray<unsigned char> out(64 * 48);
  return ran(widths_kernel, 1, 32, 0, false, deviceIn.get(), out.get()) && same("widths", out.read(), expected);
}

// ---- bf16 -----------------------------------------------------------------------------------------------------------

KERNELGEN_KERNEL void bf16_kernel(const float* in, int count, std::uint16_t* rounded, std::uint32_t* packed) {
  const int i = 256 * block_index() + thread_index();
  if (i >= count) return;
  rounded[i] = float_to_bf16(in[i]);
  packed[i] = pack_bf16(in[i], in[count - 1 - i]);
}

/** The nearest of all bf16 by distance, ties to the even one: the two that enclose the value's magnitude are its
 * candidates. */
std::uint16_t nearest_bf16(float value) {
  if (std::isnan(value)) return 0x7FFF;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(static_cast<double>(value));
  if (std::isinf(value)) return sign | 0x7F80;
  // Infinity stands where the next bf16 would, at 2^128.
  const auto number = [](unsigned bits) {
    return bits == 0x7F80 ? std::ldexp(1.0, 128) : static_cast<double>(bf16_to_float(static_cast<std::uint16_t>(bits)));
  };
  unsigned low = 0;
  unsigned high = 0x7F80;
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    (number(middle) <= magnitude ? low : high) = middle;
  }
  const double below = magnitude - number(low);
  const double above = number(high) - magnitude;
  const unsigned nearest = below < above || (below == above && low % 2 == 0) ? low : high;
  return static_cast<std::uint16_t>(sign | nearest);
}

bool check_bf16() {
  std::vector<float> in = {0.0f,
                           -0.0f,
                           std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity(),
                           std::numeric_limits<float>::quiet_NaN(),
                           std::numeric_limits<float>::max(),
                           std::numeric_limits<float>::denorm_min(),
                           float_of(0x7F800001u),
                           float_of(0x3F808000u),
                           float_of(0x3F818000u)};
  for (int i = 0; i < 20000; i += 1) in.push_back(float_of(random_word()));                // any bits
  for (int i = 0; i < 2000; i += 1) in.push_back(float_of(random_word() << 16 | 0x8000));  // ties
  const std::size_t count = in.size();
  std::vector<std::uint16_t> expected(count);
  std::vector<std::uint16_t> onHost(count);
  std::vector<std::uint32_t> expectedPairs(count);
  for (std::size_t i = 0; i < count; i += 1) {
    expected[i] = nearest_bf16(in[i]);
    onHost[i] = float_to_bf16(in[i]);
  }
  for (std::size_t i = 0; i < count; i += 1)
    expectedPairs[i] = static_cast<std::uint32_t>(expected[count - 1 - i]) << 16 | expected[i];
  DeviceArray<float> deviceIn(in);
  DeviceArray<std::uint16_t> rounded(count);
  DeviceArray<std::uint32_t> packed(count);
  const int blockCount = static_cast<int>((count + 255) / 256);
  if (!ran(bf16_kernel, blockCount, 256, 0, false, deviceIn.get(), static_cast<int>(count), rounded.get(),
           packed.get()))
    return false;
  for (unsigned bits = 0; bits < 0x10000; bits += 1) {
    const float value = bf16_to_float(static_cast<std::uint16_t>(bits));
    const bool halves = bits_of(low_bf16_to_float(bits | 0xABCD0000u)) == bits_of(value) &&
                        bits_of(high_bf16_to_float(bits << 16 | 0xABCDu)) == bits_of(value);
    const bool back =
        std::isnan(value) ? std::isnan(bf16_to_float(float_to_bf16(value))) : float_to_bf16(value) == bits;
    if (halves && back) continue;
    std::printf("bf16 %04x does not survive\n", bits);
    return false;
  }
  return same("float_to_bf16 on the host", onHost, expected) && same("float_to_bf16", rounded.read(), expected) &&
         same("pack_bf16", packed.read(), expectedPairs);
}

/** The value of a finite binary16 number by its definition. */
double fp16_value(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1F);
  const double fraction = (bits & 0x3FF) / 1024.0;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** The binary16 number nearest to a float, ties to even, by search among all of them. */
std::uint16_t nearest_fp16(float value) {
  if (std::isnan(value)) return 0x7FFF;
  const unsigned sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::abs(static_cast<double>(value));
  // The number that follows the largest stands for infinity.
  unsigned low = 0, high = 0x7C00;
  while (high - low > 1) (fp16_value((low + high) / 2) <= magnitude ? low : high) = (low + high) / 2;
  const double above = high == 0x7C00 ? 65536 : fp16_value(high);
  const double middle = (fp16_value(low) + above) / 2;
  return static_cast<std::uint16_t>(sign | (magnitude > middle || (magnitude == middle && low % 2 == 1) ? high : low));
}

/** Rounds each float, and packs it with the one at the other end. */
KERNELGEN_KERNEL void fp16_kernel(const float* in, int count, std::uint16_t* out, std::uint32_t* packed) {
  const int i = 256 * block_index() + thread_index();
  if (i >= count) return;
  out[i] = float_to_fp16(in[i]);
  packed[i] = pack_fp16(in[i], in[count - 1 - i]);
}

bool check_fp16() {
  std::vector<float> in = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 65504.0f, 65519.99f, 65520.0f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f};
  for (int i = 0; i < 20000; i += 1) in.push_back(float_of(random_word()));  // any bits
  // Magnitudes of binary16, and ties among them.
  for (int i = 0; i < 20000; i += 1) in.push_back(float_of((random_word() & 0x8FFFFFFFu) % 0x0F800000u + 0x33000000u));
  for (unsigned bits = 0; bits < 0x7BFF; bits += 7) in.push_back(static_cast<float>((fp16_value(bits) + fp16_value(bits + 1)) / 2));
  const std::size_t count = in.size();
  std::vector<std::uint16_t> expected(count);
  std::vector<std::uint16_t> onHost(count);
  std::vector<std::uint32_t> expectedPairs(count);
  for (std::size_t i = 0; i < count; i += 1) {
    expected[i] = nearest_fp16(in[i]);
    onHost[i] = float_to_fp16(in[i]);
  }
  for (std::size_t i = 0; i < count; i += 1)
    expectedPairs[i] = static_cast<std::uint32_t>(expected[count - 1 - i]) << 16 | expected[i];
  DeviceArray<float> deviceIn(in);
  DeviceArray<std::uint16_t> rounded(count);
  DeviceArray<std::uint32_t> packed(count);
  const int blockCount = static_cast<int>((count + 255) / 256);
  if (!ran(fp16_kernel, blockCount, 256, 0, false, deviceIn.get(), static_cast<int>(count), rounded.get(), packed.get()))
    return false;
  for (unsigned bits = 0; bits < 0x10000; bits += 1) {
    const float value = fp16_to_float(static_cast<std::uint16_t>(bits));
    const bool halves = bits_of(low_fp16_to_float(bits | 0xABCD0000u)) == bits_of(value) &&
                        bits_of(high_fp16_to_float(bits << 16 | 0xABCDu)) == bits_of(value);
    const bool isFinite = (bits & 0x7C00) != 0x7C00;
    const bool right = isFinite ? static_cast<double>(value) == fp16_value(bits) && float_to_fp16(value) == bits
                                : std::isinf(value) == ((bits & 0x3FF) == 0) && !std::isfinite(value);
    if (halves && right) continue;
    std::printf("fp16 %04x is not read as it is written\n", bits);
    return false;
  }
  return same("float_to_fp16 on the host", onHost, expected) && same("float_to_fp16", rounded.read(), expected) &&
         same("pack_fp16", packed.read(), expectedPairs);
}

/** C += A · B, each lane's operands taken element by element. */
KERNELGEN_KERNEL void mma_fp16_kernel(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  const int group = lane_index() / 4;
  const int pair = lane_index() % 4 * 2;
  const auto two = [](const std::uint16_t* first, int pitch) {
    return static_cast<std::uint32_t>(first[pitch]) << 16 | first[0];
  };
  const std::uint32_t fragmentA[4] = {two(a + 16 * group + pair, 1), two(a + 16 * (group + 8) + pair, 1),
                                      two(a + 16 * group + pair + 8, 1), two(a + 16 * (group + 8) + pair + 8, 1)};
  float sums[4];
  for (int i = 0; i < 4; i += 1) sums[i] = c[8 * (group + i / 2 * 8) + pair + i % 2];
  mma_m16n8k16_fp16(sums, fragmentA, two(b + 8 * pair + group, 8), two(b + 8 * (pair + 8) + group, 8));
  for (int i = 0; i < 4; i += 1) c[8 * (group + i / 2 * 8) + pair + i % 2] = sums[i];
}

bool check_mma_fp16() {
  std::vector<std::uint16_t> a(16 * 16), b(16 * 8);
  std::vector<float> c(16 * 8);
  for (std::uint16_t& value : a) value = float_to_fp16(random_float());
  for (std::uint16_t& value : b) value = float_to_fp16(random_float());
  for (float& value : c) value = random_float();
  std::vector<double> expected(c.begin(), c.end());
  for (std::size_t row = 0; row < 16; row += 1)
    for (std::size_t column = 0; column < 8; column += 1)
      for (std::size_t k = 0; k < 16; k += 1)
        expected[8 * row + column] +=
            static_cast<double>(fp16_to_float(a[16 * row + k])) * static_cast<double>(fp16_to_float(b[8 * k + column]));
  DeviceArray<std::uint16_t> deviceA(a), deviceB(b);
  DeviceArray<float> deviceC(c);
  if (!ran(mma_fp16_kernel, 1, 32, 0, false, deviceA.get(), deviceB.get(), deviceC.get())) return false;
  return same("mma of fp16", deviceC.read(), expected, 2e-5);
}

// ---- Functions of a real number -------------------------------------------------------------------------------------

KERNELGEN_KERNEL void functions_kernel(const float* in, int count, float* out) {
  const int i = 256 * block_index() + thread_index();
  if (i >= count) return;
  out[i] = sigmoid_accurate(in[i]);
  out[count + i] = tanh_accurate(in[i]);
  out[2 * count + i] = sigmoid_fast(in[i]);
  out[3 * count + i] = tanh_fast(in[i]);
  out[4 * count + i] = exp_approx(-maximum(in[i], -in[i]));
  // What it adds to min(x, 0), whose own rounding counts for large |x|.
  out[5 * count + i] = log_sigmoid_accurate(maximum(in[i], -20.0f)) - (in[i] < 0 ? maximum(in[i], -20.0f) : 0.0f);
  out[6 * count + i] = divide_approx(log_approx(2.0f + sigmoid_accurate(in[i])), 3.0f);
  out[7 * count + i] = maximum(in[i], 0.5f) > 0.5f ? 1.0f : 0.0f;
  out[8 * count + i] = log_sigmoid_relative(-maximum(-maximum(in[i], -16.0f), -16.0f));
}

bool check_functions() {
  // Every exponent with several mantissas, both signs, infinities included; and a fine sweep where the functions bend.
  std::vector<float> in;
  for (std::uint32_t bits = 0; bits <= 0x7F800000u; bits += 0x7F800000u / 16320) {
    in.push_back(float_of(bits));
    in.push_back(-float_of(bits));
  }
  for (int i = -20000; i <= 20000; i += 1) in.push_back(static_cast<float>(i) / 1000);
  const std::size_t count = in.size();
  if (std::isfinite(in[2 * 16320])) return std::printf("functions: the sweep misses infinity\n") < 0;
  std::vector<double> sigmoid;
  std::vector<double> tanh;
  std::vector<double> exponential;
  std::vector<double> log_sigmoid_rest;
  std::vector<double> quotient;
  std::vector<double> is_larger;
  std::vector<double> log_sigmoid;
  for (float x : in) {
    sigmoid.push_back(1 / (1 + std::exp(-static_cast<double>(x))));
    tanh.push_back(std::tanh(static_cast<double>(x)));
    exponential.push_back(std::exp(-std::abs(static_cast<double>(x))));
    log_sigmoid_rest.push_back(-std::log1p(std::exp(-std::min(std::abs(static_cast<double>(x)), x < 0 ? 20.0 : HUGE_VAL))));
    quotient.push_back(std::log(2 + sigmoid.back()) / 3);
    is_larger.push_back(x > 0.5f ? 1 : 0);
    const double held = std::min(std::max(static_cast<double>(x), -16.0), 16.0);
    log_sigmoid.push_back(std::min(held, 0.0) - std::log1p(std::exp(-std::abs(held))));
  }
  DeviceArray<float> deviceIn(in);
  DeviceArray<float> out(9 * count);
  if (!ran(functions_kernel, static_cast<int>((count + 255) / 256), 256, 0, false, deviceIn.get(),
           static_cast<int>(count), out.get()))
    return false;
  const std::vector<float> actual = out.read();
  const auto part = [&](std::size_t i) {
    const auto first = actual.begin() + static_cast<std::ptrdiff_t>(i * count);
    return std::vector<float>(first, first + static_cast<std::ptrdiff_t>(count));
  };
  std::vector<float> log_sigmoid_ratio = part(8);
  for (std::size_t i = 0; i < count; i += 1) log_sigmoid_ratio[i] = static_cast<float>(log_sigmoid_ratio[i] / log_sigmoid[i]);
  return same("sigmoid_accurate", part(0), sigmoid, 1e-6) && same("tanh_accurate", part(1), tanh, 1e-6) &&
         same("sigmoid_fast", part(2), sigmoid, 0x1p-11) && same("tanh_fast", part(3), tanh, 0x1p-10) &&
         same("exp_approx", part(4), exponential, 1e-6) && same("log_sigmoid_accurate", part(5), log_sigmoid_rest, 3e-6) &&
         same("log_sigmoid_relative / log sigmoid", log_sigmoid_ratio, std::vector<double>(count, 1.0), 5e-6) &&
         same("divide_approx of log_approx", part(6), quotient, 1e-6) && same("maximum", part(7), is_larger, 0);
}

// ---- Across blocks --------------------------------------------------------------------------------------------------

/** Each round every thread adds up what the threads of its column in all blocks published, and publishes the sum. */
KERNELGEN_KERNEL void grid_barrier_kernel(std::uint32_t* values, std::uint32_t* counter, int blockCount,
                                          int roundCount) {
  std::uint32_t epoch = 0;
  const int column = thread_index();
  std::uint32_t mine = static_cast<std::uint32_t>(64 * block_index() + column);
  for (int round = 0; round < roundCount; round += 1) {
    values[64 * block_index() + column] = mine;
    sync_grid(counter, static_cast<std::uint32_t>(blockCount), epoch);
    mine = 0;
    for (int block = 0; block < blockCount; block += 1)
      mine += values[64 * block + column] * static_cast<std::uint32_t>(block + 1);
    mine += static_cast<std::uint32_t>(block_index());
    sync_grid(counter, static_cast<std::uint32_t>(blockCount), epoch);
  }
  values[64 * block_index() + column] = mine;
}

bool check_grid_barrier() {
  constexpr std::size_t blockCount = 7;
  constexpr int roundCount = 20;
  std::vector<std::uint32_t> expected(64 * blockCount);
  for (std::uint32_t i = 0; i < expected.size(); i += 1) expected[i] = i;
  for (int round = 0; round < roundCount; round += 1) {
    std::vector<std::uint32_t> next(expected.size());
    for (std::size_t i = 0; i < next.size(); i += 1) {
      next[i] = static_cast<std::uint32_t>(i / 64);
      for (std::size_t block = 0; block < blockCount; block += 1)
        next[i] += expected[64 * block + i % 64] * static_cast<std::uint32_t>(block + 1);
    }
    expected = next;
  }
  DeviceArray<std::uint32_t> values(64 * blockCount);
  DeviceArray<std::uint32_t> counter(std::vector<std::uint32_t>{0});
  return ran(grid_barrier_kernel, static_cast<int>(blockCount), 64, 0, true, values.get(), counter.get(),
             static_cast<int>(blockCount), roundCount) &&
         same("grid barrier", values.read(), expected) &&
         same("grid barrier's counter", counter.read(), std::vector<std::size_t>{2 * roundCount * blockCount});
}

/**
 * A ring: block b takes round r's token from block b − 1 (block 0 from the last block's round r − 1), adds b + 1, and
 * passes it on: payload by relaxed stores, flag by release in even rounds, by a fence and a relaxed store in odd ones.
 */
KERNELGEN_KERNEL void polling_kernel(Words4* payloads, std::uint32_t* flags, int blockCount, int roundCount) {
  const int block = block_index();
  const int from = block == 0 ? blockCount - 1 : block - 1;
  for (int round = 1; round <= roundCount; round += 1) {
    const std::uint32_t awaited = static_cast<std::uint32_t>(block == 0 ? round - 1 : round);
    if (thread_index() == 0) {
      while (load_acquire(flags + from) < awaited) spin_pause();
    }
    sync_block();
    Words4 payload = load_relaxed(payloads + 32 * from + thread_index());
    for (std::uint32_t& word : payload.w) word += static_cast<std::uint32_t>(block + 1);
    store_relaxed(payloads + 32 * block + thread_index(), payload);
    sync_block();
    if (thread_index() == 0) {
      if (round % 2 == 0) {
        store_release(flags + block, static_cast<std::uint32_t>(round));
      } else {
        fence_device();
        store_relaxed(flags + block, static_cast<std::uint32_t>(round));
      }
    }
  }
}

bool check_polling() {
  constexpr std::size_t blockCount = 4;
  constexpr std::uint32_t roundCount = 9;
  std::vector<Words4> start(32 * blockCount);
  for (std::uint32_t i = 0; i < start.size(); i += 1) start[i] = {{i % 32, i % 32 + 100, i % 32 + 200, i % 32 + 300}};
  DeviceArray<Words4> payloads(start);
  DeviceArray<std::uint32_t> flags(std::vector<std::uint32_t>(blockCount, 0));
  if (!ran(polling_kernel, static_cast<int>(blockCount), 32, 0, true, payloads.get(), flags.get(),
           static_cast<int>(blockCount), static_cast<int>(roundCount)))
    return false;
  std::vector<std::uint32_t> actual;
  std::vector<std::uint32_t> expected;
  for (const Words4& vector : payloads.read()) actual.insert(actual.end(), vector.w, vector.w + 4);
  for (std::uint32_t block = 0; block < blockCount; block += 1) {
    const std::uint32_t added = (roundCount - 1) * (1 + 2 + 3 + 4) + (block + 1) * (block + 2) / 2;
    for (std::uint32_t i = 0; i < 128; i += 1) expected.push_back(i / 4 + i % 4 * 100 + added);
  }
  return same("polling", actual, expected);
}

// ---- Clusters -------------------------------------------------------------------------------------------------------

/** In each round every block sends each block of its cluster one word a lane, which that one adds up. */
KERNELGEN_KERNEL void cluster_kernel(std::uint32_t* sums, int roundCount, int clusterBlocks) {
  Words4* words = reinterpret_cast<Words4*>(shared_memory());  // [2][clusterBlocks][32]
  TransactionBarrier* barriers = reinterpret_cast<TransactionBarrier*>(words + 2 * clusterBlocks * 32);
  const int bytes = clusterBlocks * 32 * static_cast<int>(sizeof(Words4));
  if (thread_index() == 0) {
    for (int i = 0; i < 2; i += 1) {
      init_barrier(barriers + i);
      expect_bytes(barriers + i, bytes);
    }
  }
  sync_cluster();
  std::uint32_t sum = 0;
  for (int round = 0; round < roundCount; round += 1) {
    TransactionBarrier* barrier = barriers + round % 2;
    Words4* place = words + (round % 2 * clusterBlocks + cluster_rank()) * 32;
    for (int rank = 0; rank < clusterBlocks; rank += 1) {
      const std::uint32_t value = static_cast<std::uint32_t>(100 * block_index() + 10 * round + rank);
      store_async(cluster_address(place, rank) + 16 * lane_index(), Words4{{value, value + 1, value + 2, value + 3}},
                  cluster_address(barrier, rank));
    }
    wait_phase(barrier, round / 2);
    if (thread_index() == 0) expect_bytes(barrier, bytes);
    for (int rank = 0; rank < clusterBlocks; rank += 1) {
      const Words4 received = words[(round % 2 * clusterBlocks + rank) * 32 + lane_index()];
      for (int i = 0; i < 4; i += 1) sum += received.w[i];
    }
  }
  sums[block_index() * 32 + lane_index()] = sum;
}

bool check_cluster() {
#if defined(__CUDACC__)
  if (device_attribute(cudaDevAttrClusterLaunch) == 0) return true;
#endif
  const int clusterBlocks = 4;
  const int blockCount = 2 * clusterBlocks;
  const int roundCount = 7;
  DeviceArray<std::uint32_t> sums(std::vector<std::uint32_t>(32 * blockCount, 0));
  const std::size_t sharedBytes = 2 * clusterBlocks * 32 * sizeof(Words4) + 2 * sizeof(TransactionBarrier);
  if (!ran(cluster_kernel, blockCount, 32, sharedBytes, Residency(false, clusterBlocks), sums.get(), roundCount,
           clusterBlocks))
    return false;
  std::vector<std::uint32_t> expected;
  for (int block = 0; block < blockCount; block += 1) {
    std::uint32_t sum = 0;
    for (int round = 0; round < roundCount; round += 1)
      for (int peer = block / clusterBlocks * clusterBlocks, i = 0; i < clusterBlocks; i += 1)
        sum += static_cast<std::uint32_t>(4 * (100 * (peer + i) + 10 * round + block % clusterBlocks) + 6);
    expected.insert(expected.end(), 32, sum);
  }
  const std::string uneven = launch(cluster_kernel, 6, 32, sharedBytes, Residency(false, clusterBlocks), nullptr,
                                    sums.get(), roundCount, clusterBlocks);
  return same("cluster", sums.read(), expected) && uneven.find("6 blocks") != std::string::npos;
}

// ---- One launch for each step ---------------------------------------------------------------------------------------

/** Each step reads what the one before wrote. */
KERNELGEN_KERNEL void step_kernel(std::uint32_t* values, int step) {
  allow_next_step();
  wait_for_previous_step();
  const int place = block_index() * 32 + lane_index();
  values[place] = values[place] * 3 + static_cast<std::uint32_t>(step);
}

bool check_steps() {
  const int steps = 9;
  const int calls = 3;  // the second makes a graph, the third replays it
  DeviceArray<std::uint32_t> values(std::vector<std::uint32_t>(64, 1));
  for (int call = 0; call < calls; call += 1) {
    const std::string error = launch_steps(step_kernel, 2, 32, 0, steps, nullptr, values.get());
    if (!error.empty()) std::printf("%s\n", error.c_str());
  }
  std::uint32_t expected = 1;
  for (int i = 0; i < calls * steps; i += 1) expected = expected * 3 + static_cast<std::uint32_t>(i % steps);
  return synchronize(nullptr).empty() && same("steps", values.read(), std::vector<std::uint32_t>(64, expected));
}

// ---- Launching ------------------------------------------------------------------------------------------------------

KERNELGEN_KERNEL void empty_kernel() {}

bool check_launch() {
  const std::string noBlock = launch(empty_kernel, 0, 32, 0, false, nullptr);
  const std::string manyThreads = launch(empty_kernel, 1, 1025, 0, false, nullptr);
  const LaunchTime time = time_launches(3, nullptr, [] { return launch(empty_kernel, 2, 32, 0, false, nullptr); });
  std::printf("%s\n%s\n%s: %s\n", noBlock.c_str(), manyThreads.c_str(), device_name().c_str(),
              time.microseconds > 0 ? "timed" : "not timed");
#if defined(__CUDACC__)
  const std::string manyBlocks = launch(empty_kernel, 1000000, 32, 0, true, nullptr);
  const std::string muchMemory = launch(empty_kernel, 1, 32, 1 << 20, false, nullptr);
  std::printf("%s\n%s\n", manyBlocks.c_str(), muchMemory.c_str());
  if (manyBlocks.find("1000000 blocks") == std::string::npos || muchMemory.find("1048576 B") == std::string::npos)
    return false;
#endif
  return noBlock.find("at least 1 block") != std::string::npos && manyThreads.find("1025") != std::string::npos &&
         time.error.empty() && time.microseconds > 0 && ran(empty_kernel, 1, 1024, 0, false);
}

int main(int argumentCount, char** arguments) {
  const struct {
    const char* name;
    bool (*holds)();
  } checks[] = {{"positions", check_positions}, {"shuffles", check_shuffles},   {"mma", check_mma},
                {"ldmatrix", check_ldmatrix},   {"copies", check_copies},       {"widths", check_widths},
                {"bf16", check_bf16},           {"fp16", check_fp16},           {"mma-fp16", check_mma_fp16},
                {"functions", check_functions}, {"grid-barrier", check_grid_barrier},
                {"polling", check_polling},     {"launch", check_launch},
                {"cluster", check_cluster},     {"steps", check_steps}};
  int failureCount = 0;
  int runCount = 0;
  for (const auto& check : checks) {
    bool wanted = argumentCount == 1;
    for (int i = 1; i < argumentCount; i += 1) wanted = wanted || std::string(arguments[i]) == check.name;
    if (!wanted) continue;
    const bool holds = check.holds();
    std::printf("%s: %s\n", check.name, holds ? "passed" : "FAILED");
    failureCount += holds ? 0 : 1;
    runCount += 1;
  }
  return failureCount == 0 && runCount > 0 ? 0 : 1;
}
