"""The `torch.library` operators of the linear recurrences.

    CELL_scan(wx, initial?, lengths?) -> (h, last)
    CELL_scan_backward(wx, initial?, h, lengths?, d_h?, d_last?) -> (d_wx, d_initial)

Shapes: wx and d_wx [B,T,G,C], h and d_h [B,T,C] in the type of wx; initial, last and their gradients [B,C], float32 (float64 beside float64);
lengths [B], integers. Both passes are one kernel, or without one for these channels and this type, PyTorch operations.
"""

from __future__ import annotations

import torch

from . import scan_kernels, scan_reference
from .linear_cell import LinearCell
from .linear_cells import LINEAR_CELLS
from .operators import NAMESPACE
from .stepwise import state_dtype

_library = torch.library.Library(NAMESPACE, "FRAGMENT")
#: The operators by name, once they are declared: `torch.ops` looks for them in each call.
_OPERATORS: dict[str, torch._ops.OpOverload] = {}


def scan(
    cell: LinearCell, wx: torch.Tensor, initial: torch.Tensor | None, lengths: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """h of all steps [B,T,C] and the last state [B,C]; differentiable."""
    return _operator(cell, "scan")(wx, initial, lengths)


def _operator(cell: LinearCell, what: str):
    return _OPERATORS[f"{cell.name}_{what}"]


def _define(cell: LinearCell) -> None:
    forward_inputs = "Tensor wx, Tensor? initial, Tensor? lengths"
    backward_inputs = "Tensor wx, Tensor? initial, Tensor h, Tensor? lengths, Tensor? d_h, Tensor? d_last"
    _declare(f"{cell.name}_scan", f"({forward_inputs}) -> (Tensor h, Tensor last)", _forward_of(cell), _forward_shapes)
    _declare(
        f"{cell.name}_scan_backward",
        f"({backward_inputs}) -> (Tensor d_wx, Tensor d_initial)",
        _backward_of(cell),
        _backward_shapes,
    )
    _differentiate(cell)


def _declare(name: str, signature: str, function, shapes) -> None:
    _library.define(f"{name}{signature}", tags=(torch.Tag.pt2_compliant_tag,))
    for key in ("CPU", "CUDA"):
        _library.impl(name, function, key)
    torch.library.register_fake(f"{NAMESPACE}::{name}", shapes, lib=_library)
    _OPERATORS[name] = getattr(getattr(torch.ops, NAMESPACE), name).default


def _forward_of(cell: LinearCell):
    def run(wx, initial, lengths):
        kernel = scan_kernels.find("forward", cell.name, wx)
        if kernel is None:
            return scan_reference.forward(cell, wx, initial, lengths)
        h, last = _forward_shapes(wx, initial, lengths)
        scan_kernels.run(kernel, [wx, initial], [h, last], lengths)
        return h, last

    return run


def _forward_shapes(wx, initial, lengths):
    batch, steps, _, channels = wx.shape
    return wx.new_empty(batch, steps, channels), wx.new_empty(batch, channels, dtype=state_dtype(wx.dtype))


def _backward_of(cell: LinearCell):
    def run(wx, initial, h, lengths, d_h, d_last):
        kernel = scan_kernels.find("backward", cell.name, wx)
        if kernel is None:
            return scan_reference.backward(cell, wx, initial, h, lengths, d_h, d_last)
        d_wx, d_initial = _backward_shapes(wx, initial, h, lengths, d_h, d_last)
        given = torch.zeros_like(h) if d_h is None else d_h
        scan_kernels.run(kernel, [wx, initial, h, given, d_last], [d_wx, d_initial], lengths)
        return d_wx, d_initial

    return run


def _backward_shapes(wx, initial, h, lengths, d_h, d_last):
    return wx.new_empty(wx.shape), wx.new_empty(wx.shape[0], wx.shape[3], dtype=state_dtype(wx.dtype))


def _differentiate(cell: LinearCell) -> None:
    def setup_context(ctx, inputs, output):
        wx, initial, lengths = inputs
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(wx, initial, output[0], lengths)

    def backward(ctx, d_h, d_last):
        d_wx, d_initial = _operator(cell, "scan_backward")(*ctx.saved_tensors, d_h, d_last)
        return d_wx, d_initial if ctx.needs_input_grad[1] else None, None

    torch.library.register_autograd(f"{NAMESPACE}::{cell.name}_scan", backward, setup_context=setup_context, lib=_library)


for _cell in LINEAR_CELLS.values():
    _define(_cell)
