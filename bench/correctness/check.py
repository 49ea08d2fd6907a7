"""Compares the kernels of a package with float64 over the grid of grid.json on this machine's GPU: outputs, and the gradients of all inputs.

    python check.py PACKAGE_DIRECTORY [SEED [COUNT]]

For each cell, heads, units and type that the package lists, of the grid: batches of 2, 8, 16 and 64 sequences of 1 and 3 steps; of one head of
512 units also 8, 32 and 64 sequences of 1024 steps. Of sizes outside of the grid: the listed batch, one more and one less, 1, 3 and 33 steps.
Then COUNT (16) random sizes that the package does not list, of each of its types, from SEED (1): the kernels for any sizes.
Losses read h of all steps and the last states, or all steps of all states; inference is compared, too. Where the kernels take lengths, every
second case has them.

Inputs are standard normal, R is divided by √D, initial states are random (of an sLSTM n = 1 + |normal|, as a step leaves it). Expected values are
those of the package's own loop over time in float64, which the tests compare with torch.nn and with finite differences. The error of a tensor is
|actual − expected| / |expected| (Euclidean norms). A kernel that was left out, for lack of a plan, counts as wrong. Prints the largest error for
each cell, size and type and of all sizes together, and ends with exit code 1 if one is too large.
"""

import importlib
import json
import random
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


def loss(outputs, weights):
    return sum((output.double() * weights[: output.numel()].view(output.shape)).sum() for output in outputs)


def actual(package, cell, values, weights, lengths):
    """(name, tensors) of what kernels compute: outputs and gradients of both losses, and outputs of inference."""
    values = [value.detach().requires_grad_() for value in values]
    wx, r, b, *initial = values

    def layer():
        h, lasts = package.recurrent_states(wx, r, b, tuple(initial), cell.name, lengths=lengths)
        return [h, *lasts]

    of_steps = package.recurrent_all(wx, r, b, tuple(initial), cell.name, lengths=lengths)
    of_layer = layer()
    with torch.no_grad():
        inferred = layer()
    return [
        ("outputs", of_steps),
        ("gradients", torch.autograd.grad(loss(of_steps, weights), values, allow_unused=True)),
        ("outputs", of_layer),
        ("gradients", torch.autograd.grad(loss(of_layer, weights), values, allow_unused=True)),
        ("outputs", inferred),
    ]


def expected(package, cell, values, weights, lengths):
    """The same from one run of the loop over time in float64."""
    values = [value.detach().double().requires_grad_() for value in values]
    wx, r, b, *initial = values
    of_steps = package.recurrent_all(wx, r, b, tuple(initial), cell.name, lengths=lengths)
    batch, steps = wx.shape[:2]
    end = torch.full((batch,), steps, device="cuda") if lengths is None else lengths
    each = torch.arange(batch, device="cuda")
    of_layer = [of_steps[0], *(state[each, end - 1].unsqueeze(1) for state in of_steps)]
    return [
        ("outputs", of_steps),
        ("gradients", torch.autograd.grad(loss(of_steps, weights), values, allow_unused=True, retain_graph=True)),
        ("outputs", of_layer),
        ("gradients", torch.autograd.grad(loss(of_layer, weights), values, allow_unused=True)),
        ("outputs", of_layer),
    ]


def error(found, right) -> float:
    """|found - right| / |right|; the difference itself where nothing but zeros is right."""
    if found is None or right is None:
        return 0.0 if found is right else float("inf")
    norm = right.norm().item()
    return (found.double() - right).norm().item() / (norm if norm > 0 else 1.0)


def unlisted(plans, cells, dtype, count: int):
    """Random sizes that the package has no kernels of their own for: (cell, units, heads, type, [(batch, steps)])."""
    listed = {(k.cell, k.head_dim, k.heads) for k in plans.kernels()}
    while count > 0:
        cell, dim, heads = random.choice(cells), random.randint(1, random.choice((40, 400))), random.randint(1, 7)
        if (cell, dim, heads) not in listed:
            count -= 1
            yield cell, dim, heads, dtype, [(random.randint(1, random.choice((9, 90))), steps) for steps in (1, 3, 33)]


def main() -> int:
    directory, seed, count = [*sys.argv[1:], *("1", "16")[len(sys.argv) - 2 :]]
    sys.path.insert(0, directory)
    package = importlib.import_module("recurrent_kernels")
    plans = importlib.import_module("recurrent_kernels.plans")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(int(seed))
    random.seed(int(seed))
    weights = torch.randn(2**26, device="cuda", dtype=torch.float64)
    is_tf32 = any("_tf32_" in kernel.name for kernel in plans.kernels())
    left_out = json.loads((Path(directory) / "recurrent_kernels" / "plans.json").read_text())["leftOut"]
    for kernel in left_out:
        print(f"{kernel['name']}: LEFT OUT: {kernel['reason']}")
    listed = sorted({(k.cell, k.head_dim, k.heads, k.dtype, k.batch) for k in plans.kernels()}, key=str)
    sizes = [(cell, dim, heads, dtype, shapes(dim, heads, batch)) for cell, dim, heads, dtype, batch in listed]
    for dtype in sorted({size[3] for size in listed}, key=str):
        sizes += unlisted(plans, sorted({size[0] for size in listed}), dtype, int(count))
    wrong = cases = 0
    of_all = {}
    for place, (cell_name, dim, heads, dtype, cases_of_size) in enumerate(sizes):
        cell = package.CELLS[cell_name]
        limit = TF32_LIMIT if is_tf32 else LIMITS[dtype]
        type_name = "tf32" if is_tf32 else NAMES[dtype]
        worst = {"outputs": 0.0, "gradients": 0.0}
        for batch, steps in cases_of_size:
            values = arguments(cell, batch, steps, heads, dim, dtype)
            lengths = None
            if plans.TAKE_LENGTHS and cases % 2 == 1 and steps > 1:
                lengths = torch.randint(1, steps + 1, (batch,), device="cuda")
            pairs = zip(
                actual(package, cell, values, weights, lengths), expected(package, cell, values, weights, lengths), strict=True
            )
            for (what, ours), (_, theirs) in pairs:
                for pair in zip(ours, theirs, strict=True):
                    # Written so that a NaN is too large.
                    found = error(*pair)
                    worst[what] = worst[what] if found <= worst[what] else found
            cases += 1
        good = all(found <= limit for found in worst.values())
        wrong += not good
        print(
            f"{cell_name} {dim}x{heads}{'' if place < len(listed) else ' not listed'} {type_name}: outputs {worst['outputs']:.1e}, "
            f"gradients {worst['gradients']:.1e}, allowed {limit:.0e}: {'right' if good else 'TOO LARGE'}",
            flush=True,
        )
        of_all.setdefault((cell_name, type_name), []).append((worst["outputs"], worst["gradients"], limit, good))
    for (cell_name, type_name), found in of_all.items():
        outputs, gradients, limits, good = zip(*found, strict=True)
        print(
            f"| {cell_name} | {type_name} | {len(found)} | {max(outputs):.1e} | {max(gradients):.1e} | {limits[0]:.0e} | "
            f"{good.count(False) or 'none'} |"
        )
    print(f"{len(sizes) - wrong} of {len(sizes)} right, {cases} cases; {len(left_out)} kernels left out")
    return 1 if wrong or left_out else 0


if __name__ == "__main__":
    sys.exit(main())
