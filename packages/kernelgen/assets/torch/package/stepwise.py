"""The recurrence as a loop over time of PyTorch operations: any shape, type and device, slowly.

Numbers are computed in float32 (float64 for float64 tensors) and rounded where the compiled kernels round: h and the saved values to the
type of wx, the gradients of the pre-activations too; the other states are not rounded.

Letters in shapes: B sequences, T steps, G gates that have the term, N heads, D units of a head.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch

from .cell import Cell
from .options import Options
from .sequences import placed_at_end


def state_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type of the states other than h, beside inputs of this type."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def forward(
    cell: Cell,
    wx: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor,
    initial: Sequence[torch.Tensor],
    save: bool,
    lengths: torch.Tensor | None = None,
    options: Options = Options(),
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """All states [B,T,N,D] and, if asked for, the values that `backward` reads [B,T,N,D]; zeros beyond a sequence's length.

    wx [B,T,G,N,D], recurrent [G,N,D,D] (out, in), bias [G,N,D], initial: [B,1,N,D] for each state, lengths [B].
    """
    limit = options.forward_clip
    step = cell.step if limit is None else functools.partial(cell.clipped_step, limit=limit)
    batch, steps, _, heads, dim = wx.shape
    math = state_dtype(wx.dtype)
    outputs = _outputs(cell, wx)
    saved = [wx.new_empty(batch, steps, heads, dim) for _ in cell.saved] if save else []
    recurrent_places = cell.places("recurrent")
    # [N, in, G·out], so that one batched product serves all gates.
    matrix = recurrent.to(math).permute(1, 3, 0, 2).reshape(heads, dim, -1)
    inputs = wx.to(math).unbind(1)
    biases = bias.to(math)
    states = [state.to(math).reshape(batch, heads, dim) for state in initial]
    for t in range(steps):
        products = torch.bmm(states[0].transpose(0, 1), matrix).view(heads, batch, len(recurrent_places), dim)
        u: list[torch.Tensor | None] = [None] * len(cell.gates)
        _add_parts(u, cell.places("bias"), biases.unbind(0))
        _add_parts(u, cell.places("input"), inputs[t].unbind(1))
        _add_parts(u, recurrent_places, products.permute(2, 1, 0, 3).unbind(0))
        # A gate without any term is zero.
        full = [torch.zeros_like(states[0]) if part is None else part.expand(batch, heads, dim) for part in u]
        new_states, new_saved = step(full, states)
        if lengths is not None:
            is_there = (t < lengths)[:, None, None]
            new_states, new_saved = ([torch.where(is_there, value, 0) for value in values] for values in (new_states, new_saved))
        for sequence, value in zip(outputs, new_states, strict=True):
            sequence[:, t] = value
        if save:
            for sequence, value in zip(saved, new_saved, strict=True):
                sequence[:, t] = value
        states = [sequence[:, t].to(math) for sequence in outputs]
    return outputs, saved


def backward(
    cell: Cell,
    gradients: Sequence[torch.Tensor | None],
    recurrent: torch.Tensor,
    initial: Sequence[torch.Tensor],
    states: Sequence[torch.Tensor],
    saved: Sequence[torch.Tensor],
    lengths: torch.Tensor | None = None,
    options: Options = Options(),
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The gradients of the pre-activations, [B,T,G,N,D] with every gate, and of the initial states.

    gradients: for each state [B,T,N,D], or [B,1,N,D] for its last step alone, or None for zero. lengths [B] as in `forward`.
    """
    limit = options.forward_clip
    gradient_of = cell.gradient if limit is None else functools.partial(cell.clipped_gradient, limit=limit)
    if lengths is not None:
        gradients = [
            placed_at_end(given, states[0].shape[1], lengths) if given is not None and given.shape[1] == 1 else given
            for given in gradients
        ]
    h = states[0]
    batch, steps, heads, dim = h.shape
    math = state_dtype(h.dtype)
    places = cell.places("recurrent")
    # [N, G·out, in]
    matrix = recurrent.to(math).permute(1, 0, 2, 3).reshape(heads, len(places) * dim, dim)
    pre_activations = h.new_empty(batch, steps, len(cell.gates), heads, dim)
    starts = [state.to(math).reshape(batch, heads, dim) for state in initial]
    adjoints: list[torch.Tensor] = [torch.zeros_like(start) for start in starts]
    following = [sequence[:, steps - 1].to(math) for sequence in states]
    for t in reversed(range(steps)):
        earlier = list(adjoints)
        for place, given in enumerate(gradients):
            if given is None:
                continue
            step = t - (steps - given.shape[1])
            if step >= 0:
                adjoints[place] = adjoints[place] + given[:, step].to(math)
        previous = [sequence[:, t - 1].to(math) for sequence in states] if t > 0 else starts
        gates, through = gradient_of([sequence[:, t].to(math) for sequence in saved], previous, following, adjoints)
        if lengths is not None:
            is_there = (t < lengths)[:, None, None]
            gates = [torch.where(is_there, gradient, 0) for gradient in gates]
            through = [torch.where(is_there, *pair) for pair in zip(through, earlier, strict=True)]
        for place, gradient in enumerate(gates):
            pre_activations[:, t, place] = gradient
        # As stored, that is, rounded.
        rows = torch.stack([pre_activations[:, t, place] for place in places], 2).to(math)
        adjoints = [value + torch.zeros_like(start) for value, start in zip(through, starts, strict=True)]
        if not options.recurrent_gradient_cut:
            products = torch.bmm(rows.transpose(0, 1).reshape(heads, batch, -1), matrix).transpose(0, 1)
            adjoints[0] = adjoints[0] + clipped(products, options.recurrent_gradient_clip)
        following = previous
    return pre_activations, [
        adjoint.to(start.dtype).reshape(start.shape) for adjoint, start in zip(adjoints, initial, strict=True)
    ]


def clipped(values: torch.Tensor, limit: float | None) -> torch.Tensor:
    """Values held between -limit and limit, where there is one."""
    return values if limit is None else values.clamp(-limit, limit)


def _outputs(cell: Cell, wx: torch.Tensor) -> list[torch.Tensor]:
    batch, steps, _, heads, dim = wx.shape
    types = [wx.dtype] + [state_dtype(wx.dtype)] * (len(cell.states) - 1)
    return [wx.new_empty(batch, steps, heads, dim, dtype=dtype) for dtype in types]


def _add_parts(sums: list[torch.Tensor | None], places: list[int], parts: Sequence[torch.Tensor]) -> None:
    """Adds each part to the sum at its place."""
    for place, part in zip(places, parts, strict=True):
        present = sums[place]
        sums[place] = part if present is None else present + part
