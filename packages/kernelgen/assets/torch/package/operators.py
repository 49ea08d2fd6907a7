"""The `torch.library` operators of every cell: forward for inference, forward for training, backward, and weight gradients.

    CELL_inference(wx, recurrent, bias, lengths?, forward_clip?, s_initial…) -> (h, s_last…)
    CELL_forward(wx, recurrent, bias, lengths?, OPTIONS, s_initial…) -> (s…, s_last…, saved…)
    CELL_backward(d_s?…, d_s_last?…, lengths?, OPTIONS, recurrent, s_initial…, s…, saved…)
        -> (d_wx, d_u_gate…, d_s_initial…)
    CELL_weights(d_wx, d_u_gate…, h_initial, h) -> (d_recurrent, d_bias)

with OPTIONS = forward_clip?, recurrent_gradient_clip?, recurrent_gradient_cut, the fields of `Options`.

Shapes: lengths [B], wx and d_wx [B,T,G,N,D], recurrent [G,N,D,D] (out, in), bias [G,N,D], s_initial and s_last [B,1,N,D], s and saved [B,T,N,D].
d_wx has the gradients of the pre-activations of the gates with an input, d_u_gate [B,T,N,D] those of each gate without one. h has the type
of wx; the other states are float32 (float64 beside float64). Only `CELL_forward` has a derivative; the gradients of R and of
the bias are products over all steps, in `CELL_weights`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode

from . import fused_stepwise, kernels, native, stepwise
from .cell import Cell
from .cells import CELLS
from .options import Options
from .sequences import at_end, placed_at_end

NAMESPACE = "PACKAGE_NAME"
_OPTION_COUNT = len(Options._fields)
_PLAIN_CLASSES = (torch.Tensor, torch.nn.Parameter)
_library = torch.library.Library(NAMESPACE, "DEF")
#: What computes each operator, by its name and the type of device.
_implementations: dict[tuple[str, str], Callable] = {}
#: CELL_forward with its derivative, by the cell's name.
_layers: dict[str, type[torch.autograd.Function]] = {}


def inference(
    cell: Cell,
    wx: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor,
    initial: Sequence[torch.Tensor],
    lengths: torch.Tensor | None,
    options: Options,
):
    """h of all steps [B,T,N,D] and the last step of every state [B,1,N,D], without a derivative. `initial` is empty for states of zero."""
    is_plain = _is_plain(wx, recurrent, bias, *initial)
    layer = native.find(cell, wx, lengths is not None, _rounded(options, wx.dtype), False) if is_plain else None
    if layer is not None:
        run, number = layer
        h, *lasts = run(number, wx, recurrent, bias, initial, lengths, False, False)
        return h, lasts
    operator = _implementations[f"{cell.name}_inference", wx.device.type] if is_plain else _operator(cell, "inference")
    h, *lasts = _list(operator(wx, recurrent, bias, lengths, options.forward_clip, *(initial or zero_states(cell, wx))))
    return h, [h[:, -1:] if lengths is None else at_end(h, lengths), *lasts]


def forward(
    cell: Cell,
    wx: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor,
    initial: Sequence[torch.Tensor],
    lengths: torch.Tensor | None,
    options: Options,
    all_states: bool,
):
    """All steps of every state [B,T,N,D], or of h alone, and the last step of every state [B,1,N,D]; differentiable.

    `initial` is empty for states of zero.
    """
    count = len(cell.states) if all_states else 1
    is_plain = _is_plain(wx, recurrent, bias, *initial)
    layer = native.find(cell, wx, lengths is not None, _rounded(options, wx.dtype), True) if is_plain else None
    if layer is not None:
        run, number = layer
        results = run(number, wx, recurrent, bias, initial, lengths, all_states, True)
        return results[:count], results[count:]
    operator = _layers[cell.name].apply if is_plain else _operator(cell, "forward")
    results = operator(wx, recurrent, bias, lengths, *options, *(initial or zero_states(cell, wx)))
    return list(results[:count]), list(results[len(cell.states) : 2 * len(cell.states)])


def zero_states(cell: Cell, wx: torch.Tensor) -> list[torch.Tensor]:
    """Initial states of zero for wx [B,T,G,N,D]."""
    batch, _, _, heads, dim = wx.shape
    other = stepwise.state_dtype(wx.dtype)
    return [wx.new_zeros(batch, 1, heads, dim, dtype=other if place else wx.dtype) for place in range(len(cell.states))]


def _is_plain(*tensors: torch.Tensor) -> bool:
    """Whether operators are watched by nobody: no compiler, tracer, transform, dispatch mode or class of tensors of its own.

    Then what they do is called directly: the dispatcher's way through Python takes longer than the kernels of a short sequence.
    """
    return (
        not torch.compiler.is_compiling()
        and all(type(tensor) in _PLAIN_CLASSES for tensor in tensors)
        and tensors[0].device.type in ("cpu", "cuda")
        and not torch.jit.is_tracing()
        and _get_current_dispatch_mode() is None
        and torch._C._functorch.peek_interpreter_stack() is None
    )


def _call(cell: Cell, what: str, like: torch.Tensor, *arguments):
    """Calls an operator without a derivative, on the device of a tensor."""
    run = _implementations[f"{cell.name}_{what}", like.device.type] if _is_plain(like) else _operator(cell, what)
    return run(*arguments)


def _operator(cell: Cell, what: str):
    return getattr(getattr(torch.ops, NAMESPACE), f"{cell.name}_{what}")


def _list(result) -> list[torch.Tensor]:
    """An operator's results; a single one comes by itself."""
    return [result] if isinstance(result, torch.Tensor) else list(result)


