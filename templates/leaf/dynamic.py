"""RoPE's base for sequences beyond the context of training."""


def dynamic_theta(
    theta: float, length: int, size: int, factor: float, original: int
) -> float:
    """A larger base for more than `original` tokens, NTK-aware."""
    times = factor * max(length, original) / original - (factor - 1)
    return theta * times ** (size / (size - 2))
