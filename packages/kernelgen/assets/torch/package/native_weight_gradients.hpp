// The weight gradients of a layer: one product of all steps for each gate, or the kernels for small heads.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include <array>
#include <tuple>

#include "native_common.hpp"

namespace {

/** Gradients of the pre-activations, and where those of each gate are. */
struct GateGradients {
  /** [B,T,G,N,D] of the gates with an input, and [B,T,N,D] of each of the others. */
  Tensor withInput;
  Tensors others;

  /** Those of one gate, [B,T,N,D]. */
  Tensor of(const Layer& layer, int64_t gate) const {
    const auto place = std::find(layer.inputs.begin(), layer.inputs.end(), gate);
    if (place != layer.inputs.end()) return withInput.select(2, place - layer.inputs.begin());
    const Places inputless = layer.inputless();
    return others[static_cast<std::size_t>(std::find(inputless.begin(), inputless.end(), gate) - inputless.begin())];
  }

  /** Those of a gate and the next count - 1 that lie behind it in memory, [B,T,count,N,D]. */
  Tensor from(const Layer& layer, int64_t gate, int64_t count) const {
    const auto place = std::find(layer.inputs.begin(), layer.inputs.end(), gate);
    return place == layer.inputs.end() ? of(layer, gate).unsqueeze(2) : withInput.narrow(2, place - layer.inputs.begin(), count);
  }
};

/** How many gates from `first` on one product can serve: those that lie beside each other in memory, of a single head. */
std::size_t gatesOfProduct(const Layer& layer, std::size_t first) {
  const auto inputPlace = [&](std::size_t gate) {
    return std::find(layer.inputs.begin(), layer.inputs.end(), layer.recurrents[gate]) - layer.inputs.begin();
  };
  const auto inputCount = static_cast<std::ptrdiff_t>(layer.inputs.size());
  std::size_t count = 1;
  while (layer.heads == 1 && first + count < layer.recurrents.size() && inputPlace(first) < inputCount &&
         inputPlace(first + count) == inputPlace(first) + static_cast<std::ptrdiff_t>(count)) {
    count += 1;
  }
  return count;
}

/**
 * dL/dR[g,n] = sum over b and t of du[b,t,g,n] (outer) h[b,t-1,n], over all steps at once.
 *
 * Row k of du, counted over all steps of all sequences, meets row k - 1 of h, but for the first step of each sequence, which meets the
 * initial state. Those few rows are zero while the large product runs, rather than that h is copied, shifted by a step.
 */
Tensor recurrentGradient(const Layer& layer, const GateGradients& gates, const Tensor& initial, const Tensor& h) {
  const int64_t steps = h.size(1), rows = layer.batch * steps, dim = layer.dim;
  const Tensor result = at::empty({static_cast<int64_t>(layer.recurrents.size()), layer.heads, dim, dim}, h.options());
  const Tensor previous = h.view({rows, layer.heads, dim}).narrow(0, 0, rows - 1).transpose(0, 1);
  std::size_t count = 1;
  for (std::size_t first = 0; first < layer.recurrents.size(); first += count) {
    count = gatesOfProduct(layer, first);
    const Tensor du = gates.from(layer, layer.recurrents[first], static_cast<int64_t>(count));
    const auto place = static_cast<int64_t>(first), many = static_cast<int64_t>(count);
    // [rows,count,N,D] as [N, count · D, rows]: several heads, or several gates.
    const auto byHead = [&](const Tensor& some) { return some.reshape({-1, layer.heads, many * dim}).permute({1, 2, 0}); };
    Tensor part = result.narrow(0, place, many).view({layer.heads, many * dim, dim});
    const Tensor start = du.select(1, 0);
    if (steps > 1) {
      const Tensor firstStep = start.clone(at::MemoryFormat::Contiguous);
      start.zero_();
      at::bmm_out(part, byHead(du.flatten(0, 1).narrow(0, 1, rows - 1)), previous);
      start.copy_(firstStep);
      if (initial.defined()) part.baddbmm_(byHead(firstStep), initial.select(1, 0).transpose(0, 1));
    } else if (initial.defined()) {
      at::bmm_out(part, byHead(start), initial.select(1, 0).transpose(0, 1));
    } else {
      part.zero_();
    }
  }
  return result;
}

/** dL/db[g,n] = sum over b and t of du[b,t,g,n]; `known` [G,N,D], if it is defined, has those of the gates with a recurrent product. */
Tensor biasGradient(const Layer& layer, const GateGradients& gates, const Tensor& known) {
  if (known.defined() && layer.biases == layer.recurrents) return known;
  if (!known.defined() && layer.biases == layer.inputs) return gates.withInput.sum(at::IntArrayRef{0, 1});
  Tensors rows;
  for (const int64_t gate : layer.biases) {
    const auto place = std::find(layer.recurrents.begin(), layer.recurrents.end(), gate);
    const bool isKnown = known.defined() && place != layer.recurrents.end();
    rows.push_back(isKnown ? known.select(0, place - layer.recurrents.begin()) : gates.of(layer, gate).sum(at::IntArrayRef{0, 1}));
  }
  return at::stack(rows);
}

/** Sizes as the kernels of weight gradients take them. */
std::array<int, 5> weightSizes(const Layer& layer, const Tensor& h) {
  return {static_cast<int>(layer.batch), static_cast<int>(h.size(1)), static_cast<int>(layer.heads), static_cast<int>(layer.dim),
          static_cast<int>(layer.recurrents.size())};
}

/** The gradients of R and of the biases of the gates with a recurrent product, by the kernels for small heads. */
std::pair<Tensor, Tensor> smallHeadGradients(const Layer& layer, const GateGradients& gates, const Tensor& initial, const Tensor& h) {
  const c10::DeviceGuard guard(h.device());
  const auto sizes = weightSizes(layer, h);
  const auto count = static_cast<int64_t>(layer.recurrents.size());
  const Tensor recurrent = at::empty({count, layer.heads, layer.dim, layer.dim}, h.options());
  const Tensor bias = at::empty({count, layer.heads, layer.dim}, h.options());
  const Tensor scratch = scratchMemory(layer, layer.weightGradients.scratchBytes(sizes.data()));
  const Tensor start = initial.defined() ? dense(initial) : Tensor();
  // In the order of the kernels' C interface, which then takes the gates'.
  std::vector<void*> tensors{h.data_ptr(), start.defined() ? start.data_ptr() : nullptr, recurrent.data_ptr(), bias.data_ptr(),
                             scratch.data_ptr()};
  Places strides;
  for (const int64_t gate : layer.recurrents) {
    const Tensor du = gates.of(layer, gate);
    tensors.push_back(du.data_ptr());
    strides.push_back(du.stride(1));
  }
  const char* error =
      layer.weightGradients.launch(currentStream(h.device()), tensors.data(), strides.data(), sizes.data());
  TORCH_CHECK(error == nullptr, "weight gradients: ", error);
  return {recurrent, bias};
}

/** The gradients of R and of the biases, where they are needed. */
Tensors weightGradients(const Layer& layer, const GateGradients& gates, const Tensor& initial, const Tensor& h, bool needsRecurrent,
                        bool needsBias) {
  Tensor recurrent, bias;
  if (needsRecurrent && layer.weightGradients.serves != nullptr && layer.weightGradients.serves(weightSizes(layer, h).data()) != 0) {
    std::tie(recurrent, bias) = smallHeadGradients(layer, gates, initial, h);
  } else if (needsRecurrent) {
    recurrent = recurrentGradient(layer, gates, initial, h);
  }
  return {recurrent, needsBias ? biasGradient(layer, gates, bias) : Tensor()};
}

}  // namespace