def _define(cell: Cell) -> None:
    states, saved = cell.states, cell.saved
    initials = [f"{name}_initial" for name in states]
    lasts = [f"{name}_last" for name in states]
    lengths = "Tensor? lengths"
    options = ["float? forward_clip", "float? recurrent_gradient_clip", "bool recurrent_gradient_cut"]
    weights = _tensors(["wx", "recurrent", "bias"])
    inputless = [f"d_u_{cell.gates[place].name}" for place in _inputless(cell)]
    starts = _tensors(initials)
    _declare(f"{cell.name}_inference", [*weights, lengths, options[0], *starts], [states[0], *lasts[1:]])
    _declare(f"{cell.name}_forward", [*weights, lengths, *options, *starts], [*states, *lasts, *saved])
    _declare(
        f"{cell.name}_backward",
        [*(f"Tensor? d_{name}" for name in (*states, *lasts)), lengths, *options, *_tensors(["recurrent", *initials, *states, *saved])],
        ["d_wx", *inputless, *(f"d_{name}" for name in initials)],
    )
    _declare(f"{cell.name}_weights", _tensors(["d_wx", *inputless, f"{states[0]}_initial", states[0]]), ["d_recurrent", "d_bias"])
    _implement(f"{cell.name}_inference", _inference_of(cell), _inference_shapes(cell))
    _implement(f"{cell.name}_forward", _forward_of(cell), _forward_shapes(cell))
    _implement(f"{cell.name}_backward", _backward_of(cell), _backward_shapes(cell))
    _implement(f"{cell.name}_weights", _weights_of(cell), _weights_shapes(cell))
    _differentiate(cell)


def _tensors(names: Sequence[str]) -> list[str]:
    return [f"Tensor {name}" for name in names]


def _declare(name: str, parameters: Sequence[str], outputs: Sequence[str]) -> None:
    results = ", ".join(_tensors(outputs))
    _library.define(f"{name}({', '.join(parameters)}) -> ({results})", tags=(torch.Tag.pt2_compliant_tag,))


def _implement(name: str, function, shapes) -> None:
    for key in ("CPU", "CUDA"):
        _implementations[name, key.lower()] = _without_autocast(function, key.lower())
        _library.impl(name, _implementations[name, key.lower()], key)
    torch.library.register_fake(f"{NAMESPACE}::{name}", shapes, lib=_library)


def _without_autocast(function, device: str):
    """Autocast has done its part when an operator gets its tensors; it must not round the products of the loop over time."""

    @functools.wraps(function)
    def run(*arguments):
        if not torch.is_autocast_enabled(device):
            return function(*arguments)
        with torch.autocast(device, enabled=False):
            return function(*arguments)

    return run


def _inference_of(cell: Cell):
    def run(wx, recurrent, bias, lengths, forward_clip, *initial):
        names = [f"{name}_initial" for name in cell.states]
        options = _rounded(Options(forward_clip), wx.dtype)
        chosen = _kernels("inference", cell, wx, lengths, options)
        if chosen is None:
            run_loop = _loop(cell, wx, options, stepwise.forward, fused_stepwise.forward)
            states, _ = run_loop(wx, recurrent, bias, initial, False, lengths, options)
            return _result([states[0], *(_last(state, lengths) for state in states[1:])])
        inputs = {"wx": wx} | dict(zip(names, initial, strict=True))
        outputs = kernels.run(chosen, inputs, {"recurrent": recurrent, "bias": bias}, wx.shape[1], lengths)
        return _result([outputs[name] for name in cell.states])

    return run


