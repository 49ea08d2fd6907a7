"""Seconds from the import of a package to the first result on the GPU; PyTorch itself is imported, and CUDA started, before.

    python first_use.py PACKAGE_DIRECTORY [cold]         cold: in an empty cache, so that everything is compiled
"""

import os
import sys
import tempfile
import time

if "cold" in sys.argv[2:]:
    os.environ["TORCH_EXTENSIONS_DIR"] = tempfile.mkdtemp()
import torch  # noqa: E402

torch.ones(1, device="cuda").sum().item()
start = time.perf_counter()
sys.path.insert(0, sys.argv[1])
import recurrent_kernels  # noqa: E402

kernel = recurrent_kernels.plans.kernels()[0]
units = kernel.head_dim * kernel.heads
layer = recurrent_kernels.Recurrent(kernel.cell, units, units, heads=kernel.heads, batch_first=True).to("cuda", kernel.dtype)
layer(torch.randn(kernel.batch, 4, units, device="cuda", dtype=kernel.dtype))[0].sum().item()
seconds = time.perf_counter() - start
count = len(recurrent_kernels.plans.kernels())
print(f"first result after {seconds:.2f} s ({'compiling' if 'cold' in sys.argv[2:] else 'from the cache, or compiling if it is empty'}; {count} kernels)")
