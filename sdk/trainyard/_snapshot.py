"""A source folder becomes a snapshot: a tree of blobs in the studio; only new bytes are sent."""

import os
import stat
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from trainyard import _batches, _errors, _git, _ignore
from trainyard._client import Client, file_sha256
from trainyard._lazy import pools

WARN_BYTES = 25 * 1024 * 1024
HASHING_THREADS = 4
RULE = "=" * 68

Source = NamedTuple("Source", [("path", str), ("place", str), ("size", int)])
# Makes what is told how far the sending is, of so many bytes in so many files: at(name, bytes),
# whole(name, bytes), close(). The command line draws it.
Bar = Callable[[int, int], Any]


def take(client: Client, workspace: str, folder: str, bar: Optional[Bar] = None) -> str:
    """Send `folder` to the studio and return the snapshot's id.

    Left out: what `.amlignore`, or else `.gitignore`, says. The studio is asked whether it will
    take the rest before a single byte is sent; then files it does not have are sent.
    Raises SnapshotException naming the folder, the cause and the way out.
    """
    files = listing(folder)
    base = "workspaces/{}/".format(workspace)
    _check(client, base, folder, files)
    hashed = _hashed(folder, files)
    _send(client, base, hashed, bar)
    answer = client.post(
        base + "snapshots", {"files": [[source.path, sha256] for source, sha256 in hashed]}
    )
    return str(answer["snapshot"])


HOLD_A_TOKEN = (".azureml/config.json", "aml_config/config.json")


def listing(folder: str) -> List[Source]:
    """Return the files of `folder` that are not ignored, by path. Raises SnapshotException.

    The folder's own config.json never goes along: it holds a token of its owner, and every member
    of the workspace may read a snapshot. Nor does the config of a git repository with a password.
    """
    if not os.path.isdir(folder):
        raise _errors.SnapshotException(
            "the source directory {} is not a folder".format(os.path.abspath(folder))
        )
    root = os.path.realpath(folder)
    _, rules = _ignore.of_folder(root)
    found = _walk(root, root, prefix="", rules=rules, above={root})
    return sorted(source for source in found if not _is_secret(source))


def _is_secret(source: Source) -> bool:
    *above, name = source.path.split("/")
    is_of_git = name == "config" and ".git" in above
    return source.path in HOLD_A_TOKEN or (is_of_git and _git.holds_a_secret(source.place))


def _walk(
    root: str, folder: str, *, prefix: str, rules: _ignore.Ignore, above: Set[str]
) -> Iterator[Source]:
    """Yield the files below `folder`. `above` holds the real folders we are in, against loops."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = prefix + entry.name
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        try:
            status = os.stat(real)
        except OSError:
            status = None
        is_folder = status is not None and stat.S_ISDIR(status.st_mode)
        if rules.is_ignored(path, is_folder):
            continue
        if entry.is_symlink():
            _check_link(root, entry.path, path, real=real, exists=status is not None)
        if status is None:
            raise _errors.SnapshotException("{} vanished while it was read".format(entry.path))
        if is_folder:
            real_folder = os.path.realpath(real)
            if real_folder not in above:
                for source in _walk(
                    root, real, prefix=path + "/", rules=rules, above=above | {real_folder}
                ):
                    yield source
        elif stat.S_ISREG(status.st_mode):
            _check_name(path)
            yield Source(path, real, status.st_size)


def _check_link(root: str, place: str, path: str, *, real: str, exists: bool) -> None:
    if not exists:
        raise _errors.SnapshotException(
            "the link {} points at {}, which does not exist; remove it, or name it in"
            " .amlignore".format(path, os.readlink(place))
        )
    if real != root and not real.startswith(root + os.sep):
        raise _errors.SnapshotException(
            "the link {} leads out of the source directory, to {}: a run could not follow it."
            " Put a copy there instead, or name it in .amlignore".format(path, real)
        )


def _check_name(path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise _errors.SnapshotException(
            "the name of {!r} is not valid UTF-8; rename it, or name its folder in"
            " .amlignore".format(path)
        ) from None


def checked(client: Client, workspace: str, path: str) -> List[Source]:
    """Return what `take` would send of a folder, or one file alone, once the studio would take it.

    Raises SnapshotException.
    """
    if os.path.isfile(path):
        _check_name(os.path.basename(path))
        files = [Source(os.path.basename(path), os.path.realpath(path), os.path.getsize(path))]
    else:
        files = listing(path)
    _check(client, "workspaces/{}/".format(workspace), path, files)
    return files


def _check(client: Client, base: str, folder: str, files: List[Source]) -> None:
    """Ask the studio whether it would take these files; nothing is sent for this."""
    total = sum(source.size for source in files)
    answer = client.post(
        base + "snapshots/check",
        {"files": [[source.path, source.size] for source in files], "ignore": {}},
    )
    if answer.get("problem"):
        raise _errors.SnapshotException(
            "\n{0}\n\nWhile attempting to take snapshot of {1}\n{2}\n\n{0}\n".format(
                RULE, folder, answer["problem"]
            )
        )
    if total >= WARN_BYTES:
        print(
            "Submitting {}: {:.1f} MB in {} files. Large data belongs outside of the source"
            " folder; .amlignore leaves files out.".format(folder, total / 1024.0**2, len(files)),
            file=sys.stderr,
        )


def _hashed(folder: str, files: List[Source]) -> List[Tuple[Source, str]]:
    try:
        # Hashing releases the interpreter's lock, so threads use all cores.
        with pools.ThreadPoolExecutor(HASHING_THREADS) as pool:
            return list(zip(files, pool.map(lambda source: file_sha256(source.place), files)))
    except OSError as error:
        raise _errors.SnapshotException(
            "While attempting to take snapshot of {}: {} cannot be read: {}".format(
                folder, error.filename, error.strerror
            )
        ) from None


def _send(
    client: Client, base: str, hashed: List[Tuple[Source, str]], bar: Optional[Bar] = None
) -> None:
    """Send the blobs that the studio does not have, several at a time."""
    places: Dict[str, str] = {sha256: source.place for source, sha256 in hashed}
    sizes: Dict[str, int] = {sha256: source.size for source, sha256 in hashed}
    missing = client.post(base + "blobs/missing", {"sha256": sorted(places)})["missing"]
    told: Any = None
    if bar is not None and missing:
        told = bar(sum(sizes[one] for one in missing), len(missing))

    def send(job: List[str]) -> None:
        if len(job) > 1:
            _batches.send(client, base, places, job)
        else:
            at = None if told is None else (lambda done, size: told.at(job[0], done))
            client.put_blob("{}blobs/{}".format(base, job[0]), places[job[0]], at)
        for sha256 in job if told is not None else ():
            told.whole(sha256, sizes[sha256])

    try:
        client.side_by_side(send, _batches.jobs(places, missing))
    except FileNotFoundError as error:
        raise _errors.SnapshotException(
            "{} vanished while it was sent".format(error.filename)
        ) from None
    finally:
        if told is not None:
            told.close()
