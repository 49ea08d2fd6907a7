"""Calls generated scans of a shared library on CUDA tensors, and times calls."""

import ctypes
import statistics
import time

import torch

DEVICE = "cuda"
#: Clock cycles of a second, at most, and how much longer than the queueing of calls the GPU waits.
CLOCK, MARGIN = 2e9, 1.5


class Scan:
    """A generated kernel with the scratch memory of its launches."""

    def __init__(self, library, name):
        self.name = name
        self.launch = getattr(library, f"{name}_launch")
        self.prepare = getattr(library, f"{name}_prepare_scratch")
        self.scratch_bytes = getattr(library, f"{name}_scratch_bytes")
        for function in (self.launch, self.prepare):
            function.restype = ctypes.c_char_p
        self.scratch_bytes.restype = ctypes.c_int64
        self.scratch = {}

    def __call__(self, tensors, batch, steps):
        """Launches it. tensors: in the order of the kernel's parameters, None for a null pointer."""
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        if (batch, steps) not in self.scratch:
            size = max(1, self.scratch_bytes(batch, steps))
            scratch = torch.empty(size, dtype=torch.uint8, device=DEVICE)
            self._require(self.prepare(stream, ctypes.c_void_p(scratch.data_ptr()), batch, steps))
            self.scratch[batch, steps] = scratch
        pointers = (ctypes.c_void_p * len(tensors))(*[None if tensor is None else tensor.data_ptr() for tensor in tensors])
        scratch = ctypes.c_void_p(self.scratch[batch, steps].data_ptr())
        self._require(self.launch(stream, pointers, None, scratch, batch, steps))

    def _require(self, error):
        if error:
            raise RuntimeError(f"{self.name}: {error.decode()}")


def milliseconds_from_host(run, count=21):
    """The mean time of calls one after the other as a program makes them, with what Python takes where that is longer."""
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(count):
        run()
    torch.cuda.synchronize()
    return (time.perf_counter() - begin) / count * 1e3


def milliseconds(run, count=21):
    """The median time of a call on the GPU by CUDA events, after four to warm up.

    All calls are queued while the GPU waits, so that the time is the GPU's and not that of Python between two launches.
    """
    for _ in range(3):
        run()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(count)]
    torch.cuda.synchronize()
    begin = time.perf_counter()
    run()
    queueing = time.perf_counter() - begin
    torch.cuda.synchronize()
    torch.cuda._sleep(int((queueing * count + 1e-3) * CLOCK * MARGIN))
    for start, end in events:
        start.record()
        run()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(end) for start, end in events)
