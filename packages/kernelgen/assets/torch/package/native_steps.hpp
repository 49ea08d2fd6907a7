// The loop over time of a layer whose steps are a library's product and a pointwise kernel: two launches a step, without Python in between.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <torch/version.h>

#include "native_common.hpp"

namespace {

/** C interface of a pass of a pointwise kernel: tensors, of which the first is the step's product, and sizes with the step as the fifth. */
using PointwiseLaunch = const char* (*)(void* stream, void* const* tensors, const int* sizes);
using OptionalTensors = c10::List<std::optional<Tensor>>;

/** result = left · right, batched, with sums and results of float32 (float64 of float64). */
void productInto(Tensor& result, const Tensor& left, const Tensor& right) {
  if (left.scalar_type() == result.scalar_type()) {
    at::bmm_out(result, left, right);
    return;
  }
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 8
  if (left.is_cuda()) {
    at::bmm_out(result, left, right, result.scalar_type());
    return;
  }
#endif
  at::bmm_out(result, left.to(result.scalar_type()), right.to(result.scalar_type()));
}

/** The tensors' addresses; null for those that are missing. */
std::vector<void*> addressesOf(const OptionalTensors& tensors) {
  std::vector<void*> addresses;
  for (const std::optional<Tensor>& tensor : tensors) addresses.push_back(tensor ? tensor->data_ptr() : nullptr);
  return addresses;
}

void launchStep(PointwiseLaunch launch, const at::Device& device, const std::vector<void*>& addresses, const int* sizes) {
  const char* error = launch(currentStream(device), addresses.data(), sizes);
  TORCH_CHECK(error == nullptr, error);
}

/** All steps of the states; `h` [B,T,N,D] is one of the tensors that are written, `matrix` [N,D,G·D] is R as the product takes it. */
void stepsForward(int64_t launch, const OptionalTensors& tensors, const Tensor& initial, const Tensor& h, const Tensor& matrix) {
  const at::AutoGradMode withoutGradient(false);
  const BelowAutograd below;
  const c10::DeviceGuard guard(h.device());
  const int64_t batch = h.size(0), steps = h.size(1), heads = h.size(2);
  Tensor products = at::empty({heads, batch, matrix.size(2)}, h.options().dtype(at::kFloat));
  std::vector<void*> addresses = addressesOf(tensors);
  addresses[0] = products.data_ptr();
  int sizes[] = {static_cast<int>(batch), static_cast<int>(steps), static_cast<int>(heads), static_cast<int>(h.size(3)), 0};
  for (int64_t step = 0; step < steps; step += 1) {
    const Tensor previous = step == 0 ? initial.select(1, 0) : h.select(1, step - 1);
    productInto(products, previous.transpose(0, 1), matrix);
    sizes[4] = static_cast<int>(step);
    launchStep(reinterpret_cast<PointwiseLaunch>(launch), h.device(), addresses, sizes);
  }
}

/**
 * All gradients of the pre-activations, from the last step to the first. `products` [N,B,D] are what h gets through R, zero at first; `rows`
 * [N,B,G·D] what a step leaves for the next product with `matrix` [N,G·D,D]; `sizes` are those of the kernel, with any step. `clip` holds the products
 * within limits, `cut` leaves them zero. Returns those of the initial h.
 */
Tensor stepsBackward(int64_t launch, const OptionalTensors& tensors, const Tensor& products, const Tensor& rows,
                            const Tensor& matrix, at::IntArrayRef sizes, std::optional<double> clip, bool cut) {
  const at::AutoGradMode withoutGradient(false);
  const BelowAutograd below;
  const c10::DeviceGuard guard(rows.device());
  std::vector<void*> addresses = addressesOf(tensors);
  Tensor through = products;
  addresses[0] = through.data_ptr();
  std::vector<int> call(sizes.begin(), sizes.end());
  for (int step = call[1] - 1; step >= 0; step -= 1) {
    call[4] = step;
    launchStep(reinterpret_cast<PointwiseLaunch>(launch), rows.device(), addresses, call.data());
    if (cut) continue;
    productInto(through, rows, matrix);
    if (clip) through.clamp_(-*clip, *clip);
  }
  return through;
}

}  // namespace
