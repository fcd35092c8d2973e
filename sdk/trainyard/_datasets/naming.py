"""What `path` of Dataset.File.from_files may be, and what the files of an address are called."""

import os
from typing import Any, List, NamedTuple, Optional
from urllib.parse import urlsplit

from trainyard import _errors
from trainyard._datastore import DataPath, Datastore

REFUSED = (
    "Invalid argument type for `path`. It can be single value or a list of: string starting with"
    ' "http://" or "https://", a tuple of Datastore and path, a DataPath or a DataReference. {}'
    " Files of this computer: Dataset.File.upload_directory(src_dir, target=(datastore, path)), or"
    " datastore.upload(src_dir, target_path), and then the path in the datastore."
)

Named = NamedTuple(
    "Named", [("datastore", Optional[Datastore]), ("patterns", List[str]), ("urls", List[str])]
)


def read(path: Any) -> Named:
    """Return the addresses, or the datastore and the patterns in it, that `path` names.

    Raises UserErrorException, for a path of this computer with the way to bring it there.
    """
    is_one = isinstance(path, (str, DataPath)) or _is_pair(path)
    given = [path] if is_one or not isinstance(path, (list, tuple)) else list(path)
    if not given:
        raise _errors.UserErrorException(REFUSED.format("It is empty."))
    urls = [one for one in given if isinstance(one, str)]
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
            raise _errors.UserErrorException(REFUSED.format("{!r} is none of these.".format(url)))
    stored = [_in_store(one) for one in given if not isinstance(one, str)]
    if urls and stored:
        raise _errors.UserErrorException(
            "`path` names addresses and paths of a datastore; make a dataset of each"
        )
    if urls:
        return Named(None, [], urls)
    if len({store.workspace.name for store, _ in stored}) > 1:
        raise _errors.UserErrorException("`path` names datastores of different workspaces")
    return Named(stored[0][0], [pattern for _, pattern in stored], [])


def _is_pair(path: Any) -> bool:
    return isinstance(path, tuple) and len(path) == 2 and isinstance(path[0], Datastore)


def _in_store(one: Any) -> Any:
    if _is_pair(one):
        store, path = one
    elif isinstance(one, DataPath) and one._datastore is not None:
        store, path = one._datastore, one.path_on_datastore
    else:
        words = "{!r} is none of these.".format(one)
        raise _errors.UserErrorException(REFUSED.format(words))
    if not isinstance(path, (str, os.PathLike)):
        raise _errors.UserErrorException(REFUSED.format("{!r} is no path.".format(path)))
    return store, os.fspath(path)


def of_url(url: str) -> str:
    """Return what the file of an address is called in a dataset: /http%3A/%2Fhost/path."""
    parts = urlsplit(url)
    steps, before = [], ""
    for part in [parts.netloc] + parts.path.split("/")[1:]:
        if not part:  # a folder without a name cannot be
            before += "%2F"
            continue
        part = {".": "%2E", "..": "%2E%2E"}.get(part, part)
        steps.append(before + part.replace(":", "%3A").replace("\\", "%5C"))
        before = ""
    return "/{}%3A/%2F{}".format(parts.scheme.lower(), "/".join(steps))
