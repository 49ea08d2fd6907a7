"""Checks of the linear recurrences of a generated PyTorch package, run by checks.py."""

import recurrent_kernels as package
import torch
import torch.nn.functional as F
from closeness import require_close
from recurrent_kernels import plans
from torch import nn

OPERATORS = torch.ops.recurrent_kernels
LIMITS = {torch.bfloat16: 2e-2, torch.float32: 1e-5, torch.float64: 1e-12}


def positive(x):
    return torch.where(x >= 0, x + 0.5, x.sigmoid())


#: a and b of a step, from the equations of the paper.
COEFFICIENTS = {
    "mingru": lambda h, z: (1 - z.sigmoid(), z.sigmoid() * positive(h)),
    "mingru_plain": lambda h, z: (1 - z.sigmoid(), z.sigmoid() * h),
    "minlstm": lambda h, f, i: (f.sigmoid() / (f.sigmoid() + i.sigmoid()), i.sigmoid() / (f.sigmoid() + i.sigmoid()) * positive(h)),
    "minlstm_plain": lambda h, f, i: (f.sigmoid() / (f.sigmoid() + i.sigmoid()), i.sigmoid() / (f.sigmoid() + i.sigmoid()) * h),
    "linear": lambda a, b: (a, b),
    # A user's own: test/kernelgen/own-cells.ts.
    "selective": lambda dt, step, s: ((-F.softplus(dt) * step.sigmoid()).exp(), F.softplus(dt) * s),
}


def loop(cell, wx, initial, lengths):
    """h and the last state, one step after the other, differentiable."""
    state = wx.new_zeros(wx.shape[0], *wx.shape[3:]) if initial is None else initial[:, 0]
    rows = []
    for t in range(wx.shape[1]):
        a, b = COEFFICIENTS[cell](*wx[:, t].unbind(1))
        within = torch.full((wx.shape[0], 1, 1), True) if lengths is None else (t < lengths)[:, None, None]
        state = torch.where(within, a * state + b, state)
        rows.append(torch.where(within, state, 0))
    return torch.stack(rows, 1), state[:, None]


def arguments(cell, batch, steps, heads, dim, dtype, with_lengths):
    gates = len(package.LINEAR_CELLS[cell].gates)
    wx = torch.randn(batch, steps, gates, heads, dim, dtype=torch.float64)
    if cell == "linear":
        wx[:, :, 0].sigmoid_()
    initial = torch.randn(batch, 1, heads, dim, dtype=torch.float64)
    lengths = torch.randint(1, steps + 1, (batch,)) if with_lengths else None
    return wx.to(dtype).requires_grad_(), initial.to(dtype).requires_grad_(), lengths


def with_gradients(function, wx, initial, weights):
    """h, the last state, and the gradients of a loss of both."""
    h, last = function(wx, initial)
    loss = (h.double() * weights).sum() + last.double().sin().sum()
    return [h, last, *torch.autograd.grad(loss, [wx, initial])]


def scans_are_the_equations_of_the_paper():
    for cell in package.LINEAR_CELLS:
        for with_lengths, steps in ((False, 1), (False, 12), (True, 17)):
            wx, initial, lengths = arguments(cell, 3, steps, 2, 5, torch.float64, with_lengths)
            weights = torch.randn(3, steps, 2, 5, dtype=torch.float64)
            expected = with_gradients(lambda *given: loop(cell, *given, lengths), wx, initial, weights)
            for dtype in LIMITS:
                given = [value.detach().to(dtype).requires_grad_() for value in (wx, initial)]
                actual = with_gradients(lambda *given: package.scan(*given, lengths, cell), *given, weights)
                require_close(actual, expected, LIMITS[dtype], cell, dtype, with_lengths, steps)
        h, last = package.scan(wx, lengths=lengths, cell=cell)
        require_close([h, last], loop(cell, wx, None, lengths), 1e-12, cell, "from zero")


def scan_gradients_equal_finite_differences():
    for cell in package.LINEAR_CELLS:
        wx, initial, lengths = arguments(cell, 2, 5, 1, 3, torch.float64, True)
        assert torch.autograd.gradcheck(lambda *given: package.scan(*given, lengths, cell), (wx, initial), fast_mode=True), cell


