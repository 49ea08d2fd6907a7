"""Linear recurrences as PyTorch operations: any size, type and device, slowly.

Computed in float32 (float64 for float64 tensors) and rounded where the compiled kernels round: h and the gradients of the pre-activations to
the type of wx. The T steps are √T chunks of √T steps: all chunks step at once from a zero state, then the state before each of them follows
from the one before, so that there are 2 √T rounds of operations, not T.

Letters in shapes: B sequences, T steps, G gates, C channels.
"""

from __future__ import annotations

import math

import torch

from .linear_cell import LinearCell
from .stepwise import state_dtype


def forward(
    cell: LinearCell, wx: torch.Tensor, initial: torch.Tensor | None, lengths: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """h of all steps [B,T,C] in the type of wx, zero beyond a sequence's length, and the last state [B,C] in float32 or float64.

    wx [B,T,G,C], initial [B,C], lengths [B].
    """
    valid = _valid(wx, lengths)
    weight, update = cell.coefficients(wx.to(state_dtype(wx.dtype)).unbind(2))
    if valid is not None:
        weight, update = torch.where(valid, weight, cell.no_step), torch.where(valid, update, 0)
    states, last = _scan(cell, weight, update, _start(wx, initial))
    return (states if valid is None else torch.where(valid, states, 0)).to(wx.dtype).contiguous(), last


def backward(
    cell: LinearCell,
    wx: torch.Tensor,
    initial: torch.Tensor | None,
    h: torch.Tensor,
    lengths: torch.Tensor | None,
    d_h: torch.Tensor | None,
    d_last: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of wx [B,T,G,C], and of the initial state [B,C] in float32 or float64.

    d_h [B,T,C] and d_last [B,C]: the gradients of what `forward` gave; None is zero.
    """
    valid = _valid(wx, lengths)
    u = wx.to(state_dtype(wx.dtype)).unbind(2)
    start = _start(wx, initial)
    weight, _ = cell.coefficients(u)
    given = torch.zeros_like(weight) if d_h is None else d_h.to(weight.dtype)
    if valid is not None:
        weight, given = torch.where(valid, weight, cell.no_step), torch.where(valid, given, 0)
    # The scan from the last step to the first: its state after a step is the gradient of the state that the step starts from.
    passed, d_initial = _scan(cell, weight.flip(1), cell.advance(weight, 0.0, given).flip(1), _start(wx, d_last))
    following = torch.cat([_start(wx, d_last)[:, None], passed[:, :-1]], 1).flip(1)
    previous = torch.cat([start[:, None], h[:, :-1].to(weight.dtype)], 1)
    gradients = torch.stack(list(cell.gradients(u, previous, given + following)), 2)
    if valid is not None:
        gradients = torch.where(valid[:, :, None], gradients, 0)
    return gradients.to(wx.dtype), d_initial


def _scan(
    cell: LinearCell, weight: torch.Tensor, update: torch.Tensor, state: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The state after every step [B,T,C], and after the last [B,C], from the steps' coefficients [B,T,C] and the state before them."""
    batch, steps, channels = weight.shape
    length = math.isqrt(max(steps - 1, 0)) + 1
    count = -(-steps // length)
    missing = count * length - steps
    if missing > 0:
        weight = torch.cat([weight, weight.new_full((batch, missing, channels), cell.no_step)], 1)
        update = torch.cat([update, update.new_zeros(batch, missing, channels)], 1)
    weight, update = weight.view(batch, count, length, channels), update.reshape(batch, count, length, channels)
    runs, totals = [weight[:, :, 0]], [update[:, :, 0]]
    for step in range(1, length):
        runs.append(cell.join(runs[-1], weight[:, :, step]))
        totals.append(cell.advance(weight[:, :, step], update[:, :, step], totals[-1]))
    starts = []
    for chunk in range(count):
        starts.append(state)
        state = cell.advance(runs[-1][:, chunk], totals[-1][:, chunk], state)
    states = cell.advance(torch.stack(runs, 2), torch.stack(totals, 2), torch.stack(starts, 1)[:, :, None])
    return states.view(batch, count * length, channels)[:, :steps], state


def _start(wx: torch.Tensor, state: torch.Tensor | None) -> torch.Tensor:
    """A state [B,C] in the type that is computed in; zeros if there is none."""
    dtype = state_dtype(wx.dtype)
    return wx.new_zeros(wx.shape[0], wx.shape[3], dtype=dtype) if state is None else state.to(dtype)


def _valid(wx: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor | None:
    """Whether a step lies within its sequence [B,T,1]; None if all do."""
    if lengths is None:
        return None
    return (torch.arange(wx.shape[1], device=wx.device) < lengths[:, None])[:, :, None]
