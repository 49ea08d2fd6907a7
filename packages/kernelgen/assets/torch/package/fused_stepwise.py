"""The recurrence as a loop over time with two launches a step: a batched matrix product, and a generated kernel for the rest of the step.

For CUDA tensors of a cell and type that the package has kernels for, but not of these sizes. Results are those of `stepwise`, which is
the same in PyTorch operations.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence

import torch

from . import building, kernels, plans
from .cell import Cell
from .options import Options
from .stepwise import clipped


def find(cell: Cell, tensor: torch.Tensor, forward_clip: float | None) -> plans.Pointwise | None:
    """The pointwise kernels for a cell, the type and device of a tensor, and the limit of clipped states, if there are any."""
    device = plans.device_for(tensor.device)
    if device is None:
        return None
    found = plans.pointwise().get((device.id, cell.name, tensor.dtype))
    return found if found is not None and found.forward_clip == forward_clip else None


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
    step = _Step(_functions(pointwise)[0], [None, wx, bias, *paired, *saved, _lengths(lengths)], [batch, steps, heads, dim])
    with kernels.current(wx.device) as stream:
        h = initial[0][:, 0]
        for t in range(steps):
            step.run(stream, _product(h.transpose(0, 1), matrix), t)
            h = states[0][:, t]
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
    step = _Step(_functions(pointwise)[1], tensors, [batch, steps, heads, dim], [given_steps])
    with kernels.current(h.device) as stream:
        for t in reversed(range(steps)):
            step.run(stream, products, t)
            if not options.recurrent_gradient_cut:
                products = clipped(_product(rows.flatten(2), matrix), options.recurrent_gradient_clip)
    adjoints[0] = adjoints[0] + products.transpose(0, 1)
    return d_u, [
        adjoint.to(start.dtype).reshape(start.shape) for adjoint, start in zip(adjoints, initial, strict=True)
    ]


def _lengths(lengths: torch.Tensor | None) -> torch.Tensor | None:
    """As the kernels read them."""
    return None if lengths is None else lengths.to(torch.int32).contiguous()


def _product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """A batched product with float32 sums and results."""
    if left.dtype == torch.float32:
        return torch.bmm(left, right)
    if left.is_cuda and _HAS_OUT_DTYPE:
        return torch.bmm(left, right, out_dtype=torch.float32)
    return torch.bmm(left.float(), right.float())


#: From PyTorch 2.8 on.
_HAS_OUT_DTYPE = "dtype" in torch.ops.aten.bmm.overloads()


class _Step:
    """A pointwise kernel with its tensors, of which the first is new in each step, and the sizes of the call."""

    def __init__(
        self, launch, tensors: Sequence[torch.Tensor | None], sizes: Sequence[int], more: Sequence[int] = ()
    ) -> None:
        self._launch = launch
        # Kept, since a kernel reads what its address says.
        self._tensors = tensors
        addresses = [None if tensor is None else tensor.data_ptr() for tensor in tensors]
        self._pointers = (ctypes.c_void_p * len(addresses))(*addresses)
        self._step_place = len(sizes)
        self._sizes = (ctypes.c_int * (len(sizes) + 1 + len(more)))(*sizes, 0, *more)

    def run(self, stream: int | None, products: torch.Tensor, step: int) -> None:
        self._pointers[0] = products.data_ptr()
        self._sizes[self._step_place] = step
        error = self._launch(stream, self._pointers, self._sizes)
        if error is not None:
            raise RuntimeError(error.decode())


@functools.cache
def _functions(pointwise: plans.Pointwise):
    """The launch functions of a step forward and backward."""
    device = next(device for device in plans.devices() if device.id == pointwise.device)
    library = building.library(device)
    functions = tuple(getattr(library, f"{pointwise.name}_{what}") for what in ("forward", "backward"))
    for function in functions:
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        function.restype = ctypes.c_char_p
    return functions