class LogSpace(nn.Module):
    """A layer as `minGRU-pytorch` computes it, by cumulative sums of logarithms."""

    def __init__(self, cell, dim, expansion_factor):
        super().__init__()
        inner = int(dim * expansion_factor)
        gates, self.name = {"mingru": (2, "to_hidden_and_gate"), "minlstm": (3, "to_hidden_and_f_i_gate")}[cell]
        setattr(self, self.name, nn.Linear(dim, gates * inner, bias=False))
        self.to_out = nn.Linear(inner, dim, bias=False) if expansion_factor != 1 else nn.Identity()

    def forward(self, x, prev_hidden):
        hidden, *gates = getattr(self, self.name)(x).chunk(2 if self.name == "to_hidden_and_gate" else 3, -1)
        log_candidate = torch.where(hidden >= 0, (F.relu(hidden) + 0.5).log(), F.logsigmoid(hidden))
        if len(gates) == 1:
            log_decay, log_input = F.logsigmoid(-gates[0]), F.logsigmoid(gates[0])
        else:
            log_forget, log_enter = F.logsigmoid(gates[0]), F.logsigmoid(gates[1])
            log_decay, log_input = [value - torch.logaddexp(log_forget, log_enter) for value in (log_forget, log_enter)]
        log_values = torch.cat([prev_hidden.log(), log_input + log_candidate], 1)
        log_decays = F.pad(log_decay, (0, 0, 1, 0)).cumsum(1)
        states = (log_decays + (log_values - log_decays).logcumsumexp(1)).exp()[:, 1:]
        return self.to_out(states), states[:, -1:]


LAYERS = {"mingru": package.minGRU, "minlstm": package.minLSTM}


def scan_layers_equal_log_space_layers_from_the_same_state_dict():
    for cell, layer in LAYERS.items():
        for factor in (1.0, 1.5):
            theirs, ours = LogSpace(cell, 8, factor).double(), layer(8, factor).double()
            ours.load_state_dict(theirs.state_dict())
            x = torch.randn(3, 11, 8, dtype=torch.float64)
            previous = torch.rand(3, 1, int(8 * factor), dtype=torch.float64) + 0.1
            results = []
            for run in (lambda: ours(x, previous, True), lambda: theirs(x, previous)):
                output, state = run()
                gradients = torch.autograd.grad(output.sin().sum() + state.cos().sum(), [*ours.parameters(), *theirs.parameters()], allow_unused=True)
                results.append([output, state, *(gradient for gradient in gradients if gradient is not None)])
            require_close(*results, 1e-11, cell, factor)
            # Step by step, as in inference.
            state, outputs = previous, []
            for t in range(x.shape[1]):
                output, state = ours(x[:, t : t + 1], state, return_next_prev_hidden=True)
                outputs.append(output)
            require_close([torch.cat(outputs, 1), state], results[0][:2], 1e-12, cell, "step by step")
            assert torch.equal(ours(x), ours(x, lengths=torch.tensor([11, 11, 11])))
            short = ours(x, lengths=torch.tensor([11, 4, 1]))
            require_close([short[1:2, :4]], [ours(x[1:2, :4])], 1e-12, cell, "a length")


def scan_operators_pass_opcheck():
    for cell in ("mingru", "linear"):
        wx, initial, lengths = arguments(cell, 2, 3, 1, 4, torch.float32, True)
        wx, initial = wx.detach()[:, :, :, 0].contiguous().requires_grad_(), initial.detach()[:, 0, 0].clone().requires_grad_()
        for given in ([wx, initial, lengths], [wx, None, None]):
            torch.library.opcheck(getattr(OPERATORS, f"{cell}_scan"), given)
        h = torch.randn(2, 3, 4)
        torch.library.opcheck(getattr(OPERATORS, f"{cell}_scan_backward"), [wx.detach(), None, h, lengths, h, None])


