"""The recurrence on projected inputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from . import operators, plans, sequences
from .cell import Cell
from .cells import CELLS
from .options import Options, checked
from .stepwise import state_dtype


def recurrent(
    wx: torch.Tensor,
    r: torch.Tensor,
    b: torch.Tensor | None = None,
    states: torch.Tensor | None = None,
    cell: str = "lstm",
    *,
    lengths: torch.Tensor | None = None,
    forward_clip: float | None = None,
    recurrent_gradient_clip: float | None = None,
    recurrent_gradient_cut: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A recurrent layer of N heads on inputs that are projected already.

        u_g[b,t,n] = R[g,n] h[b,t-1,n] + wx[b,t,g,n] + bias[g,n],   states[b,t,n] = step(u, states[b,t-1,n])

    Args:
        wx: projected inputs [B,T,G,N,D]; G counts the gates that have an input (lstm 4, gru 3, elman 1).
        r: recurrent matrices [G,N,D,D] (out, in), of the gates that have one (lstm 4, gru 3).
        b: bias [G,N,D] (lstm and gru 4), zeros if left out.
        states: initial states [S,B,1,N,D] (lstm 2: h, c; slstm 4: h, c, n, m; gru and elman 1: h), zeros if left out.
        cell: one of `CELLS`.
        lengths: [B], the steps of each sequence of a padded batch, 1 to T; all T if left out. What lies beyond is zero in the results and has no
            effect, and the last states are those of each sequence's own last step.
        forward_clip: hold the states between -forward_clip and forward_clip as each step computes them (of an sLSTM h alone).
        recurrent_gradient_clip: hold what each unit of h gets through R in the backward pass between -clip and clip.
        recurrent_gradient_cut: pass no gradient to h through R; the gradient of R remains.

    Returns:
        (states [S,B,T,N,D], last [S,B,1,N,D]), in the type of wx. The states other than h are computed in float32: to carry them from one
        part of a sequence to the next without rounding them, see `recurrent_states`.

    Raises:
        ValueError: a cell that does not exist, a shape or type that does not fit, with both, or a length or a limit out of range.
        RuntimeError: a kernel that this GPU cannot hold, with the numbers.
    """
    definition = find_cell(cell)
    count = len(definition.states)
    initial = None
    if states is not None:
        _require_shape("states", states, (count, wx.shape[0], 1, *wx.shape[3:]))
        initial = tuple(states.unbind(0))
    options = checked(forward_clip, recurrent_gradient_clip, recurrent_gradient_cut)
    of_steps, lasts = _run(definition, wx, r, b, initial, lengths, options, all_states=True)
    dtype = of_steps[0].dtype
    return torch.stack([s.to(dtype) for s in of_steps]), torch.stack([s.to(dtype) for s in lasts])


