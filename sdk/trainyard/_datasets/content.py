"""Where the files of a dataset are, until they are asked for.

Urls ── the studio fetches them ──┐
Stored ── paths of the datastore ─┼──► tree: a hash that names all files ──► listing
Subset ── some files of another ──┤
Version ── has its tree already ──┘
"""

import sys
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from trainyard import _errors, _place
from trainyard._client import file_path
from trainyard._datasets.naming import of_url
from trainyard._datastore import SAYS_EVERY_S, Datastore, amount
from trainyard._place import Place
from trainyard._transport import quoted

#: What definitions call the steps that choose files, columns and rows.
CALLED = {
    "keep_columns": "KeepColumns",
    "drop_columns": "DropColumns",
    "take": "Take",
    "skip": "Skip",
    "split": "RandomSplit",
    "timestamps": "WithTimestampColumns",
    "time": "Filter",
    "filter": "Filter",
}
FILES_AT_ONCE = 10000
LOOKS_EVERY_S = 0.3
FIRST_LOOK_S = 0.05
ENDED = ("Completed", "Failed", "Canceled")

File = NamedTuple("File", [("path", str), ("size", int), ("sha256", str)])


def called(reading: Dict[str, Any]) -> List[str]:
    """Return what a definition calls the steps that were written down."""
    return [CALLED.get(str(step[0]), str(step[0])) for step in reading.get("steps") or ()]


class Content:
    """Some files. tree(): the name of all of them in the studio; it is found out once."""

    #: In words of the v1 SDK: how the files are found.
    definition = "GetFiles"

    def __init__(self, workspace: Optional[Place], source: List[str]):
        self.workspace = workspace
        self.source = source
        self._tree: Optional[str] = None
        self._files: Optional[List[File]] = None

    def place(self, workspace: Optional[Place] = None) -> Place:
        """Return the workspace to ask. Raises UserErrorException when none is known."""
        found = self.workspace or workspace or _place.current()
        if found is None:
            raise _errors.UserErrorException(
                "it is not known which studio shall do this; call Workspace.from_config() before"
            )
        if workspace is not None and workspace.name != found.name:
            raise _errors.UserErrorException(
                "the dataset is of workspace {}, not of {}; make it there again".format(
                    found.name, workspace.name
                )
            )
        self.workspace = found
        return found

    def tree(self, workspace: Optional[Place] = None) -> str:
        """Return the hash that names these files, finding them first where that was not done.

        Raises UserErrorException when they cannot be had.
        """
        place = self.place(workspace)
        if self._tree is None:
            self._tree = self._found(place)
        return self._tree

    def _found(self, place: Place) -> str:
        raise NotImplementedError

    def paths(self) -> List[str]:
        """Return the paths of the files, each with a / in front."""
        return ["/" + file.path for file in self.files()]

    def files(self) -> List[File]:
        """Return path, size and SHA-256 of every file, by path."""
        if self._files is None:
            place = self.place()
            base = place.api("trees/{}/files".format(self.tree()))
            self._files = list(_files(place, base))
        return self._files

    def times(self) -> Dict[str, str]:
        """Return path → when the studio first had the file's content, ISO 8601."""
        place = self.place()
        base = place.api("trees/{}/files".format(self.tree()))
        entries: Any = place.client.items(base, count=FILES_AT_ONCE, times=1)
        return {str(entry[0]): str(entry[3]) for entry in entries}

    def address(self, path: str) -> str:
        """Return the API path of one file's bytes."""
        return file_path(self.place().api("trees/{}/files".format(self.tree())), path)


class Urls(Content):
    """Files at web addresses: the studio fetches them once, when they are needed first.

    hashes: address → the SHA-256 that the content must have.
    """

    def __init__(self, urls: List[str], hashes: Optional[Dict[str, str]] = None):
        super().__init__(None, list(urls))
        self._hashes = hashes or {}

    def place(self, workspace: Optional[Place] = None) -> Place:
        """Return the workspace that fetches them; those of another one are fetched anew."""
        if workspace is not None and self.workspace not in (None, workspace):
            self.workspace = self._tree = self._files = None
        return super().place(workspace)

    def paths(self) -> List[str]:
        """Return a path of each file; without a query to tell apart, nothing is fetched for it."""
        names = {of_url(url) for url in self.source}
        # What differs in its query alone has that in its name, which the studio gives.
        is_told = len(names) == len(set(self.source))
        return sorted(names) if is_told else super().paths()

    def _found(self, place: Place) -> str:
        order: Dict[str, Any] = {"urls": self.source}
        if self._hashes:
            order["sha256"] = self._hashes
        return fetched(place, "fetches", order)


class Open(Urls):
    """The files of an open dataset; the studio knows what they must be, and where a mirror is."""

    def __init__(self, name: str, part: str, files: List[Dict[str, Any]]):
        super().__init__([str(file["url"]) for file in files])
        self._name, self._part = name, part
        self._paths = sorted("/" + str(file["path"]) for file in files)

    def paths(self) -> List[str]:
        """Return the path of each file; nothing is fetched for it."""
        return list(self._paths)

    def _found(self, place: Place) -> str:
        return fetched(place, "opendata/" + self._name, {"filter": self._part})


