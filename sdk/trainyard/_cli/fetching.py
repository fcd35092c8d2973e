"""Files from the studio to this computer: checked, with a bar, and going on after a cut.

HEAD ── here already, same content ──► stays
   └─── <file>.<content>.part ── Range: from its end ──► whole, checked ──► <file>
"""

import os
import re
from typing import Any, List, NamedTuple, Optional, Sequence

from trainyard import _errors
from trainyard._cli.output import Bar, Output
from trainyard._cli.studio import Studio
from trainyard._client import file_sha256
from trainyard._receiving import inside
from trainyard._transport import Transport
from trainyard._uploads import API

SHA256 = re.compile(r'"([0-9a-f]{64})"\Z')
OF_LOG = re.compile(r'"(log-.+)-\d+"\Z')
COMPARED_BYTES = 1024 * 1024

# path: below the target folder.   address: of the API.   size: None while it grows.
File = NamedTuple("File", [("path", str), ("address", str), ("size", Optional[int])])


def arguments(parser: Any) -> None:
    """Add the options that all downloads have."""
    parser.add_argument("-o", "--output", default=".", metavar="FOLDER", help="default: here")
    parser.add_argument("--overwrite", action="store_true", help="replace files that differ")


def chosen(files: List[File], paths: List[str], what: str) -> List[File]:
    """Return the files of `paths`, each a file or a folder; all where none is named.

    what: whose files they are. Raises NotFound for a path that is none of them.
    """
    for path in paths:
        if not any(_is_below(file.path, path) for file in files):
            names = [file.path for file in files]
            raise _errors.NotFound(
                "{} has no file or folder {}; it has: {}".format(
                    what, path, ", ".join(names[:20]) + (", …" if names[20:] else "")
                ),
                404,
            )
    return [one for one in files if not paths or any(_is_below(one.path, path) for path in paths)]


def _is_below(path: str, folder: str) -> bool:
    return (path + "/").startswith(folder.rstrip("/") + "/")


def fetch(studio: Studio, files: Sequence[File], given: Any, output: Output) -> int:
    """Bring `files` into the folder given.output, and say which came."""
    folder = os.path.abspath(os.path.expanduser(given.output))
    places = [inside(folder, file.path) for file in files]
    bar = output.bar("Downloading", sum(file.size or 0 for file in files), len(files))
    came: List[str] = []
    there: List[str] = []

    def one(number: int) -> None:
        file, place = files[number], places[number]
        fetched = _Fetch(studio.client.transport(), file, place, bar)
        (came if fetched.bring(given.overwrite) else there).append(file.path)
        bar.whole(file.path, os.path.getsize(place))

    try:
        studio.client.side_by_side(one, range(len(files)))
    except KeyboardInterrupt:
        output.note("\nstopped; the same command goes on where it was")
        raise
    finally:
        bar.close()
    if output.is_json:
        output.json({"folder": folder, "came": sorted(came), "were_there": sorted(there)})
    else:
        for place in places:
            output.line(os.path.relpath(place))
        if there:
            output.note("{} of {} files were here already".format(len(there), len(files)))
    return 0


class _Fetch:
    """One file on its way."""

    def __init__(self, transport: Transport, file: File, place: str, bar: Bar):
        self._transport = transport
        self._file, self._place, self._bar = file, place, bar
        self._address = API + file.address

    def bring(self, overwrite: bool) -> bool:
        """Bring the file; False when it is here already. Raises UserErrorException, Unreachable."""
        tag = self._transport.request("HEAD", self._address).headers.get("etag", "")
        found = SHA256.match(tag)
        sha256 = found.group(1) if found else None
        if os.path.isdir(self._place):
            raise _errors.UserErrorException("{} is a folder".format(self._place))
        is_there = os.path.exists(self._place)
        if is_there and sha256 and file_sha256(self._place) == sha256:
            return False
        if is_there and sha256 and not overwrite:
            raise self._in_the_way()
        os.makedirs(os.path.dirname(self._place), exist_ok=True)
        part = self._part(sha256, tag)
        self._go_on(part)
        if sha256 and file_sha256(part) != sha256:
            os.remove(part)
            raise _errors.Unreachable(
                "{} did not come as the studio has it; give the command again".format(
                    self._file.path
                )
            )
        if is_there and not sha256 and not overwrite and not _begins(part, self._place):
            os.remove(part)
            raise self._in_the_way()
        os.replace(part, self._place)
        return True

    def _in_the_way(self) -> _errors.AzureMLException:
        return _errors.UserErrorException(
            "{} is here already, with another content; --overwrite replaces it, -o FOLDER"
            " downloads elsewhere".format(self._place)
        )

    def _part(self, sha256: Optional[str], tag: str) -> str:
        """Return where the file is kept until it is whole; by its content, so none is mixed up."""
        of_log = OF_LOG.match(tag)
        name = sha256[:12] if sha256 else of_log.group(1) if of_log else str(os.getpid())
        return "{}.{}.part".format(self._place, name)

    def _go_on(self, part: str) -> None:
        with open(part, "ab") as file:
            start = file.tell()
            done = [start]
            self._bar.at(self._file.path, start)

            def write(piece: bytes) -> None:
                file.write(piece)
                done[0] += len(piece)
                self._bar.at(self._file.path, done[0])

            self._transport.download(self._address, write, start=start)


def _begins(longer: str, shorter: str) -> bool:
    """Say whether the file `longer` begins with what is in `shorter`: a log that has grown."""
    with open(longer, "rb") as one, open(shorter, "rb") as other:
        while True:
            there = other.read(COMPARED_BYTES)
            if not there:
                return True
            if one.read(len(there)) != there:
                return False
