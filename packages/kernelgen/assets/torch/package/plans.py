"""The compiled kernels' plans (plans.json), and which of them serve a call."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import dataclass
from pathlib import Path

import torch

from .options import Options

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32, "int32": torch.int32}


@dataclass(frozen=True)
class TensorSpec:
    """A tensor that a kernel reads or writes; the extent of the steps is "T"."""

    name: str
    is_input: bool
    shape: tuple[int | str, ...]
    dtype: torch.dtype


@dataclass(frozen=True)
class Kernel:
    """A compiled kernel: what it computes, for which sizes, on which device."""

    name: str
    source: str
    device: str
    use: str
    cell: str
    head_dim: int
    heads: int
    batch: int
    dtype: torch.dtype
    #: Whether it takes the length of each sequence.
    lengths: bool
    options: Options
    microseconds_per_step: float
    tensors: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Scan:
    """A compiled scan of a linear recurrence, for any batch and number of steps; tiled for a batch."""

    name: str
    source: str
    device: str
    pass_name: str
    cell: str
    channels: int
    batch: int
    dtype: torch.dtype


@dataclass(frozen=True)
class Pointwise:
    """The compiled pointwise kernels of a cell and type, for any sizes."""

    name: str
    source: str
    device: str
    cell: str
    dtype: torch.dtype
    forward_clip: float | None


@dataclass(frozen=True)
class WeightGradients:
    """The compiled kernels of the weight gradients of small heads, for any sizes."""

    name: str
    source: str
    device: str
    dtype: torch.dtype


@dataclass(frozen=True)
class Device:
    """A GPU that kernels were planned for."""

    id: str
    name: str
    capability: tuple[int, int]
    multiprocessors: int
    architecture: str


@functools.cache
def devices() -> tuple[Device, ...]:
    """The GPUs that this package has kernels for."""
    return tuple(
        Device(row["id"], row["name"], tuple(row["computeCapability"]), row["multiprocessorCount"], row["architecture"])
        for row in _manifest()["devices"]
    )


@functools.cache
def kernels() -> tuple[Kernel, ...]:
    """All kernels of this package."""
    return tuple(
        _kernel(row, row["headDim"], row["heads"], row["predictedMicrosecondsPerStep"]) for row in _manifest()["kernels"]
    )


@functools.cache
def any_size_kernels() -> tuple[Kernel, ...]:
    """The kernels for any sizes; `batch` is the one that they are tiled for, and extents are letters."""
    return tuple(_kernel(row, 0, 0, 0.0) for row in _manifest()["anySize"])


@functools.lru_cache(maxsize=4096)
def any_size(
    device: str,
    use: str,
    cell: str,
    head_dim: int,
    heads: int,
    dtype: torch.dtype,
    batch: int,
    needs_lengths: bool = False,
    options: Options = Options(),
) -> Kernel | None:
    """The kernel for any sizes that serves a call, with the call's sizes; None if the cell and type are not in this package."""
    able = [
        kernel
        for kernel in any_size_kernels()
        if (kernel.device, kernel.use, kernel.cell, kernel.dtype, kernel.options) == (device, use, cell, dtype, options)
        and (kernel.lengths or not needs_lengths)
    ]
    if not able:
        return None
    # Tiled for as many sequences, or nearly; twice as many still go faster in two rounds of small tiles.
    kernel = min(able, key=lambda kernel: (kernel.batch < batch / 2, kernel.batch if kernel.batch >= batch / 2 else -kernel.batch))
    extents = {"B": batch, "N": heads, "D": head_dim}
    tensors = tuple(
        dataclasses.replace(spec, shape=tuple(extents.get(extent, extent) for extent in spec.shape)) for spec in kernel.tensors
    )
    return dataclasses.replace(kernel, batch=batch, heads=heads, head_dim=head_dim, tensors=tensors)


@functools.cache
def scans() -> tuple[Scan, ...]:
    """All scans of this package."""
    return tuple(
        Scan(
            name=row["name"],
            source=row["source"],
            device=row["device"],
            pass_name=row["pass"],
            cell=row["cell"],
            channels=row["channels"],
            batch=row["batch"],
            dtype=DTYPES[row["dataType"]],
        )
        for row in _manifest()["scans"]
    )


