"""Texts that people and programs send: of a sane length, and such as every database keeps."""

import re
from collections.abc import Mapping
from typing import Any

from studio.errors import BadInput

MOST_ENTRIES = 100
# A number as a text. What Python reads besides ("1_0", digits of any script) is no number to us.
WHOLE = re.compile(r"-?[0-9]{1,1000}")
DECIMAL = re.compile(r"-?[0-9]{1,1000}(\.[0-9]{0,1000})?")


def checked(what: str, value: Any, most: int, *, empty: bool = True) -> str:
    """Return `value` when it is a text of at most `most` characters.

    Raises BadInput naming `what` for another type, NUL (PostgreSQL keeps none), or half a
    character (a lone surrogate, which no encoding writes).
    """
    trouble = None
    if not isinstance(value, str):
        trouble = f"must be text, not {type(value).__name__}"
    elif len(value) > most:
        trouble = f"has {len(value):,} characters; {most:,} at most"
    elif not empty and not value.strip():
        trouble = "is missing"
    elif "\0" in value or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        trouble = "holds a character that cannot be kept (NUL or half a surrogate pair)"
    if trouble:
        raise BadInput(f"{what} {trouble}", fields={what: trouble})
    return str(value)


def mapping(what: str, given: Any, most: int = 1000) -> dict[str, str]:
    """Return names → texts; numbers and truth values become texts, null the empty one.

    Lists and objects are refused: a text of them is nobody's tag.

    Raises BadInput naming `what`.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadInput(f"{what} must map names to texts", fields={what: "an object"})
    if len(given) > MOST_ENTRIES:
        raise BadInput(f"{what} has {len(given):,} entries; {MOST_ENTRIES} at most")
    odd = next((name for name, value in given.items() if isinstance(value, list | dict)), None)
    if odd is not None:
        raise BadInput(f'{what}: "{str(odd)[:100]}" must be text', fields={what: "texts"})
    return {
        checked(what, name, 100, empty=False): checked(
            what, "" if value is None else str(value), most
        )
        for name, value in given.items()
    }


def merged(what: str, old: dict[str, str], new: Mapping[str, Any]) -> dict[str, str]:
    """Return `old` with `new` put over it, read as `mapping` does; None takes a name away.

    Raises BadInput naming `what`.
    """
    both = {**old, **new}
    return mapping(what, {name: text for name, text in both.items() if text is not None})


def kept(text: str, most: int) -> str:
    """Return what of `text` can be kept, for what may not be refused: a script's own error."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()[:most]
