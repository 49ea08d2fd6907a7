"""An LSTM layer as a loop over time of PyTorch operations: what a user writes first, and the same compiled.

Layouts: wx [B,T,4,N,D] (gates i, f, z, o), recurrent [4,N,D,D] (out, in), bias [4,N,D], h and c [B,N,D].
"""

from __future__ import annotations

import torch

#: Steps that torch.compile sees at once. It unrolls a loop, and compiles longer ones for minutes.
COMPILED_STEPS = 16


def steps(wx, recurrent, bias, h, c):
    """h of the steps of wx [B,T,N,D], and c of the last one."""
    outputs = []
    for t in range(wx.shape[1]):
        u = torch.einsum("gnoi,bni->bgno", recurrent, h) + wx[:, t] + bias
        i, f, z, o = u.unbind(1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(z)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1), c


def eager(wx, recurrent, bias, h, c) -> torch.Tensor:
    """h of all steps."""
    return steps(wx, recurrent, bias, h, c)[0]


_compiled = torch.compile(steps, fullgraph=True, dynamic=False)


def compiled(wx, recurrent, bias, h, c) -> torch.Tensor:
    """As `eager`, in parts of COMPILED_STEPS steps that torch.compile has compiled; those divide the number of steps."""
    outputs = []
    for part in wx.split(COMPILED_STEPS, 1):
        h_part, c = _compiled(part, recurrent, bias, h, c)
        # A tensor of its own: a view into the part would be another layout for the compiler.
        h = h_part[:, -1].clone()
        outputs.append(h_part)
    return torch.cat(outputs, 1)
