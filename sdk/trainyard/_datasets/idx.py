"""Tables of pictures in IDX files, as MNIST is published: a column a pixel, and the label."""

import gzip
import struct
from typing import Any, List, Sequence, Tuple

from trainyard import _errors
from trainyard._datasets.content import File
from trainyard._lazy import Lazy

numpy = Lazy("numpy")  # it comes with pandas
FORMAT = "idx"
IMAGES, LABELS = "-images-idx3-ubyte", "-labels-idx1-ubyte"
MAGIC = {IMAGES: 2051, LABELS: 2049}
LABEL = "label"


def pairs(files: Sequence[File]) -> List[Tuple[File, File]]:
    """Return the files of pictures with those of their labels, by path.

    Raises UserErrorException for files without their counterpart, and for none.
    """
    labels = {one.path: one for one in files if LABELS in one.path}
    found = []
    for one in files:
        beside = one.path.replace(IMAGES, LABELS)
        if IMAGES in one.path and beside in labels:
            found.append((one, labels.pop(beside)))
        elif LABELS not in one.path:
            raise _errors.UserErrorException(
                "{} has no file of labels beside it, called {}".format(one.path, beside)
            )
    if labels or not found:
        raise _errors.UserErrorException(
            "IDX files come in pairs, …{}.gz and …{}.gz; alone: {}".format(
                IMAGES, LABELS, ", ".join(labels) or "none at all"
            )
        )
    return found


def frame(library: Any, images: str, labels: str) -> Any:
    """Return a data frame of two local files: "0" … one for each pixel (0…255), and "label".

    Raises UserErrorException for files that are no such, or of different numbers of pictures.
    """
    pixels, shape = _content(images, MAGIC[IMAGES], 3)
    marks, count = _content(labels, MAGIC[LABELS], 1)
    if shape[0] != count[0]:
        raise _errors.UserErrorException(
            "there are {} pictures, but {} labels".format(shape[0], count[0])
        )
    values = numpy.frombuffer(pixels, dtype=numpy.uint8).reshape(shape[0], shape[1] * shape[2])
    found = library.DataFrame(
        values.astype("int64"), columns=[str(number) for number in range(values.shape[1])]
    )
    found[LABEL] = numpy.frombuffer(marks, dtype=numpy.uint8).astype("int64")
    return found


def _content(place: str, magic: int, dimensions: int) -> Tuple[bytes, Tuple[int, ...]]:
    """Return the bytes behind the header, and how many there are in each dimension."""
    way: Any = gzip.open if place.endswith(".gz") else open
    try:
        with way(place, "rb") as file:
            number, *shape = struct.unpack(
                ">{}I".format(1 + dimensions), file.read(4 + 4 * dimensions)
            )
            content = file.read()
    except (OSError, EOFError, struct.error) as error:
        raise _errors.UserErrorException("{} cannot be read: {}".format(place, error)) from None
    whole = 1
    for count in shape:
        whole *= count
    if number != magic or len(content) != whole:
        raise _errors.UserErrorException("{} is no IDX file of bytes, or was cut off".format(place))
    return content, tuple(shape)
