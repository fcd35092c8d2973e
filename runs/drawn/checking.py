"""A chart's JSON file, made by anyone: read with limits, every key checked before it is used."""

import json
from typing import Any

import numpy as np
import orjson

from studio.files import blobs

MOST_BYTES = 32 * 2**20
MOST_LABEL = 200


class Broken(ValueError):
    """The file cannot be drawn; the text says which key is wrong, and how."""


class Part:
    """The object "data" of a chart's file, whose keys are read checked."""

    def __init__(self, content: dict[str, Any]):
        self.content = content

    def _list(self, key: str) -> list[Any]:
        if key not in self.content:
            raise Broken(f'the key "data.{key}" is missing')
        found = self.content[key]
        if not isinstance(found, list):
            raise Broken(f'"data.{key}" is a list')
        return found

    def numbers(
        self, key: str, shape: tuple[int | None, ...], *, least: float | None = None
    ) -> np.ndarray:
        """Finite numbers, float64, of `shape` (None: any length, above 0). Raises Broken."""
        return _checked(key, self._list(key), shape, least)

    def numbers_or_none(self, key: str, length: int) -> np.ndarray:
        """Numbers, float64 (length,), NaN for null and NaN. Raises Broken."""
        listed = self._list(key)
        filled = [0.0 if value is None or value != value else value for value in listed]
        numbers = _checked(key, filled, (length,), None)
        absent = [value is None or value != value for value in listed]
        return np.where(np.array(absent), np.nan, numbers)

    def labels(self, key: str) -> list[str]:
        """Names of classes, at least one; numbers and truth values as text. Raises Broken."""
        listed = self._list(key)
        if not listed or any(isinstance(label, list | dict | None) for label in listed):
            raise Broken(f'"data.{key}" is a list of texts, at least one')
        return [str(label)[:MOST_LABEL] for label in listed]


def _checked(
    key: str, listed: list[Any], shape: tuple[int | None, ...], least: float | None
) -> np.ndarray:
    words = " × ".join("n" if size is None else f"{size:,}" for size in shape)
    try:
        found = np.asarray(listed)
    except ValueError:
        raise Broken(f'"data.{key}" has rows of different lengths; it is {words}') from None
    if found.size and found.dtype.kind not in "iuf":
        raise Broken(f'"data.{key}" holds something that is not a number')
    fits = found.ndim == len(shape) and all(
        there > 0 if size is None else there == size
        for size, there in zip(shape, found.shape, strict=True)
    )
    if not fits:
        there = " × ".join(f"{size:,}" for size in found.shape)
        raise Broken(f'"data.{key}" is {there}, but should be {words}')
    numbers = found.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise Broken(f'"data.{key}" holds NaN or an infinite number')
    if least is not None and numbers.min() < least:
        raise Broken(f'"data.{key}" holds {numbers.min():g}, below {least:g}')
    return numbers


def rising(key: str, numbers: np.ndarray) -> np.ndarray:
    """Return `numbers` when each is above the one before. Raises Broken."""
    if (np.diff(numbers) <= 0).any():
        raise Broken(f'"data.{key}" does not rise from each number to the next')
    return numbers


def content_of(sha256: str, size_bytes: int, schema: str) -> Part:
    """Read a chart's file of the kind `schema`. Raises Broken, NotFound."""
    if size_bytes > MOST_BYTES:
        raise Broken(f"the file has {size_bytes / 2**20:,.0f} MiB; charts are read up to 32 MiB")
    with blobs.open_blob(sha256) as file:
        text = file.read(MOST_BYTES + 1)
    content = _parsed(text)
    if not isinstance(content, dict):
        raise Broken('the file is no JSON object with the keys "schema_type" and "data"')
    if content.get("schema_type", schema) != schema:
        raise Broken(f'"schema_type" is {str(content["schema_type"])[:80]!r}, not {schema!r}')
    if not isinstance(content.get("data"), dict):
        raise Broken('the key "data" is missing, or is no object')
    return Part(content["data"])


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        first = str(error)
    if b"NaN" not in text and b"Infinity" not in text:
        raise Broken(f"the file is no JSON: {first}")
    # Python writes these words although JSON has none: the check of the
    # key that they are at says so.
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Broken(f"the file is no JSON: {first}") from None
