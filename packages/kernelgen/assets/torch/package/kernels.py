"""Runs compiled kernels on CUDA tensors."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from collections.abc import Iterator, Mapping, Sequence

import torch

from . import building, plans
from .cells import CELLS
from .options import Options
from .plans import Kernel

#: Operations of a step's product from which on a library's is the faster one (bench/results of the generator's repository).
LIBRARY_FLOPS = 2e9
#: Whether PyTorch has products of 16-bit types with results of float32: from 2.8 on.
HAS_WIDE_PRODUCT = "dtype" in torch.ops.aten.bmm.overloads()
#: Bytes that the widest access of a kernel is aligned to.
_ALIGNMENT = 16


def find(
    use: str,
    cell: str,
    device: torch.device,
    dtype: torch.dtype,
    head_dim: int,
    heads: int,
    batch: int,
    needs_lengths: bool,
    options: Options,
) -> tuple[Kernel, ...] | None:
    """The kernels that serve a call: those planned for its sizes, else one for any sizes; None where only the loop over time can."""
    planned = plans.device_for(device)
    if planned is None:
        return None
    call = (planned.id, use, cell, head_dim, heads, dtype, batch, needs_lengths, options)
    chosen = plans.cover(*call)
    if chosen is not None:
        return chosen
    kernel = plans.any_size(*call)
    if kernel is None or (_is_for_library(cell, batch, heads, head_dim) and plans.has_pointwise(planned.id, cell, dtype, options.forward_clip)):
        return None
    return (kernel,)


def _is_for_library(cell: str, batch: int, heads: int, head_dim: int) -> bool:
    """Whether a step's product is so large that a library's, with a launch of its own for the rest of the step, is faster than a kernel for any sizes."""
    return HAS_WIDE_PRODUCT and 2 * batch * heads * CELLS[cell].counts["recurrent"] * head_dim**2 >= LIBRARY_FLOPS


def run(
    chosen: Sequence[Kernel],
    inputs: Mapping[str, torch.Tensor],
    weights: Mapping[str, torch.Tensor],
    steps: int,
    lengths: torch.Tensor | None,
) -> dict[str, torch.Tensor]:
    """Runs kernels one after the other over parts of the batch; returns each output by name, [B, …].

    inputs: tensors whose first dimension is the batch; weights: the others; both may hold more than the kernels read. lengths [B]: the
    steps of each sequence; all of them if None.

    Nothing waits for the device, and memory comes from PyTorch's caching allocator, so that a call can be captured in a CUDA graph.
    """
    first = next(iter(inputs.values()))
    batch = first.shape[0]
    read = {spec.name for spec in chosen[0].tensors}
    if "lengths" in read:
        full = torch.full((batch,), steps, dtype=torch.int32, device=first.device) if lengths is None else lengths
        inputs = {**inputs, "lengths": full.to(torch.int32)}
    inputs = {name: dense(tensor) for name, tensor in inputs.items() if name in read}
    weights = {name: dense(tensor) for name, tensor in weights.items()}
    padded = sum(kernel.batch for kernel in chosen)
    outputs = {
        spec.name: torch.empty(
            (padded, *(steps if extent == "T" else extent for extent in spec.shape[1:])),
            dtype=spec.dtype,
            device=first.device,
        )
        for spec in chosen[0].tensors
        if not spec.is_input
    }
    with current(first.device) as stream:
        begin = 0
        for kernel in chosen:
            part = {name: _part(tensor, begin, kernel.batch) for name, tensor in inputs.items()}
            part |= {name: tensor[begin : begin + kernel.batch] for name, tensor in outputs.items()}
            _launch(kernel, part | weights, steps, stream, first.device)
            begin += kernel.batch
    return outputs if padded == batch else {name: tensor[:batch] for name, tensor in outputs.items()}


@contextlib.contextmanager
def current(device: torch.device) -> Iterator[int | None]:
    """Makes the device the current one; gives the handle of its current stream."""
    if device.type != "cuda":
        yield None
        return
    if torch.cuda.current_device() == device.index:
        yield torch.cuda.current_stream(device).cuda_stream
        return
    with torch.cuda.device(device):
        yield torch.cuda.current_stream(device).cuda_stream


def dense(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, or a copy of it that is contiguous and aligned for the kernels."""
    tensor = tensor.contiguous()
    return tensor if tensor.data_ptr() % _ALIGNMENT == 0 else tensor.clone()


def _part(tensor: torch.Tensor, begin: int, count: int) -> torch.Tensor:
    """Sequences begin … begin + count − 1, zeros in place of those beyond the end."""
    if begin == 0 and count == tensor.shape[0]:
        return tensor
    part = tensor[begin : begin + count]
    missing = count - part.shape[0]
    if missing > 0:
        part = torch.cat([part, part.new_zeros(missing, *part.shape[1:])])
    return dense(part)


def _launch(
    kernel: Kernel, tensors: Mapping[str, torch.Tensor], steps: int, stream: int | None, device: torch.device
) -> None:
    launch, scratch_bytes = functions(kernel.device, kernel.name)
    sizes = (ctypes.c_int * 4)(kernel.batch, kernel.heads, kernel.head_dim, steps)
    pointers = (ctypes.c_void_p * len(kernel.tensors))(*(tensors[spec.name].data_ptr() for spec in kernel.tensors))
    size = scratch_bytes(sizes)
    scratch = torch.empty(size, dtype=torch.uint8, device=device) if size > 0 else None
    error = launch(stream, pointers, None if scratch is None else scratch.data_ptr(), sizes)
    if error is not None:
        raise RuntimeError(f"{kernel.name}: {error.decode()}")


@functools.cache
def functions(device_id: str, name: str):
    """A kernel's C functions: launch, and the bytes of scratch memory for the sizes of a call."""
    library = building.library(next(device for device in plans.devices() if device.id == device_id))
    launch, scratch_bytes = getattr(library, f"{name}_launch"), getattr(library, f"{name}_scratch_bytes")
    launch.argtypes, launch.restype = [ctypes.c_void_p] * 4, ctypes.c_char_p
    scratch_bytes.argtypes, scratch_bytes.restype = [ctypes.c_void_p], ctypes.c_int64
    return launch, scratch_bytes
