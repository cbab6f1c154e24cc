"""What dlib writes its C++ classes as, read from the start with everything checked.

An integer is one byte, whose low half tells how many bytes follow and whose highest bit that it is
negative, and these bytes, the least first. A real number is two integers, mantissa and exponent. A
text is its length and its bytes. A tensor is a version, four dimensions and float32 numbers.
"""

import math

import numpy as np
from numpy.typing import NDArray

_BYTES_OF_AN_INTEGER = 8
_LARGEST_EXPONENT = 900  # with 64 bits of mantissa it is a float; dlib writes 32000 for infinity
_TENSOR = 2  # the version


class Content:
    """What is left of a file's content. Every method raises ValueError, saying which byte."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, n: int) -> bytes:
        """The next n bytes."""
        taken = self._content[self._at : self._at + n]
        if len(taken) < n:
            raise ValueError(f"it ends after {len(self._content)} bytes")
        self._at += n
        return taken

    def take_integer(self) -> int:
        """The next integer."""
        at = self._at
        head = self.take(1)[0]
        n = head & 0x0F
        if head & 0x70 or not 1 <= n <= _BYTES_OF_AN_INTEGER:
            raise ValueError(f"at byte {at} there should be an integer")
        value = int.from_bytes(self.take(n), "little")
        return -value if head & 0x80 else value

    def take_number(self) -> float:
        """The next real number."""
        at = self._at
        mantissa, exponent = self.take_integer(), self.take_integer()
        if abs(exponent) > _LARGEST_EXPONENT:
            raise ValueError(f"at byte {at} there should be a finite number")
        return math.ldexp(mantissa, exponent)

    def take_tensor(self, n: int, k: int, rows: int, columns: int) -> NDArray[np.float32]:
        """The next tensor, of exactly these dimensions and finite, as (n, k, rows, columns)."""
        self.expect(_TENSOR, n, k, rows, columns)
        at = self._at
        values = np.frombuffer(self.take(4 * n * k * rows * columns), "<f4")
        if not np.isfinite(values).all():
            raise ValueError(f"from byte {at} on there are numbers that are not finite")
        return values.reshape(n, k, rows, columns)

    def expect(self, *integers: int) -> None:
        """Take integers, which must be these."""
        for expected in integers:
            at = self._at
            came = self.take_integer()
            if came != expected:
                raise ValueError(f"at byte {at} there should be {expected}, but there is {came}")

    def expect_text(self, text: str) -> None:
        """Take a text, which must be this."""
        at = self._at
        if self.take_integer() != len(text) or self.take(len(text)) != text.encode():
            raise ValueError(f"at byte {at} there should be {text!r}")

    def expect_flags(self, n: int) -> None:
        """Take n truth values."""
        at = self._at
        if not set(self.take(n)) <= set(b"01"):
            raise ValueError(f"at byte {at} there should be a 0 or 1 for each of {n} truth values")

    def expect_end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._content):
            raise ValueError(f"it should end after {self._at} bytes")