def recurrent_states(
    wx: torch.Tensor,
    r: torch.Tensor,
    b: torch.Tensor | None = None,
    states: tuple[torch.Tensor, ...] | None = None,
    cell: str = "lstm",
    *,
    lengths: torch.Tensor | None = None,
    forward_clip: float | None = None,
    recurrent_gradient_clip: float | None = None,
    recurrent_gradient_cut: bool = False,
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """As `recurrent`, but with only h of all steps [B,T,N,D], and each last state [B,1,N,D] in its own type: h that of wx, others float32.

    `states` are the initial ones in the same form. This is less memory traffic, and what a layer needs.
    """
    definition = find_cell(cell)
    options = checked(forward_clip, recurrent_gradient_clip, recurrent_gradient_cut)
    of_steps, lasts = _run(definition, wx, r, b, states, lengths, options, all_states=False)
    return of_steps[0], tuple(lasts)


def recurrent_all(
    wx: torch.Tensor,
    r: torch.Tensor,
    b: torch.Tensor | None = None,
    states: tuple[torch.Tensor, ...] | None = None,
    cell: str = "lstm",
    *,
    lengths: torch.Tensor | None = None,
    forward_clip: float | None = None,
    recurrent_gradient_clip: float | None = None,
    recurrent_gradient_cut: bool = False,
) -> tuple[torch.Tensor, ...]:
    """As `recurrent_states`, but all steps of each state [B,T,N,D]."""
    options = checked(forward_clip, recurrent_gradient_clip, recurrent_gradient_cut)
    return tuple(_run(find_cell(cell), wx, r, b, states, lengths, options, all_states=True)[0])


#: The devices that layers and autocast both know; asking PyTorch in each call cannot be traced.
_AUTOCAST_DEVICES = ("cpu", "cuda")


def is_autocast(device: torch.device) -> bool:
    """Whether autocast is on for the device; it knows nothing of some, of "meta" for one."""
    return device.type in _AUTOCAST_DEVICES and torch.is_autocast_enabled(device.type)


def find_cell(name: str) -> Cell:
    """The cell of that name. Raises ValueError with the names that exist."""
    cell = CELLS.get(name)
    if cell is None:
        raise ValueError(f"unknown cell {name!r}; known cells: {', '.join(CELLS)}")
    return cell


def _run(cell: Cell, wx, r, b, initial, lengths, options: Options, all_states: bool):
    if wx.dim() != 5:
        raise ValueError(f"wx: has shape {tuple(wx.shape)}, expected [B,T,G,N,D]")
    batch, steps, _, heads, dim = wx.shape
    if steps < 1:
        raise ValueError("wx: has no step; a sequence needs at least 1")
    if is_autocast(wx.device):
        dtype = torch.get_autocast_dtype(wx.device.type)
        wx, r, b = wx.to(dtype), r.to(dtype), None if b is None else b.to(dtype)
    _require_shape("wx", wx, (batch, steps, cell.counts["input"], heads, dim))
    _require_shape("r", r, (cell.counts["recurrent"], heads, dim, dim))
    bias_shape = (cell.counts["bias"], heads, dim)
    if b is None:
        b = wx.new_zeros(bias_shape)
    _require_shape("b", b, bias_shape)
    for name, tensor in (("r", r), ("b", b)):
        if tensor.dtype != wx.dtype or tensor.device != wx.device:
            raise ValueError(f"{name}: is {tensor.dtype} on {tensor.device}, wx is {wx.dtype} on {wx.device}")
    initial = () if initial is None else _checked_states(cell, wx, initial)
    if lengths is not None:
        lengths = sequences.check_lengths(lengths, batch, steps, wx.device)
        if wx.device.type == "cuda" and not plans.TAKE_LENGTHS:
            # The compiled kernels run all sequences to the end; what they find beyond a sequence's own is left out.
            states, _ = operators.forward(cell, wx, r, b, initial, None, options, all_states=True)
            return [sequences.mask(state, lengths) for state in states], [sequences.at_end(state, lengths) for state in states]
    needs_gradient = torch.is_grad_enabled() and any(t.requires_grad for t in (wx, r, b, *initial))
    if needs_gradient or (all_states and len(cell.states) > 1):
        return operators.forward(cell, wx, r, b, initial, lengths, options, all_states)
    h, lasts = operators.inference(cell, wx, r, b, initial, lengths, options)
    return [h], lasts


def _checked_states(cell: Cell, wx: torch.Tensor, initial: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The initial states in types of their own."""
    batch, _, _, heads, dim = wx.shape
    if len(initial) != len(cell.states):
        raise ValueError(f"states: {len(initial)} given, {cell.name} has {len(cell.states)}: {', '.join(cell.states)}")
    for name, state in zip(cell.states, initial, strict=True):
        _require_shape(f"initial {name}", state, (batch, 1, heads, dim))
    other = state_dtype(wx.dtype)
    return [state.to(other if place else wx.dtype) for place, state in enumerate(initial)]


def _require_shape(name: str, tensor: torch.Tensor, shape: tuple[int, ...]) -> None:
    if tensor.shape != shape:
        raise ValueError(f"{name}: has shape {tuple(tensor.shape)}, expected {tuple(shape)}")
