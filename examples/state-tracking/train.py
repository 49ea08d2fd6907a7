"""Trains a recurrent network to keep a running sum modulo m, with generated kernels and with torch.nn, from the same weights.

The inputs are random digits 0 … m − 1, the target at each step is the sum of all digits so far modulo m (parity for m = 2): a state that no
fixed window of the sequence shows. Both networks start from the same weights and see the same batches. Prints their losses side by side,
the share of right answers at the last step, and the wall time of each.

    python train.py --package DIR                                 on the GPU that is there, or on the CPU
    torchrun --nproc-per-node 2 train.py --package DIR            the batch divided over two GPUs (DistributedDataParallel)
"""

import argparse
import importlib
import json
import os
import sys
import time

import torch
from torch import nn

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
# The layer of torch.nn that each cell has beside it; sLSTM has none.
TORCH_LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


class RunningSum(nn.Module):
    """Digits [B,T] to logits [B,T,m]: embedding, recurrent layer, output layer."""

    def __init__(self, recurrent: nn.Module, modulus: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(modulus, recurrent.input_size)
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.hidden_size, modulus)

    def forward(self, digits: torch.Tensor) -> torch.Tensor:
        states, _ = self.recurrent(self.embedding(digits))
        return self.output(states)


def batch_of(iteration: int, options, rank: int, ranks: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The digits of an iteration and their running sums; each rank has its part of the same batch."""
    generator = torch.Generator().manual_seed(options.seed * 1_000_003 + iteration)
    digits = torch.randint(options.modulus, (options.batch * ranks, options.steps), generator=generator)
    part = digits[rank * options.batch : (rank + 1) * options.batch].to(device)
    return part, part.cumsum(1) % options.modulus


def train(model: nn.Module, options, rank: int, ranks: int, device: torch.device, dtype: torch.dtype) -> dict:
    """Trains in place; returns losses, the accuracy at the last step, and seconds."""
    wrapped = model
    if ranks > 1:
        wrapped = nn.parallel.DistributedDataParallel(model, device_ids=[device.index] if device.type == "cuda" else None)
    optimizer = torch.optim.Adam(wrapped.parameters(), lr=options.learning_rate)
    mixed = torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)

    def step(iteration: int) -> tuple[torch.Tensor, torch.Tensor]:
        digits, sums = batch_of(iteration, options, rank, ranks, device)
        optimizer.zero_grad(set_to_none=True)
        with mixed:
            logits = wrapped(digits)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), sums.flatten())
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(wrapped.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return loss.detach(), (logits[:, -1].argmax(-1) == sums[:, -1]).float().mean()

    # What is compiled or tuned once is not part of the time: a pass forward and backward, without a step.
    digits, sums = batch_of(0, options, rank, ranks, device)
    with mixed:
        logits = wrapped(digits)
    nn.functional.cross_entropy(logits.float().flatten(0, 1), sums.flatten()).backward()
    synchronize(device)
    start = time.perf_counter()
    results = [step(iteration) for iteration in range(options.iterations)]
    synchronize(device)
    seconds = time.perf_counter() - start
    losses, accuracies = (torch.stack(values) for values in zip(*results, strict=True))
    if ranks > 1:
        for values in (losses, accuracies):
            torch.distributed.all_reduce(values)
            values /= ranks
    return {"seconds": seconds, "losses": losses.tolist(), "accuracies": accuracies.tolist()}


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", required=True, help="directory that kernelgen generate --target torch wrote")
    parser.add_argument("--name", default="recurrent_kernels", help="name of the package")
    parser.add_argument("--cell", default="lstm", choices=["lstm", "gru", "elman", "slstm"])
    parser.add_argument("--modulus", type=int, default=2)
    parser.add_argument("--steps", type=int, default=512)
    parser.add_argument("--batch", type=int, default=64, help="sequences of each GPU")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--heads", type=int, default=1, help="more than 1: torch.nn has no such layer, and is left out")
    parser.add_argument("--features", type=int, default=32, help="width of the embedding")
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    default_dtype = "fp16" if torch.cuda.is_available() else "fp32"
    parser.add_argument("--dtype", choices=DTYPES, default=default_dtype, help=f"of autocast; fp32: none (default: {default_dtype})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50, help="iterations between printed losses")
    parser.add_argument("--json", help="also write all numbers to this file")
    return parser.parse_args()


def main() -> None:
    options = parse()
    ranks, rank, local_rank = (int(os.environ.get(name, value)) for name, value in (("WORLD_SIZE", 1), ("RANK", 0), ("LOCAL_RANK", 0)))
    device = torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    # fp32 means fp32 on both sides, not the tf32 that cuDNN may take instead.
    torch.backends.cudnn.allow_tf32 = False
    if ranks > 1:
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    sys.path.insert(0, options.package)
    package = importlib.import_module(options.name)

    def network(layer) -> RunningSum:
        torch.manual_seed(options.seed)
        return RunningSum(layer(options.features, options.hidden, batch_first=True), options.modulus).to(device)

    networks = {"generated": network(lambda *sizes, **named: package.Recurrent(options.cell, *sizes, heads=options.heads, **named))}
    if options.cell in TORCH_LAYERS and options.heads == 1:
        networks["torch.nn"] = network(TORCH_LAYERS[options.cell])
        networks["torch.nn"].load_state_dict(networks["generated"].state_dict())
    results = {
        name: train(model, options, rank, ranks, device, DTYPES[options.dtype]) for name, model in networks.items()
    }
    if rank == 0:
        report(options, ranks, device, results)
    if ranks > 1:
        torch.distributed.destroy_process_group()


def report(options, ranks: int, device: torch.device, results: dict) -> None:
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(
        f"{options.cell}, {options.hidden // options.heads}x{options.heads} units, sums modulo {options.modulus} over {options.steps} steps, "
        f"batch {options.batch} on each of {ranks} x {where}, {options.dtype}"
    )
    print("iteration  " + "  ".join(f"{f'loss, {name}':>16}" for name in results))
    for iteration in sorted({*range(0, options.iterations, options.every), options.iterations - 1}):
        print(f"{iteration:9}  " + "  ".join(f"{result['losses'][iteration]:16.5f}" for result in results.values()))
    for name, result in results.items():
        last = result["accuracies"][-10:]
        milliseconds = 1000 * result["seconds"] / options.iterations
        print(
            f"{name}: {result['seconds']:.2f} s, {milliseconds:.2f} ms an iteration, "
            f"{100 * sum(last) / len(last):.1f} % right at the last step (mean of the last {len(last)} iterations)"
        )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"options": vars(options), "device": where, "ranks": ranks, "results": results}, file)


if __name__ == "__main__":
    main()
