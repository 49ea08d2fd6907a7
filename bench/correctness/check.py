"""Compares the kernels of a package with float64 over the grid of grid.json on this machine's GPU: outputs, and the gradients of all inputs.

    python check.py PACKAGE_DIRECTORY [NAME]

For each cell, heads, units and type that the package lists, of the grid: batches of 2, 8, 16 and 64 sequences of 1 and 3 steps; of one head of
512 units also 8, 32 and 64 sequences of 1024 steps. Of sizes outside of the grid: the listed batch, one more and one less, 1, 3 and 33 steps.
Losses read h of all steps and the last states, or all steps of all states. Where the kernels take lengths, every second case has them.

Inputs are standard normal, R is divided by √D, initial states are random (of an sLSTM n = 1 + |normal|, as a step leaves it). Expected values are
those of the package's own loop over time in float64, which the tests compare with torch.nn and with finite differences. The error of a tensor is
|actual − expected| / |expected| (Euclidean norms). A kernel that was left out, for lack of a plan, counts as wrong. Prints the largest error for
each cell, size and type, and ends with exit code 1 if one is too large.
"""

import importlib
import json
import sys
from pathlib import Path

import torch

LIMITS = {torch.bfloat16: 2e-2, torch.float16: 4e-3, torch.float32: 1e-5}
TF32_LIMIT = 2e-3
NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}


def in_grid(dim: int, heads: int) -> bool:
    return (dim in (32, 64, 512, 1024) and heads in (1, 2, 4)) or (dim in (32, 64) and heads in (16, 64, 128))


def shapes(dim: int, heads: int, listed: int):
    """(batch, steps) of the cases of a size."""
    if not in_grid(dim, heads):
        return [(batch, steps) for batch in {max(1, listed - 1), listed, listed + 1} for steps in (1, 3, 33)]
    cases = [(batch, steps) for batch in (2, 8, 16, 64) for steps in (1, 3)]
    return cases + ([(batch, 1024) for batch in (8, 32, 64)] if (dim, heads) == (512, 1) else [])


def arguments(cell, batch, steps, heads, dim, dtype):
    """wx, R, bias, and the initial states in types of their own."""
    gates = {term: len(cell.places(term)) for term in ("input", "recurrent", "bias")}

    def normal(*shape, of=dtype):
        return torch.randn(shape, device="cuda").to(of)

    initial = [normal(batch, 1, heads, dim), *(normal(batch, 1, heads, dim, of=torch.float32) for _ in cell.states[1:])]
    if "n" in cell.states:
        initial[cell.states.index("n")].abs_().add_(1)
    return [
        normal(batch, steps, gates["input"], heads, dim),
        (torch.randn(gates["recurrent"], heads, dim, dim, device="cuda") / dim**0.5).to(dtype),
        normal(gates["bias"], heads, dim),
        *initial,
    ]


def results(package, cell, values, weights, all_states, lengths):
    """Outputs and gradients by name."""
    values = [value.detach().requires_grad_() for value in values]
    wx, r, b, *initial = values
    if all_states:
        outputs = list(package.recurrent_all(wx, r, b, tuple(initial), cell.name, lengths=lengths))
    else:
        h, lasts = package.recurrent_states(wx, r, b, tuple(initial), cell.name, lengths=lengths)
        outputs = [h, *lasts]
    loss = sum((output.double() * weights[: output.numel()].view(output.shape)).sum() for output in outputs)
    return outputs, torch.autograd.grad(loss, values, allow_unused=True)


def error(actual, expected) -> float:
    """|actual - expected| / |expected|; the difference itself where nothing is expected."""
    if actual is None or expected is None:
        return 0.0 if actual is expected else float("inf")
    norm = expected.norm().item()
    return (actual.double() - expected).norm().item() / (norm if norm > 0 else 1.0)


def main() -> int:
    directory, name = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "recurrent_kernels"
    sys.path.insert(0, directory)
    package = importlib.import_module(name)
    plans = importlib.import_module(f"{name}.plans")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(1)
    weights = torch.randn(2**26, device="cuda", dtype=torch.float64)
    is_tf32 = any("_tf32_" in kernel.name for kernel in plans.kernels())
    left_out = json.loads((Path(directory) / name / "plans.json").read_text())["leftOut"]
    for kernel in left_out:
        print(f"{kernel['name']}: LEFT OUT: {kernel['reason']}")
    sizes = sorted({(k.cell, k.head_dim, k.heads, k.dtype, k.batch) for k in plans.kernels()}, key=str)
    wrong = count = 0
    for cell_name, dim, heads, dtype, listed in sizes:
        cell = package.CELLS[cell_name]
        limit = TF32_LIMIT if is_tf32 else LIMITS[dtype]
        worst = {"outputs": 0.0, "gradients": 0.0}
        for batch, steps in shapes(dim, heads, listed):
            values = arguments(cell, batch, steps, heads, dim, dtype)
            lengths = None
            if plans.TAKE_LENGTHS and count % 2 == 1 and steps > 1:
                lengths = torch.randint(1, steps + 1, (batch,), device="cuda")
            for all_states in (False, True):
                actual = results(package, cell, values, weights, all_states, lengths)
                expected = results(package, cell, [value.double() for value in values], weights, all_states, lengths)
                for what, ours, theirs in zip(worst, actual, expected, strict=True):
                    for pair in zip(ours, theirs, strict=True):
                        # Written so that a NaN is too large.
                        found = error(*pair)
                        worst[what] = worst[what] if found <= worst[what] else found
            count += 1
        good = all(found <= limit for found in worst.values())
        wrong += not good
        print(
            f"{cell_name} {dim}x{heads} {'tf32' if is_tf32 else NAMES[dtype]}: outputs {worst['outputs']:.1e}, gradients "
            f"{worst['gradients']:.1e}, allowed {limit:.0e}: {'right' if good else 'TOO LARGE'}",
            flush=True,
        )
    print(f"{len(sizes) - wrong} of {len(sizes)} right, {count} cases; {len(left_out)} kernels left out")
    return 1 if wrong or left_out else 0


if __name__ == "__main__":
    sys.exit(main())
