"""What FileDataset.filter may ask of a file: its size, its name, its times, columns of its path."""

import posixpath
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._datasets import expressions, partitions
from trainyard._datasets.content import Content, File

TIMES = ("CreationTime", "CreatedTime", "LastModifiedTime")
NAMES = ("Size", "Extension", "CanSeek", *TIMES)


def expression(name: str) -> expressions.Expression:
    """Return a file's metadata, to say something of. Raises UserErrorException."""
    if name not in NAMES:
        raise _errors.UserErrorException(
            "a file has no metadata {!r}; it has {}".format(name, ", ".join(NAMES))
        )
    return expressions.Expression([expressions.METADATA, name])


def matching(files: Content, form: Optional[str], words: List[Any]) -> List[File]:
    """Return the files of which a condition is true, by path.

    form: the partition_format, whose columns it may name. Raises UserErrorException for another.
    """
    unknown = set(expressions.columns_in(words)) - set(partitions.keys(form))
    if unknown:
        raise _errors.UserErrorException(
            "the files have no column {}; columns come out of their paths, by partition_format"
            " of from_files: {}".format(
                ", ".join(sorted(unknown)), ", ".join(partitions.keys(form)) or "there is none"
            )
        )
    asked = expressions.columns_in(words, expressions.METADATA)
    times: Dict[str, str] = files.times() if set(asked) & set(TIMES) else {}
    found = []
    for file in files.files():
        values = _Values(file, form, times)
        if expressions.holds(words, values.look):
            found.append(file)
    return found


class _Values:
    """The values of one file by their names."""

    def __init__(self, file: File, form: Optional[str], times: Dict[str, str]):
        self._file = file
        self._times = times
        self._columns = partitions.values(form, file.path)

    def look(self, kind: str, name: str) -> Any:
        if kind == expressions.COLUMN:
            return self._columns[name]
        if name == "Size":
            return self._file.size
        if name == "Extension":
            return posixpath.splitext(self._file.path)[1]
        return expressions.parsed(self._times[self._file.path]) if name in TIMES else True
