"""Compares every kernel of a package with float64 on this machine's GPU: outputs, and the gradients of all inputs.

    python check.py PACKAGE_DIRECTORY [NAME]

For each cell, size and type that the package lists, and one size of each cell and type that it does not: sequences of 1, 3 and 33 steps, with the listed batch, one more and one less; inputs
standard normal, R divided by √D, random initial states (of an sLSTM n = 1 + |normal|, as a step leaves it). The expected values are those of the package's own loop over time in float64,
which is compared with torch.nn in the tests. Prints the largest relative error (norm) and ends with exit code 1 if one is too large.
"""

import importlib
import sys

import torch

#: Units, heads and batches that no kernel is planned for: rows that end within a word, rows of whole words, and many sequences.
UNLISTED = ((44, 3, 5), (1112, 1, 20), (96, 2, 200))
LIMITS = {torch.bfloat16: 2e-2, torch.float16: 4e-3, torch.float32: 1e-5}


def arguments(package, cell, batch, steps, heads, dim, dtype):
    """wx, R, bias, and the initial states in types of their own."""
    gates = {term: len(cell.places(term)) for term in ("input", "recurrent", "bias")}

    def normal(*shape, of=dtype):
        return torch.randn(shape, device="cuda").to(of)

    initial = [normal(batch, 1, heads, dim), *(normal(batch, 1, heads, dim, of=torch.float32) for _ in cell.states[1:])]
    if "m" in cell.states:
        initial[cell.states.index("n")].abs_().add_(1)
    return [
        normal(batch, steps, gates["input"], heads, dim),
        (torch.randn(gates["recurrent"], heads, dim, dim, device="cuda") / dim**0.5).to(dtype),
        normal(gates["bias"], heads, dim),
        *initial,
    ]


def results(package, cell, values, weights, all_states):
    """Outputs and gradients; the loss reads h of all steps and the last states, or all steps of all states."""
    values = [value.detach().requires_grad_() for value in values]
    wx, r, b, *initial = values
    if all_states:
        outputs = list(package.recurrent_all(wx, r, b, tuple(initial), cell.name))
    else:
        h, lasts = package.recurrent_states(wx, r, b, tuple(initial), cell.name)
        outputs = [h, *lasts]
    loss = sum((output.double() * weights[: output.numel()].view(output.shape)).sum() for output in outputs)
    return outputs + list(torch.autograd.grad(loss, values, allow_unused=True))


def error(actual, expected):
    """|actual - expected| / |expected|."""
    if actual is None or expected is None:
        return 0.0
    return ((actual.double() - expected).norm() / expected.norm().clamp_min(1e-30)).item()


def main() -> int:
    directory, name = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "recurrent_kernels"
    sys.path.insert(0, directory)
    package = importlib.import_module(name)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(1)
    weights = torch.randn(2**24, device="cuda", dtype=torch.float64)
    plans = importlib.import_module(f"{name}.plans")
    sizes = {(k.cell, k.head_dim, k.heads, k.dtype, k.batch) for k in plans.kernels()}
    any_size = {(k.cell, k.dtype) for k in plans.any_size_kernels()}
    sizes |= {(cell, dim, heads, dtype, batch) for cell, dtype in any_size for dim, heads, batch in UNLISTED}
    wrong = 0
    for cell_name, dim, heads, dtype, listed in sorted(sizes, key=str):
        cell = package.CELLS[cell_name]
        worst = 0.0
        for steps in (1, 3, 33):
            for batch in sorted({listed, listed + 1, max(1, listed - 1)}):
                values = arguments(package, cell, batch, steps, heads, dim, dtype)
                for all_states in (False, True):
                    actual = results(package, cell, values, weights, all_states)
                    expected = results(package, cell, [value.double() for value in values], weights, all_states)
                    errors = [error(*pair) for pair in zip(actual, expected, strict=True)]
                    # Written so that a NaN is too large.
                    worst = worst if max(errors) <= worst else max(errors)
        verdict = "right" if worst <= LIMITS[dtype] else "TOO LARGE"
        wrong += verdict != "right"
        print(f"{cell_name} {dim}x{heads} batch {listed} {dtype}: largest error {worst:.1e}, allowed {LIMITS[dtype]:.0e}: {verdict}", flush=True)
    print(f"{len(sizes) - wrong} of {len(sizes)} right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
