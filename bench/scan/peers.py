"""Times generated scans beside the copy floor and accelerated-scan. run.sh calls it."""

import ctypes
import json
import os

import torch
from scan_library import DEVICE, Scan, milliseconds

BATCH, WIDTH = 8, 1536
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
GATES = {"linear": 2, "mingru": 2, "minlstm": 3}
STEPS = (256, 1024, 4096, 16384, 65536)
with open("kernels.json") as file:
    PREDICTED = {kernel["name"]: kernel["microseconds"] / 1000 for kernel in json.load(file)}


def record(**row):
    print(json.dumps(row), flush=True)


def generated(name, pass_name):
    """The generated kernel of that name, and its predicted time."""
    library = ctypes.CDLL(os.path.abspath(f"{name}/library.so"))
    return Scan(library, f"{name}_{pass_name}"), PREDICTED[name]


def states():
    return torch.zeros(BATCH, WIDTH, device=DEVICE), torch.empty(BATCH, WIDTH, device=DEVICE)


def peers():
    """accelerated-scan's kernels, those of them that can be loaded."""
    found = {}
    for name, module in (("accelerated-scan warp", "warp"), ("accelerated-scan Triton", "scalar")):
        try:
            found[name] = __import__(f"accelerated_scan.{module}", fromlist=["scan"]).scan
        except Exception as error:
            print(f"{name}: left out, {error!r}"[:200])
    return found


def measure_floor_and_peers(others, steps, name, dtype):
    decay, update = (torch.rand(BATCH, steps, WIDTH, device=DEVICE).to(dtype) for _ in range(2))
    h = torch.empty_like(decay)
    record(kind="floor", dtype=name, steps=steps, ms=milliseconds(lambda: torch.add(decay, update, out=h)))
    del h
    # Its layout is [B, C, T], and T a power of two.
    by_channel = [tensor.transpose(1, 2).contiguous() for tensor in (decay, update)]
    del decay, update
    for peer, run in others.items():
        # The warp kernel of bf16 ends with an illegal address (seen on an H200), and with it the process.
        if peer.endswith("warp") and name == "bf16":
            continue
        try:
            with torch.no_grad():
                record(kind=peer, dtype=name, steps=steps, ms=milliseconds(lambda: run(*by_channel), 11))
        except Exception as error:
            print(f"{peer} {name} {steps}: failed, {error!r}"[:200])


def measure_scans():
    others = peers()
    for steps in STEPS:
        for name, dtype in TYPES.items():
            measure_floor_and_peers(others, steps, name, dtype)
            torch.cuda.empty_cache()
            for cell, gates in GATES.items():
                wx = torch.rand(BATCH, steps, gates, WIDTH, device=DEVICE).to(dtype)
                h = torch.empty(BATCH, steps, WIDTH, device=DEVICE, dtype=dtype)
                initial, last = states()
                scan, predicted = generated(f"{cell}_{name}_{steps}", "forward")
                ms = milliseconds(lambda: scan([wx, initial, h, last], BATCH, steps), 11)
                record(kind=cell, dtype=name, steps=steps, ms=ms, predicted=predicted)
                if cell != "linear":
                    scan, predicted = generated(f"{cell}_gradient_{name}_{steps}", "backward")
                    d_h, d_wx = torch.rand_like(h), torch.empty_like(wx)
                    ms = milliseconds(lambda: scan([wx, initial, h, d_h, initial, d_wx, last], BATCH, steps), 11)
                    record(kind=f"{cell} backward", dtype=name, steps=steps, ms=ms, predicted=predicted)
                    del d_h, d_wx
                del wx, h
                torch.cuda.empty_cache()


torch.manual_seed(1)
measure_scans()
