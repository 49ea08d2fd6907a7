"""What a recurrence does beside its cell: clipped states, and a gradient through R that is clipped or cut."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """Of a call: nothing but the cell, unless it is said."""

    #: The states are held between -forward_clip and forward_clip in each step, before anything reads them: all but those that are a scale
    #: of others or scaled by one (of an sLSTM, all but h). Rounded to the data type.
    forward_clip: float | None = None
    #: What each unit of h gets through R in the backward pass, sum over g of R[g]^T du_g, is held between -clip and clip.
    recurrent_gradient_clip: float | None = None
    #: h gets no gradient through R, as if R multiplied a constant; R itself gets its gradient.
    recurrent_gradient_cut: bool = False


def checked(forward_clip: float | None, recurrent_gradient_clip: float | None, recurrent_gradient_cut: bool) -> Options:
    """The options. Raises ValueError for a limit that is not above zero, and for a gradient that is both clipped and cut."""
    for name, limit in (("forward_clip", forward_clip), ("recurrent_gradient_clip", recurrent_gradient_clip)):
        if limit is not None and not 0 < limit < float("inf"):
            raise ValueError(f"{name}: {limit} is not a number above 0")
    if recurrent_gradient_clip is not None and recurrent_gradient_cut:
        raise ValueError("recurrent_gradient_clip: the recurrent gradient is cut, which leaves nothing to clip")
    return Options(forward_clip, recurrent_gradient_clip, recurrent_gradient_cut)
