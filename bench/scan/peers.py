"""Times generated scans beside the copy floor, accelerated-scan and a log-space minGRU layer in PyTorch. run.sh calls it."""

import ctypes
import json
import os
import statistics

import torch
import torch.nn.functional as F

BATCH, WIDTH = 8, 1536
DEVICE = "cuda"
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
STEPS = (256, 1024, 4096, 16384, 65536)
with open("kernels.json") as file:
    PREDICTED = {kernel["name"]: kernel["microseconds"] / 1000 for kernel in json.load(file)}


def record(**row):
    print(json.dumps(row), flush=True)


class Scan:
    """A generated kernel with the scratch memory of its launches."""

    def __init__(self, name):
        self.library = ctypes.CDLL(os.path.abspath(f"{name}/library.so"))
        self.library.scan_scratch_bytes.restype = ctypes.c_int64
        self.library.scan_prepare.restype = ctypes.c_char_p
        self.library.scan_launch.restype = ctypes.c_char_p
        self.predicted = PREDICTED[name]
        self.scratch = {}

    def __call__(self, tensors, steps):
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        if steps not in self.scratch:
            size = max(1, self.library.scan_scratch_bytes(BATCH, steps))
            self.scratch[steps] = torch.empty(size, dtype=torch.uint8, device=DEVICE)
            pointer = ctypes.c_void_p(self.scratch[steps].data_ptr())
            self.require(self.library.scan_prepare(stream, pointer, BATCH, steps))
        pointers = (ctypes.c_void_p * len(tensors))(*[tensor.data_ptr() for tensor in tensors])
        scratch = ctypes.c_void_p(self.scratch[steps].data_ptr())
        self.require(self.library.scan_launch(stream, pointers, scratch, BATCH, steps))

    @staticmethod
    def require(error):
        if error:
            raise RuntimeError(error.decode())


def milliseconds(run, count=21):
    """The median time of a call by CUDA events, after three to warm up."""
    for _ in range(3):
        run()
    times = []
    for _ in range(count):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def states():
    return torch.zeros(BATCH, WIDTH, device=DEVICE), torch.empty(BATCH, WIDTH, device=DEVICE)


def peers():
    """accelerated-scan's kernels, those of them that can be loaded."""
    found = {}
    for name, module in (("accelerated-scan warp", "warp"), ("accelerated-scan Triton", "scalar")):
        try:
            found[name] = __import__(f"accelerated_scan.{module}", fromlist=["scan"]).scan
        except Exception as error:
            print(f"{name}: left out, {error!r}"[:200])
    return found


def measure_scans():
    others = peers()
    for steps in STEPS:
        for name, dtype in TYPES.items():
            decay, update = (torch.rand(BATCH, steps, WIDTH, device=DEVICE).to(dtype) for _ in range(2))
            h = torch.empty_like(decay)
            record(kind="floor", dtype=name, steps=steps, ms=milliseconds(lambda: torch.add(decay, update, out=h)))
            wx = torch.stack((decay, update), 2).contiguous()
            initial, last = states()
            scan = Scan(f"linear_{name}_{steps}")
            ms = milliseconds(lambda: scan([wx, initial, h, last], steps))
            record(kind="linear", dtype=name, steps=steps, ms=ms, predicted=scan.predicted)
            del wx, h
            # Its layout is [B, C, T], and T a power of two.
            by_channel = [tensor.transpose(1, 2).contiguous() for tensor in (decay, update)]
            del decay, update
            for peer, run in others.items():
                # The warp kernel of bf16 ends with an illegal address (seen on an H200), and with it the process.
                if peer.endswith("warp") and name == "bf16":
                    continue
                try:
                    with torch.no_grad():
                        record(kind=peer, dtype=name, steps=steps, ms=milliseconds(lambda: run(*by_channel), 11))
                except Exception as error:
                    print(f"{peer} {name} {steps}: failed, {error!r}"[:200])
            del by_channel
            torch.cuda.empty_cache()
        for cell, name, gates in (("mingru", "fp32", 2), ("mingru", "bf16", 2), ("minlstm", "fp32", 3)):
            wx = torch.randn(BATCH, steps, gates, WIDTH, device=DEVICE).to(TYPES[name])
            h = torch.empty(BATCH, steps, WIDTH, device=DEVICE, dtype=TYPES[name])
            initial, last = states()
            scan = Scan(f"{cell}_{name}_{steps}")
            ms = milliseconds(lambda: scan([wx, initial, h, last], steps))
            record(kind=cell, dtype=name, steps=steps, ms=ms, predicted=scan.predicted)
            del wx, h
            torch.cuda.empty_cache()