class Stored(Content):
    """Files at paths, or patterns of paths, in a datastore, as they are when first looked at."""

    definition = "GetDatastoreFiles"

    def __init__(self, datastore: Datastore, patterns: List[str]):
        names = ["({!r}, {!r})".format(datastore.name, pattern) for pattern in patterns]
        super().__init__(datastore.workspace, names)
        self._patterns = patterns

    def _found(self, place: Place) -> str:
        patterns = [pattern.lstrip("/") for pattern in self._patterns]
        answer = place.client.post(place.api("store/tree"), {"patterns": patterns})
        if not answer["file_count"]:
            raise _errors.UserErrorException(
                "there is no file at {} in workspace {}; datastore.upload(src_dir, target_path)"
                " brings files there".format(", ".join(self.source), place.name)
            )
        return str(answer["tree"])


class Version(Content):
    """The files of a registered version, whose facts the studio told."""

    def __init__(self, workspace: Place, facts: Dict[str, Any]):
        super().__init__(workspace, [str(one) for one in facts.get("source") or ()])
        if any(one.startswith("(") for one in self.source):
            self.definition = "GetDatastoreFiles"
        self._tree = str(facts["tree"])
        base = workspace.api("datasets/{}/{}".format(quoted(facts["name"]), facts["version"]))
        self._base = base + "/files"
        #: Where the studio reads the rows of its tables.
        self.preview = base + "/preview"

    def files(self) -> List[File]:
        """Return every file of the version, asked for once."""
        if self._files is None:
            self._files = list(_files(self.place(), self._base))
        return self._files

    def address(self, path: str) -> str:
        """Return the API path of one file's bytes."""
        return file_path(self._base, path)


class Tree(Content):
    """Files without a name of their own, by their tree."""

    def __init__(self, workspace: Place, tree: str, source: Optional[List[str]] = None):
        super().__init__(workspace, source or [])
        self._tree = tree


class Subset(Content):
    """Some of the files of another content."""

    def __init__(self, whole: Content, files: List[File]):
        super().__init__(whole.place(), whole.source)
        self.definition = whole.definition
        self._whole = whole
        self._files = files

    def address(self, path: str) -> str:
        """Return the API path of one file's bytes."""
        return self._whole.address(path)

    def times(self) -> Dict[str, str]:
        """Return path → when the studio first had the file's content, ISO 8601."""
        return self._whole.times()

    def _found(self, place: Place) -> str:
        if not self.files():
            raise _errors.UserErrorException(
                "no file is left of {}: what chose among its files (take, skip, filter, …) left"
                " none".format(", ".join(self.source) or "the dataset")
            )
        order = {"files": [[file.path, file.sha256] for file in self.files()]}
        return str(place.client.post(place.api("trees"), order)["tree"])


def _files(place: Place, base: str) -> Iterator[File]:
    for entry in place.client.items(base, count=FILES_AT_ONCE):
        yield File(str(entry[0]), int(entry[1]), str(entry[2]))  # type: ignore[index]


def fetched(place: Place, path: str, order: Dict[str, Any]) -> str:
    """Ask the studio at `path` for files, tell how far they are, and return their tree.

    Ctrl-C cancels it. Raises UserErrorException with the studio's reason.
    """
    fetch = place.client.post(place.api(path), order)
    base = place.api("fetches/{}".format(fetch["id"]))
    telling = _Telling(len(fetch["files"]))
    pause = FIRST_LOOK_S
    try:
        while fetch["state"] not in ENDED:
            time.sleep(pause)
            pause = min(2 * pause, LOOKS_EVERY_S)
            fetch = place.client.get(base)
            telling.tell(fetch)
    except KeyboardInterrupt:
        place.client.post(base + "/cancel", {})
        raise
    telling.tell(fetch)
    if fetch["state"] != "Completed":
        raise _errors.UserErrorException(
            "the files were not fetched: {}".format(fetch.get("error") or fetch["state"])
        )
    return str(fetch["tree"])


class _Telling:
    """Says how far a fetch is: on a terminal in one line, elsewhere in a new one now and then."""

    def __init__(self, count: int):
        self._files = "{} file{}".format(count, "" if count == 1 else "s")
        self._is_terminal = sys.stdout.isatty()
        self._said = ""
        self._said_at = time.monotonic()

    def tell(self, fetch: Dict[str, Any]) -> None:
        done, size = int(fetch.get("done_bytes") or 0), fetch.get("size_bytes")
        has_ended = fetch["state"] in ENDED
        if fetch["state"] == "Completed":
            text = "Fetched {}, {}".format(self._files, amount(done))
        else:
            whole = " of {}".format(amount(int(size))) if size else ""
            text = "Fetching {}: {}{}".format(self._files, amount(done), whole)
        is_due = self._is_terminal or time.monotonic() - self._said_at > SAYS_EVERY_S
        if text == self._said or not (has_ended or is_due):
            return
        clear = "\r" + " " * len(self._said) + "\r" if self._is_terminal and self._said else ""
        is_line = has_ended or not self._is_terminal
        sys.stdout.write(clear + text + ("\n" if is_line else ""))
        sys.stdout.flush()
        self._said, self._said_at = text, time.monotonic()
