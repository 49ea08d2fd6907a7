"""Batches of sequences of different lengths, and sequences read from their ends."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def check_lengths(lengths: torch.Tensor | Sequence[int], batch: int, steps: int, device: torch.device) -> torch.Tensor:
    """The lengths as int64 on the device.

    Raises ValueError for a wrong shape or a type other than of integers, or, for lengths on the CPU and outside of torch.compile, for one out of 1 … steps.
    """
    lengths = torch.as_tensor(lengths)
    if tuple(lengths.shape) != (batch,):
        raise ValueError(f"lengths: has shape {tuple(lengths.shape)}, expected ({batch},)")
    if lengths.dtype.is_floating_point or lengths.dtype.is_complex or lengths.dtype == torch.bool:
        raise ValueError(f"lengths: are {lengths.dtype}, expected integers")
    if lengths.device.type == "cpu" and batch > 0 and not torch.compiler.is_compiling():
        low, high = int(lengths.min()), int(lengths.max())
        if low < 1 or high > steps:
            raise ValueError(f"lengths: lie in {low} … {high}, a batch of {steps} steps allows 1 … {steps}")
    return lengths.to(device=device, dtype=torch.int64)


def reverse(sequences: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Each sequence of [B,T,…] from its end to its start; what lies beyond its length stays where it is."""
    if lengths is None:
        return sequences.flip(1)
    step = torch.arange(sequences.shape[1], device=sequences.device)
    ends = lengths[:, None]
    source = torch.where(step < ends, ends - 1 - step, step)
    return sequences[torch.arange(sequences.shape[0], device=sequences.device)[:, None], source]


def mask(sequences: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """[B,T,…] with zeros beyond each sequence's length."""
    valid = torch.arange(sequences.shape[1], device=sequences.device) < lengths[:, None]
    return torch.where(valid.reshape(*valid.shape, *(1,) * (sequences.dim() - 2)), sequences, 0)


def placed_at_end(lasts: torch.Tensor, steps: int, lengths: torch.Tensor | None) -> torch.Tensor:
    """Zeros [B,T,…] with [B,1,…] in the last step of each sequence."""
    result = lasts.new_zeros(lasts.shape[0], steps, *lasts.shape[2:])
    if lengths is None:
        result[:, -1:] = lasts
    else:
        result[torch.arange(lasts.shape[0], device=lasts.device), lengths - 1] = lasts[:, 0]
    return result


def at_end(sequences: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The last step of each sequence of [B,T,…], as [B,1,…]."""
    return sequences[torch.arange(sequences.shape[0], device=sequences.device), lengths - 1].unsqueeze(1)
