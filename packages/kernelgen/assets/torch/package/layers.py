"""Recurrent layers with the constructor, the parameters and the results of `torch.nn.LSTM`, `torch.nn.GRU` and `torch.nn.RNN`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from . import sequences
from .cell import Cell
from .functional import find_cell, is_autocast, recurrent_states
from .options import checked


class Recurrent(nn.Module):
    """Recurrent layers of any cell.

    The arguments of `torch.nn.LSTM`, in its order, and `heads`: the hidden units are divided into heads, and the recurrent matrix couples
    the units of a head alone. With one head the parameters are those of `torch.nn`, by name and shape, and state dicts can be exchanged;
    with N heads `weight_hh_l…` is [gates · hidden_size, hidden_size / N]. A gate of a cell that has a bias and nothing else, as a peephole has,
    is a parameter `weight_GATE_l…` [hidden_size].

    `forward_clip`, `recurrent_gradient_clip` and `recurrent_gradient_cut` are those of `recurrent`.

    Differences from `torch.nn`: no projections (`proj_size` is 0); the last states other than h are float32, so that they can be passed on
    without being rounded; `forward` takes lengths.

    Raises:
        ValueError: a size below 1, heads that do not divide hidden_size, a projection, a dropout outside of [0, 1], a limit that is not above 0.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        heads: int = 1,
        proj_size: int = 0,
        forward_clip: float | None = None,
        recurrent_gradient_clip: float | None = None,
        recurrent_gradient_cut: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers), ("heads", heads)):
            if value < 1:
                raise ValueError(f"{name}: {value} is not at least 1")
        if hidden_size % heads != 0:
            raise ValueError(f"heads: {heads} do not divide hidden_size {hidden_size}")
        if proj_size != 0:
            raise ValueError(f"proj_size: {proj_size}, but these layers have no projections; a linear layer after a single layer does the same to its output")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: {dropout} is not in [0, 1]")
        if dropout > 0 and num_layers == 1:
            warnings.warn(f"dropout: {dropout} has no effect on a single layer: it is between layers", stacklevel=3)
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.heads = heads
        self.options = checked(forward_clip, recurrent_gradient_clip, recurrent_gradient_cut)
        definition = find_cell(cell)
        self._input_gates, self._recurrent_gates = _rows_of(definition)
        self._weight_gates = [place for place in definition.places("bias") if place not in self._input_gates + self._recurrent_gates]
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * self.directions
            for suffix in self._suffixes(layer):
                shapes = {
                    "weight_ih": (len(self._input_gates) * hidden_size, width),
                    "weight_hh": (len(self._recurrent_gates) * hidden_size, hidden_size // heads),
                }
                if bias:
                    shapes |= {"bias_ih": shapes["weight_ih"][:1], "bias_hh": shapes["weight_hh"][:1]}
                shapes |= {name: (hidden_size,) for name in self._weight_names()}
                for name, shape in shapes.items():
                    self.register_parameter(f"{name}{suffix}", nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    @property
    def directions(self) -> int:
        """1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    def reset_parameters(self) -> None:
        """Draws every parameter uniformly from ±1/√hidden_size, as `torch.nn` does."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, as `torch.nn.LSTM.all_weights`."""
        names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.bias else []), *self._weight_names()]
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[getattr(self, f"{name}{suffix}") for name in names] for suffix in suffixes]

    def flatten_parameters(self) -> None:
        """Does nothing; for code that was written for `torch.nn.LSTM`."""

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False, "heads": 1}
        shown += [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        shown += [f"{name}={value}" for name, value in self.options._asdict().items() if value not in (None, False)]
        return ", ".join(shown)

    def forward(self, input, hx=None, lengths: torch.Tensor | None = None):
        """(output, last states), as `torch.nn.LSTM`.

        Args:
            input: [T,B,input_size], [B,T,input_size] if batch_first, [T,input_size] for one sequence, or a PackedSequence.
            hx: the initial states, one tensor or a tuple of as many as the cell has, each [layers · directions, B, hidden_size].
            lengths: [B], the steps of each sequence, for a padded input: outputs beyond are zero, last states those of each sequence's end.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(f"input: has {input.dim()} dimensions, expected 3, or 2 for one sequence")
        if input.shape[-1] != self.input_size:
            raise ValueError(f"input: has {input.shape[-1]} features, input_size is {self.input_size}")
        self._check_type(input)
        if input.dim() == 2:
            states = None if hx is None else tuple(state.unsqueeze(1) for state in self._state_tuple(hx))
            output, lasts = self._forward_batch(input.unsqueeze(0), states, lengths)
            return output[0], self._state_result([state.squeeze(1) for state in lasts])
        batch = input if self.batch_first else input.transpose(0, 1)
        output, lasts = self._forward_batch(batch, None if hx is None else self._state_tuple(hx), lengths)
        return output if self.batch_first else output.transpose(0, 1), self._state_result(lasts)

    def _forward_packed(self, packed: PackedSequence, hx):
        padded, lengths = pad_packed_sequence(packed, batch_first=True)
        output, lasts = self._forward_batch(padded, None if hx is None else self._state_tuple(hx), lengths)
        order = packed.sorted_indices
        if order is not None:
            output, lengths = output[order], lengths[order.to(lengths.device)]
        repacked = pack_padded_sequence(output, lengths, batch_first=True)
        result = PackedSequence(repacked.data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        return result, self._state_result(lasts)

    def _forward_batch(
        self, batch: torch.Tensor, initial: tuple[torch.Tensor, ...] | None, lengths: torch.Tensor | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The layers on [B,T,features]; the last states are [layers · directions, B, hidden_size]."""
        count, steps, _ = batch.shape
        if steps < 1:
            raise ValueError("input: has no step; a sequence needs at least 1")
        if initial is not None:
            expected = (self.num_layers * self.directions, count, self.hidden_size)
            for name, state in zip(find_cell(self.cell).states, initial, strict=True):
                if tuple(state.shape) != expected:
                    raise ValueError(f"hx: {name} has shape {tuple(state.shape)}, expected {expected}")
        if lengths is not None:
            lengths = sequences.check_lengths(lengths, count, steps, batch.device)
        lasts: list[Sequence[torch.Tensor]] = []
        output = batch
        for layer in range(self.num_layers):
            if layer > 0 and self.dropout > 0:
                output = nn.functional.dropout(output, self.dropout, self.training)
            results = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                place = layer * self.directions + direction
                states = None if initial is None else tuple(state[place] for state in initial)
                h, last = self._direction(output, suffix, states, lengths, is_reverse=direction == 1)
                results.append(h)
                lasts.append(last)
            output = results[0] if len(results) == 1 else torch.cat(results, -1)
        if len(lasts) == 1:
            return output, [state.unsqueeze(0) for state in lasts[0]]
        return output, [torch.stack(states) for states in zip(*lasts, strict=True)]

    def _direction(self, batch, suffix: str, initial, lengths, is_reverse: bool):
        """One layer in one direction: (h [B,T,hidden_size], last states [B,hidden_size])."""
        count, steps, _ = batch.shape
        heads, dim = self.heads, self.hidden_size // self.heads
        if is_reverse:
            batch = sequences.reverse(batch, lengths)
        wx = nn.functional.linear(batch, getattr(self, f"weight_ih{suffix}")).view(count, steps, len(self._input_gates), heads, dim)
        recurrent, bias = self._recurrent_and_bias(suffix)
        states = None if initial is None else tuple(state.reshape(count, 1, heads, dim) for state in initial)
        h, lasts = recurrent_states(wx, recurrent, bias, states, self.cell, lengths=lengths, **self.options._asdict())
        if is_reverse:
            h = sequences.reverse(h, lengths)
        return h.flatten(2), [state.reshape(count, self.hidden_size) for state in lasts]

    def _recurrent_and_bias(self, suffix: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        """R [G,N,D,D] and bias [G,N,D] in the order of the cell's gates, from parameters in the order of `torch.nn`."""
        cell = find_cell(self.cell)
        heads, dim = self.heads, self.hidden_size // self.heads
        matrices = getattr(self, f"weight_hh{suffix}").view(len(self._recurrent_gates), heads, dim, dim)
        if self._recurrent_gates != cell.places("recurrent"):
            matrices = torch.stack([matrices[self._recurrent_gates.index(place)] for place in cell.places("recurrent")])
        if not self.bias and not self._weight_gates:
            return matrices, None
        # The rows of each parameter that enters the bias, by the gates that they belong to.
        rows = [([place], getattr(self, f"{name}{suffix}")) for place, name in zip(self._weight_gates, self._weight_names(), strict=True)]
        if self.bias:
            rows += [(self._input_gates, getattr(self, f"bias_ih{suffix}")), (self._recurrent_gates, getattr(self, f"bias_hh{suffix}"))]
        places = cell.places("bias")
        if all(gates == places for gates, _ in rows):
            return matrices, (rows[0][1] + rows[1][1]).view(len(places), heads, dim)
        rows = [(gates, parameter.view(len(gates), heads, dim)) for gates, parameter in rows]
        terms = [[parameter[gates.index(place)] for gates, parameter in rows if place in gates] for place in places]
        return matrices, torch.stack([sum(term[1:], term[0]) if term else matrices.new_zeros(heads, dim) for term in terms])

    def _weight_names(self) -> list[str]:
        """The parameters of the gates that have a bias and nothing else, as a layer's suffix follows."""
        gates = find_cell(self.cell).gates
        return [f"weight_{gates[place].name}" for place in self._weight_gates]

    def _check_type(self, input: torch.Tensor) -> None:
        """Raises ValueError where the input is not of the parameters' type; under autocast it need not be."""
        weight = self.weight_ih_l0
        if input.device != weight.device or (input.dtype != weight.dtype and not is_autocast(input.device)):
            raise ValueError(f"input: is {input.dtype} on {input.device}, the layer's parameters are {weight.dtype} on {weight.device}")

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]

    def _state_tuple(self, hx) -> tuple[torch.Tensor, ...]:
        states = (hx,) if isinstance(hx, torch.Tensor) else tuple(hx)
        names = find_cell(self.cell).states
        if len(states) != len(names):
            raise ValueError(f"hx: {len(states)} states given, {self.cell} has {len(names)}: {', '.join(names)}")
        return states

    def _state_result(self, states: Sequence[torch.Tensor]):
        return states[0] if len(states) == 1 else tuple(states)


def _rows_of(cell: Cell) -> tuple[list[int], list[int]]:
    """The gates that the rows of `weight_ih` belong to, and those of `weight_hh`, each hidden_size rows.

    They are the gates with an input, and the same gates, but that one without a recurrent product gives its place to one that has no input: of a
    GRU the rows are r, z, n and r, z, g, where u_g is the recurrent part of the candidate n, as in `torch.nn.GRU`.
    """
    inputs = cell.places("input")
    recurrent_only = [place for place in cell.places("recurrent") if not cell.gates[place].input]
    recurrent = []
    for place in inputs:
        if cell.gates[place].recurrent:
            recurrent.append(place)
        elif recurrent_only:
            recurrent.append(recurrent_only.pop(0))
    return inputs, recurrent + recurrent_only


class LSTM(Recurrent):
    """`torch.nn.LSTM` with heads; initial and last states are (h, c). See `Recurrent`."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__("lstm", *arguments, **named)


class GRU(Recurrent):
    """`torch.nn.GRU` with heads. See `Recurrent`."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__("gru", *arguments, **named)


class RNN(Recurrent):
    """`torch.nn.RNN` with tanh and with heads, the Elman network. See `Recurrent`.

    Raises:
        ValueError: a nonlinearity other than "tanh", or what `Recurrent` refuses.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *arguments, **named) -> None:
        if nonlinearity != "tanh":
            raise ValueError(f"nonlinearity: {nonlinearity!r}, these layers have 'tanh' alone")
        super().__init__("elman", input_size, hidden_size, num_layers, *arguments, **named)


class SLSTM(Recurrent):
    """sLSTM, the LSTM with exponential gates of xLSTM; initial and last states are (h, c, n, m). See `Recurrent`."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__("slstm", *arguments, **named)
