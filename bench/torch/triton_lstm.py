"""An LSTM layer as one fused Triton kernel a pass, for heads that one program holds: what a user of Triton would write.

A program computes one head for TILE sequences, all steps inside, with R of the four gates in its registers or shared memory; Triton has no barrier
between programs, so a head cannot be divided. The forward pass in training keeps c and the gates, the backward pass
reads them; the gradients of R and of the bias are products over all steps outside of it, as in the generated package.

Layouts: wx [B,T,4,N,D] (gates i, f, z, o), recurrent [4,N,D,D] (out, in), bias [4,N,D], h_initial [B,N,D] in bf16, c_initial [B,N,D] in fp32.
"""

from __future__ import annotations

import functools

import torch
import triton
import triton.language as tl

#: Sequences of a program: the least that tl.dot takes.
TILE = 16
WARPS = (4, 8)


@triton.jit
def tanh(x):
    return 2 * tl.sigmoid(2 * x) - 1


@triton.jit
def _forward(
    wx, recurrent, bias, h_initial, c_initial, h_out, c_out, gates_out, batch, steps,
    HEADS: tl.constexpr, DIM: tl.constexpr, TILE: tl.constexpr, SAVE: tl.constexpr,
):  # fmt: skip
    """c_out is [B,T,N,D] if SAVE, else [B,1,N,D]; gates_out [B,T,4,N,D] is written if SAVE."""
    head = tl.program_id(0)
    sequence = tl.program_id(1) * TILE + tl.arange(0, TILE)
    unit = tl.arange(0, DIM)
    row = HEADS * DIM
    matrix = recurrent + head * DIM * DIM + unit[None, :] * DIM + unit[:, None]  # transposed: [in, out]
    r_i = tl.load(matrix)
    r_f = tl.load(matrix + row * DIM)
    r_z = tl.load(matrix + 2 * row * DIM)
    r_o = tl.load(matrix + 3 * row * DIM)
    own = head * DIM + unit
    b_i = tl.load(bias + own).to(tl.float32)
    b_f = tl.load(bias + row + own).to(tl.float32)
    b_z = tl.load(bias + 2 * row + own).to(tl.float32)
    b_o = tl.load(bias + 3 * row + own).to(tl.float32)
    exists = (sequence[:, None] < batch) & (unit[None, :] < DIM)
    place = sequence[:, None] * row + own[None, :]
    h = tl.load(h_initial + place, mask=exists, other=0.0)
    c = tl.load(c_initial + place, mask=exists, other=0.0)
    first = sequence[:, None].to(tl.int64) * steps * row
    inputs = wx + first * 4 + own[None, :]
    gates = gates_out + first * 4 + own[None, :]
    outputs = first + own[None, :]
    x_i = tl.load(inputs, mask=exists, other=0.0)
    x_f = tl.load(inputs + row, mask=exists, other=0.0)
    x_z = tl.load(inputs + 2 * row, mask=exists, other=0.0)
    x_o = tl.load(inputs + 3 * row, mask=exists, other=0.0)
    for step in range(steps):
        u_i = tl.dot(h, r_i) + x_i.to(tl.float32) + b_i[None, :]
        u_f = tl.dot(h, r_f) + x_f.to(tl.float32) + b_f[None, :]
        u_z = tl.dot(h, r_z) + x_z.to(tl.float32) + b_z[None, :]
        u_o = tl.dot(h, r_o) + x_o.to(tl.float32) + b_o[None, :]
        # The next step's inputs are on their way while this step computes.
        inputs += 4 * row
        is_next = exists & (step + 1 < steps)
        x_i = tl.load(inputs, mask=is_next, other=0.0)
        x_f = tl.load(inputs + row, mask=is_next, other=0.0)
        x_z = tl.load(inputs + 2 * row, mask=is_next, other=0.0)
        x_o = tl.load(inputs + 3 * row, mask=is_next, other=0.0)
        i = tl.sigmoid(u_i)
        f = tl.sigmoid(u_f)
        z = tanh(u_z)
        o = tl.sigmoid(u_o)
        c = f * c + i * z
        h = (o * tanh(c)).to(h_out.dtype.element_ty)
        tl.store(h_out + outputs, h, mask=exists)
        if SAVE:
            tl.store(c_out + outputs, c, mask=exists)
            tl.store(gates, i.to(h_out.dtype.element_ty), mask=exists)
            tl.store(gates + row, f.to(h_out.dtype.element_ty), mask=exists)
            tl.store(gates + 2 * row, z.to(h_out.dtype.element_ty), mask=exists)
            tl.store(gates + 3 * row, o.to(h_out.dtype.element_ty), mask=exists)
            gates += 4 * row
        outputs += row
    if not SAVE:
        tl.store(c_out + place, c, mask=exists)


