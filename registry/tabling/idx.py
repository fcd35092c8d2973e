"""Pictures in IDX files, as MNIST is published: a column for each pixel, and the label."""

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from registry.tabling import sources
from registry.tabling.sources import BATCH_ROWS, Unreadable

IMAGES, LABELS = "-images-idx3-ubyte", "-labels-idx1-ubyte"
OF_IMAGES, OF_LABELS = 2051, 2049


def pairs(files: list[dict[str, str]]) -> list[dict[str, str]]:
    """The files of pictures, each with the file of its labels as `labels`. Raises Unreadable."""
    labels = {file["name"]: file for file in files if LABELS in file["name"]}
    found = []
    for file in files:
        beside = labels.get(file["name"].replace(IMAGES, LABELS))
        if IMAGES in file["name"] and beside is not None:
            found.append({**file, "labels": beside["path"], "labels_name": beside["name"]})
    if 2 * len(found) != len(files) or not files:
        raise Unreadable(f"IDX files come in pairs: …{IMAGES} and …{LABELS} of the same name")
    return found


def batches(file: dict[str, str]) -> Iterator[Any]:
    """Yield the rows of a pair: columns "0", "1", … of pixels from 0 to 255, and "label"."""
    try:
        with (
            sources.opened(file["path"], file["name"]) as images,
            sources.opened(file["labels"], file["labels_name"]) as labels,
        ):
            count, rows, columns = _header(images, OF_IMAGES, 3, file["name"])
            if _header(labels, OF_LABELS, 1, file["labels_name"]) != (count,):
                raise Unreadable(f"{file['name']} and its labels are of different numbers")
            sources.check_columns(rows * columns + 1)
            for start in range(0, count, BATCH_ROWS):
                wanted = min(BATCH_ROWS, count - start)
                yield _batch(images.read(wanted * rows * columns), labels.read(wanted), wanted)
    except (OSError, EOFError, struct.error, pa.ArrowInvalid) as error:
        raise Unreadable(f"{file['name']} cannot be read as IDX: {str(error)[:200]}") from None


def _header(file: BinaryIO, magic: int, dimensions: int, name: str) -> tuple[int, ...]:
    number, *shape = struct.unpack(f">{1 + dimensions}I", file.read(4 + 4 * dimensions))
    if number != magic:
        raise Unreadable(f"{name} is no IDX file of bytes")
    return tuple(shape)


def _batch(pixels: bytes, labels: bytes, count: int) -> Any:
    """Rows of a record batch: the pixels of one place lie one picture apart."""
    width, rest = divmod(len(pixels), count)
    if rest or len(labels) != count:
        raise EOFError("it was cut off")
    columns = [_column(pixels[place::width], count) for place in range(width)]
    names = [str(place) for place in range(width)]
    return pa.RecordBatch.from_arrays([*columns, _column(labels, count)], names=[*names, "label"])


def _column(values: bytes, count: int) -> Any:
    return pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(values)])
