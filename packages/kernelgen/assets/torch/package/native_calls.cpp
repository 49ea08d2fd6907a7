// A call of a recurrent layer and its backward pass, each as one C++ function: allocations, kernel and weight gradients without
// Python in between, which takes the host longer than a short sequence takes the GPU.
//
//   kernel(name, launch, scratch_bytes, parameters) -> kernel      a kernel of this library, by the addresses of its functions
//   layer(cell, counts, inputs, recurrents, biases, zeros, kernels, weights) -> layer      a cell with its sizes and kernels
//   run(layer, wx, recurrent, bias, initial, lengths?, all_states, is_training) -> (h, s_last…), or (s…, s_last…) with all_states
//   weights(layer, d_wx, d_u_gate[], h_initial, h) -> (d_recurrent, d_bias)
//   steps_forward, steps_backward      the loop over time of layers whose products are a library's (native_steps.hpp)
//
// `initial` is empty for states of zero. Kernels and layers are made once, and known by a number.
//
// The operators are in a namespace of this library's own (TORCH_EXTENSION_NAME). They are what PACKAGE_NAME::CELL_inference, CELL_forward
// and CELL_backward compute for CUDA tensors that are just that: tracers, compilers and tensor classes see those, with their shapes and
// derivatives (operators.py).
//
// Letters: B sequences, T steps, G gates that have the term, N heads, D units of a head.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "native_common.hpp"
#include "native_steps.hpp"
#include "native_weight_gradients.hpp"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** Launches a kernel on the call's tensors; one that is not defined stands for zeros. */
void launch(const Layer& layer, Use use, const Tensors& tensors, int64_t steps) {
  const Kernel& kernel = layer.of(use);
  const at::Device device = layer.zeros.device();
  const c10::DeviceGuard guard(device);
  std::vector<void*> pointers;
  pointers.reserve(kernel.parameters.size());
  for (const int64_t place : kernel.parameters) {
    const Tensor& tensor = tensors[static_cast<std::size_t>(place)];
    pointers.push_back((tensor.defined() ? tensor : layer.zeros).data_ptr());
  }
  const int sizes[] = {static_cast<int>(layer.batch), static_cast<int>(layer.heads), static_cast<int>(layer.dim),
                       static_cast<int>(steps)};
  const int64_t bytes = kernel.scratchBytes(sizes);
  const Tensor scratch = bytes > 0 ? scratchMemory(layer, bytes) : Tensor();
  const char* error = kernel.launch(currentStream(device), pointers.data(), bytes > 0 ? scratch.data_ptr() : nullptr, sizes);
  TORCH_CHECK(error == nullptr, kernel.name, ": ", error);
}

/** The place of the lengths among the tensors of a forward pass and of a backward pass. */
constexpr int64_t forwardLengthsPlace = 3;
constexpr int64_t backwardLengthsPlace = 1;

/** Runs a forward kernel: wx, recurrent and bias are dense; `initial` is empty for zeros. */
void runForward(const Layer& layer, Use use, const Tensor& wx, const Tensor& recurrent, const Tensor& bias, at::TensorList initial,
                const std::optional<Tensor>& lengths, const Tensors& states, const Tensors& saved) {
  const bool readsLengths = layer.of(use).reads(forwardLengthsPlace);
  Tensors tensors{dense(wx), dense(recurrent), dense(bias), readsLengths ? counts(lengths, wx, wx.size(1)) : Tensor()};
  for (const Tensor& state : initial) tensors.push_back(dense(state));
  if (initial.empty()) tensors.resize(tensors.size() + static_cast<std::size_t>(layer.stateCount));
  append(tensors, states);
  append(tensors, saved);
  launch(layer, use, tensors, wx.size(1));
}

/** One tensor for each state: [B,T,N,D], or [B,1,N,D] from `firstLast` on. */
Tensors emptyStates(const Layer& layer, const Tensor& wx, int64_t firstLast) {
  Tensors states;
  for (int64_t state = 0; state < layer.stateCount; state += 1) {
    const int64_t steps = state < firstLast ? wx.size(1) : 1;
    states.push_back(sequences(wx, {layer.batch, steps, layer.heads, layer.dim}, stateType(wx, state)));
  }
  return states;
}

