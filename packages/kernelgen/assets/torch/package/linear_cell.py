"""What a linear recurrence is: its gates, the coefficients of a step and their gradients as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

Values = Sequence[torch.Tensor]


@dataclass(frozen=True)
class LinearCell:
    """A cell whose gates do not look at the previous state: h' = a h + b, a and b of the pre-activations alone.

    forgets: coefficients give 1 - a in place of a; that keeps the last bits of an a just below 1.
    coefficients: pre-activations -> (a or 1 - a, b).
    gradients: (pre-activations, state before the step, gradient of the state after it) -> gradients of the pre-activations.
    """

    name: str
    gates: tuple[str, ...]
    forgets: bool
    coefficients: Callable[[Values], tuple[torch.Tensor, torch.Tensor]]
    gradients: Callable[[Values, torch.Tensor, torch.Tensor], Values]

    def advance(self, weight: torch.Tensor, update: torch.Tensor | float, state: torch.Tensor) -> torch.Tensor:
        """The state after a step, or after a run of steps."""
        return state + (update - weight * state) if self.forgets else weight * state + update

    def join(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """The weight of two runs of steps, one after the other."""
        return first + second * (1 - first) if self.forgets else first * second

    @property
    def no_step(self) -> float:
        """The weight of no step at all."""
        return 0.0 if self.forgets else 1.0
