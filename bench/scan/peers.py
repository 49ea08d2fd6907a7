"""Times generated scans beside the copy floor and accelerated-scan. run.sh calls it.

All read and write the same memory, allocated once: where tensors lie changes their times by several percent. They take turns, and a time is
the median of several rounds, each the median of its calls.
"""

import ctypes
import json
import os
import statistics

import torch
from scan_library import DEVICE, Scan, milliseconds

BATCH, WIDTH = 8, 1536
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
GATES = {"linear": 2, "mingru": 2, "minlstm": 3}
STEPS = (256, 1024, 4096, 16384, 65536)
ROUNDS = 5
#: Sequences of one row a step that the largest backward pass reads and writes: its gates, h and d_h; the gates' gradients.
READ, WRITTEN = max(GATES.values()) + 2, max(GATES.values())
with open("kernels.json") as file:
    PREDICTED = {kernel["name"]: kernel["microseconds"] / 1000 for kernel in json.load(file)}


def record(**row):
    print(json.dumps(row), flush=True)


def generated(name, pass_name):
    """The generated kernel of that name, and its predicted time."""
    library = ctypes.CDLL(os.path.abspath(f"{name}/library.so"))
    return Scan(library, f"{name}_{pass_name}"), PREDICTED[name]


def peers():
    """accelerated-scan's kernels, those of them that can be loaded."""
    found = {}
    for name, module in (("accelerated-scan warp", "warp"), ("accelerated-scan Triton", "scalar")):
        try:
            found[name] = __import__(f"accelerated_scan.{module}", fromlist=["scan"]).scan
        except Exception as error:
            print(f"{name}: left out, {error!r}"[:200])
    return found


def parts(memory, steps, *words):
    """Tensors [B, T, words · C] of so many words a step each, one behind the other in a memory."""
    row, start = BATCH * steps * WIDTH, 0
    for count in words:
        yield memory[start : start + row * count].view(BATCH, steps, count * WIDTH)
        start += row * count


def floor_and_peers(others, steps, name, given, result):
    """What is measured beside our kernels: pairs of what a record says and a call."""
    decay, update = parts(given, steps, 1, 1)
    (h,) = parts(result, steps, 1)
    yield dict(kind="floor"), lambda: torch.add(decay, update, out=h)
    # Their layout is [B, C, T], and T a power of two.
    by_channel = [tensor.view(BATCH, WIDTH, steps) for tensor in (decay, update)]
    for peer, run in others.items():
        # The warp kernel of bf16 ends with an illegal address (seen on an H200), and with it the process.
        if peer.endswith("warp") and name == "bf16":
            continue
        try:
            with torch.no_grad():
                run(*by_channel)
        except Exception as error:
            print(f"{peer} {name} {steps}: failed, {error!r}"[:200])
            continue
        yield dict(kind=peer), lambda run=run: run(*by_channel)


def scans(steps, name, given, result, state, last):
    """Our kernels of each cell and pass, as `floor_and_peers`."""
    for cell, gates in GATES.items():
        wx, h, d_h = parts(given, steps, gates, 1, 1)
        (output,) = parts(result, steps, 1)
        scan, predicted = generated(f"{cell}_{name}_{steps}", "forward")
        tensors = [wx, state, output, last]
        yield dict(kind=cell, predicted=predicted), lambda scan=scan, tensors=tensors: scan(tensors, BATCH, steps)
        if cell != "linear":
            scan, predicted = generated(f"{cell}_gradient_{name}_{steps}", "backward")
            (d_wx,) = parts(result, steps, gates)
            tensors = [wx, state, h, d_h, state, d_wx, last]
            yield dict(kind=f"{cell} backward", predicted=predicted), lambda scan=scan, tensors=tensors: scan(tensors, BATCH, steps)


def measure():
    others = peers()
    state, last = torch.zeros(BATCH, WIDTH, device=DEVICE), torch.empty(BATCH, WIDTH, device=DEVICE)
    for name, dtype in TYPES.items():
        longest = BATCH * STEPS[-1] * WIDTH
        given = torch.rand(READ * longest, device=DEVICE).to(dtype)
        result = torch.empty(WRITTEN * longest, device=DEVICE, dtype=dtype)
        for steps in STEPS:
            count, rounds = (31, ROUNDS) if steps <= 4096 else (11, 1)
            calls = [*floor_and_peers(others, steps, name, given, result), *scans(steps, name, given, result, state, last)]
            times = [[] for _ in calls]
            with torch.no_grad():
                for _ in range(rounds):
                    for (_, call), found in zip(calls, times, strict=True):
                        found.append(milliseconds(call, count))
            for (says, _), found in zip(calls, times, strict=True):
                record(**says, dtype=name, steps=steps, ms=statistics.median(found), least=min(found), most=max(found))
        del given, result, calls
        torch.cuda.empty_cache()


torch.manual_seed(1)
measure()