/** The place of each sequence's last step in [B,T,…]. */
c10::List<std::optional<Tensor>> lastPlaces(const Tensor& lengths) {
  return c10::List<std::optional<Tensor>>({at::arange(lengths.size(0), lengths.options()), lengths.sub(1)});
}

/** The last step of each sequence of [B,T,N,D], as [B,1,N,D] in memory of its own. */
Tensor lastStep(const Tensor& state, const std::optional<Tensor>& lengths) {
  if (!lengths) return state.narrow(1, state.size(1) - 1, 1).clone(at::MemoryFormat::Contiguous);
  return state.index(lastPlaces(*lengths)).unsqueeze(1);
}

/** The gradient of all steps of a state, from that of all steps and that of the last one, either of which may be missing. */
Tensor gradientOfSteps(const Tensor& given, const Tensor& last, const Tensor& state, const std::optional<Tensor>& lengths) {
  if (!last.defined()) return given.defined() ? dense(given.to(state.scalar_type())) : at::zeros_like(state);
  const Tensor total =
      given.defined() ? given.to(state.scalar_type()).clone(at::MemoryFormat::Contiguous) : at::zeros_like(state);
  const Tensor ofLast = last.to(state.scalar_type());
  if (lengths) {
    total.index_put_(lastPlaces(*lengths), ofLast.select(1, 0), /*accumulate=*/true);
  } else {
    total.narrow(1, state.size(1) - 1, 1).add_(ofLast);
  }
  return total;
}

/** Gradients that say, when they are differentiated again, that they have no derivative. */
struct WithoutDerivative : torch::autograd::Function<WithoutDerivative> {
  static variable_list forward(AutogradContext* context, const std::string& cell, at::TensorList gradients, at::TensorList) {
    context->saved_data["cell"] = cell;
    return gradients.vec();
  }

  static variable_list backward(AutogradContext* context, const variable_list&) {
    TORCH_CHECK(false, context->saved_data["cell"].toStringRef(), ": a gradient of this layer has no derivative of its own");
  }
};

/** The training pass with its derivative. */
struct Recurrence : torch::autograd::Function<Recurrence> {
  /** Places among the tensors of `forward`. */
  enum Gradient { ofWx, ofRecurrent, ofBias };

  static variable_list forward(AutogradContext* context, int64_t number, bool allStates, const Tensor& wx, const Tensor& recurrent,
                               const Tensor& bias, at::TensorList initial, const std::optional<Tensor>& lengths) {
    const Layer& layer = layersKept.at(number);
    const BelowAutograd below;
    const Tensors states = emptyStates(layer, wx, layer.stateCount);
    Tensors saved;
    for (int64_t value = 0; value < layer.savedCount; value += 1) saved.push_back(at::empty_like(states[0]));
    runForward(layer, Use::training, wx, recurrent, bias, initial, lengths, states, saved);
    variable_list results(states.begin(), allStates ? states.end() : states.begin() + 1);
    for (const Tensor& state : states) results.push_back(lastStep(state, lengths));
    context->set_materialize_grads(false);
    context->saved_data["layer"] = number;
    context->saved_data["allStates"] = allStates;
    Tensors kept{recurrent, lengths.value_or(Tensor())};
    append(kept, initial);
    if (initial.empty()) kept.resize(kept.size() + static_cast<std::size_t>(layer.stateCount));
    append(kept, states);
    append(kept, saved);
    context->save_for_backward(std::move(kept));
    return results;
  }

  static variable_list backward(AutogradContext* context, const variable_list& given) {
    const Layer& layer = layersKept.at(context->saved_data["layer"].toInt());
    const bool allStates = context->saved_data["allStates"].toBool();
    const variable_list kept = context->get_saved_variables();
    variable_list gradients;
    {
      const at::AutoGradMode withoutGradient(false);
      const BelowAutograd below;
      gradients = gradientsOf(layer, allStates, kept, given, [&](Gradient which) { return context->needs_input_grad(which); });
    }
    if (at::GradMode::is_enabled()) refuseDerivatives(layer, gradients, kept);
    // One for each argument of `forward`: of the number and the flag before, and of the lengths behind, there is none.
    gradients.insert(gradients.begin(), 2, Tensor());
    gradients.emplace_back();
    return gradients;
  }

