"""Checks of a generated PyTorch package, run by package.test.ts with the folder that holds the package and a library of its kernels.

    python checks.py FOLDER LIBRARY

Prints a line of JSON for each check: {"check": name, "error": null or a traceback}. The library has the kernels compiled for the CPU by
the host prelude, so that the way from an operator to a kernel is checked without a GPU.
"""

import ctypes
import json
import os
import random
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
LIBRARY = sys.argv[2]

import recurrent_kernels as package  # noqa: E402
import scan_checks  # noqa: E402
import torch  # noqa: E402
from closeness import require_close  # noqa: E402
from recurrent_kernels import building, kernels, native, plans, scan_kernels  # noqa: E402
from recurrent_kernels.cell import Cell, Gate  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence, pad_sequence  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

SAME_IN_TORCH = [(package.LSTM, nn.LSTM), (package.GRU, nn.GRU), (package.RNN, nn.RNN)]
OPERATORS = torch.ops.recurrent_kernels


def state_list(states):
    return [states] if isinstance(states, torch.Tensor) else list(states)


def outputs_and_gradients(module, inputs, states):
    """Everything that a layer computes: output, last states, and the gradients of inputs, states and parameters."""
    inputs = inputs.clone().requires_grad_()
    output, lasts = module(inputs, states[0] if len(states) == 1 else tuple(states))
    lasts = state_list(lasts)
    loss = output.sin().sum() + sum((last * last.cos()).sum() for last in lasts)
    return [output, *lasts, *torch.autograd.grad(loss, [inputs, *states, *module.parameters()])]


def problem(cell, batch, steps, heads, dim, dtype):
    """Random arguments of `recurrent`."""
    definition = package.CELLS[cell]
    gates = {term: len(definition.places(term)) for term in ("input", "recurrent", "bias")}
    values = [
        torch.randn(batch, steps, gates["input"], heads, dim),
        torch.randn(gates["recurrent"], heads, dim, dim) / dim**0.5,
        torch.randn(gates["bias"], heads, dim),
        # At least 1, for the normaliser of an sLSTM.
        torch.rand(len(definition.states), batch, 1, heads, dim) + 1,
    ]
    return [value.to(dtype).requires_grad_() for value in values]


def layers_equal_those_of_torch_from_the_same_state_dict():
    options = [
        {},
        {"bias": False},
        {"batch_first": True, "bidirectional": True, "num_layers": 2},
    ]
    for dtype, limit in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        for ours, theirs in SAME_IN_TORCH:
            for named in options:
                expected, actual = theirs(5, 7, **named).to(dtype), ours(5, 7, **named).to(dtype)
                actual.load_state_dict(expected.state_dict())
                layers = expected.num_layers * (2 if expected.bidirectional else 1)
                inputs = torch.randn(4, 6, 5, dtype=dtype)
                batch = 4 if expected.batch_first else 6
                count = 2 if ours is package.LSTM else 1
                states = [torch.randn(layers, batch, 7, dtype=dtype, requires_grad=True) for _ in range(count)]
                results = [outputs_and_gradients(module, inputs, states) for module in (actual, expected)]
                require_close(*results, limit, ours.__name__, named, dtype)
                with torch.no_grad():
                    require_close([actual(inputs)[0]], [expected(inputs)[0]], limit, "inference", ours.__name__, named)
                    one = inputs[0]
                    require_close([actual(one)[0]], [expected(one)[0]], limit, "one sequence", ours.__name__, named)


