"""Compares the kernels of a package with float64 over the grid of grid.json on this machine's GPU: outputs, and the gradients of all inputs.

    python check.py PACKAGE_DIRECTORY [SEED [COUNT [PROCESSES]]]

For each cell, heads, units and type that the package lists, of the grid: batches of 2, 8, 16 and 64 sequences of 1 and 3 steps; of one head of
512 units also 8, 32 and 64 sequences of 1024 steps. Of sizes outside of the grid: the listed batch, one more and one less, 1, 3 and 33 steps.
Then COUNT (16) random sizes that the package does not list, of each of its types, from SEED (1): the kernels for any sizes.
Losses read h of all steps and the last states, or all steps of all states; inference is compared, too. Where the kernels take lengths, every
second case has them.

Inputs are standard normal, R is divided by √D, initial states are random (of an sLSTM n = 1 + |normal|, as a step leaves it). Expected values are
those of the package's own loop over time in float64, which the tests compare with torch.nn and with finite differences. The error of a tensor is
|actual − expected| / |expected| (Euclidean norms). A kernel that was left out, for lack of a plan, counts as wrong. Prints the largest error for
each cell, size and type and of all sizes together, and ends with exit code 1 if one is too large. The loop over time waits for the launches of its
many small operations: the sizes are dealt to PROCESSES (4).
"""

import importlib
import json
import multiprocessing
import random
import sys
from concurrent.futures import ProcessPoolExecutor
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


def load(directory: str):
    """The package, and its plans."""
    if directory not in sys.path:
        sys.path.insert(0, directory)
    torch.backends.cuda.matmul.allow_tf32 = False
    return importlib.import_module("recurrent_kernels"), importlib.import_module("recurrent_kernels.plans")


def largest_errors(directory: str, seed: int, cell_name: str, dim: int, heads: int, dtype, cases) -> dict[str, float]:
    """The largest error of any output and of any gradient of a size; lengths in every second case with more than a step."""
    package, plans = load(directory)
    torch.manual_seed(seed)
    cell = package.CELLS[cell_name]
    weights = torch.randn(2**26, device="cuda", dtype=torch.float64)
    worst = {"outputs": 0.0, "gradients": 0.0}
    for place, (batch, steps) in enumerate(cases):
        values = arguments(cell, batch, steps, heads, dim, dtype)
        has_lengths = plans.TAKE_LENGTHS and (place + seed) % 2 == 1 and steps > 1
        lengths = torch.randint(1, steps + 1, (batch,), device="cuda") if has_lengths else None
        found, right = (compute(package, cell, values, weights, lengths) for compute in (actual, expected))
        for (what, ours), (_, theirs) in zip(found, right, strict=True):
            for pair in zip(ours, theirs, strict=True):
                # Written so that a NaN is too large.
                difference = error(*pair)
                worst[what] = worst[what] if difference <= worst[what] else difference
    return worst


def main() -> int:
    directory, seed, count, processes = [*sys.argv[1:], *("1", "16", "4")[len(sys.argv) - 2 :]]
    package, plans = load(directory)
    random.seed(int(seed))
    is_tf32 = any("_tf32_" in kernel.name for kernel in plans.kernels())
    left_out = json.loads((Path(directory) / "recurrent_kernels" / "plans.json").read_text())["leftOut"]
    for kernel in left_out:
        print(f"{kernel['name']}: LEFT OUT: {kernel['reason']}")
    listed = sorted({(k.cell, k.head_dim, k.heads, k.dtype, k.batch) for k in plans.kernels()}, key=str)
    sizes = [(cell, dim, heads, dtype, shapes(dim, heads, batch)) for cell, dim, heads, dtype, batch in listed]
    for dtype in sorted({size[3] for size in listed}, key=str):
        sizes += unlisted(plans, sorted({size[0] for size in listed}), dtype, int(count))
    wrong = 0
    of_all = {}
    with ProcessPoolExecutor(int(processes), multiprocessing.get_context("spawn")) as pool:
        # The longest first, so that all processes are busy to the end.
        order = sorted(range(len(sizes)), key=lambda place: -max(steps for _, steps in sizes[place][4]))
        running = {place: pool.submit(largest_errors, directory, int(seed) + place, *sizes[place]) for place in order}
        for place, (cell_name, dim, heads, dtype, _) in enumerate(sizes):
            worst = running[place].result()
            limit = TF32_LIMIT if is_tf32 else LIMITS[dtype]
            type_name = "tf32" if is_tf32 else NAMES[dtype]
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
    cases = sum(len(size[4]) for size in sizes)
    print(f"{len(sizes) - wrong} of {len(sizes)} right, {cases} cases; {len(left_out)} kernels left out")
    return 1 if wrong or left_out else 0


if __name__ == "__main__":
    sys.exit(main())