 private:
  /** The gradients of wx, recurrent, bias and the initial states. */
  template <typename Needs>
  static variable_list gradientsOf(const Layer& layer, bool allStates, const variable_list& kept, const variable_list& given,
                                   const Needs& needs) {
    const auto count = static_cast<std::size_t>(layer.stateCount);
    const std::optional<Tensor> lengths = kept[1].defined() ? std::optional<Tensor>(kept[1]) : std::nullopt;
    const at::TensorList initial(&kept[2], count), states(&kept[2 + count], count);
    const at::TensorList saved(kept.data() + 2 + 2 * count, static_cast<std::size_t>(layer.savedCount));
    const std::size_t givenCount = allStates ? count : 1;
    // Kernels read the gradients of all steps of the states other than h, or of the last step alone.
    bool hasSequences = false;
    for (std::size_t state = 1; state < givenCount; state += 1) hasSequences = hasSequences || given[state].defined();
    const Use use = hasSequences ? Use::backwardSequence : Use::backward;
    // Whoever kept the tensors may have given back copies.
    const Tensor h = dense(states[0]);
    const int64_t steps = h.size(1);
    Tensors tensors{dense(kept[0]), layer.of(use).reads(backwardLengthsPlace) ? counts(lengths, h, steps) : Tensor()};
    for (const at::TensorList& group : {initial, states, saved}) {
      for (const Tensor& tensor : group) tensors.push_back(tensor.defined() ? dense(tensor) : tensor);
    }
    for (std::size_t state = 0; state < count; state += 1) {
      const Tensor& last = given[givenCount + state];
      if (state == 0 || hasSequences) {
        tensors.push_back(gradientOfSteps(state < givenCount ? given[state] : Tensor(), last, states[state], lengths));
      } else {
        tensors.push_back(last.defined() ? dense(last.to(states[state].scalar_type())) : last);
      }
    }
    GateGradients gates;
    gates.withInput = at::empty({layer.batch, steps, static_cast<int64_t>(layer.inputs.size()), layer.heads, layer.dim}, h.options());
    for (std::size_t other = layer.inputless().size(); other > 0; other -= 1) gates.others.push_back(at::empty_like(h));
    tensors.push_back(gates.withInput);
    append(tensors, gates.others);
    Tensors ofInitial;
    for (int64_t state = 0; state < layer.stateCount; state += 1) {
      ofInitial.push_back(at::empty({layer.batch, 1, layer.heads, layer.dim}, h.options().dtype(stateType(h, state))));
    }
    append(tensors, ofInitial);
    launch(layer, use, tensors, steps);

    variable_list gradients{gates.withInput};
    append(gradients, weightGradients(layer, gates, initial[0], h, needs(ofRecurrent), needs(ofBias)));
    if (initial[0].defined()) append(gradients, ofInitial);
    return gradients;
  }

  /** Makes the gradients refuse to be differentiated, where what they depend on can be. */
  static void refuseDerivatives(const Layer& layer, variable_list& gradients, const variable_list& kept) {
    Tensors defined;
    Tensors differentiable;
    for (const Tensor& gradient : gradients) {
      if (gradient.defined()) defined.push_back(gradient);
    }
    for (const Tensor& tensor : kept) {
      if (tensor.defined() && tensor.requires_grad()) differentiable.push_back(tensor);
    }
    variable_list refusing = WithoutDerivative::apply(layer.cell, at::TensorList(defined), at::TensorList(differentiable));
    auto next = refusing.begin();
    for (Tensor& gradient : gradients) {
      if (gradient.defined()) gradient = *next++;
    }
  }
};

/** h of all steps and the last step of every state, without a derivative. */
Tensors runInference(const Layer& layer, const Tensor& wx, const Tensor& recurrent, const Tensor& bias, at::TensorList initial,
                     const std::optional<Tensor>& lengths) {
  const at::AutoGradMode withoutGradient(false);
  const c10::impl::ExcludeDispatchKeyGuard withoutAutocast(c10::autocast_dispatch_keyset);
  Tensors states = emptyStates(layer, wx, 1);
  runForward(layer, Use::inference, wx, recurrent, bias, initial, lengths, states, {});
  const Tensor& h = states[0];
  states.insert(states.begin() + 1, lengths ? lastStep(h, lengths) : h.narrow(1, h.size(1) - 1, 1));
  return states;
}