def _inference_shapes(cell: Cell):
    def shapes(wx, recurrent, bias, lengths, forward_clip, *initial):
        h, *others = _state_shapes(cell, wx)
        return _result([h, *(_last(state) for state in others)])

    return shapes


def _forward_of(cell: Cell):
    def run(wx, recurrent, bias, lengths, forward_clip, recurrent_gradient_clip, recurrent_gradient_cut, *initial):
        names = [f"{name}_initial" for name in cell.states]
        options = _rounded(Options(forward_clip), wx.dtype)
        chosen = _kernels("training", cell, wx, lengths, options)
        if chosen is None:
            run_loop = _loop(cell, wx, options, stepwise.forward, fused_stepwise.forward)
            states, saved = run_loop(wx, recurrent, bias, initial, True, lengths, options)
        else:
            inputs = {"wx": wx} | dict(zip(names, initial, strict=True))
            outputs = kernels.run(chosen, inputs, {"recurrent": recurrent, "bias": bias}, wx.shape[1], lengths)
            states, saved = [outputs[name] for name in cell.states], [outputs[name] for name in cell.saved]
        return (*states, *(_last(state, lengths) for state in states), *saved)

    return run


def _forward_shapes(cell: Cell):
    def shapes(wx, recurrent, bias, lengths, forward_clip, recurrent_gradient_clip, recurrent_gradient_cut, *initial):
        states = _state_shapes(cell, wx)
        return (*states, *(_last(state) for state in states), *(torch.empty_like(states[0]) for _ in cell.saved))

    return shapes


def _backward_of(cell: Cell):
    def run(*arguments):
        given, lasts, lengths, options, recurrent, initial, states, saved = _backward_arguments(cell, arguments)
        options = _rounded(options, states[0].dtype)
        # Kernels read the gradients of all steps of the states other than h, or of the last step alone.
        has_sequences = any(gradient is not None for gradient in given[1:])
        chosen = _kernels("backward_sequence" if has_sequences else "backward", cell, states[0], lengths, options)
        gradients = [_with_last(*pair, state, lengths) for *pair, state in zip(given, lasts, states, strict=True)]
        if chosen is None:
            if has_sequences:
                # All of as many steps.
                gradients = [
                    gradient if gradient is None else _of_last_steps(gradient, state.shape[1], state, lengths)
                    for gradient, state in zip(gradients, states, strict=True)
                ]
            elif gradients[0] is not None:
                gradients[0] = _of_last_steps(gradients[0], states[0].shape[1], states[0], lengths)
            run_loop = _loop(cell, states[0], options, stepwise.backward, fused_stepwise.backward)
            d_u, d_initial = run_loop(gradients, recurrent, initial, states, saved, lengths, options)
            d_wx = _gates(d_u, cell.places("input"), 2).contiguous()
            return (d_wx, *(d_u[:, :, place].contiguous() for place in _inputless(cell)), *d_initial)
        inputs = dict(zip(cell.states, states, strict=True)) | dict(zip(cell.saved, saved, strict=True))
        for place, (name, state) in enumerate(zip(cell.states, states, strict=True)):
            steps = state.shape[1] if place == 0 or has_sequences else 1
            inputs[f"{name}_initial"] = initial[place]
            inputs[f"d_{name}"] = _of_last_steps(gradients[place], steps, state, lengths)
        outputs = kernels.run(chosen, inputs, {"recurrent": recurrent}, states[0].shape[1], lengths)
        names = [f"d_u_{cell.gates[place].name}" for place in _inputless(cell)] + [f"d_{name}_initial" for name in cell.states]
        return (outputs["d_wx"], *(outputs[name] for name in names))

    return run


def _backward_shapes(cell: Cell):
    def shapes(*arguments):
        *_, initial, (h, *_), _ = _backward_arguments(cell, arguments)
        batch, steps, heads, dim = h.shape
        d_wx = h.new_empty(batch, steps, len(cell.places("input")), heads, dim)
        return (d_wx, *(h.new_empty(h.shape) for _ in _inputless(cell)), *(state.new_empty(state.shape) for state in initial))

    return shapes