def packed_sequences_equal_those_of_torch():
    for ours, theirs in SAME_IN_TORCH:
        expected, actual = [layer(5, 7, 2, bidirectional=True).double() for layer in (theirs, ours)]
        actual.load_state_dict(expected.state_dict())
        sequences = [torch.randn(length, 5).double() for length in (3, 6, 1, 6, 2)]
        packed = pack_sequence(sequences, enforce_sorted=False)
        states = [torch.randn(4, 5, 7).double() for _ in range(2 if ours is package.LSTM else 1)]
        given = states[0] if len(states) == 1 else tuple(states)
        (output, lasts), (expected_output, expected_lasts) = actual(packed, given), expected(packed, given)
        require_close([output.data, *state_list(lasts)], [expected_output.data, *state_list(expected_lasts)], 1e-12)
        assert torch.equal(output.batch_sizes, expected_output.batch_sizes)
        assert torch.equal(output.unsorted_indices, expected_output.unsorted_indices)
        # The same by lengths, with its gradients, where what lies beyond a sequence's end must not matter.
        padded = pad_sequence(sequences, padding_value=1e3)
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        by_length, lasts = actual(padded, given, lengths=lengths)
        require_close([by_length, *state_list(lasts)], [pad_packed_sequence(expected_output)[0], *state_list(expected_lasts)], 1e-12)
        gradients = [
            torch.autograd.grad(output.sin().sum() + sum((last * last.cos()).sum() for last in state_list(ends)), module.parameters())
            for module, output, ends in ((actual, by_length, lasts), (expected, expected_output.data, expected_lasts))
        ]
        require_close(*gradients, 1e-12)


def heads_are_layers_beside_each_other():
    for name in package.CELLS:
        layer = package.Recurrent(name, 5, 12, heads=3, batch_first=True, dtype=torch.float64)
        inputs = torch.randn(2, 4, 5, dtype=torch.float64)
        parts = []
        for head in range(3):
            single = package.Recurrent(name, 5, 4, batch_first=True, dtype=torch.float64)
            with torch.no_grad():
                for key, parameter in single.named_parameters():
                    whole = getattr(layer, key)
                    parameter.copy_(whole.view(-1, 3, 4, *whole.shape[1:])[:, head].reshape(parameter.shape))
            parts.append(single(inputs)[0])
        require_close([layer(inputs)[0]], [torch.cat(parts, -1)], 1e-12, name)


def layers_have_parameters_for_gates_of_few_terms():
    """A cell with a gate that has no recurrent product, one that has all terms, and one that has a weight of each unit alone."""
    gates = (Gate("a", recurrent=False), Gate("b"), Gate("p", recurrent=False, input=False))
    package.CELLS["own"] = Cell("own", gates, ("h",), (), *[None] * 4)
    try:
        for bias in (True, False):
            layer = package.Recurrent("own", 3, 4, heads=2, bias=bias)
            shapes = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
            biases = {"bias_ih_l0": (8,), "bias_hh_l0": (4,)} if bias else {}
            assert shapes == {"weight_ih_l0": (8, 3), "weight_hh_l0": (4, 2), "weight_p_l0": (4,), **biases}, shapes
            recurrent, added = layer._recurrent_and_bias("_l0")
            assert torch.equal(recurrent, layer.weight_hh_l0.view(1, 2, 2, 2))
            zeros = torch.zeros(4)
            a, b = layer.bias_ih_l0.chunk(2) if bias else (zeros, zeros)
            expected = torch.stack([a, b + (layer.bias_hh_l0 if bias else zeros), layer.weight_p_l0])
            assert torch.equal(added, expected.view(3, 2, 2)), (added, expected)
            assert [len(parameters) for parameters in layer.all_weights] == [len(shapes)]
    finally:
        del package.CELLS["own"]


def gradients_equal_finite_differences():
    for cell in package.CELLS:
        wx, r, b, states = problem(cell, 2, 3, 2, 3, torch.float64)

        # Gradients of an sLSTM's c, n and m are by definition not those of finite differences: its m counts as constant.
        count = 1 if "m" in package.CELLS[cell].states else None

        def all_states(*values, cell=cell, count=count):
            sequences, last = package.recurrent(*values, cell=cell)
            return sequences[:count], last[:count]

        def last_states(wx, r, cell=cell, count=count):
            return package.recurrent_states(wx, r, cell=cell)[1][:count]

        assert torch.autograd.gradcheck(all_states, (wx, r, b, states), fast_mode=True), cell
        assert torch.autograd.gradcheck(last_states, (wx, r), fast_mode=True), cell