Tensors run(int64_t number, const Tensor& wx, const Tensor& recurrent, const Tensor& bias, at::TensorList initial,
            const std::optional<Tensor>& lengths, bool allStates, bool isTraining) {
  if (!isTraining) return runInference(layersKept.at(number), wx, recurrent, bias, initial, lengths);
  return Recurrence::apply(number, allStates, wx, recurrent, bias, initial, lengths);
}

/** The gradients of R and of the biases from those of the gates' pre-activations, with an input and without. */
std::tuple<Tensor, Tensor> weights(int64_t number, const Tensor& withInput, at::TensorList others, const Tensor& initial, const Tensor& h) {
  const at::AutoGradMode withoutGradient(false);
  const BelowAutograd below;
  GateGradients gates{dense(withInput), {}};
  for (const Tensor& other : others) gates.others.push_back(dense(other));
  const Tensors gradients = weightGradients(layersKept.at(number), gates, initial, dense(h), true, true);
  return {gradients[0], gradients[1]};
}

int64_t addKernel(std::string name, int64_t launchAddress, int64_t scratchAddress, at::IntArrayRef parameters) {
  return kernelsKept.add({std::move(name), reinterpret_cast<decltype(Kernel::launch)>(launchAddress),
                          reinterpret_cast<decltype(Kernel::scratchBytes)>(scratchAddress), parameters.vec()});
}

int64_t addLayer(std::string cell, at::IntArrayRef counts, at::IntArrayRef inputs, at::IntArrayRef recurrents, at::IntArrayRef biases,
                 const Tensor& zeros, at::IntArrayRef kernels, at::IntArrayRef weights) {
  TORCH_CHECK(counts.size() == 6 && kernels.size() == useCount, "layer: needs 6 counts and ", useCount, " kernels");
  Layer layer{std::move(cell), counts[0],    counts[1],        counts[2],    counts[3], counts[4],
              counts[5],       inputs.vec(), recurrents.vec(), biases.vec(), zeros,     {}, {}};
  for (std::size_t use = 0; use < useCount; use += 1) {
    layer.kernels[use] = kernels[use] < 0 ? nullptr : &kernelsKept.at(kernels[use]);
  }
  if (weights.size() == 3) {
    layer.weightGradients = {reinterpret_cast<decltype(WeightGradientKernels::serves)>(weights[0]),
                             reinterpret_cast<decltype(WeightGradientKernels::scratchBytes)>(weights[1]),
                             reinterpret_cast<decltype(WeightGradientKernels::launch)>(weights[2])};
  }
  return layersKept.add(std::move(layer));
}

}  // namespace

// A macro between, since TORCH_LIBRARY takes the name as it is written.
#define OPERATORS_OF(name, library) TORCH_LIBRARY(name, library)

OPERATORS_OF(TORCH_EXTENSION_NAME, library) {
  library.def("kernel(str name, int launch, int scratch_bytes, int[] parameters) -> int", &addKernel);
  library.def(
      "layer(str cell, int[] counts, int[] inputs, int[] recurrents, int[] biases, Tensor zeros, int[] kernels, int[] weights) -> int",
      &addLayer);
  library.def(
      "run(int layer, Tensor wx, Tensor recurrent, Tensor bias, Tensor[] initial, Tensor? lengths, bool all_states, bool is_training)"
      " -> Tensor[]",
      &run);
  library.def("weights(int layer, Tensor d_wx, Tensor[] others, Tensor initial, Tensor h) -> (Tensor, Tensor)", &weights);
  library.def("steps_forward(int launch, Tensor?[] tensors, Tensor h_initial, Tensor h, Tensor matrix) -> ()", &stepsForward);
  library.def(
      "steps_backward(int launch, Tensor?[] tensors, Tensor products, Tensor rows, Tensor matrix, int[] sizes, float? clip, bool cut)"
      " -> Tensor",
      &stepsBackward);
}
