"""Times the layers of a package and their peers on this machine's GPU: microseconds a step, forward, and forward and backward.

    python time_layers.py PACKAGE_DIRECTORY [NAME]

Batch 16, 1024 steps. "recurrence" is `recurrent_states` on projected inputs, in training with the gradients of inputs, R, bias and states;
"layer" has the input product of 768 (or as many as there are) features too, as torch.nn.LSTM does through cuDNN. cuDNN knows no heads: it is
one dense layer of as many units. Medians of triton.testing.do_bench.
"""

import importlib
import os
import sys

import torch
from torch import nn
from triton.testing import do_bench

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lstm-forward"))
BATCH, STEPS = 16, 1024
LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


def microseconds(call, repeat=120):
    """Median microseconds a step of a call."""
    return do_bench(call, warmup=25, rep=repeat, return_mode="median") * 1000 / STEPS


def timed(run, variables, repeat=120):
    """(forward without gradients, forward and backward) of run() -> h."""
    with torch.no_grad():
        forward = microseconds(run, repeat)
        gradient = torch.randn_like(run())

    def train():
        torch.autograd.grad(run(), variables, gradient)

    return forward, microseconds(train, repeat)


def report(what, times):
    print(f"{what}: {times[0]:.3f} | {times[1]:.3f} us a step", flush=True)


def ours(package, cell, dim, heads, dtype):
    units = dim * heads
    layer = package.Recurrent(cell, units, units, heads=heads, batch_first=True).cuda().to(dtype)
    inputs = torch.randn(BATCH, STEPS, units, device="cuda", dtype=dtype, requires_grad=True)
    report(f"{cell} {dim}x{heads} {dtype} generated, layer", timed(lambda: layer(inputs)[0], [inputs, *layer.parameters()]))
    gates = len(package.CELLS[cell].places("input"))
    wx = torch.randn(BATCH, STEPS, gates, heads, dim, device="cuda", dtype=dtype, requires_grad=True)
    r, b = (value.detach().requires_grad_() for value in layer._recurrent_and_bias("_l0"))
    recurrence = timed(lambda: package.recurrent_states(wx, r, b, cell=cell)[0], [wx, r, b])
    report(f"{cell} {dim}x{heads} {dtype} generated, recurrence", recurrence)


def cudnn(cell, units, dtype, tf32=False):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    layer = LAYERS[cell](units, units, batch_first=True, device="cuda", dtype=dtype)
    inputs = torch.randn(BATCH, STEPS, units, device="cuda", dtype=dtype, requires_grad=True)
    name = "tf32" if tf32 else dtype
    report(f"{cell} dense {units} {name} torch.nn (cuDNN), layer", timed(lambda: layer(inputs)[0], [inputs, *layer.parameters()]))
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def loop(dim, heads, dtype):
    """The recurrence in PyTorch operations, a step at a time."""
    from peers import plain_loop

    steps = 128
    leaf = lambda *shape: torch.randn(*shape, device="cuda", dtype=dtype, requires_grad=True)
    wx, r, b = leaf(BATCH, steps, 4, heads, dim), leaf(4, heads, dim, dim), leaf(4, heads, dim)
    h = c = torch.zeros(BATCH, heads, dim, device="cuda", dtype=dtype)
    scale = STEPS / steps
    times = timed(lambda: plain_loop(wx, r * dim**-0.5, b, h, c), [wx, r, b], repeat=300)
    report(f"lstm {dim}x{heads} {dtype} PyTorch loop, recurrence ({steps} steps)", [time * scale for time in times])


def main():
    directory, name = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "recurrent_kernels"
    sys.path.insert(0, directory)
    package = importlib.import_module(name)
    plans = importlib.import_module(f"{name}.plans")
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}, batch {BATCH}, {STEPS} steps")
    sizes = {(k.cell, k.head_dim, k.heads, k.dtype) for k in plans.kernels() if k.batch == BATCH}
    for size in sorted(sizes, key=str):
        ours(package, *size)
    for units in (768, 1024):
        for dtype, tf32 in ((torch.float16, False), (torch.bfloat16, False), (torch.float32, True)):
            cudnn("lstm", units, dtype, tf32)
    for cell in ("gru", "elman"):
        for dtype in (torch.float16, torch.bfloat16):
            cudnn(cell, 768, dtype)
    loop(64, 12, torch.bfloat16)
    loop(768, 1, torch.bfloat16)


if __name__ == "__main__":
    main()