def clipping_and_cutting_are_those_of_autograd():
    """An LSTM of one head as PyTorch operations, its gradient through R clipped by a hook, or cut by detaching what R multiplies."""
    wx, r, b, states = problem("lstm", 3, 6, 1, 5, torch.float64)
    weights = torch.randn(2, 3, 6, 1, 5, dtype=torch.float64)

    def plain(clip=None, gradient_clip=None, cut=False):
        hold = (lambda x: x) if clip is None else (lambda x: x.clamp(-clip, clip))
        h, c = states[:, :, 0, 0]
        sequences = []
        for t in range(6):
            read = h.detach() if cut else h.clone()
            if gradient_clip is not None:
                read.register_hook(lambda gradient: gradient.clamp(-gradient_clip, gradient_clip))
            u = [read @ r[g, 0].T + wx[:, t, g, 0] + b[g, 0] for g in range(4)]
            i, f, z, o = u[0].sigmoid(), u[1].sigmoid(), u[2].tanh(), u[3].sigmoid()
            c = hold(f * c + i * z)
            h = hold(o * c.tanh())
            sequences.append(torch.stack([h, c]))
        return torch.stack(sequences, 2).unsqueeze(3)

    for options in ({}, {"clip": 0.4}, {"gradient_clip": 0.2}, {"cut": True}, {"clip": 0.3, "gradient_clip": 0.1}):
        expected = plain(**options)
        names = {"clip": "forward_clip", "gradient_clip": "recurrent_gradient_clip", "cut": "recurrent_gradient_cut"}
        actual, _ = package.recurrent(wx, r, b, states, **{names[name]: value for name, value in options.items()})
        gradients = [torch.autograd.grad((result * weights).sum(), (wx, r, b, states)) for result in (actual, expected)]
        require_close([actual, *gradients[0]], [expected, *gradients[1]], 1e-12, options)
        if options:
            plain_gradient = torch.autograd.grad((plain() * weights).sum(), wx)[0]
            assert (plain_gradient - gradients[1][0]).abs().max() > 1e-3, options
    layer = package.LSTM(5, 8, recurrent_gradient_clip=0.1, forward_clip=0.25).double()
    output, (_, c) = layer(torch.randn(4, 3, 5).double())
    assert output.abs().max() <= 0.25 and c.abs().max() <= 0.25 and "forward_clip=0.25" in repr(layer)


def operators_pass_opcheck():
    # All operators are made by the same functions; these two have one state and several.
    for cell in ("gru", "lstm"):
        wx, r, b, states = problem(cell, 2, 3, 2, 4, torch.float32)
        values = [value.detach() for value in (wx, r, b, *states)]
        weights, starts = values[:3], values[3:]
        for lengths, limit in ((None, None), (torch.tensor([2, 3]), 0.5)):
            torch.library.opcheck(getattr(OPERATORS, f"{cell}_inference"), [*weights, lengths, limit, *starts])
        for value in values:
            value.requires_grad_()
        for options in ((None, None, None, False), (torch.tensor([2, 3]), 0.5, 0.25, False)):
            torch.library.opcheck(getattr(OPERATORS, f"{cell}_forward"), [*weights, *options, *starts])


