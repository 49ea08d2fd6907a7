"""Layers whose calls are C++ functions of the device's library (native_calls.cpp), prepared once for a cell and its sizes."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from . import building, kernels, plans
from .cell import Cell
from .cells import CELLS
from .options import Options

#: The prepared layer of each cell, device, type, batch, heads, units of a head, whether there are lengths, options, and whether it is
#: trained; None where a call needs what the C++ functions do not do.
_layers: dict[tuple, tuple[object, int] | None] = {}
#: Those whose weight gradients alone are native, of each cell, device, type, batch, heads and units of a head.
_weights: dict[tuple, tuple[object, int]] = {}
#: In place of the kernel of another use.
_NONE = -1


def find(cell: Cell, wx: torch.Tensor, has_lengths: bool, options: Options, is_training: bool) -> tuple[object, int] | None:
    """The operator that runs a layer on wx [B,T,G,N,D], and the layer's number; None where one kernel does not serve the whole batch."""
    shape = wx.shape
    key = (cell.name, wx.device, wx.dtype, shape[0], shape[3], shape[4], has_lengths, options, is_training)
    try:
        return _layers[key]
    except KeyError:
        pass
    device = plans.device_for(wx.device)
    if device is None:
        return None
    if wx.is_cuda and torch.cuda.is_current_stream_capturing():
        # Memory that a capture takes belongs to its graph, and is not zeroed before the graph runs.
        return None
    _layers[key] = _prepared(device, *key)
    return _layers[key]


def _prepared(
    device: plans.Device,
    name: str,
    where: torch.device,
    dtype: torch.dtype,
    batch: int,
    heads: int,
    dim: int,
    has_lengths: bool,
    options: Options,
    is_training: bool,
) -> tuple[object, int] | None:
    cell = CELLS[name]
    backward_sequence = "backward_sequence" if len(cell.states) > 1 else "backward"
    uses = ["training", "backward", backward_sequence] if is_training else ["inference"]
    chosen = []
    for use in uses:
        of_use = options if use.startswith("backward") else Options(options.forward_clip)
        found = kernels.find(use, name, where, dtype, dim, heads, batch, has_lengths, of_use) if batch > 0 else None
        if found is None or [kernel.batch for kernel in found] != [batch]:
            return None
        chosen += found
    operators = building.operators(device)
    numbers = [
        _kernel(operators, kernel, _backward_order(cell) if kernel.use.startswith("backward") else _forward_order(cell))
        for kernel in chosen
    ]
    numbers = [_NONE, *numbers] if is_training else [*numbers, _NONE, _NONE, _NONE]
    # As large as a state of float32.
    zeros = torch.zeros(batch, heads, dim, device=where)
    if where.type == "cuda":
        # Calls on any stream read them.
        torch.cuda.current_stream(where).synchronize()
    return operators.run.default, _layer(operators, device, cell, dtype, (batch, heads, dim), zeros, numbers)


def find_weights(cell: Cell, h: torch.Tensor) -> tuple[object, int] | None:
    """The operator of the weight gradients of a layer whose h is [B,T,N,D], and the layer's number; None where the package has nothing for it."""
    key = (cell.name, h.device, h.dtype, h.shape[0], h.shape[2], h.shape[3])
    if key not in _weights:
        device = plans.device_for(h.device)
        if device is None or (device.id, cell.name, h.dtype) not in plans.pointwise() or h.numel() == 0:
            return None
        operators = building.operators(device)
        number = _layer(operators, device, cell, h.dtype, key[3:], h.new_empty(0), [_NONE] * 4)
        _weights[key] = operators.weights.default, number
    return _weights[key]


def _layer(
    operators, device: plans.Device, cell: Cell, dtype: torch.dtype, sizes: Sequence[int], zeros: torch.Tensor, numbers: list[int]
) -> int:
    """Makes a layer known by its sizes (batch, heads, units of a head) and the numbers of its kernels."""
    counts = [*sizes, len(cell.states), len(cell.saved), len(cell.gates)]
    places = [cell.places(term) for term in ("input", "recurrent", "bias")]
    found = plans.weight_gradients().get((device.id, dtype))
    weights = [] if found is None else building.addresses(device, found.name, ("serves", "scratch_bytes", "launch"))
    return operators.layer(cell.name, counts, *places, zeros, numbers, weights)


def _kernel(operators, kernel: plans.Kernel, order: list[str]) -> int:
    """Makes a kernel known by the addresses of its functions and the places of its tensors."""
    addresses = [building.address(function) for function in kernels.functions(kernel.device, kernel.name)]
    return operators.kernel(kernel.name, *addresses, [order.index(spec.name) for spec in kernel.tensors])


def _forward_order(cell: Cell) -> list[str]:
    """The names of a forward pass's tensors in the order of native_calls.cpp."""
    initials = [f"{name}_initial" for name in cell.states]
    return ["wx", "recurrent", "bias", "lengths", *initials, *cell.states, *cell.saved]


def _backward_order(cell: Cell) -> list[str]:
    """The names of a backward pass's tensors in the order of native_calls.cpp."""
    initials = [f"{name}_initial" for name in cell.states]
    others = [f"d_u_{gate.name}" for gate in cell.gates if not gate.input]
    given = ["recurrent", "lengths", *initials, *cell.states, *cell.saved, *(f"d_{name}" for name in cell.states)]
    return [*given, "d_wx", *others, *(f"d_{name}" for name in initials)]
