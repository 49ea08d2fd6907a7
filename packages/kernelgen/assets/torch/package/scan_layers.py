"""minGRU and minLSTM layers, with the parameters of `minGRU-pytorch` (github.com/lucidrains/minGRU-pytorch)."""

from __future__ import annotations

import torch
from torch import nn

from .scan_functional import find_linear_cell, scan_channels


class _ScanLayer(nn.Module):
    """A linear recurrence between a projection of the input to all gates, one product for all steps, and one of the states."""

    #: One of `LINEAR_CELLS`.
    cell: str
    #: The attribute that holds the projection to the gates.
    projection: str

    def __init__(
        self,
        dim: int,
        expansion_factor: float = 1.0,
        proj_out: bool | None = None,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim: {dim} is not at least 1")
        self.dim = dim
        self.dim_inner = int(dim * expansion_factor)
        if self.dim_inner < 1:
            raise ValueError(f"expansion_factor: {expansion_factor} leaves {self.dim_inner} of {dim} channels")
        gates = len(find_linear_cell(self.cell).gates)
        setattr(self, self.projection, nn.Linear(dim, gates * self.dim_inner, bias=False, device=device, dtype=dtype))
        has_output = expansion_factor != 1.0 if proj_out is None else proj_out
        self.to_out = nn.Linear(self.dim_inner, dim, bias=False, device=device, dtype=dtype) if has_output else nn.Identity()

    def forward(
        self,
        x: torch.Tensor,
        prev_hidden: torch.Tensor | None = None,
        return_next_prev_hidden: bool = False,
        lengths: torch.Tensor | None = None,
    ):
        """The output [B,T,dim], or with `return_next_prev_hidden` also the state [B,1,dim_inner] to go on from, in float32.

        Args:
            x: [B,T,dim].
            prev_hidden: the state before the first step [B,1,dim_inner], zeros if left out.
            lengths: [B], the steps of each sequence: states beyond are zero, and the state to go on from is that of its end.
        """
        if x.dim() != 3 or x.shape[-1] != self.dim:
            raise ValueError(f"x: has shape {tuple(x.shape)}, expected [B,T,{self.dim}]")
        batch, steps, _ = x.shape
        if steps < 1:
            raise ValueError("x: has no step; a sequence needs at least 1")
        if prev_hidden is not None:
            if tuple(prev_hidden.shape) != (batch, 1, self.dim_inner):
                raise ValueError(f"prev_hidden: has shape {tuple(prev_hidden.shape)}, expected {(batch, 1, self.dim_inner)}")
            prev_hidden = prev_hidden.squeeze(1)
        cell = find_linear_cell(self.cell)
        wx = getattr(self, self.projection)(x).view(batch, steps, len(cell.gates), self.dim_inner)
        h, last = scan_channels(cell, wx, prev_hidden, lengths)
        output = self.to_out(h)
        return (output, last.unsqueeze(1)) if return_next_prev_hidden else output

    def extra_repr(self) -> str:
        return f"{self.dim}, dim_inner={self.dim_inner}"


class minGRU(_ScanLayer):  # noqa: N801: the name that the state dicts' modules have
    """minGRU ("Were RNNs All We Needed?", arXiv 2410.01201): z = σ(W_z x), h' = (1 - z) h + z g(W_h x), g(u) = u + ½ for u ≥ 0, σ(u) below.

    The constructor, parameters and call of `minGRU_pytorch.minGRU`: `to_hidden_and_gate.weight` [2 · dim_inner, dim], and `to_out.weight` if
    `proj_out` (by default where `expansion_factor` is not 1). In a direct form in place of logarithms: states may have either sign.
    """

    cell = "mingru"
    projection = "to_hidden_and_gate"


class minLSTM(_ScanLayer):  # noqa: N801
    """minLSTM (arXiv 2410.01201) with f and i normalised to f + i = 1: h' = f h + i g(W_h x). See `minGRU`.

    The parameters of `minGRU_pytorch.minLSTM`: `to_hidden_and_f_i_gate.weight` [3 · dim_inner, dim], and `to_out.weight`. At several steps
    that module starts from g(prev_hidden); here `prev_hidden` is the state before the first step whatever their number.
    """

    cell = "minlstm"
    projection = "to_hidden_and_f_i_gate"
