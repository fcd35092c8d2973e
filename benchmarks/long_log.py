"""The text of a long log as a training loop prints it: a hundred bytes a line, one word rare."""

from collections.abc import Iterator

CHUNK_LINES = 2500
RARE = "the rare word"
PAD = "0.12 s a step, 8,192 samples a s"


def line(number: int, lines: int) -> str:
    """Line `number` of so many, counted from 1."""
    words = f"{number:>9} epoch {number // 5000:>5} step {number % 5000:>5}"
    more = f" {RARE}" if number % (lines // 4) == lines // 5 else ""
    return f"{words} loss {1 / (1 + number % 977):.6f} accuracy 0.{number % 9973:04d} {PAD}{more}"


def chunks(lines: int) -> Iterator[bytes]:
    """The whole log in pieces, as a fast script's driver sends them."""
    for first in range(1, lines + 1, CHUNK_LINES):
        last = min(lines, first + CHUNK_LINES - 1)
        numbers = range(first, last + 1)
        yield "".join(f"{line(number, lines)}\n" for number in numbers).encode()
