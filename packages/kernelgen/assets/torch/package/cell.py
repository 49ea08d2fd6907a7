"""What a cell is: its gates and states, and one step and its gradient as functions of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

Values = Sequence[torch.Tensor]


@dataclass(frozen=True)
class Gate:
    """One gate, with pre-activation u = R h + Wx + b, less the terms that are False."""

    name: str
    recurrent: bool = True
    input: bool = True
    bias: bool = True


@dataclass(frozen=True)
class Cell:
    """A recurrent cell. Its first state is the one that R multiplies, and its output.

    step: (pre-activations, previous states) -> (states, saved).
    gradient: (saved, previous states, states, their gradients) -> (gradients of the pre-activations, of the previous states); a gradient
    that is always zero may be a number.
    clipped_step, clipped_gradient: the same with clipped states (`Options.forward_clip`), from a last argument, the limit.
    """

    name: str
    gates: tuple[Gate, ...]
    states: tuple[str, ...]
    saved: tuple[str, ...]
    step: Callable[[Values, Values], tuple[Values, Values]]
    gradient: Callable[[Values, Values, Values, Values], tuple[Values, Values]]
    clipped_step: Callable[[Values, Values, float], tuple[Values, Values]]
    clipped_gradient: Callable[[Values, Values, Values, Values, float], tuple[Values, Values]]

    @functools.cached_property
    def counts(self) -> dict[str, int]:
        """How many gates have each term."""
        return {term: len(self.places(term)) for term in ("input", "recurrent", "bias")}

    def places(self, term: str) -> list[int]:
        """The gates that have a term ("recurrent", "input" or "bias"), in the order of its tensor."""
        return [place for place, gate in enumerate(self.gates) if getattr(gate, term)]


def maximum(left: torch.Tensor | float, right: torch.Tensor | float) -> torch.Tensor:
    """The larger of two values, of which one may be a number."""
    if not isinstance(left, torch.Tensor):
        return torch.clamp(right, min=left)
    if not isinstance(right, torch.Tensor):
        return torch.clamp(left, min=right)
    return torch.maximum(left, right)
