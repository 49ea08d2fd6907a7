"""Times the peers of the LSTM forward pass: cuDNN through torch.nn.LSTM, a fused Triton kernel, and a plain PyTorch loop.

Prints one line a peer, microseconds a step (median). Batch 16, 1024 steps.

cuDNN computes the input product too; its input is as wide as its output, and the product alone is measured beside it. cuDNN has no
heads: 64x12, 128x6 and 256x3 are compared with one dense layer of 768 units, which is more work.
"""

import math

import torch
import triton
import triton.language as tl
from triton.testing import do_bench

# The input product beside cuDNN's tf32 layer is in tf32 too.
torch.backends.cuda.matmul.allow_tf32 = True

BATCH = 16
STEPS = 1024


def median(function):
    """Median milliseconds of a call."""
    return do_bench(function, warmup=50, rep=300, return_mode="median")


def report(peer, heads, milliseconds, steps=STEPS):
    print(f"peer {peer}, {heads}: {1000 * milliseconds / steps:.4f} us a step ({milliseconds:.3f} ms for {steps} steps)", flush=True)


def cudnn(units, dtype, name):
    layer = torch.nn.LSTM(units, units, batch_first=True).to("cuda", dtype)
    layer.flatten_parameters()
    inputs = torch.randn(BATCH, STEPS, units, device="cuda", dtype=dtype)
    weight = torch.randn(4 * units, units, device="cuda", dtype=dtype)
    with torch.no_grad():
        report(f"cuDNN {name}", f"dense {units}", median(lambda: layer(inputs)))
        report(f"input product {name}", f"dense {units}", median(lambda: inputs @ weight.T))


@triton.jit
def lstm_forward(wx, recurrent, bias, h_initial, c_initial, h_out, c_out, steps, BATCH: tl.constexpr, HEADS: tl.constexpr, DIM: tl.constexpr):
    """One program a head: R of the four gates in registers, all steps inside. wx [B,T,4,N,D], recurrent [4,N,D,D], bias [4,N,D]."""
    head = tl.program_id(0)
    unit = tl.arange(0, DIM)
    sequence = tl.arange(0, BATCH)
    matrix = recurrent + head * DIM * DIM + unit[None, :] * DIM + unit[:, None]  # transposed: [in, out]
    gate = HEADS * DIM * DIM
    r_i = tl.load(matrix)
    r_f = tl.load(matrix + gate)
    r_z = tl.load(matrix + 2 * gate)
    r_o = tl.load(matrix + 3 * gate)
    row = HEADS * DIM
    b_i = tl.load(bias + head * DIM + unit).to(tl.float32)
    b_f = tl.load(bias + row + head * DIM + unit).to(tl.float32)
    b_z = tl.load(bias + 2 * row + head * DIM + unit).to(tl.float32)
    b_o = tl.load(bias + 3 * row + head * DIM + unit).to(tl.float32)
    place = sequence[:, None] * row + head * DIM + unit[None, :]
    h = tl.load(h_initial + place)
    c = tl.load(c_initial + place)
    inputs = wx + sequence[:, None] * steps * 4 * row + head * DIM + unit[None, :]
    outputs = sequence[:, None] * steps * row + head * DIM + unit[None, :]
    x_i = tl.load(inputs)
    x_f = tl.load(inputs + row)
    x_z = tl.load(inputs + 2 * row)
    x_o = tl.load(inputs + 3 * row)
    for step in range(steps):
        u_i = tl.dot(h, r_i) + x_i.to(tl.float32) + b_i[None, :]
        u_f = tl.dot(h, r_f) + x_f.to(tl.float32) + b_f[None, :]
        u_z = tl.dot(h, r_z) + x_z.to(tl.float32) + b_z[None, :]
        u_o = tl.dot(h, r_o) + x_o.to(tl.float32) + b_o[None, :]
        # The next step's inputs are on their way while this step computes.
        inputs += 4 * row
        is_next = (step + 1 < steps) & (sequence[:, None] < BATCH) & (unit[None, :] < DIM)
        x_i = tl.load(inputs, mask=is_next)
        x_f = tl.load(inputs + row, mask=is_next)
        x_z = tl.load(inputs + 2 * row, mask=is_next)
        x_o = tl.load(inputs + 3 * row, mask=is_next)
        c = tl.sigmoid(u_f) * c + tl.sigmoid(u_i) * (2 * tl.sigmoid(2 * u_z) - 1)
        h = (tl.sigmoid(u_o) * (2 * tl.sigmoid(2 * c) - 1)).to(h_out.dtype.element_ty)
        tl.store(h_out + outputs, h)
        tl.store(c_out + outputs, c)
        outputs += row


def plain_loop(wx, recurrent, bias, h, c):
    """The same in PyTorch operations, a step at a time."""
    hs = []
    for t in range(wx.shape[1]):
        u = torch.einsum("gnoi,bni->bgno", recurrent, h) + wx[:, t] + bias
        i, f, z, o = u.unbind(1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(z)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs, 1)


def fused(heads, dim):
    dtype = torch.bfloat16
    wx = torch.randn(BATCH, STEPS, 4, heads, dim, device="cuda", dtype=dtype)
    recurrent = torch.randn(4, heads, dim, dim, device="cuda", dtype=dtype) / math.sqrt(dim)
    bias = torch.randn(4, heads, dim, device="cuda", dtype=dtype)
    h = torch.randn(BATCH, heads, dim, device="cuda", dtype=dtype)
    c = torch.randn(BATCH, heads, dim, device="cuda")
    h_out = torch.empty(BATCH, STEPS, heads, dim, device="cuda", dtype=dtype)
    c_out = torch.empty(BATCH, STEPS, heads, dim, device="cuda")
    short = 64
    with torch.no_grad():
        expected = plain_loop(wx[:, :short].double(), recurrent.double(), bias.double(), h.double(), c.double())
        best = None
        for warps in (4, 8, 16):
            run = lambda: lstm_forward[(heads,)](wx, recurrent, bias, h, c, h_out, c_out, STEPS, BATCH, heads, dim, num_warps=warps)
            run()
            error = (h_out[:, :short].double() - expected).abs().max().item()
            assert error < 2e-2, f"Triton kernel: error {error}"
            time = median(run)
            best = time if best is None else min(best, time)
        report("Triton, one program a head, bf16", f"{dim}x{heads}", best)
        report("PyTorch loop, bf16", f"{dim}x{heads}", median(lambda: plain_loop(wx[:, :short], recurrent, bias, h, c.to(dtype))), short)


if __name__ == "__main__":
    for units in (512, 768, 1024, 2048, 2560):
        cudnn(units, torch.float16, "fp16")
        cudnn(units, torch.bfloat16, "bf16")
        cudnn(units, torch.float32, "tf32")
    fused(12, 64)
