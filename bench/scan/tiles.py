"""Times every tile that tiles.ts wrote at several numbers of steps, beside the copy floor. tiles.sh calls it."""

import ctypes
import json
import os

import torch
from scan_library import DEVICE, Scan, milliseconds

BATCH, WIDTH = 8, 1536
STEPS = (256, 1024, 4096, 16384, 65536)
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

library = ctypes.CDLL(os.path.abspath("tiles.so"))
with open("tiles.json") as file:
    tiles = json.load(file)
torch.manual_seed(1)
# Of the longest sequences, what the largest pass reads and writes: three gates, h and d_h, and three gates' gradients.
longest = {name: torch.rand(BATCH * STEPS[-1] * 5 * WIDTH, device=DEVICE).to(dtype) for name, dtype in TYPES.items()}
results = {name: torch.empty(BATCH * STEPS[-1] * 3 * WIDTH, device=DEVICE, dtype=dtype) for name, dtype in TYPES.items()}
state = torch.zeros(BATCH, WIDTH, device=DEVICE)
last = torch.empty_like(state)


def part(values, start, words, steps):
    """A tensor of so many words a step, from a place in a long one."""
    size = BATCH * steps * WIDTH * words
    return values[start : start + size].view(BATCH, steps, words * WIDTH)


for steps in STEPS:
    row = BATCH * steps * WIDTH
    for name in TYPES:
        a, b, c = part(longest[name], 0, 1, steps), part(longest[name], row, 1, steps), part(results[name], 0, 1, steps)
        print(json.dumps(dict(name="floor", dataType=name, steps=steps, ms=milliseconds(lambda: torch.add(a, b, out=c)))), flush=True)
    for tile in tiles:
        scan = Scan(library, tile["name"])
        given, result, gates = longest[tile["dataType"]], results[tile["dataType"]], tile["gates"]
        wx = part(given, 0, gates, steps)
        if tile["pass"] == "forward":
            tensors = [wx, state, part(result, 0, 1, steps), last]
        else:
            h, d_h = part(given, gates * row, 1, steps), part(given, (gates + 1) * row, 1, steps)
            tensors = [wx, state, h, d_h, state, part(result, 0, gates, steps), last]
        try:
            ms = milliseconds(lambda: scan(tensors, BATCH, steps), 11)
        except RuntimeError as error:
            print(f"{tile['name']} {steps}: {error}"[:200])
            continue
        print(json.dumps(dict(name=tile["name"], steps=steps, ms=ms)), flush=True)
        scan.scratch.clear()