def log_space_layer(x, weight):
    """minGRU as a log-space scan of PyTorch operations (arXiv 2410.01201, appendix B; Heinsen, arXiv 2311.06281)."""
    hidden, gate = (x @ weight.t()).chunk(2, -1)
    log_candidate = torch.where(hidden >= 0, (F.relu(hidden) + 0.5).log(), -F.softplus(-hidden))
    log_decays = -F.softplus(gate).cumsum(1)
    log_values = log_candidate - F.softplus(-gate)
    return (log_decays + (log_values - log_decays).logcumsumexp(1)).exp().to(x.dtype)


class FusedScan(torch.autograd.Function):
    @staticmethod
    def forward(context, wx, forward, backward):
        h = torch.empty(wx.shape[0], wx.shape[1], WIDTH, device=DEVICE, dtype=wx.dtype)
        initial, last = states()
        forward([wx, initial, h, last], wx.shape[1])
        context.save_for_backward(wx, h, initial)
        context.kernel = backward
        return h

    @staticmethod
    def backward(context, d_h):
        wx, h, initial = context.saved_tensors
        d_wx, d_initial = torch.empty_like(wx), torch.empty_like(initial)
        context.kernel([wx, initial, h, d_h.contiguous(), initial, d_wx, d_initial], wx.shape[1])
        return d_wx, None, None


def measure_layers():
    for steps in STEPS[:3]:
        forward, backward = Scan(f"mingru_bf16_{steps}"), Scan(f"mingru_gradient_bf16_{steps}")
        x = torch.randn(BATCH, steps, WIDTH, device=DEVICE).bfloat16().requires_grad_()
        weight = (torch.randn(2 * WIDTH, WIDTH, device=DEVICE) / WIDTH**0.5).bfloat16().requires_grad_()
        d_h = torch.randn(BATCH, steps, WIDTH, device=DEVICE).bfloat16()
        d_projected = torch.cat((d_h, d_h), -1)
        layer = lambda: FusedScan.apply((x @ weight.t()).view(BATCH, steps, 2, WIDTH), forward, backward)
        if steps <= 1024:
            exact = [tensor.detach().float().requires_grad_() for tensor in (x, weight)]
            expected = log_space_layer(*exact)
            expected.backward(d_h.float())
            actual = layer()
            actual.backward(d_h)
            pairs = {"h": (actual, expected), "d_x": (x.grad, exact[0].grad), "d_weight": (weight.grad, exact[1].grad)}
            errors = {key: ((a.float() - b).norm() / b.norm()).item() for key, (a, b) in pairs.items()}
            record(kind="layer, relative error", steps=steps, **errors)

        def train(run, gradient=d_h):
            x.grad = weight.grad = None
            run().backward(gradient)

        with torch.no_grad():
            record(kind="GEMM", steps=steps, ms=milliseconds(lambda: x @ weight.t()))
            record(kind="layer forward", steps=steps, ms=milliseconds(layer))
            record(kind="log-space layer forward", steps=steps, ms=milliseconds(lambda: log_space_layer(x, weight), 11))
        gemms = milliseconds(lambda: train(lambda: x @ weight.t(), d_projected))
        record(kind="GEMMs forward and backward", steps=steps, ms=gemms)
        record(kind="layer forward and backward", steps=steps, ms=milliseconds(lambda: train(layer)))
        slow = milliseconds(lambda: train(lambda: log_space_layer(x, weight)), 11)
        record(kind="log-space layer forward and backward", steps=steps, ms=slow)
        wx = (x.detach() @ weight.detach().t()).view(BATCH, steps, 2, WIDTH)
        initial, last = states()
        tensors = [wx, initial, torch.empty_like(d_h), d_h, initial, torch.empty_like(wx), last]
        record(kind="mingru backward", dtype="bf16", steps=steps, ms=milliseconds(lambda: backward(tensors, steps)), predicted=backward.predicted)


torch.manual_seed(1)
measure_scans()
measure_layers()
