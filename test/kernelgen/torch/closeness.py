"""How far tensors are apart, for the checks of a generated PyTorch package."""


def error(actual, expected):
    """|actual - expected| / |expected|."""
    return ((actual.double() - expected.double()).norm() / expected.double().norm().clamp_min(1e-30)).item()


def require_close(actual, expected, limit, *what):
    for place, (left, right) in enumerate(zip(actual, expected, strict=True)):
        assert left.shape == right.shape, (*what, place, left.shape, right.shape)
        # Written so that a NaN fails.
        assert error(left, right) <= limit, (*what, place, error(left, right))
