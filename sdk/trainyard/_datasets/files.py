"""Dataset.File: datasets of files, from addresses, from the datastore, from a local folder."""

import fnmatch
import posixpath
from typing import Any, Optional

from trainyard import _errors, _place, _sending
from trainyard._datasets import content, naming, partitions
from trainyard._datasets.base import FileDataset


def found(path: Any, validate: bool) -> content.Content:
    """Return the files that `path` names; with `validate` they are looked for now.

    Raises UserErrorException for a path of this computer, and for what is not there.
    """
    named = naming.read(path)
    if named.datastore is not None:
        stored = content.Stored(named.datastore, named.patterns)
        if validate:
            stored.tree()
        return stored
    urls = content.Urls(named.urls)
    if validate and _place.current() is not None:
        urls.tree()
    return urls


class FileDatasetFactory:
    """Makes datasets of files; it is Dataset.File."""

    @staticmethod
    def from_files(
        path: Any,
        validate: bool = True,
        partition_format: Optional[str] = None,
        is_file: bool = False,
    ) -> FileDataset:
        """Return a dataset of files: addresses, (datastore, path), DataPath, or a list of them.

        Paths of a datastore are files, folders, or patterns with * and **. Addresses are fetched
        by the studio, once. validate: see that the files are there now, not when they are needed.
        partition_format: columns out of the paths, to filter by: "/{state}/{date:yyyy/MM}/*".
        Raises UserErrorException.
        """
        if partition_format is None:
            return FileDataset(found(path, validate))
        partitions.read(partition_format)
        files = found(path, validate)
        partitions.check(files, partition_format, validate)
        return FileDataset(files, reading={"partition_format": partition_format})

    @staticmethod
    def upload_directory(
        src_dir: str,
        target: Any,
        pattern: Optional[str] = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Copy a local folder to `target`, (datastore, path), and return the dataset of it.

        pattern: only files whose path below the folder is like that, as in `*.csv`.
        Raises UserErrorException; for a file that is there already, unless `overwrite`.
        """
        named = naming.read(target)
        if named.datastore is None or len(named.patterns) != 1:
            raise _errors.UserErrorException(
                "target is where the files go: (datastore, 'path'), or a DataPath"
            )
        store, start = named.datastore, named.patterns[0].strip("/")
        files = _sending.below(src_dir, start)
        if pattern is not None:
            wanted = pattern.lstrip("/")
            files = [file for file in files if _is_like(file[0][len(start) :], wanted)]
        if not files:
            raise _errors.UserErrorException(
                "there is nothing to upload: {} holds no file{}".format(
                    src_dir, " like " + pattern if pattern else ""
                )
            )
        if not overwrite:
            store._refuse_those_there(files)
        store._bring(files, overwrite, show_progress)
        where = posixpath.join(start, pattern.lstrip("/")) if pattern else start
        stored = content.Stored(store, [where])
        stored.tree()
        return FileDataset(stored)


def _is_like(path: str, pattern: str) -> bool:
    path = path.lstrip("/")
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path.split("/")[-1], pattern)
