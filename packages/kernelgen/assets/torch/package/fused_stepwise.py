"""The recurrence as a loop over time with two launches a step: a batched matrix product, and a generated kernel for the rest of the step.

For CUDA tensors of a cell and type that the package has kernels for, but not of these sizes, where the products are large (`kernels.find`). The
loop itself is in native_steps.hpp. Results are those of `stepwise`, which is
the same in PyTorch operations.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch

from . import building, plans
from .cell import Cell
from .options import Options


def find(cell: Cell, tensor: torch.Tensor, forward_clip: float | None) -> plans.Pointwise | None:
    """The pointwise kernels for a cell, the type and device of a tensor, and the limit of clipped states, if there are any."""
    device = plans.device_for(tensor.device)
    if device is None or not plans.has_pointwise(device.id, cell.name, tensor.dtype, forward_clip):
        return None
    return plans.pointwise()[device.id, cell.name, tensor.dtype]


def forward(
    pointwise: plans.Pointwise,
    cell: Cell,
    wx: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor,
    initial: Sequence[torch.Tensor],
    save: bool,
    lengths: torch.Tensor | None = None,
    options: Options = Options(),
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """As `stepwise.forward`."""
    batch, steps, _, heads, dim = wx.shape
    wx, bias, initial = wx.contiguous(), bias.contiguous(), [state.contiguous() for state in initial]
    sequence = functools.partial(wx.new_empty, (batch, steps, heads, dim))
    states = [sequence(dtype=state.dtype) for state in initial]
    saved = [sequence() if save else None for _ in cell.saved]
    # [N, in, G·out], so that one batched product serves all gates.
    matrix = recurrent.permute(1, 3, 0, 2).reshape(heads, dim, -1)
    paired = [tensor for pair in zip(initial, states, strict=True) for tensor in pair]
    tensors = [None, wx, bias, *paired, *saved, _lengths(lengths)]
    _operators(pointwise).steps_forward(_addresses(pointwise)[0], tensors, initial[0], states[0], matrix)
    return states, [tensor for tensor in saved if tensor is not None]


def backward(
    pointwise: plans.Pointwise,
    cell: Cell,
    gradients: Sequence[torch.Tensor | None],
    recurrent: torch.Tensor,
    initial: Sequence[torch.Tensor],
    states: Sequence[torch.Tensor],
    saved: Sequence[torch.Tensor],
    lengths: torch.Tensor | None = None,
    options: Options = Options(),
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """As `stepwise.backward`; the gradient of h is of all steps, those of the other states are all of as many."""
    h = states[0]
    batch, steps, heads, dim = h.shape
    places = cell.places("recurrent")
    matrix = recurrent.permute(1, 0, 2, 3).reshape(heads, len(places) * dim, dim)
    d_u = h.new_empty(batch, steps, len(cell.gates), heads, dim)
    rows = h.new_empty(heads, batch, len(places), dim)
    adjoints = [h.new_zeros(batch, heads, dim, dtype=torch.float32) for _ in states]
    products = h.new_zeros(heads, batch, dim, dtype=torch.float32)
    given_steps = next((gradient.shape[1] for gradient in gradients[1:] if gradient is not None), steps)
    given = [
        None if gradient is None else gradient.to(state.dtype).contiguous()
        for gradient, state in zip(gradients, states, strict=True)
    ]
    initial, states, saved = ([tensor.contiguous() for tensor in tensors] for tensors in (initial, states, saved))
    grouped = [tensor for group in zip(initial, states, adjoints, given, strict=True) for tensor in group]
    tensors = [None, *grouped, *saved, d_u, rows, _lengths(lengths)]
    sizes = [batch, steps, heads, dim, 0, given_steps]
    clip, cut = options.recurrent_gradient_clip, options.recurrent_gradient_cut
    run = _operators(pointwise).steps_backward
    products = run(_addresses(pointwise)[1], tensors, products, rows.flatten(2), matrix, sizes, clip, cut)
    adjoints[0] = adjoints[0] + products.transpose(0, 1)
    return d_u, [
        adjoint.to(start.dtype).reshape(start.shape) for adjoint, start in zip(adjoints, initial, strict=True)
    ]


def _lengths(lengths: torch.Tensor | None) -> torch.Tensor | None:
    """As the kernels read them."""
    return None if lengths is None else lengths.to(torch.int32).contiguous()


def _device(pointwise: plans.Pointwise) -> plans.Device:
    return next(device for device in plans.devices() if device.id == pointwise.device)


def _operators(pointwise: plans.Pointwise):
    return building.operators(_device(pointwise))


def _addresses(pointwise: plans.Pointwise) -> list[int]:
    """Of the functions that launch a step forward and backward."""
    return building.addresses(_device(pointwise), pointwise.name, ("forward", "backward"))
