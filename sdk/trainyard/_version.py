"""The version of this client, and the oldest studio that it can speak with.

The studio says in each answer which version it is, and refuses clients that are too old for it
(studio/agreement.py); a client that is too new says so here. Between the two, differences are
silent: keys and calls are only added.
"""

import re
from typing import Tuple

__version__ = "0.1.0"
OLDEST_STUDIO = "0.1.0"


def parsed(version: str) -> Tuple[int, ...]:
    """Return a version's first numbers, for comparing: (0, 1, 0) of "0.1.0rc1"."""
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in found.group().split(".")[:3]] if found else []
    return tuple(numbers + [0] * (3 - len(numbers)))


def too_new(studio: str, url: str) -> str:
    """Return what to say of a studio that is too old for this client; "" where it is not."""
    if not studio or parsed(studio) >= parsed(OLDEST_STUDIO):
        return ""
    return (
        "this client (trainyard {}) is too new for the studio at {} ({}): it needs {} or newer."
        " Update the studio, or install the client that it serves: pip install {}/sdk/"
        "trainyard-{}-py3-none-any.whl".format(__version__, url, studio, OLDEST_STUDIO, url, studio)
    )
