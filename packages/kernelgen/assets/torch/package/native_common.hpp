// What the native calls share: kernels and layers, and tensors as kernels want them. See native_calls.cpp.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A PyTorch without CUDA lacks it; there the kernels are the host's, which have no streams.
#if __has_include(<c10/cuda/impl/cuda_cmake_macros.h>)
#include <c10/cuda/CUDAStream.h>
#define HAS_STREAMS
#endif

namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;
using Places = std::vector<int64_t>;

/** Bytes that the widest access of a kernel is aligned to. */
constexpr std::uintptr_t alignment = 16;

/** A kernel of this library (its C interface is described where it is generated), and where a call has what it reads and writes. */
struct Kernel {
  std::string name;
  const char* (*launch)(void* stream, void* const* tensors, void* scratch, const int* sizes);
  int64_t (*scratchBytes)(const int* sizes);
  /** For each parameter the place of its tensor among those of the call. */
  Places parameters;

  bool reads(int64_t place) const { return std::find(parameters.begin(), parameters.end(), place) != parameters.end(); }
};

/** The kernels of the weight gradients of small heads, by their C interface; null where there are none for the type. */
struct WeightGradientKernels {
  int (*serves)(const int* sizes) = nullptr;
  int64_t (*scratchBytes)(const int* sizes) = nullptr;
  const char* (*launch)(void* stream, void* const* tensors, const int64_t* strides, const int* sizes) = nullptr;
};

/** What a kernel of a layer is for. */
enum class Use : std::size_t { inference, training, backward, backwardSequence };
constexpr std::size_t useCount = 4;

/** A cell with its sizes: its kernels, and how its gates and states lie in tensors. */
struct Layer {
  std::string cell;
  int64_t batch, heads, dim, stateCount, savedCount, gateCount;
  /** The gates that have an input, a recurrent product and a bias. */
  Places inputs, recurrents, biases;
  /** Zeros in place of states and gradients that are not given: as many bytes as the largest of them. */
  Tensor zeros;
  /** By their use; null for a use that the layer is not for. */
  const Kernel* kernels[useCount];
  WeightGradientKernels weightGradients;

  const Kernel& of(Use use) const { return *kernels[static_cast<std::size_t>(use)]; }

  /** The gates without an input. */
  Places inputless() const {
    Places found;
    for (int64_t gate = 0; gate < gateCount; gate += 1) {
      if (std::find(inputs.begin(), inputs.end(), gate) == inputs.end()) found.push_back(gate);
    }
    return found;
  }
};

/** What was made once and stays for the life of the process, by number. */
template <typename Item>
class Kept {
 public:
  int64_t add(Item item) {
    const std::lock_guard<std::mutex> lock(mutex_);
    items_.push_back(std::move(item));
    return static_cast<int64_t>(items_.size()) - 1;
  }

  const Item& at(int64_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // A deque leaves its items where they are.
    return items_.at(static_cast<std::size_t>(number));
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

Kept<Kernel> kernelsKept;
Kept<Layer> layersKept;

void append(Tensors& tensors, at::TensorList more) { tensors.insert(tensors.end(), more.begin(), more.end()); }

/** The tensor, or a copy of it that is contiguous and aligned for the kernels. */
Tensor dense(const Tensor& tensor) {
  const Tensor contiguous = tensor.contiguous();
  return reinterpret_cast<std::uintptr_t>(contiguous.const_data_ptr()) % alignment == 0 ? contiguous : contiguous.clone();
}

/** The lengths as kernels read them, those of whole sequences if there are none. */
Tensor counts(const std::optional<Tensor>& lengths, const Tensor& like, int64_t steps) {
  if (lengths) return lengths->to(at::kInt).contiguous();
  return at::full({like.size(0)}, steps, like.options().dtype(at::kInt));
}

Tensor sequences(const Tensor& like, at::IntArrayRef shape, at::ScalarType type) {
  return at::empty(shape, like.options().dtype(type));
}

at::ScalarType stateType(const Tensor& h, int64_t state) { return state == 0 ? h.scalar_type() : at::kFloat; }

void* currentStream(const at::Device& device) {
#if defined(HAS_STREAMS)
  if (device.is_cuda()) return c10::cuda::getCurrentCUDAStream(device.index()).stream();
#endif
  return nullptr;
}

Tensor scratchMemory(const Layer& layer, int64_t bytes) {
  return at::empty({bytes}, layer.zeros.options().dtype(at::kByte));
}

/** What autograd and autocast must not see: the work of an operator on tensors that are as it wants them. */
struct BelowAutograd {
  at::AutoDispatchBelowADInplaceOrView withoutAutograd;
  c10::impl::ExcludeDispatchKeyGuard withoutAutocast{c10::autocast_dispatch_keyset};
};

}  // namespace