def scan_layers_compile_export_and_autocast():
    layer = package.minGRU(6, 2.0)
    x, lengths = torch.randn(3, 7, 6), torch.tensor([7, 2, 5])
    expected = [layer(x, lengths=lengths), *torch.autograd.grad(layer(x, lengths=lengths).sin().sum(), layer.parameters())]
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    output = compiled(x, lengths=lengths)
    require_close([output, *torch.autograd.grad(output.sin().sum(), layer.parameters())], expected, 1e-6, "compile")
    assert layer(x[:0]).shape == (0, 7, 6)
    program = torch.export.export(layer, (x,))
    require_close([program.module()(x)], [layer(x)], 1e-6, "export")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, state = layer(x, return_next_prev_hidden=True, lengths=lengths)
    assert (output.dtype, state.dtype) == (torch.bfloat16, torch.float32)
    gradients = torch.autograd.grad(output.float().sin().sum(), layer.parameters())
    assert all(gradient.dtype == torch.float32 for gradient in gradients)
    require_close([output, *gradients], expected, 3e-2, "autocast")


def wrong_arguments_of_scans_are_named():
    wx, initial, _ = arguments("mingru", 2, 3, 1, 4, torch.float32, False)
    cases = [
        (lambda: package.scan(wx, cell="gru"), "unknown linear recurrence 'gru'; known ones: mingru, mingru_plain, minlstm"),
        (lambda: package.scan(wx[0]), "wx: has shape (3, 2, 1, 4), expected [B,T,G,N,D]"),
        (lambda: package.scan(wx[:, :0]), "wx: has no step"),
        (lambda: package.scan(wx, cell="minlstm"), "wx: has 2 gates, minlstm has 3: h, f, i"),
        (lambda: package.scan(wx, initial[:1]), "initial: has shape (1, 1, 1, 4), expected (2, 1, 1, 4)"),
        (lambda: package.scan(wx, lengths=torch.tensor([4, 1])), "lengths: lie in 1 … 4, a batch of 3 steps allows 1 … 3"),
        (lambda: package.minGRU(0), "dim: 0 is not at least 1"),
        (lambda: package.minGRU(4, 0.1), "expansion_factor: 0.1 leaves 0 of 4 channels"),
        (lambda: package.minGRU(4)(torch.randn(2, 3, 5)), "x: has shape (2, 3, 5), expected [B,T,4]"),
        (lambda: package.minLSTM(4)(torch.randn(2, 3, 4), torch.zeros(2, 4)), "prev_hidden: has shape (2, 4), expected (2, 1, 4)"),
    ]
    for call, message in cases:
        try:
            call()
        except ValueError as raised:
            assert message in str(raised), (message, str(raised))
        else:
            raise AssertionError(f"no error: {message}")


def checks(compiled_kernels):
    """The checks. compiled_kernels: a context in which CPU tensors go through the compiled kernels; it records them in `used`."""

    def compiled_scans_equal_operations_for_any_batch():
        listed = [scan for scan in plans.scans() if scan.pass_name == "forward"]
        assert len(listed) == 2
        for scan in listed:
            for batch, steps, with_lengths in ((1, 1, False), (3, 70, True), (5, 33, False)):
                wx, initial, lengths = arguments(scan.cell, batch, steps, 3, scan.channels // 3, scan.dtype, with_lengths)
                weights = torch.randn(batch, steps, 3, scan.channels // 3)

                def run(*given, lengths=lengths, cell=scan.cell):
                    return package.scan(*given, lengths, cell)

                expected = with_gradients(run, wx, initial, weights)
                with compiled_kernels() as compiled:
                    actual = with_gradients(run, wx, initial, weights)
                    # Gradients of h alone, from no initial state, and of a view.
                    h, _ = package.scan(torch.stack([wx, wx], -1)[..., 0], lengths=lengths, cell=scan.cell)
                    (alone,) = torch.autograd.grad(h.sum(), wx)
                    h, _ = package.scan(wx[..., :2], cell=scan.cell)
                assert compiled.used == [("forward", scan.batch), ("backward", scan.batch)] * 2, compiled.used
                require_close(actual, expected, LIMITS[scan.dtype], scan.name, batch, steps)
                (alone_expected,) = torch.autograd.grad(package.scan(wx, lengths=lengths, cell=scan.cell)[0].sum(), wx)
                require_close([alone], [alone_expected], LIMITS[scan.dtype], scan.name, "h alone")

    return [
        scans_are_the_equations_of_the_paper,
        scan_gradients_equal_finite_differences,
        scan_layers_equal_log_space_layers_from_the_same_state_dict,
        scan_operators_pass_opcheck,
        scan_layers_compile_export_and_autocast,
        wrong_arguments_of_scans_are_named,
        compiled_scans_equal_operations_for_any_batch,
    ]
