"""Values of a table as JSON: of a sane length, and none that JSON has not."""

import base64
import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MOST_CHARACTERS = 1000
LARGEST_EXACT = 2**53
SHOWN_BYTES = 24


def kind(of: pa.DataType) -> str:
    """What a column holds, in one word for people; the exact type is said beside it."""
    types = pa.types
    if types.is_boolean(of):
        return "boolean"
    if types.is_integer(of):
        return "integer"
    if types.is_floating(of) or types.is_decimal(of):
        return "number"
    if types.is_temporal(of):
        return "time"
    if types.is_string(of) or types.is_large_string(of):
        return "text"
    if types.is_null(of):
        return "nothing"
    return "bytes" if _is_bytes(of) else "other"


def _is_bytes(of: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(of) or types.is_large_binary(of) or types.is_fixed_size_binary(of))


def plain(column: Any) -> Any:
    """A column with its values themselves: dictionaries decoded, times and decimals as texts."""
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_temporal(column.type) and not types.is_duration(column.type):
        if types.is_timestamp(column.type) and column.type.tz:
            column = column.cast(pa.timestamp(column.type.unit))  # in UTC, without a zone file
        return column.cast(pa.string())
    return column


def values(column: Any) -> list[Any]:
    """The values of a column as JSON has them."""
    column = plain(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # Cut before Python holds them: one value may be as large as the file.
        column = pc.utf8_slice_codeunits(column, 0, MOST_CHARACTERS + 1)
    elif _is_bytes(column.type) and not pa.types.is_fixed_size_binary(column.type):
        lengths = pc.binary_length(column).to_pylist()
        cut = pc.binary_slice(column, 0, SHOWN_BYTES).to_pylist()
        return [_bytes(v, n or 0) for v, n in zip(cut, lengths, strict=True)]
    return [cell(value) for value in column.to_pylist()]


def cell(value: Any) -> Any:
    """One value as JSON has it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return _bytes(value, len(value))
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list | dict | tuple):
        return _cut(json.dumps(value, default=str, ensure_ascii=False))
    return _cut(str(value))


def _cut(text: str) -> str:
    text = text.encode(errors="replace").decode()
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def _bytes(value: bytes | None, length: int) -> str | None:
    if value is None:
        return None
    shown = base64.b64encode(value[:SHOWN_BYTES]).decode()
    return f"{length} bytes: {shown}" + ("…" if length > SHOWN_BYTES else "")