def _weights_of(cell: Cell):
    def run(d_wx, *others):
        *d_inputless, h_initial, h = others
        found = native.find_weights(cell, h)
        if found is not None:
            operator, number = found
            return operator(number, d_wx, d_inputless, h_initial, h)
        return _recurrent_gradient(cell, d_wx, d_inputless, h_initial, h), _bias_gradient(cell, d_wx, d_inputless)

    return run


def _weights_shapes(cell: Cell):
    def shapes(d_wx, *others):
        h = others[-1]
        _, _, heads, dim = h.shape
        counts = cell.counts
        return h.new_empty(counts["recurrent"], heads, dim, dim), h.new_empty(counts["bias"], heads, dim)

    return shapes


def _differentiate(cell: Cell) -> None:
    count = len(cell.states)

    def setup_context(ctx, inputs, output):
        _, recurrent, _, lengths, *others = inputs
        ctx.options, initial = Options(*others[:_OPTION_COUNT]), others[_OPTION_COUNT:]
        states, saved = output[:count], output[2 * count :]
        ctx.mark_non_differentiable(*saved)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(lengths, recurrent, *initial, *states, *saved)

    def backward(ctx, *gradients):
        lengths, recurrent, *others = ctx.saved_tensors
        h_initial, h = others[0], others[count]
        arguments = (*gradients[: 2 * count], lengths, *ctx.options, recurrent, *others)
        # Of a gradient that is differentiated again the operator says that it has no derivative.
        d_wx, *rest = _operator(cell, "backward")(*arguments) if torch.is_grad_enabled() else _call(cell, "backward", h, *arguments)
        d_inputless, d_initial = rest[:-count], rest[-count:]
        d_weights = (None, None)
        if any(ctx.needs_input_grad[1:3]):
            arguments = (d_wx, *d_inputless, h_initial, h)
            d_weights = _operator(cell, "weights")(*arguments) if torch.is_grad_enabled() else _call(cell, "weights", h, *arguments)
        return (
            d_wx,
            *d_weights,
            *[None] * (1 + _OPTION_COUNT),
            *d_initial,
        )

    def run(wx, *others):
        return _implementations[f"{cell.name}_forward", wx.device.type](wx, *others)

    methods = {"forward": run, "setup_context": setup_context, "backward": backward}
    _layers[cell.name] = type(
        f"{cell.name}_layer", (torch.autograd.Function,), {name: staticmethod(method) for name, method in methods.items()}
    )
    torch.library.register_autograd(f"{NAMESPACE}::{cell.name}_forward", backward, setup_context=setup_context, lib=_library)

    def refuse(ctx, *gradients):
        raise RuntimeError(f"{cell.name}: a gradient of this layer has no derivative of its own")

    for what in ("backward", "weights"):
        torch.library.register_autograd(f"{NAMESPACE}::{cell.name}_{what}", refuse, lib=_library)


def _recurrent_gradient(cell: Cell, d_wx, d_inputless, h_initial, h) -> torch.Tensor:
    """dL/dR[g,n] = sum over b and t of du[b,t,g,n] (outer) h[b,t-1,n], over all steps at once.

    One product for all gates where a single head lets their rows lie beside each other, else one for each gate.
    """
    batch, steps, heads, dim = h.shape
    # Two copies, which are faster than torch.cat along the steps.
    previous = torch.empty_like(h, memory_format=torch.contiguous_format)
    previous[:, :1] = h_initial
    previous[:, 1:] = h[:, :-1]
    previous = previous.view(batch * steps, heads, dim)
    if heads == 1 and len(cell.places("recurrent")) == len(cell.places("input")) and not d_inputless:
        rows = d_wx.reshape(batch * steps, -1)
        return (rows.T @ previous[:, 0]).reshape(-1, 1, dim, dim)
    by_gate = _by_gate(cell, d_wx.unbind(2), d_inputless)
    places = cell.places("recurrent")
    result = h.new_empty(len(places), heads, dim, dim)
    for gate, place in enumerate(places):
        rows = by_gate[place].reshape(batch * steps, heads, dim)
        torch.bmm(rows.permute(1, 2, 0), previous.transpose(0, 1), out=result[gate])
    return result


def _bias_gradient(cell: Cell, d_wx, d_inputless) -> torch.Tensor:
    """dL/db[g,n] = sum over b and t of du[b,t,g,n]."""
    sums = d_wx.sum((0, 1))
    if cell.places("bias") == cell.places("input"):
        return sums
    by_gate = _by_gate(cell, sums.unbind(0), [gradient.sum((0, 1)) for gradient in d_inputless])
    return torch.stack([by_gate[place] for place in cell.places("bias")])


