"""Seconds from the import of a package to its first result on the GPU; PyTorch is imported, and CUDA started, before.

    python first_use.py PACKAGE_DIRECTORY

Prints a line of JSON. Where the cache (TORCH_EXTENSIONS_DIR) does not hold the kernels they are compiled, all of them.
"""

import json
import os
import sys
import time

import torch

torch.ones(1, device="cuda").sum().item()
start = time.perf_counter()
sys.path.insert(0, sys.argv[1])
import recurrent_kernels  # noqa: E402
from recurrent_kernels import building, plans  # noqa: E402

is_compiled = building._cached(building.library_name(plans.device_for(torch.device("cuda", 0)))) is not None
kernel = plans.kernels()[0]
units = kernel.head_dim * kernel.heads
layer = recurrent_kernels.Recurrent(kernel.cell, units, units, heads=kernel.heads, batch_first=True).to("cuda", kernel.dtype)
layer(torch.randn(kernel.batch, 4, units, device="cuda", dtype=kernel.dtype))[0].sum().item()
seconds = time.perf_counter() - start
kernels, loops = len(plans.kernels()), len(plans.pointwise())
print(json.dumps({"seconds": round(seconds, 2), "compiled": not is_compiled, "kernels": kernels, "stepwise": loops, "cpus": os.cpu_count()}))
