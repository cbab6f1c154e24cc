"""Counts and numbers as people read them."""


def counted(n: int, one: str, many: str) -> str:
    """A count with what is counted: "1 photo", "1,204 photos"."""
    return f"{n:,} {one if n == 1 else many}"