@triton.jit
def _backward(
    recurrent, c_initial, c_all, gates_all, d_h, d_wx, d_h_initial, d_c_initial, batch, steps,
    HEADS: tl.constexpr, DIM: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    head = tl.program_id(0)
    sequence = tl.program_id(1) * TILE + tl.arange(0, TILE)
    unit = tl.arange(0, DIM)
    row = HEADS * DIM
    matrix = recurrent + head * DIM * DIM + unit[:, None] * DIM + unit[None, :]  # [out, in]
    r_i = tl.load(matrix)
    r_f = tl.load(matrix + row * DIM)
    r_z = tl.load(matrix + 2 * row * DIM)
    r_o = tl.load(matrix + 3 * row * DIM)
    own = head * DIM + unit
    exists = (sequence[:, None] < batch) & (unit[None, :] < DIM)
    place = sequence[:, None] * row + own[None, :]
    last = (sequence[:, None].to(tl.int64) * steps + steps - 1) * row
    states = last + own[None, :]
    gates = last * 4 + own[None, :]
    c = tl.load(c_all + states, mask=exists, other=0.0)
    start = tl.load(c_initial + place, mask=exists, other=0.0)
    i = tl.load(gates_all + gates, mask=exists, other=0.0).to(tl.float32)
    f = tl.load(gates_all + gates + row, mask=exists, other=0.0).to(tl.float32)
    z = tl.load(gates_all + gates + 2 * row, mask=exists, other=0.0).to(tl.float32)
    o = tl.load(gates_all + gates + 3 * row, mask=exists, other=0.0).to(tl.float32)
    given = tl.load(d_h + states, mask=exists, other=0.0).to(tl.float32)
    through = tl.zeros([TILE, DIM], dtype=tl.float32)
    d_c = tl.zeros([TILE, DIM], dtype=tl.float32)
    for back in range(steps):
        # The values of the step before are on their way while this step computes.
        has_previous = exists & (back + 1 < steps)
        states -= row
        previous = tl.load(c_all + states, mask=has_previous, other=0.0)
        next_gates = gates - 4 * row
        next_i = tl.load(gates_all + next_gates, mask=has_previous, other=0.0)
        next_f = tl.load(gates_all + next_gates + row, mask=has_previous, other=0.0)
        next_z = tl.load(gates_all + next_gates + 2 * row, mask=has_previous, other=0.0)
        next_o = tl.load(gates_all + next_gates + 3 * row, mask=has_previous, other=0.0)
        next_given = tl.load(d_h + states, mask=has_previous, other=0.0)
        before = tl.where(back + 1 < steps, previous, start)
        tanh_c = tanh(c)
        dh = given + through
        d_c += dh * o * (1 - tanh_c * tanh_c)
        u_i = (d_c * z * i * (1 - i)).to(d_wx.dtype.element_ty)
        u_f = (d_c * before * f * (1 - f)).to(d_wx.dtype.element_ty)
        u_z = (d_c * i * (1 - z * z)).to(d_wx.dtype.element_ty)
        u_o = (dh * tanh_c * o * (1 - o)).to(d_wx.dtype.element_ty)
        d_c *= f
        tl.store(d_wx + gates, u_i, mask=exists)
        tl.store(d_wx + gates + row, u_f, mask=exists)
        tl.store(d_wx + gates + 2 * row, u_z, mask=exists)
        tl.store(d_wx + gates + 3 * row, u_o, mask=exists)
        through = tl.dot(u_i, r_i)
        through = tl.dot(u_f, r_f, through)
        through = tl.dot(u_z, r_z, through)
        through = tl.dot(u_o, r_o, through)
        c = before
        i = next_i.to(tl.float32)
        f = next_f.to(tl.float32)
        z = next_z.to(tl.float32)
        o = next_o.to(tl.float32)
        given = next_given.to(tl.float32)
        gates = next_gates
    tl.store(d_h_initial + place, through.to(d_h_initial.dtype.element_ty), mask=exists)
    tl.store(d_c_initial + place, d_c, mask=exists)


def forward(wx, recurrent, bias, h_initial, c_initial, save: bool, warps: int):
    """(h [B,T,N,D], c [B,T,N,D] or, without `save`, its last step [B,1,N,D], gates [B,T,4,N,D] or None)."""
    batch, steps, _, heads, dim = wx.shape
    h = wx.new_empty(batch, steps, heads, dim)
    c = wx.new_empty(batch, steps if save else 1, heads, dim, dtype=torch.float32)
    gates = torch.empty_like(wx) if save else None
    grid = (heads, triton.cdiv(batch, TILE))
    _forward[grid](
        wx, recurrent, bias, h_initial, c_initial, h, c, h if gates is None else gates, batch, steps, heads, dim, TILE, save, num_warps=warps
    )
    return h, c, gates


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, wx, recurrent, bias, h_initial, c_initial, warps):
        h, c, gates = forward(wx, recurrent, bias, h_initial, c_initial, True, warps)
        ctx.save_for_backward(recurrent, h_initial, c_initial, h, c, gates)
        ctx.warps = warps
        return h

    @staticmethod
    def backward(ctx, d_h):
        recurrent, h_initial, c_initial, h, c, gates = ctx.saved_tensors
        batch, steps, heads, dim = h.shape
        d_wx = torch.empty_like(gates)
        d_h_initial, d_c_initial = torch.empty_like(h_initial), torch.empty_like(c_initial)
        grid = (heads, triton.cdiv(batch, TILE))
        _backward[grid](
            recurrent, c_initial, c, gates, d_h.contiguous(), d_wx, d_h_initial, d_c_initial, batch, steps, heads, dim, TILE, num_warps=ctx.warps
        )
        previous = torch.cat([h_initial.unsqueeze(1), h[:, :-1]], 1).view(batch * steps, heads, dim).transpose(0, 1)
        rows = d_wx.view(batch * steps, 4, heads, dim)
        d_recurrent = torch.stack([torch.bmm(rows[:, gate].permute(1, 2, 0), previous) for gate in range(4)])
        return d_wx, d_recurrent, d_wx.sum((0, 1)), d_h_initial, d_c_initial, None


def layer(wx, recurrent, bias, h_initial, c_initial, warps: int) -> torch.Tensor:
    """h of all steps [B,T,N,D], differentiable."""
    if torch.is_grad_enabled():
        return _Layer.apply(wx, recurrent, bias, h_initial, c_initial, warps)
    return forward(wx, recurrent, bias, h_initial, c_initial, False, warps)[0]


def layers():
    """A layer for each number of warps of a program that is tried."""
    return {warps: functools.partial(layer, warps=warps) for warps in WARPS}
