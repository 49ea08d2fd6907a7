"""Checks and times minGRU and minLSTM layers of a generated PyTorch package, beside layers of PyTorch operations. run.sh calls it.

    python3 layers.py [check|time]
"""

import json
import sys

import torch
import torch.nn.functional as F
from scan_library import DEVICE, milliseconds, milliseconds_from_host
from torch import nn

sys.path.insert(0, "package")
import scan_kernels_package as package  # noqa: E402

BATCH, WIDTH = 8, 1536
TYPES = {"fp32": (torch.float32, 1e-5), "fp16": (torch.float16, 2e-3), "bf16": (torch.bfloat16, 1e-2)}
LAYERS = {"mingru": package.minGRU, "minlstm": package.minLSTM}
PROJECTIONS = {"mingru": "to_hidden_and_gate", "minlstm": "to_hidden_and_f_i_gate"}


def record(**row):
    print(json.dumps(row), flush=True)


class LogSpace(nn.Module):
    """A layer as a log-space scan of PyTorch operations (arXiv 2410.01201, appendix B; Heinsen, arXiv 2311.06281)."""

    def __init__(self, cell):
        super().__init__()
        self.gates = {"mingru": 2, "minlstm": 3}[cell]
        self.projection = PROJECTIONS[cell]
        setattr(self, self.projection, nn.Linear(WIDTH, self.gates * WIDTH, bias=False, device=DEVICE))

    def forward(self, x):
        hidden, *gates = getattr(self, self.projection)(x).chunk(self.gates, -1)
        log_candidate = torch.where(hidden >= 0, (F.relu(hidden) + 0.5).log(), -F.softplus(-hidden))
        if self.gates == 2:
            log_decay, log_input = -F.softplus(gates[0]), -F.softplus(-gates[0])
        else:
            difference = F.softplus(-gates[0]) - F.softplus(-gates[1])
            log_decay, log_input = -F.softplus(difference), -F.softplus(-difference)
        log_decays = log_decay.cumsum(1)
        return (log_decays + (log_input + log_candidate - log_decays).logcumsumexp(1)).exp().to(x.dtype)


def error(actual, expected):
    return ((actual.double() - expected.double()).norm() / expected.double().norm()).item()


def gradients(run, inputs, weights):
    output, last = run(*inputs)
    loss = (output.double() * weights).sum() + last.double().sin().sum()
    return [output, last, *torch.autograd.grad(loss, inputs)]


def check():
    """Kernels against PyTorch operations in float64 on the same numbers, and what torch.compile and its kin ask of an operator."""
    for cell, layer in LAYERS.items():
        gates = len(package.LINEAR_CELLS[cell].gates)
        for name, (dtype, limit) in TYPES.items():
            for steps, lengths in ((1, None), (700, None), (700, torch.tensor([700, 1, 333]))):
                wx = torch.randn(3, steps, gates, 1, WIDTH, device=DEVICE).to(dtype).requires_grad_()
                initial = torch.randn(3, 1, 1, WIDTH, device=DEVICE, requires_grad=True)
                weights = torch.randn(3, steps, 1, WIDTH, device=DEVICE, dtype=torch.float64)
                exact = [value.detach().double().requires_grad_() for value in (wx, initial)]
                run = lambda *given: package.scan(*given, lengths, cell)
                actual, expected = gradients(run, [wx, initial], weights), gradients(run, exact, weights)
                errors = [error(*pair) for pair in zip(actual, expected, strict=True)]
                record(kind="scan against float64: h, last, d_wx, d_initial", cell=cell, dtype=name, steps=steps, lengths=lengths is not None, errors=errors, ok=max(errors) <= limit)
        wx = torch.randn(3, 70, gates, WIDTH, device=DEVICE, requires_grad=True)
        lengths = torch.tensor([70, 3, 44], device=DEVICE)
        operator = getattr(torch.ops.scan_kernels_package, f"{cell}_scan")
        torch.library.opcheck(operator, [wx, torch.randn(3, WIDTH, device=DEVICE, requires_grad=True), lengths])
        torch.library.opcheck(operator, [wx, None, None])
        ours, theirs = layer(WIDTH, device=DEVICE), LogSpace(cell)
        ours.load_state_dict(theirs.state_dict())
        x = torch.randn(3, 300, WIDTH, device=DEVICE)

        def all_results(module, x=x):
            output = module(x)
            return [output, *torch.autograd.grad(output.float().sin().sum(), module.parameters())]

        expected = [value.float() for value in all_results(theirs.double(), x.double())]
        plain = all_results(ours)
        compiled = all_results(torch.compile(ours, fullgraph=True))
        program = torch.export.export(ours, (x,)).module()(x)
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            rounded = all_results(ours)
        graph, static = torch.cuda.CUDAGraph(), torch.zeros_like(x)
        with torch.no_grad(), torch.cuda.graph(graph):
            captured = ours(static)
        static.copy_(x)
        graph.replay()
        with torch.no_grad():
            state, steps = None, []
            for t in range(20):
                one, state = ours(x[:, t : t + 1], state, return_next_prev_hidden=True)
                steps.append(one)
        pairs = {
            "log-space layer of the same state dict, in float64": (plain, expected, 1e-5),
            "torch.compile": (compiled, plain, 1e-6),
            "torch.export": ([program], plain[:1], 1e-6),
            "autocast to bf16": (rounded, plain, 5e-2),
            "CUDA graph": ([captured], plain[:1], 1e-6),
            "step by step": ([torch.cat(steps, 1)], [plain[0][:, :20]], 1e-5),
        }
        for what, (left, right, limit) in pairs.items():
            errors = [error(*pair) for pair in zip(left, right, strict=True)]
            record(kind=what, cell=cell, errors=errors, ok=max(errors) <= limit)
        record(kind="opcheck", cell=cell, ok=True)


def time():
    """Layers in bf16: their products alone, the whole layer, and the log-space layer, forward and with the backward pass."""
    for cell, layer in LAYERS.items():
        for steps in (256, 1024, 4096, 16384):
            ours = layer(WIDTH, device=DEVICE, dtype=torch.bfloat16)
            theirs = LogSpace(cell).bfloat16()
            theirs.load_state_dict(ours.state_dict())
            x = torch.randn(BATCH, steps, WIDTH, device=DEVICE, dtype=torch.bfloat16, requires_grad=True)
            d_h = torch.randn_like(x)
            projection = getattr(ours, PROJECTIONS[cell])
            d_projected = torch.cat([d_h] * (projection.out_features // WIDTH), -1)

            def train(run, gradient=d_h):
                x.grad = None
                for parameter in (*ours.parameters(), *theirs.parameters()):
                    parameter.grad = None
                run(x).backward(gradient)

            def measure(kind, gemm, our, their, cell=cell, steps=steps):
                times = dict(gemm=milliseconds(gemm), ours=milliseconds(our), log_space=milliseconds(their, 7))
                host = dict(gemm=milliseconds_from_host(gemm), ours=milliseconds_from_host(our), log_space=milliseconds_from_host(their, 7))
                record(kind=kind, cell=cell, steps=steps, **times, from_host=host)

            with torch.no_grad():
                measure("layer forward", lambda: projection(x), lambda: ours(x), lambda: theirs(x))
            measure("layer forward and backward", lambda: train(projection, d_projected), lambda: train(ours), lambda: train(theirs))
            del x, d_h, d_projected
            torch.cuda.empty_cache()


torch.manual_seed(1)
{"build": package.build_kernels, "check": check, "time": time}[sys.argv[1]]()