def what_is_beside_a_layer_is_that_of_torch():
    ours, theirs = package.LSTM(5, 8, 2, bidirectional=True), nn.LSTM(5, 8, 2, bidirectional=True)
    assert [[tuple(w.shape) for w in side] for side in ours.all_weights] == [[tuple(w.shape) for w in side] for side in theirs.all_weights]
    assert isinstance(package.RNN(5, 8, 1, "tanh", False, True), package.RNN) and package.RNN(5, 8, 1, "tanh", False, True).batch_first
    inputs = torch.randn(3, 0, 5)
    assert [tuple(x.shape) for x in (ours(inputs)[0], *ours(inputs)[1])] == [(3, 0, 16), (4, 0, 8), (4, 0, 8)]
    inputs, lengths = torch.randn(3, 2, 5), [3, 1]
    require_close(ours(inputs, lengths=lengths)[0], ours(inputs, lengths=torch.tensor(lengths))[0], 0, "lengths as a list")
    assert package.GRU(5, 8, device="meta")(torch.randn(3, 2, 5, device="meta"))[0].shape == (3, 2, 8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        package.LSTM(5, 8, dropout=0.5)
    assert ["no effect" in str(warning.message) for warning in caught] == [True], caught


def second_derivatives_are_refused():
    inputs = torch.randn(3, 2, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(package.LSTM(5, 8)(inputs)[0].sin().sum(), inputs, create_graph=True)
    try:
        gradient.sum().backward()
    except RuntimeError as raised:
        assert "lstm: a gradient of this layer has no derivative" in str(raised), raised
    else:
        raise AssertionError("no error")


def compile_export_and_autocast_work():
    layer = package.LSTM(5, 8, 2, heads=2, bidirectional=True)
    inputs = torch.randn(4, 3, 5)
    output, _ = layer(inputs)
    expected = [output, *torch.autograd.grad(output.sin().sum(), layer.parameters())]
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    output, _ = compiled(inputs)
    require_close([output, *torch.autograd.grad(output.sin().sum(), layer.parameters())], expected, 1e-6, "compile")
    program = torch.export.export(layer, (inputs,))
    require_close([program.module()(inputs)[0]], expected[:1], 1e-6, "export")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, (h, c) = layer(inputs)
    assert (output.dtype, h.dtype, c.dtype) == (torch.bfloat16, torch.bfloat16, torch.float32)
    gradients = torch.autograd.grad(output.float().sin().sum(), layer.parameters())
    assert all(gradient.dtype == torch.float32 for gradient in gradients)
    require_close([output, *gradients], expected, 3e-2, "autocast")


def wrong_arguments_are_named():
    wx, r, b, states = problem("lstm", 2, 3, 2, 4, torch.float32)
    cases = [
        (lambda: package.recurrent(wx, r, cell="lstn"), "unknown cell 'lstn'; known cells: elman, gru, lstm"),
        (lambda: package.recurrent(wx[0], r), "wx: has shape (3, 4, 2, 4), expected [B,T,G,N,D]"),
        (lambda: package.recurrent(wx[:, :0], r), "wx: has no step"),
        (lambda: package.recurrent(wx, r[:3]), "r: has shape (3, 2, 4, 4), expected (4, 2, 4, 4)"),
        (lambda: package.recurrent(wx, r, b[:, :1]), "b: has shape (4, 1, 4), expected (4, 2, 4)"),
        (lambda: package.recurrent(wx, r.double()), "r: is torch.float64 on cpu, wx is torch.float32 on cpu"),
        (lambda: package.recurrent(wx, r, b, states[:1]), "states: has shape (1, 2, 1, 2, 4), expected (2, 2, 1, 2, 4)"),
        (lambda: package.LSTM(5, 8, heads=3), "heads: 3 do not divide hidden_size 8"),
        (lambda: package.LSTM(5, 0), "hidden_size: 0 is not at least 1"),
        (lambda: package.LSTM(5, 8, forward_clip=0.0), "forward_clip: 0.0 is not a number above 0"),
        (
            lambda: package.recurrent(wx, r, recurrent_gradient_clip=1.0, recurrent_gradient_cut=True),
            "recurrent_gradient_clip: the recurrent gradient is cut, which leaves nothing to clip",
        ),
        (lambda: package.recurrent(wx, r, lengths=torch.tensor([0, 3])), "lengths: lie in 0 … 3, a batch of 3 steps allows 1 … 3"),
        (lambda: package.recurrent(wx, r, lengths=torch.tensor([1.0, 3.0])), "lengths: are torch.float32, expected integers"),
        (lambda: package.LSTM(5, 8, dropout=1.5), "dropout: 1.5 is not in [0, 1]"),
        (lambda: package.LSTM(5, 8, proj_size=4), "proj_size: 4, but these layers have no projections"),
        (lambda: package.RNN(5, 8, nonlinearity="relu"), "nonlinearity: 'relu', these layers have 'tanh' alone"),
        (lambda: package.LSTM(5, 8)(torch.randn(0, 2, 5)), "input: has no step"),
        (lambda: package.LSTM(5, 8)(torch.randn(3, 2, 5).double()), "input: is torch.float64 on cpu, the layer's parameters are torch.float32 on cpu"),
        (
            lambda: package.LSTM(5, 8)(torch.randn(3, 2, 5), (torch.zeros(1, 2, 8), torch.zeros(1, 2, 7))),
            "hx: c has shape (1, 2, 7), expected (1, 2, 8)",
        ),
        (lambda: package.LSTM(5, 8)(torch.randn(3, 2, 6)), "input: has 6 features, input_size is 5"),
        (lambda: package.LSTM(5, 8)(torch.randn(3, 2, 5), torch.zeros(1, 2, 8)), "hx: 1 states given, lstm has 2: h, c"),
        (
            lambda: package.GRU(5, 8)(torch.randn(3, 2, 5), lengths=torch.tensor([4, 1])),
            "lengths: lie in 1 … 4, a batch of 3 steps allows 1 … 3",
        ),
    ]
    for call, message in cases:
        try:
            call()
        except ValueError as raised:
            assert message in str(raised), (message, str(raised))
        else:
            raise AssertionError(f"no error: {message}")


class Compiled:
    """Takes the CPU for the first planned device, and records which kernels run from Python; with `is_native`, C++ runs what it can."""

    def __init__(self, is_native=False):
        self.is_native = is_native

    def __enter__(self):
        self.used = []
        self.saved = (plans.device_for, building.library, building.library_name, native.find, kernels.run, scan_kernels.run)
        run, run_scan = kernels.run, scan_kernels.run
        loaded = ctypes.CDLL(LIBRARY)

        def recorded(chosen, *others):
            self.used.append((chosen[0].use, [kernel.batch for kernel in chosen]))
            return run(chosen, *others)

        def recorded_scan(chosen, *others):
            self.used.append((chosen.pass_name, chosen.batch))
            return run_scan(chosen, *others)

        plans.device_for = lambda device: plans.devices()[0]
        building.library, building.library_name = (lambda device: loaded), (lambda device: Path(LIBRARY).stem)
        kernels.run, scan_kernels.run = recorded, recorded_scan
        if not self.is_native:
            native.find = lambda *_: None
        return self

    def __exit__(self, *_):
        plans.device_for, building.library, building.library_name, native.find, kernels.run, scan_kernels.run = self.saved
        kernels.functions.cache_clear()
        scan_kernels._functions.cache_clear()
        building.operators.cache_clear()
        native._layers.clear()
        native._weights.clear()


REFUSAL = b"threads: 2048 of 1024"
LIMITS = {torch.bfloat16: 2e-2, torch.float32: 1e-5}


def all_results(cell, arguments, weights, **options):
    """Outputs and gradients, of a loss of all steps of all states, and of one of h and of the last states."""
    wx, r, b, states = arguments
    sequences, last = package.recurrent(*arguments, cell=cell, **options)
    gradients = torch.autograd.grad((sequences * weights).sum() + last.sin().sum(), arguments)
    with torch.no_grad():
        inference = {name: value for name, value in options.items() if not name.startswith("recurrent_gradient")}
        h, lasts = package.recurrent_states(wx, r, b, tuple(states.unbind(0)), cell, **inference)
    h_again, lasts_again = package.recurrent_states(wx, r, b, tuple(states.unbind(0)), cell, **options)
    loss = (h_again * weights[0]).sum() + sum(last.sin().sum() for last in lasts_again)
    return [sequences, last, *gradients, h, *lasts, *torch.autograd.grad(loss, arguments)]


def compiled_kernels_equal_the_loop_for_any_batch():
    listed = {(kernel.cell, kernel.head_dim, kernel.heads, kernel.dtype) for kernel in plans.kernels()}
    for cell, dim, heads, dtype in sorted(listed, key=str):
        able = [k for k in plans.kernels() if (k.cell, k.head_dim, k.heads, k.dtype) == (cell, dim, heads, dtype)]
        batches = sorted({k.batch for k in able})
        options = next(k for k in able if k.use == "backward").options._asdict()
        for batch in range(1, 2 * batches[-1] + 2):
            arguments = problem(cell, batch, random.randint(1, 5), heads, dim, dtype)
            weights = torch.randn(len(arguments[3]), batch, arguments[0].shape[1], heads, dim).to(dtype)
            if able[0].lengths and batch % 2 == 0:
                options["lengths"] = torch.randint(1, arguments[0].shape[1] + 1, (batch,))
            expected = all_results(cell, arguments, weights, **options)
            with Compiled() as compiled:
                actual = all_results(cell, arguments, weights, **options)
            require_close(actual, expected, LIMITS[dtype], cell, dim, dtype, batch, options)
            options.pop("lengths", None)
            several = len(package.CELLS[cell].states) > 1
            uses = ["training", "backward_sequence" if several else "backward", "inference", "training", "backward"]
            assert [use for use, _ in compiled.used] == uses, compiled.used
            for _, chosen in compiled.used:
                assert set(chosen) <= set(batches) and sum(chosen) >= batch, chosen
                # No more sequences are filled up than the smallest kernel would need.
                assert sum(chosen) - batch < batches[0] or len(chosen) == 1, (batch, chosen)


def native_calls_equal_the_loop():
    listed = {(k.cell, k.head_dim, k.heads, k.batch, k.dtype) for k in plans.kernels()}
    # And sizes that none is listed for, of several heads and of one.
    listed |= {(k.cell, 7, 2, 3, k.dtype) for k in plans.any_size_kernels()} | {(k.cell, 8, 1, 2, k.dtype) for k in plans.any_size_kernels()}
    for cell, dim, heads, batch, dtype in sorted(listed, key=str):
        kernel = next(k for k in plans.kernels() if (k.cell, k.dtype, k.use) == (cell, dtype, "backward"))
        options = kernel.options._asdict()
        for steps, has_lengths in ((1, False), (4, False), (4, True)):
            if has_lengths and not kernel.lengths:
                continue
            if has_lengths:
                options["lengths"] = torch.randint(1, steps + 1, (batch,))
            arguments = problem(cell, batch, steps, heads, dim, dtype)
            weights = torch.randn(len(arguments[3]), batch, steps, heads, dim).to(dtype)
            expected = [all_results(cell, arguments, weights, **options), without_states(cell, arguments, weights, **options)]
            with Compiled(is_native=True) as compiled:
                actual = [all_results(cell, arguments, weights, **options), without_states(cell, arguments, weights, **options)]
            assert not compiled.used, compiled.used
            for pair in zip(actual, expected, strict=True):
                require_close(*pair, LIMITS[dtype], cell, dim, heads, batch, steps, dtype, options)


def without_states(cell, arguments, weights, **options):
    """h and the gradients of inputs and weights from states of zero, and of R alone."""
    wx, r, b, _ = arguments
    gradients = [
        torch.autograd.grad((package.recurrent_states(wx, r, b, cell=cell, **options)[0] * weights[0]).sum(), variables)
        for variables in ([wx, r, b], [r])
    ]
    return [package.recurrent_states(wx, r, b, cell=cell, **options)[0], *gradients[0], *gradients[1]]


def native_calls_are_differentiated_as_operators_are():
    kernel = plans.kernels()[0]
    wx, r, b, states = problem(kernel.cell, kernel.batch, 3, kernel.heads, kernel.head_dim, kernel.dtype)
    with Compiled(is_native=True) as compiled:
        run = lambda: package.recurrent(wx, r, b, states, kernel.cell)[0].float().sum()
        (gradient,) = torch.autograd.grad(run(), wx, create_graph=True)
        try:
            gradient.float().sum().backward()
        except RuntimeError as raised:
            assert f"{kernel.cell}: a gradient of this layer has no derivative" in str(raised), raised
        else:
            raise AssertionError("no error")
        # Kept tensors go through hooks, and may be changed by nobody.
        packed = []
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: packed.append(tensor.shape) or tensor, lambda tensor: tensor):
            run()
        assert len(packed) > len(states), packed
        result = run()
        with torch.no_grad():
            r.add_(0)
        try:
            result.backward()
        except RuntimeError as raised:
            assert "modified by an inplace operation" in str(raised), raised
        else:
            raise AssertionError("no error")
        # Autocast around a backward pass must not round its products.
        result = package.recurrent_states(wx, r, b, cell=kernel.cell)[0]
        expected = torch.autograd.grad(result, [wx, r, b], torch.ones_like(result), retain_graph=True)
        with torch.autocast("cpu", dtype=torch.float16):
            actual = torch.autograd.grad(result, [wx, r, b], torch.ones_like(result))
        require_close(actual, expected, 0, "autocast")
        # Whoever watches operators gets those with shapes and derivatives.
        assert not compiled.used, compiled.used
        with Watcher() as watcher:
            run().backward()
        assert {f"recurrent_kernels.{kernel.cell}_{what}.default" for what in ("forward", "backward", "weights")} <= set(watcher.seen), watcher.seen


def weight_gradients_are_products_over_all_steps():
    # Tiles that heads do not fill, several of them, and several parts of the steps; a first step with and without a state before it.
    for batch, steps, heads, dim in ((3, 100, 2, 72), (2, 5, 3, 24), (4, 3, 1, 136), (2, 1, 2, 8)):
        d_wx, h, initial = (torch.randn(batch, t, *g, heads, dim).bfloat16() for t, g in ((steps, (4,)), (steps, ()), (1, ())))
        previous = torch.cat([initial, h[:, :-1]], 1).double()
        expected = [torch.einsum("btgni,btnj->gnij", d_wx.double(), previous), d_wx.double().sum((0, 1))]
        kept = d_wx.clone()
        with Compiled():
            actual = OPERATORS.lstm_weights(d_wx, initial, h)
        require_close([value.double() for value in actual], expected, 4e-3, batch, steps, heads, dim)
        assert torch.equal(d_wx, kept)


class Watcher(TorchDispatchMode):
    """Records the operators that run."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        self.seen.append(str(function))
        return function(*arguments, **(named or {}))


def views_are_served():
    kernel = plans.kernels()[0]
    wx, r, b, states = problem(kernel.cell, kernel.batch, 3, kernel.heads, kernel.head_dim, kernel.dtype)
    expected = package.recurrent(wx, r, b, states, kernel.cell)
    # The same numbers as views that are neither dense nor aligned.
    views = [torch.stack([value, value], -1)[..., 0] for value in (wx, r, b, states)]
    shifted = [torch.cat([value.new_zeros(1), value.detach().flatten()])[1:].view(value.shape) for value in (wx, r, b, states)]
    for is_native in (False, True):
        with Compiled(is_native) as compiled:
            for arguments in (views, shifted):
                require_close(package.recurrent(*arguments, kernel.cell), expected, 2e-2)
            assert len(compiled.used) == (0 if is_native else 2)


def unlisted_sizes_go_through_stepwise_kernels():
    tiled = sorted({kernel.batch for kernel in plans.any_size_kernels()})
    for cell, dtype in sorted({(kernel.cell, kernel.dtype) for kernel in plans.any_size_kernels()}, key=str):
        kernel = next(k for k in plans.any_size_kernels() if (k.cell, k.dtype, k.use) == (cell, dtype, "backward"))
        options = kernel.options._asdict()
        # Rows of whole words and rows that end within one, and each of the tiles.
        for batch, heads, dim in ((3, 2, 7), (9, 1, 24), (2 * tiled[0] + 1, 1, 8)):
            arguments = problem(cell, batch, 4, heads, dim, dtype)
            weights = torch.randn(len(arguments[3]), batch, 4, heads, dim).to(dtype)
            if kernel.lengths:
                options["lengths"] = torch.randint(1, 5, (batch,))
            expected = all_results(cell, arguments, weights, **options)
            with Compiled() as compiled:
                actual = all_results(cell, arguments, weights, **options)
            assert len(compiled.used) == 5 and all(chosen == [batch] for _, chosen in compiled.used), compiled.used
            require_close(actual, expected, LIMITS[dtype], cell, dtype, batch)
            # Where products are large a library makes them, and a pointwise kernel the rest.
            limit, kernels.LIBRARY_FLOPS = kernels.LIBRARY_FLOPS, 0
            with Compiled() as compiled:
                actual = all_results(cell, arguments, weights, **options)
            kernels.LIBRARY_FLOPS = limit
            assert not compiled.used, compiled.used
            require_close(actual, expected, LIMITS[dtype], cell, dtype, batch, "library")


def a_refused_launch_is_an_error():
    kernel = plans.kernels()[0]
    wx, r, b, states = problem(kernel.cell, kernel.batch, 3, kernel.heads, kernel.head_dim, kernel.dtype)
    refuse = ctypes.CFUNCTYPE(ctypes.c_char_p, *[ctypes.c_void_p] * 4)(lambda *_: REFUSAL)
    without_scratch = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(lambda _: 0)
    for is_native in (False, True):
        with Compiled(is_native):
            functions, kernels.functions = kernels.functions, lambda *_: (refuse, without_scratch)
            try:
                package.recurrent(wx, r, b, states, kernel.cell)
            except RuntimeError as raised:
                assert str(raised).startswith(f"{kernel.name.rsplit('_', 2)[0]}_training_forward: threads: 2048 of 1024"), raised
            else:
                raise AssertionError("no error")
            finally:
                kernels.functions = functions


def a_device_is_chosen_by_what_it_can_hold():
    device = plans.devices()[0]
    major, minor = device.capability
    assert plans.best_device(device.name, device.capability, device.multiprocessors) == device
    assert plans.best_device("another", device.capability, device.multiprocessors + 1) == device
    assert plans.best_device(device.name, device.capability, device.multiprocessors - 1) is None
    assert plans.best_device(device.name, (major, minor + 1), device.multiprocessors) is None
    assert plans.device_for(torch.device("cpu")) is None


def sources_are_compiled_once_in_units_for_all_cores():
    files = building.sources(plans.devices()[0])
    os.environ["MAX_JOBS"] = "2"
    with tempfile.TemporaryDirectory() as folder:
        units = building._write_units(files, Path(folder))
        texts = [unit.read_text() for unit in units]
    assert len(units) == 2 * building._UNITS_PER_JOB, units
    included = [line for text in texts for line in text.splitlines()]
    assert sorted(included) == sorted(f'#include "{file}"' for file in files), included
    sizes = [sum(Path(line.split('"')[1]).stat().st_size for line in text.splitlines()) for text in texts]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] < 2 * sizes[-1], sizes


CHECKS = [
    layers_equal_those_of_torch_from_the_same_state_dict,
    packed_sequences_equal_those_of_torch,
    clipping_and_cutting_are_those_of_autograd,
    heads_are_layers_beside_each_other,
    layers_have_parameters_for_gates_of_few_terms,
    gradients_equal_finite_differences,
    operators_pass_opcheck,
    what_is_beside_a_layer_is_that_of_torch,
    second_derivatives_are_refused,
    compile_export_and_autocast_work,
    wrong_arguments_are_named,
    compiled_kernels_equal_the_loop_for_any_batch,
    native_calls_equal_the_loop,
    native_calls_are_differentiated_as_operators_are,
    weight_gradients_are_products_over_all_steps,
    views_are_served,
    unlisted_sizes_go_through_stepwise_kernels,
    a_refused_launch_is_an_error,
    a_device_is_chosen_by_what_it_can_hold,
    sources_are_compiled_once_in_units_for_all_cores,
    *scan_checks.checks(Compiled),
]

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    random.seed(1)
    for check in CHECKS:
        failure = None
        try:
            check()
        except Exception:
            failure = traceback.format_exc()
        print(json.dumps({"check": check.__name__, "error": failure}), flush=True)
