"""Compiles the kernels of a device once, and keeps the library for later starts."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import heapq
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from . import plans

_PACKAGE = Path(__file__).parent
#: Written beside a library when it is complete, so that a start can load it without asking the compiler.
_COMPLETE = "complete"
CUDA_FLAGS = ["-O3", "-std=c++17"]
#: The C++ standard is PyTorch's own choice.
CXX_FLAGS = ["-O2"]
#: The operators of every library, beside its kernels.
NATIVE_CALLS = _PACKAGE / "native_calls.cpp"
_COMPILED = (".cpp", ".cu", ".cuh", ".hpp")
#: Files to compile, for each compiler that runs at a time.
_UNITS_PER_JOB = 2


def sources(device: plans.Device) -> list[Path]:
    """The CUDA sources of a device's kernels."""
    beside = (plans.pointwise(), plans.weight_gradients())
    compiled = [*plans.kernels(), *plans.any_size_kernels(), *plans.scans(), *(kernel for table in beside for kernel in table.values())]
    return sorted({_PACKAGE / kernel.source for kernel in compiled if kernel.device == device.id})


def cuda_flags(device: plans.Device) -> list[str]:
    """nvcc's options: one architecture, that of the device."""
    return [*CUDA_FLAGS, f"-gencode=arch=compute_{device.architecture},code=sm_{device.architecture}"]


def library_name(device: plans.Device) -> str:
    """The name of a device's library: the package, the device, and a hash of all that is compiled and of PyTorch's and CUDA's versions."""
    digest = hashlib.sha256(repr((torch.__version__, torch.version.cuda, cuda_flags(device))).encode())
    folders = {source.parent for source in sources(device)}
    compiled = sorted(file for folder in (_PACKAGE, *folders) for file in folder.iterdir() if file.suffix in _COMPILED)
    for path in compiled:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return f"PACKAGE_NAME_{device.id.replace('-', '_')}_{digest.hexdigest()[:16]}"


@functools.cache
def library(device: plans.Device) -> ctypes.CDLL:
    """The loaded library of a device's kernels: the one that setup.py installed, the one of an earlier start, or a new one."""
    name = library_name(device)
    installed = next(iter(sorted(_PACKAGE.glob(f"{name}*.so"))), None)
    return ctypes.CDLL(str(installed or _cached(name) or build(device)))


@functools.cache
def operators(device: plans.Device):
    """The operators of a device's library (native_calls.cpp), which are in a namespace of its name."""
    library(device)
    return getattr(torch.ops, library_name(device))


def address(function) -> int:
    """Where a C function is."""
    return ctypes.cast(function, ctypes.c_void_p).value


def addresses(device: plans.Device, name: str, functions: Sequence[str]) -> list[int]:
    """Where functions of a device's library are: those whose names are of kernels and what they do."""
    return [address(getattr(library(device), f"{name}_{function}")) for function in functions]


def build(device: plans.Device, verbose: bool = False) -> Path:
    """Compiles a device's kernels now with `torch.utils.cpp_extension.load`, on all cores; returns the library's path."""
    from torch.utils import cpp_extension

    name = library_name(device)
    folder = _cache_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    cpp_extension.load(
        name=name,
        # What takes longest is named, and so begun, first.
        sources=[str(NATIVE_CALLS), *(str(unit) for unit in _write_units(sources(device), folder))],
        extra_cflags=CXX_FLAGS,
        extra_cuda_cflags=cuda_flags(device),
        build_directory=str(folder),
        is_python_module=False,
        verbose=verbose,
    )
    (folder / _COMPLETE).touch()
    return folder / f"{name}.so"


def _write_units(files: list[Path], folder: Path) -> list[Path]:
    """Writes files that include the sources, two for each core, and returns them, the largest first.

    The headers take a compiler longer than most kernels do, so that each is not compiled for itself; but two rounds keep all cores busy to the end.
    """
    jobs = int(os.environ.get("MAX_JOBS") or os.cpu_count() or 1)
    units = [(0, place, []) for place in range(min(len(files), _UNITS_PER_JOB * jobs))]
    for file in sorted(files, key=lambda file: -file.stat().st_size):
        size, place, members = heapq.heappop(units)
        heapq.heappush(units, (size + file.stat().st_size, place, [*members, file]))
    paths = []
    for place, (_, _, members) in enumerate(sorted(units, key=lambda unit: -unit[0])):
        path = folder / f"unit_{place}.cu"
        text = "".join(f'#include "{file.resolve().as_posix()}"\n' for file in members)
        # Another process may be compiling them: a file that is there stays as it is.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def build_kernels(verbose: bool = False) -> Path:
    """Compiles the kernels of the current CUDA device now, rather than when they are first needed; returns the library's path.

    Raises:
        RuntimeError: there is no CUDA device, or this package has no kernels for it.
    """
    if not torch.cuda.is_available():
        raise RuntimeError("no CUDA device: kernels are compiled for the GPU that is there")
    present = torch.device("cuda", torch.cuda.current_device())
    device = plans.device_for(present)
    if device is None:
        names = ", ".join(f"{d.name} (compute capability {d.capability[0]}.{d.capability[1]})" for d in plans.devices())
        raise RuntimeError(f"no kernels for {torch.cuda.get_device_name(present)}; this package has kernels for {names}")
    return _cached(library_name(device)) or build(device, verbose)


def _cached(name: str) -> Path | None:
    """The library of an earlier start, if it was finished."""
    folder = _cache_folder(name)
    return folder / f"{name}.so" if (folder / _COMPLETE).exists() else None


def _cache_folder(name: str) -> Path:
    """Where a library is kept: below TORCH_EXTENSIONS_DIR if that is set, as for every extension of PyTorch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("TORCH_EXTENSIONS_DIR", cache / "torch_extensions")) / name
