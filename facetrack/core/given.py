"""Values of settings that mean the same wherever they are given. Light: all import it."""

KNOWN = "known"
"""As a number of clusters: however many people are in the resample at hand."""

LARGEST_SEED = 2**32 - 1
"""What all libraries below take: NumPy's own limit, which a t-SNE meets last of all."""


def is_seed(value: object) -> bool:
    """Whether a value is a seed: a whole number from 0 to LARGEST_SEED."""
    return type(value) is int and 0 <= value <= LARGEST_SEED
