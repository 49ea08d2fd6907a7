"""Runs compiled scans on CUDA tensors."""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Sequence

import torch

from . import building, kernels, plans
from .plans import Scan


def find(pass_name: str, cell: str, wx: torch.Tensor) -> Scan | None:
    """The kernel for wx [B,T,G,C], or None where there is none for its channels, type and device.

    Any batch and number of steps will do; of several, the one that is tiled for the nearest batch.
    """
    batch, steps, _, channels = wx.shape
    device = plans.device_for(wx.device) if batch > 0 and steps > 0 else None
    return None if device is None else _nearest((device.id, pass_name, cell, channels, wx.dtype), batch)


@functools.lru_cache(maxsize=4096)
def _nearest(wanted: tuple[str, str, str, int, torch.dtype], batch: int) -> Scan | None:
    able = [scan for scan in plans.scans() if (scan.device, scan.pass_name, scan.cell, scan.channels, scan.dtype) == wanted]
    return min(able, key=lambda scan: abs(math.log(scan.batch / batch)), default=None)


def run(
    scan: Scan,
    inputs: Sequence[torch.Tensor | None],
    outputs: Sequence[torch.Tensor],
    lengths: torch.Tensor | None,
) -> None:
    """Launches a kernel on its tensors, in the order of its parameters; the first is wx.

    Nothing waits for the device, and memory comes from PyTorch's caching allocator, so that a call can be captured in a CUDA graph.
    """
    given = [None if tensor is None else kernels.dense(tensor) for tensor in inputs]
    counts = None if lengths is None else lengths.to(torch.int32).contiguous()
    wx = inputs[0]
    batch, steps = wx.shape[:2]
    launch, prepare_scratch, scratch_bytes = _functions(scan.device, scan.name)
    pointers = [None if tensor is None else tensor.data_ptr() for tensor in (*given, *outputs)]
    scratch = torch.empty(scratch_bytes(batch, steps), dtype=torch.uint8, device=wx.device)
    with kernels.current(wx.device) as stream:
        # Launches that overlap need scratch memory of their own, so that none is kept from one call to the next.
        if scratch.numel() > 0:
            _require(scan, prepare_scratch(stream, scratch.data_ptr(), batch, steps))
        _require(
            scan,
            launch(
                stream,
                (ctypes.c_void_p * len(pointers))(*pointers),
                None if counts is None else counts.data_ptr(),
                scratch.data_ptr(),
                batch,
                steps,
            ),
        )


def _require(scan: Scan, error: bytes | None) -> None:
    if error is not None:
        raise RuntimeError(f"{scan.name}: {error.decode()}")


@functools.cache
def _functions(device_id: str, name: str):
    """A kernel's functions: launch, prepare_scratch, scratch_bytes."""
    library = building.library(next(device for device in plans.devices() if device.id == device_id))
    pointer, count = ctypes.c_void_p, ctypes.c_int
    launch = getattr(library, f"{name}_launch")
    launch.argtypes = [pointer, pointer, pointer, pointer, count, count]
    prepare_scratch = getattr(library, f"{name}_prepare_scratch")
    prepare_scratch.argtypes = [pointer, pointer, count, count]
    launch.restype = prepare_scratch.restype = ctypes.c_char_p
    scratch_bytes = getattr(library, f"{name}_scratch_bytes")
    scratch_bytes.argtypes = [count, count]
    scratch_bytes.restype = ctypes.c_int64
    return launch, prepare_scratch, scratch_bytes
