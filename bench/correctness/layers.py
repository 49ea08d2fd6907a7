"""Compares the layers of a package with torch.nn in float64 on this machine's GPU, and what may be asked for beside a cell with the loop over time.

    python layers.py PACKAGE_DIRECTORY [DEVICE]      default device: cuda

For each type that the package lists a head of 96 units of: LSTM, GRU and RNN from the state dict of torch.nn, one layer, without bias, and two
bidirectional layers, with initial states, dense batches, batches that no kernel is listed for, and packed sequences of different lengths.
Then, of every cell that is listed, clipping and cutting as the package's kernels were generated for. Compared are outputs, last states and the
gradients of inputs, initial states and parameters: relative errors (norm). A limit lets all of a gradient through or nothing, so that what lies
nearer to it than a rounding may do either: with limits 16-bit kernels are compared with the loop in their own type, which rounds where they do.
Ends with exit code 1 if an error is too large, or if something ran without a compiled kernel.
"""

import contextlib
import importlib
import sys

import torch
from check import LIMITS, NAMES, error
from torch import nn
from torch.nn.utils.rnn import pack_sequence

UNITS = 96
STEPS = 37


def state_list(states):
    return [states] if isinstance(states, torch.Tensor) else list(states)


def everything(module, inputs, states):
    """Output, last states, and the gradients of inputs, states and parameters."""
    values = [value.detach().requires_grad_() for value in (inputs.data if hasattr(inputs, "batch_sizes") else inputs, *states)]
    given = inputs._replace(data=values[0]) if hasattr(inputs, "batch_sizes") else values[0]
    output, lasts = module(given, values[1] if len(states) == 1 else tuple(values[1:]))
    output = output.data if hasattr(output, "batch_sizes") else output
    lasts = state_list(lasts)
    loss = output.double().sin().sum() + sum(last.double().cos().sum() for last in lasts)
    return [output, *lasts, *torch.autograd.grad(loss, [*values, *module.parameters()])]


class Kernels:
    """Counts the calls that compiled kernels serve."""

    def __init__(self, package_name):
        self.module = importlib.import_module(f"{package_name}.kernels")
        self.count = 0
        run = self.module.run

        def counted(*arguments):
            self.count += 1
            return run(*arguments)

        self.module.run = counted
        self.finders = [self.module, importlib.import_module(f"{package_name}.fused_stepwise")]

    @contextlib.contextmanager
    def left_out(self):
        """Calls go through the loop over time in PyTorch operations."""
        found = [finder.find for finder in self.finders]
        for finder in self.finders:
            finder.find = lambda *_: None
        yield
        for finder, find in zip(self.finders, found, strict=True):
            finder.find = find


def layers(package, dtype, device, kernels):
    """(what, errors, calls) of each layer and way of calling it."""
    options = [{}, {"bias": False}, {"batch_first": True, "bidirectional": True, "num_layers": 2}]
    for ours, theirs in ((package.LSTM, nn.LSTM), (package.GRU, nn.GRU), (package.RNN, nn.RNN)):
        for named in options:
            actual = ours(40, UNITS, **named).to(device, dtype)
            right = theirs(40, UNITS, **named).to(device, torch.float64)
            # The numbers that the layer has, rounded as they are.
            right.load_state_dict({name: value.double() for name, value in actual.state_dict().items()})
            count = actual.num_layers * actual.directions
            lengths = torch.randint(1, STEPS + 1, (16,)).tolist()
            cases = {
                "batch 16": torch.randn((16, STEPS, 40) if actual.batch_first else (STEPS, 16, 40)),
                "batch 21": torch.randn((21, STEPS, 40) if actual.batch_first else (STEPS, 21, 40)),
                "packed": pack_sequence([torch.randn(length, 40) for length in lengths], enforce_sorted=False),
            }
            for what, inputs in cases.items():
                inputs = inputs.to(device, dtype)
                batch = 21 if what == "batch 21" else 16
                states = [torch.randn(count, batch, UNITS, device=device).to(dtype) for _ in range(1 + (ours is package.LSTM))]
                before = kernels.count
                found = everything(actual, inputs, states)
                calls = kernels.count - before
                expected = everything(right, inputs.to(torch.float64), [state.double() for state in states])
                errors = [error(*pair) for pair in zip(found, expected, strict=True)]
                yield f"{ours.__name__} {named} {what}", errors, calls, 2 * count


def clipped(package, kernel, device, kernels):
    """(what, errors, calls) of the options that a package's kernels were generated for, beside the package's loop over time."""
    cell = package.CELLS[kernel.cell]
    options = kernel.options._asdict()
    dim, heads, batch = kernel.head_dim, kernel.heads, kernel.batch

    def normal(*shape):
        return torch.randn(*shape, device=device).to(kernel.dtype)

    states = [normal(batch, 1, heads, dim).abs() + 1 for _ in cell.states]
    values = [
        normal(batch, STEPS, len(cell.places("input")), heads, dim),
        (torch.randn(len(cell.places("recurrent")), heads, dim, dim, device=device) / dim**0.5).to(kernel.dtype),
        normal(len(cell.places("bias")), heads, dim),
    ]
    weights = torch.randn(batch, STEPS, heads, dim, device=device, dtype=torch.float64)

    def results(dtype):
        leaves = [value.detach().to(dtype).requires_grad_() for value in (*values, *states)]
        h, lasts = package.recurrent_states(*leaves[:3], tuple(leaves[3:]), cell.name, **options)
        loss = (h.double() * weights).sum() + sum(last.double().sin().sum() for last in lasts)
        return [h, *lasts, *torch.autograd.grad(loss, leaves)]

    before = kernels.count
    found = results(kernel.dtype)
    calls = kernels.count - before
    has_limits = options["forward_clip"] is not None or options["recurrent_gradient_clip"] is not None
    with kernels.left_out():
        expected = results(kernel.dtype if has_limits and kernel.dtype.itemsize == 2 else torch.float64)
    errors = [error(found_value, value.double()) for found_value, value in zip(found, expected, strict=True)]
    yield f"{cell.name} {dim}x{heads} batch {batch} {options}", errors, calls, 2


def main() -> int:
    directory, device = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "cuda"
    sys.path.insert(0, directory)
    package = importlib.import_module("recurrent_kernels")
    plans = importlib.import_module("recurrent_kernels.plans")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(1)
    kernels = Kernels("recurrent_kernels")
    plain = [kernel for kernel in plans.kernels() if not any(kernel.options._asdict().values())]
    asked = [kernel for kernel in plans.kernels() if any(kernel.options._asdict().values()) and kernel.use == "backward"]
    runs = [(dtype, layers(package, dtype, device, kernels)) for dtype in {k.dtype for k in plain if (k.head_dim, k.heads) == (UNITS, 1)}]
    runs += [(kernel.dtype, clipped(package, kernel, device, kernels)) for kernel in asked]
    wrong = count = 0
    for dtype, cases in runs:
        for what, errors, calls, least in cases:
            # Written so that a NaN is too large.
            good = all(found <= LIMITS[dtype] for found in errors) and (calls >= least or device != "cuda")
            count += 1
            wrong += not good
            verdict = "right" if good else "WRONG"
            print(f"{what} {NAMES[dtype]}: largest error {max(errors):.1e}, {calls} calls of kernels: {verdict}", flush=True)
    print(f"{count - wrong} of {count} right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