@functools.cache
def pointwise() -> dict[tuple[str, str, torch.dtype], Pointwise]:
    """The pointwise kernels of this package by device, cell and type."""
    rows = (
        Pointwise(row["name"], row["source"], row["device"], row["cell"], DTYPES[row["dataType"]], row.get("forwardClip"))
        for row in _manifest()["pointwise"]
    )
    return {(row.device, row.cell, row.dtype): row for row in rows}


def has_pointwise(device: str, cell: str, dtype: torch.dtype, forward_clip: float | None) -> bool:
    """Whether there are pointwise kernels for a cell and type whose states are held at that limit."""
    found = pointwise().get((device, cell, dtype))
    return found is not None and found.forward_clip == forward_clip


@functools.cache
def weight_gradients() -> dict[tuple[str, torch.dtype], WeightGradients]:
    """The kernels of weight gradients of this package by device and type."""
    rows = (WeightGradients(row["name"], row["source"], row["device"], DTYPES[row["dataType"]]) for row in _manifest()["weightGradients"])
    return {(row.device, row.dtype): row for row in rows}


def _kernel(row: dict, head_dim: int, heads: int, microseconds_per_step: float) -> Kernel:
    return Kernel(
        name=row["name"],
        source=row["source"],
        device=row["device"],
        use=row["use"],
        cell=row["cell"],
        head_dim=head_dim,
        heads=heads,
        batch=row["batch"],
        dtype=DTYPES[row["dataType"]],
        lengths=row["lengths"],
        options=_options(row),
        microseconds_per_step=microseconds_per_step,
        tensors=_tensor_specs(row),
    )


def _options(row: dict) -> Options:
    return Options(row.get("forwardClip"), row.get("recurrentGradientClip"), row.get("recurrentGradientCut", False))


def _tensor_specs(row: dict) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(spec["name"], spec["role"] == "input", tuple(spec["shape"]), DTYPES[spec["type"]]) for spec in row["tensors"]
    )


@functools.cache
def _manifest() -> dict:
    return json.loads((Path(__file__).parent / "plans.json").read_text(encoding="utf-8"))


#: Whether the compiled kernels take the length of each sequence.
TAKE_LENGTHS = any(row["lengths"] for row in _manifest()["kernels"])


@functools.cache
def device_for(device: torch.device) -> Device | None:
    """The planned device whose kernels a device of PyTorch can run.

    Of those with the same compute capability the one of the same name, else the one with the most multiprocessors that are no more than
    there are; None if there is none, as for a CPU.
    """
    if device.type != "cuda":
        return None
    properties = torch.cuda.get_device_properties(device)
    return best_device(properties.name, (properties.major, properties.minor), properties.multi_processor_count)


def best_device(name: str, capability: tuple[int, int], multiprocessors: int) -> Device | None:
    """`device_for` by the device's properties."""
    able = [d for d in devices() if d.capability == capability and d.multiprocessors <= multiprocessors]
    return max(able, key=lambda d: (d.name == name, d.multiprocessors), default=None)


@functools.lru_cache(maxsize=4096)
def cover(
    device: str,
    use: str,
    cell: str,
    head_dim: int,
    heads: int,
    dtype: torch.dtype,
    batch: int,
    needs_lengths: bool = False,
    options: Options = Options(),
) -> tuple[Kernel, ...] | None:
    """The kernels that together serve a batch in the least predicted time, one after the other; None if the sizes are not listed.

    Their batches add up to at least `batch`; only the last of them may be filled up.
    """
    able = [
        kernel
        for kernel in kernels()
        if (kernel.device, kernel.use, kernel.cell, kernel.head_dim, kernel.heads, kernel.dtype)
        == (device, use, cell, head_dim, heads, dtype)
        and kernel.options == options
        and (kernel.lengths or not needs_lengths)
    ]
    if not able:
        return None
    # Least time for each number of sequences, and the first kernel of the way to it.
    times = [0.0]
    first: list[Kernel | None] = [None]
    for sequences in range(1, batch + 1):
        time, best = min(
            ((times[max(0, sequences - kernel.batch)] + kernel.microseconds_per_step, kernel) for kernel in able),
            # Of kernels as fast as each other the one that fewest sequences are filled up for.
            key=lambda option: (option[0], option[1].batch),
        )
        times.append(time)
        first.append(best)
    chosen: list[Kernel] = []
    left = batch
    while left > 0:
        kernel = first[left]
        assert kernel is not None
        chosen.append(kernel)
        left -= kernel.batch
    # The one that is filled up comes last, whichever order the sums were found in.
    return tuple(sorted(chosen, key=lambda kernel: -kernel.batch))
