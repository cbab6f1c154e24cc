"""Counts and numbers as people read them."""

_DIGITS = 10  # enough for any setting; what is behind them is left over from binary fractions


def counted(n: int, one: str, many: str = "") -> str:
    """A count with what is counted: "1 photo", "1,204 photos".

    many: what several are called where that is not `one` with an s.
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def number(value: object) -> str:
    """A setting's value as text, a fraction as it was meant: 0.30000000000000004 is "0.3"."""
    text = str(value)
    if isinstance(value, bool) or text.lstrip("+-").isdecimal():
        return text
    try:
        return f"{float(text):.{_DIGITS}g}"
    except ValueError:
        return text
