"""Times the peers of a layer's training step: cuDNN through torch.nn.LSTM and torch.nn.GRU, forward and forward with backward.

Prints one line a peer, microseconds a step (median). Batch 16, 1024 steps. cuDNN computes the products of the inputs and of the weight
gradients too; a product of that size is measured beside it. cuDNN has no heads: 64x12 and 256x3 are compared with one dense layer of 768
units, which is more work.
"""

import torch
from triton.testing import do_bench

# The products beside cuDNN's tf32 layer are in tf32 too.
torch.backends.cuda.matmul.allow_tf32 = True

BATCH = 16
STEPS = 1024


def median(function):
    """Median milliseconds of a call."""
    return do_bench(function, warmup=30, rep=150, return_mode="median")


def report(peer, units, milliseconds):
    print(f"peer {peer}, dense {units}: {1000 * milliseconds / STEPS:.4f} us a step ({milliseconds:.3f} ms for {STEPS} steps)", flush=True)


def cudnn(cell, units, dtype, name):
    layer = getattr(torch.nn, cell)(units, units, batch_first=True).to("cuda", dtype)
    layer.flatten_parameters()
    inputs = torch.randn(BATCH, STEPS, units, device="cuda", dtype=dtype, requires_grad=True)
    gradient = torch.randn(BATCH, STEPS, units, device="cuda", dtype=dtype)
    with torch.no_grad():
        report(f"cuDNN {cell} {name} inference", units, median(lambda: layer(inputs)))
    report(f"cuDNN {cell} {name} forward", units, median(lambda: layer(inputs)))

    def train():
        layer.zero_grad(set_to_none=True)
        inputs.grad = None
        layer(inputs)[0].backward(gradient)

    report(f"cuDNN {cell} {name} forward and backward", units, median(train))


def products(units, dtype, name):
    """The products outside of the time loop: dR of four gates of one head, from du and h; Wx and the input's part of W take as long each."""
    du = torch.randn(BATCH * STEPS, 4 * units, device="cuda", dtype=dtype)
    h = torch.randn(BATCH * STEPS, units, device="cuda", dtype=dtype)
    report(f"product {name}", units, median(lambda: du.T @ h))


for units in (768, 1024, 2048):
    for dtype, name in ((torch.float16, "fp16"), (torch.bfloat16, "bf16"), (torch.float32, "tf32")):
        cudnn("LSTM", units, dtype, name)
    products(units, torch.bfloat16, "bf16")
cudnn("GRU", 768, torch.float16, "fp16")
