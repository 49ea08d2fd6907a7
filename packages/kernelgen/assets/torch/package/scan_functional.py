"""The linear recurrence on projected inputs."""

from __future__ import annotations

import torch

from . import scan_operators, sequences
from .linear_cell import LinearCell
from .linear_cells import LINEAR_CELLS
from .stepwise import state_dtype


def scan(
    wx: torch.Tensor,
    initial: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    cell: str = "mingru",
) -> tuple[torch.Tensor, torch.Tensor]:
    """A linear recurrence on inputs that are projected already: a prefix scan over time, one pass over memory.

        h[b,t] = a(wx[b,t]) h[b,t-1] + b(wx[b,t])

    Args:
        wx: projected inputs [B,T,G,N,D]; G counts the gates (mingru 2: h, z; minlstm 3: h, f, i; linear 2: a, b).
        initial: the state before the first step [B,1,N,D], zeros if left out.
        lengths: [B], the steps of each sequence: h beyond is zero, the last state that of each sequence's end.
        cell: one of `LINEAR_CELLS`.

    Returns:
        (h [B,T,N,D] in the type of wx, last [B,1,N,D] in float32, or in float64 beside float64).

    Raises:
        ValueError: a cell that does not exist, a shape or a length that does not fit, with both.
        RuntimeError: a kernel that this GPU cannot hold, with the numbers.
    """
    definition = find_linear_cell(cell)
    if wx.dim() != 5:
        raise ValueError(f"wx: has shape {tuple(wx.shape)}, expected [B,T,G,N,D]")
    batch, steps, gates, heads, dim = wx.shape
    if steps < 1:
        raise ValueError("wx: has no step; a sequence needs at least 1")
    if gates != len(definition.gates):
        raise ValueError(f"wx: has {gates} gates, {cell} has {len(definition.gates)}: {', '.join(definition.gates)}")
    if initial is not None:
        if tuple(initial.shape) != (batch, 1, heads, dim):
            raise ValueError(f"initial: has shape {tuple(initial.shape)}, expected {(batch, 1, heads, dim)}")
        initial = initial.reshape(batch, heads * dim)
    h, last = scan_channels(definition, wx.reshape(batch, steps, gates, heads * dim), initial, lengths)
    return h.view(batch, steps, heads, dim), last.view(batch, 1, heads, dim)


def scan_channels(
    cell: LinearCell, wx: torch.Tensor, initial: torch.Tensor | None, lengths: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """`scan` without heads, of shapes that are known to fit: wx [B,T,G,C], initial [B,C]; h [B,T,C] and last [B,C]."""
    device = wx.device
    if torch.is_autocast_enabled(device.type):
        wx = wx.to(torch.get_autocast_dtype(device.type))
    if initial is not None:
        initial = initial.to(state_dtype(wx.dtype))
    if lengths is not None:
        lengths = sequences.check_lengths(lengths, *wx.shape[:2], device)
    return scan_operators.scan(cell, wx, initial, lengths)


def find_linear_cell(name: str) -> LinearCell:
    """The linear recurrence of that name. Raises ValueError with the names that exist."""
    cell = LINEAR_CELLS.get(name)
    if cell is None:
        raise ValueError(f"unknown linear recurrence {name!r}; known ones: {', '.join(LINEAR_CELLS)}")
    return cell
