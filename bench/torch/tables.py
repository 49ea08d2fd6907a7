"""Times the generated kernels and their peers on this machine's GPU, all in one run, and writes one JSON file.

    python tables.py prepare PACKAGE_DIRECTORY      compiles what the peers need into the caches of Triton and torch.compile
    python tables.py run PACKAGE_DIRECTORY OUT.json FIRST_USE       FIRST_USE: the lines that first_use.py printed, for the file

`recurrence` is a recurrent layer on projected inputs: the forward pass without gradients, and the forward and backward pass with the gradients of
inputs, R and bias. `layer` has the input product, of as many features as there are units, too, as torch.nn has through cuDNN. cuDNN knows no heads: a row of
several heads stands beside one dense layer of as many units, which is more work. Times are medians of triton.testing.do_bench, in microseconds a step; `spread`
holds its 20th and 80th percentiles. Each of the generated kernels is compared with float64 before it is timed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
import warnings

import torch
import triton
from torch import nn
from triton.testing import do_bench

import check
import plain_loop
import triton_lstm

BATCH, STEPS = 16, 1024
LSTM_SIZES = ((64, 12), (256, 3), (768, 1), (1024, 1), (2048, 1), (2560, 1))
#: The sizes (units, heads) that every cell, batch and number of steps is timed at.
SIZES = ((64, 12), (768, 1))
BATCHES = (1, 8, 16, 64, 256)
STEP_COUNTS = (128, 256, 512, 1024, 2048, 4096, 8192)
#: Sizes (units, heads, batch) that the package does not list: its kernels for any sizes.
UNLISTED = ((96, 8, 16), (1536, 1, 16), (4096, 1, 16), (1536, 1, 256))
#: The largest relative error (norm) of bf16.
ALLOWED = 2e-2
CUDNN_LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}
CUDNN_TYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "tf32": torch.float32}
#: Units of the heads that the Triton kernel is tried with, of 768 units in all.
TRITON_DIMS = (16, 32, 64, 128, 256)
#: Milliseconds of warming up and of repetitions of a measurement.
WARM_UP, REPEAT = 10, 40

rows: list[dict] = []


def median_microseconds(call, steps: int) -> tuple[float, list[float]]:
    """Median microseconds a step of a call, and their 20th and 80th percentiles; of three calls where one takes longer than the repetitions may."""
    call()
    torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    torch.cuda.synchronize()
    if time.perf_counter() - start > REPEAT / 1000:
        return _median_of_three(call, steps)
    middle, low, high = (1000 * value / steps for value in do_bench(call, warmup=WARM_UP, rep=REPEAT, quantiles=[0.5, 0.2, 0.8]))
    return middle, [low, high]


def _median_of_three(call, steps: int) -> tuple[float, list[float]]:
    times = []
    for _ in range(3):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        times.append(1000 * start.elapsed_time(end) / steps)
    low, middle, high = sorted(times)
    return middle, [low, high]


def timed(what: dict, run, variables) -> dict | None:
    """Times run() -> h forward, and forward and backward, and appends the row; what fails is recorded with its message."""
    steps = what["steps"]
    row = dict(what)
    try:
        with torch.no_grad():
            row["forward"], row["forwardSpread"] = median_microseconds(run, steps)
            gradient = torch.randn_like(run())
        row["training"], row["trainingSpread"] = median_microseconds(lambda: torch.autograd.grad(run(), variables, gradient), steps)
    except Exception as error:  # noqa: BLE001 - the table says what a peer cannot do
        row["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    rows.append(row)
    shown = row.get("error") or f"{row['forward']:.3f} | {row['training']:.3f} us a step"
    print(f"{row['implementation']}, {row['scope']}: {row['cell']} {row['headDim']}x{row['heads']} batch {row['batch']} steps {steps}: {shown}", flush=True)
    return row


def describe(implementation, scope, cell, dim, heads, batch=BATCH, steps=STEPS) -> dict:
    return {"implementation": implementation, "scope": scope, "cell": cell, "headDim": dim, "heads": heads, "batch": batch, "steps": steps}


def ours(package, cell, dim, heads, batch=BATCH, steps=STEPS, layer=False):
    dtype, units = torch.bfloat16, dim * heads
    definition = package.CELLS[cell]
    values = check.arguments(package, definition, batch, 33, heads, dim, dtype)
    weights = torch.randn(2**24, device="cuda", dtype=torch.float64)
    expected = check.results(package, definition, [value.double() for value in values], weights, False)
    errors = [check.error(*pair) for pair in zip(check.results(package, definition, values, weights, False), expected, strict=True)]
    module = package.Recurrent(cell, units, units, heads=heads, batch_first=True).cuda().to(dtype)
    what = describe("generated", "recurrence", cell, dim, heads, batch, steps) | {"relativeError": max(errors)}
    wx = torch.randn(batch, steps, len(definition.places("input")), heads, dim, device="cuda", dtype=dtype, requires_grad=True)
    r, b = (value.detach().requires_grad_() for value in module._recurrent_and_bias("_l0"))
    timed(what, lambda: package.recurrent_states(wx, r, b, cell=cell)[0], [wx, r, b])
    if layer:
        inputs = torch.randn(batch, steps, units, device="cuda", dtype=dtype, requires_grad=True)
        timed(describe("generated", "layer", cell, dim, heads, batch, steps), lambda: module(inputs)[0], [inputs, *module.parameters()])


@contextlib.contextmanager
def tf32(allowed: bool):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    yield
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def cudnn(cell, units, name, batch=BATCH, steps=STEPS):
    dtype = CUDNN_TYPES[name]
    with tf32(name == "tf32"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = CUDNN_LAYERS[cell](units, units, batch_first=True).to("cuda", dtype)
        layer.flatten_parameters()
        inputs = torch.randn(batch, steps, units, device="cuda", dtype=dtype, requires_grad=True)
        timed(describe(f"cudnn-{name}", "layer", cell, units, 1, batch, steps), lambda: layer(inputs)[0], [inputs, *layer.parameters()])


def lstm_arguments(dim, heads, batch=BATCH, steps=STEPS):
    """wx, R, bias, h and c of a loop or of the Triton kernel."""
    leaf = lambda *shape: torch.randn(*shape, device="cuda", dtype=torch.bfloat16)
    wx, r, b = leaf(batch, steps, 4, heads, dim), leaf(4, heads, dim, dim) * dim**-0.5, leaf(4, heads, dim)
    zeros = torch.zeros(batch, heads, dim, device="cuda", dtype=torch.bfloat16)
    return [value.detach().requires_grad_() for value in (wx, r, b)] + [zeros, zeros.float()]


def triton_error(layer, dim, heads, batch) -> float:
    """The largest relative error of the outputs and gradients of the Triton kernel over a few steps."""
    values = lstm_arguments(dim, heads, batch, 33)
    variables = values[:3]
    doubles = [value.detach().double().requires_grad_(value.requires_grad) for value in values]
    weight = torch.randn(batch, 33, heads, dim, device="cuda", dtype=torch.float64)
    actual, expected = layer(*values), plain_loop.eager(*doubles)
    gradients = torch.autograd.grad((actual.double() * weight).sum(), variables)
    expected_gradients = torch.autograd.grad((expected * weight).sum(), doubles[:3])
    return max(check.error(a, e) for a, e in zip([actual, *gradients], [expected, *expected_gradients], strict=True))


def triton_rows(dim, heads, batch=BATCH, steps=STEPS):
    """The Triton kernel with the number of warps that is faster in training."""
    found = []
    for warps, layer in triton_lstm.layers().items():
        what = describe("triton", "recurrence", "lstm", dim, heads, batch, steps) | {"warps": warps}
        try:
            what["relativeError"] = triton_error(layer, dim, heads, batch)
        except Exception as error:  # noqa: BLE001
            rows.append(what | {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]})
            continue
        values = lstm_arguments(dim, heads, batch, steps)
        found.append(timed(what, lambda layer=layer, values=values: layer(*values), values[:3]))
    best = min((row for row in found if "training" in row), key=lambda row: row["training"], default=None)
    for row in found:
        if best is not None and row is not best:
            rows.remove(row)


def loop(dim, heads, steps, implementation="loop"):
    run = {"loop": plain_loop.eager, "loop-compiled": plain_loop.compiled}[implementation]
    wx, r, b, h, c = lstm_arguments(dim, heads, steps=steps)
    values = [wx, r, b, h, c.to(torch.bfloat16)]
    timed(describe(implementation, "recurrence", "lstm", dim, heads, steps=steps), lambda: run(*values), values[:3])


def prepare(directory: str) -> None:
    """Fills the caches of Triton and torch.compile, so that a run measures and does not compile."""
    for dim in TRITON_DIMS:
        for layer in triton_lstm.layers().values():
            with contextlib.suppress(Exception):
                for batch in (BATCHES if dim == 64 else (BATCH,)):
                    values = lstm_arguments(dim, 768 // dim, batch, 32)
                    torch.autograd.grad(layer(*values).float().sum(), values[:3])
                    with torch.no_grad():
                        layer(*values)
        print(f"Triton {dim}", flush=True)
    for dim, heads in SIZES:
        wx, r, b, h, c = lstm_arguments(dim, heads, steps=2 * plain_loop.COMPILED_STEPS)
        values = [wx, r, b, h, c.to(torch.bfloat16)]
        torch.autograd.grad(plain_loop.compiled(*values).float().sum(), values[:3])
        with torch.no_grad():
            plain_loop.compiled(*values)
        print(f"torch.compile {dim}x{heads}", flush=True)


def run(directory: str, out: str, first_use: list[dict]) -> None:
    sys.path.insert(0, directory)
    package = importlib.import_module("recurrent_kernels")
    torch.manual_seed(1)
    # The goals and their peers first, so that a run that is cut short has them.
    for dim, heads in LSTM_SIZES:
        ours(package, "lstm", dim, heads, layer=True)
    triton_rows(64, 12)
    for name in CUDNN_TYPES:
        for units in sorted({dim * heads for dim, heads in LSTM_SIZES}):
            cudnn("lstm", units, name)
    write(out, first_use)
    for cell in ("gru", "slstm", "elman"):
        for dim, heads in SIZES:
            ours(package, cell, dim, heads, layer=True)
    for name in CUDNN_TYPES:
        for cell in ("gru", "elman"):
            cudnn(cell, 768, name)
    for batch in BATCHES:
        if batch != BATCH:
            for dim, heads in SIZES:
                ours(package, "lstm", dim, heads, batch=batch)
            triton_rows(64, 12, batch=batch)
            for name in ("fp16", "bf16"):
                cudnn("lstm", 768, name, batch=batch)
    write(out, first_use)
    for dim, heads in SIZES:
        loop(dim, heads, STEPS)
        loop(dim, heads, STEPS, "loop-compiled")
    for dim, heads, batch in UNLISTED:
        ours(package, "lstm", dim, heads, batch=batch, steps=256, layer=True)
        for name in ("fp16", "bf16"):
            cudnn("lstm", dim * heads, name, batch=batch, steps=256)
    write(out, first_use)
    for steps in STEP_COUNTS:
        if steps != STEPS:
            for dim, heads in SIZES:
                ours(package, "lstm", dim, heads, steps=steps)
            triton_rows(64, 12, steps=steps)
            for name in ("fp16", "bf16"):
                cudnn("lstm", 768, name, steps=steps)
    write(out, first_use)
    for dim in TRITON_DIMS:
        if dim != 64:
            triton_rows(dim, 768 // dim)
    for dim, heads in LSTM_SIZES:
        if (dim, heads) not in SIZES:
            loop(dim, heads, 128)
    write(out, first_use)
    wrong = [row for row in rows if row["implementation"] == "generated" and not row.get("relativeError", 0) <= ALLOWED]
    print(f"{len(rows)} rows, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


def write(out: str, first_use: list[dict]) -> None:
    """Writes what there is so far as a whole: a run that is cut short leaves its rows."""
    content = {
        "device": torch.cuda.get_device_name(),
        "driver": os.popen("nvidia-smi --query-gpu=driver_version --format=csv,noheader").read().split("\n")[0],
        "pytorch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "triton": triton.__version__,
        "cpus": os.cpu_count(),
        "firstUse": first_use,
        "rows": rows,
    }
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(os.path.abspath(out)), delete=False) as file:
        json.dump(content, file, indent=1)
    os.replace(file.name, out)


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    else:
        with open(sys.argv[4]) as lines:
            run(sys.argv[2], sys.argv[3], [json.loads(line) for line in lines])
