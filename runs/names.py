"""Friendly names for runs: two words a person can say, remember and search for."""

import secrets
from pathlib import Path

# Two lines of words: adjectives, then animals and trees.
FIRST, SECOND = (
    line.split() for line in Path(__file__).with_name("names.txt").read_text().splitlines()
)


def friendly() -> str:
    """Return two words joined by an underscore, e.g. `brave_fox`."""
    return f"{secrets.choice(FIRST)}_{secrets.choice(SECOND)}"