def _by_gate(cell: Cell, with_input, without_input) -> dict[int, torch.Tensor]:
    """What there is for each gate, from what there is for those with an input and those without."""
    return dict(zip([*cell.places("input"), *_inputless(cell)], [*with_input, *without_input], strict=True))


def _inputless(cell: Cell) -> list[int]:
    """The gates without an input."""
    return [place for place, gate in enumerate(cell.gates) if not gate.input]


def _gates(tensor: torch.Tensor, places: list[int], dim: int) -> torch.Tensor:
    """The gates at these places, which are adjacent in most cells."""
    if places == list(range(places[0], places[-1] + 1)):
        return tensor.narrow(dim, places[0], len(places))
    return torch.cat([tensor.narrow(dim, place, 1) for place in places], dim)


def _of_last_steps(
    gradient: torch.Tensor | None, steps: int, state: torch.Tensor, lengths: torch.Tensor | None
) -> torch.Tensor:
    """A gradient that is given for all steps, for each sequence's last, or not at all: of so many steps, in the state's type."""
    if gradient is None:
        return state.new_zeros(state.shape[0], steps, *state.shape[2:])
    gradient = gradient.to(state.dtype)
    return gradient if gradient.shape[1] == steps else placed_at_end(gradient, steps, lengths)


def _rounded(options: Options, dtype: torch.dtype) -> Options:
    """The options as kernels of that type have them: the limit of the states is a number of the type, as the states are."""

    def rounded(limit: float | None, dtype: torch.dtype) -> float | None:
        return None if limit is None else torch.tensor(limit, dtype=dtype).item()

    states, gradient, cuts = options
    if states is None and gradient is None:
        return options
    return Options(rounded(states, dtype), rounded(gradient, stepwise.state_dtype(dtype)), cuts)


def _loop(cell: Cell, tensor: torch.Tensor, options: Options, plain, fused):
    """The loop over time for a cell and the type and device of a tensor: with pointwise kernels, or all in PyTorch operations."""
    pointwise = fused_stepwise.find(cell, tensor, options.forward_clip) if tensor.numel() > 0 else None
    return functools.partial(plain, cell) if pointwise is None else functools.partial(fused, pointwise, cell)


def _kernels(use: str, cell: Cell, tensor: torch.Tensor, lengths: torch.Tensor | None, options: Options):
    """The kernels for a tensor [B,T,…,N,D]; None where only the loop over time can serve it."""
    batch, *_, heads, dim = tensor.shape
    if batch == 0:
        return None
    return kernels.find(use, cell.name, tensor.device, tensor.dtype, dim, heads, batch, lengths is not None, options)


def _backward_arguments(cell: Cell, arguments):
    """(d_s, d_s_last, lengths, options, recurrent, s_initial, s, saved) of an operator's arguments."""
    count = len(cell.states)
    given, lasts, (lengths, *others) = arguments[:count], arguments[count : 2 * count], arguments[2 * count :]
    options, (recurrent, *rest) = Options(*others[:_OPTION_COUNT]), others[_OPTION_COUNT:]
    return given, lasts, lengths, options, recurrent, rest[:count], rest[count : 2 * count], rest[2 * count :]


def _with_last(
    given: torch.Tensor | None, last: torch.Tensor | None, state: torch.Tensor, lengths: torch.Tensor | None
) -> torch.Tensor | None:
    """The gradient of a state: that of all steps, that of the last step, or their sum."""
    if given is None:
        return last
    if last is None:
        return given
    total = given.to(state.dtype, copy=True)
    if lengths is None:
        total[:, -1:] += last
    else:
        total += placed_at_end(last, total.shape[1], lengths)
    return total


def _state_shapes(cell: Cell, wx: torch.Tensor) -> list[torch.Tensor]:
    batch, steps, _, heads, dim = wx.shape
    other = stepwise.state_dtype(wx.dtype)
    return [
        wx.new_empty(batch, steps, heads, dim, dtype=wx.dtype if place == 0 else other) for place in range(len(cell.states))
    ]


def _last(state: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """The last step of each sequence [B,1,N,D], in memory of its own: an operator's results must not overlap."""
    last = state[:, -1:] if lengths is None else at_end(state, lengths)
    return last.clone(memory_format=torch.contiguous_format)


def _result(tensors: list[torch.Tensor]):
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


for _cell in CELLS.values():
    _define(_cell)
