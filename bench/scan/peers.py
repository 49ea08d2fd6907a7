"""Times generated scans beside the copy floor and accelerated-scan. run.sh calls it.

All read and write the same memory, allocated once: where tensors lie changes their times by several percent.
"""

import ctypes
import json
import os

import torch
from scan_library import DEVICE, Scan, milliseconds

BATCH, WIDTH = 8, 1536
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
GATES = {"linear": 2, "mingru": 2, "minlstm": 3}
STEPS = (256, 1024, 4096, 16384, 65536)
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


def measure_floor_and_peers(others, steps, name, given, result, count):
    decay, update = parts(given, steps, 1, 1)
    (h,) = parts(result, steps, 1)
    record(kind="floor", dtype=name, steps=steps, ms=milliseconds(lambda: torch.add(decay, update, out=h), count))
    # Their layout is [B, C, T], and T a power of two.
    by_channel = [tensor.view(BATCH, WIDTH, steps) for tensor in (decay, update)]
    for peer, run in others.items():
        # The warp kernel of bf16 ends with an illegal address (seen on an H200), and with it the process.
        if peer.endswith("warp") and name == "bf16":
            continue
        try:
            with torch.no_grad():
                record(kind=peer, dtype=name, steps=steps, ms=milliseconds(lambda: run(*by_channel), count))
        except Exception as error:
            print(f"{peer} {name} {steps}: failed, {error!r}"[:200])


def measure_scans():
    others = peers()
    initial, last = torch.zeros(BATCH, WIDTH, device=DEVICE), torch.empty(BATCH, WIDTH, device=DEVICE)
    for name, dtype in TYPES.items():
        longest = BATCH * STEPS[-1] * WIDTH
        given = torch.rand(READ * longest, device=DEVICE).to(dtype)
        result = torch.empty(WRITTEN * longest, device=DEVICE, dtype=dtype)
        for steps in STEPS:
            count = 31 if steps <= 4096 else 11
            measure_floor_and_peers(others, steps, name, given, result, count)
            for cell, gates in GATES.items():
                wx, h, d_h = parts(given, steps, gates, 1, 1)
                (output,) = parts(result, steps, 1)
                scan, predicted = generated(f"{cell}_{name}_{steps}", "forward")
                ms = milliseconds(lambda: scan([wx, initial, output, last], BATCH, steps), count)
                record(kind=cell, dtype=name, steps=steps, ms=ms, predicted=predicted)
                if cell != "linear":
                    scan, predicted = generated(f"{cell}_gradient_{name}_{steps}", "backward")
                    (d_wx,) = parts(result, steps, gates)
                    ms = milliseconds(lambda: scan([wx, initial, h, d_h, initial, d_wx, last], BATCH, steps), count)
                    record(kind=f"{cell} backward", dtype=name, steps=steps, ms=ms, predicted=predicted)
        del given, result
        torch.cuda.empty_cache()


torch.manual_seed(1)
measure_scans()
