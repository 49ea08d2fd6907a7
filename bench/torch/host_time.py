"""Times what the host takes for a call of a package, and what the GPU does in a training step, on this machine.

    python host_time.py PACKAGE_DIRECTORY [UNITSxHEADS,BATCH,STEPS…]

Host: microseconds of a call of 8 steps, so few that the GPU never holds the host up; the least of several rounds. GPU: microseconds a step of each kernel of a
forward and a backward pass of an LSTM's recurrence, by the profiler; the sizes must be ones that the package serves (64x12,16,1024 if none are named).
"""

from __future__ import annotations

import importlib
import sys
import time

import torch
from torch.profiler import ProfilerActivity, profile

ROUNDS, CALLS = 5, 30
HOST_STEPS = 8
KERNELS_SHOWN = 8


def least_microseconds(call) -> float:
    """Host microseconds of a call: the least of several rounds of calls, each of which ends with an idle GPU."""
    call()
    torch.cuda.synchronize()
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        least = min(least, (time.perf_counter() - start) / CALLS)
        torch.cuda.synchronize()
    return least * 1e6


def recurrence(package, dim: int, heads: int, batch: int, steps: int):
    """(forward, forward and backward) of an LSTM on projected inputs in bf16."""
    module = package.LSTM(dim * heads, dim * heads, heads=heads, batch_first=True, device="cuda", dtype=torch.bfloat16)
    r, b = (value.detach().requires_grad_() for value in module._recurrent_and_bias("_l0"))
    wx = torch.randn(batch, steps, 4, heads, dim, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    gradient = torch.randn(batch, steps, heads, dim, device="cuda", dtype=torch.bfloat16)
    forward = lambda: package.recurrent_states(wx, r, b, cell="lstm")[0]
    return forward, lambda: torch.autograd.grad(forward(), [wx, r, b], gradient)


def layer(package, dim: int, heads: int, batch: int, steps: int):
    """(forward, forward and backward) of an LSTM layer in bf16."""
    units = dim * heads
    module = package.LSTM(units, units, heads=heads, batch_first=True, device="cuda", dtype=torch.bfloat16)
    inputs = torch.randn(batch, steps, units, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    gradient = torch.randn(batch, steps, units, device="cuda", dtype=torch.bfloat16)
    forward = lambda: module(inputs)[0]
    return forward, lambda: torch.autograd.grad(forward(), [inputs, *module.parameters()], gradient)


def host_times(package, size: tuple[int, int, int, int]) -> None:
    sizes = (*size[:3], HOST_STEPS)
    tensor = torch.empty(16, device="cuda")
    print(f"host: an addition in place {least_microseconds(lambda: tensor.add_(1)):.1f} us")
    for name, made in (("recurrence", recurrence), ("layer", layer)):
        forward, training = made(package, *sizes)
        with torch.no_grad():
            inference = least_microseconds(forward)
        passes = least_microseconds(forward), least_microseconds(training)
        print(f"host: {name}: inference {inference:.0f} us, forward pass of training {passes[0]:.0f} us, forward and backward {passes[1]:.0f} us", flush=True)


def gpu_times(package, size: tuple[int, int, int, int]) -> None:
    dim, heads, batch, steps = size
    _, training = recurrence(package, *size)
    training()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        training()
        torch.cuda.synchronize()
    rows = [(row.self_device_time_total / steps, row.count, row.key) for row in profiler.key_averages() if row.self_device_time_total > 0]
    print(f"GPU: {dim}x{heads}, batch {batch}, {steps} steps: {sum(row[0] for row in rows):.3f} us a step")
    for microseconds, count, name in sorted(rows, reverse=True)[:KERNELS_SHOWN]:
        print(f"  {microseconds:.4f} us a step, {count} launches: {name[:90]}", flush=True)


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    package = importlib.import_module("recurrent_kernels")
    sizes = [tuple(int(part) for part in text.replace("x", ",").split(",")) for text in sys.argv[2:] or ["64x12,16,1024"]]
    host_times(package, sizes[0])
    for size in sizes:
        gpu_times(package, size)


if __name__ == "__main__":
    main()
