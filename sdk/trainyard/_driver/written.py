"""A run's output datasets on this node: empty folders for the script, whose files are then brought.

upload     brought once all scripts of the node have ended well
mount      brought in any case: also of a script that failed, was canceled, or was killed

Files are brought at the end, for what is written may be replaced until then. The studio puts them
into the workspace's store, and makes the dataset when the whole run is Completed.
"""

import os
import shutil
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from trainyard import _errors
from trainyard._driver.globs import Glob
from trainyard._driver.inputs import of_name
from trainyard._driver.link import Link, RunEnded, Undelivered
from trainyard._driver.outputs import LAST_TRIES, Found, OutputShipper, is_passing, said_of
from trainyard._driver.paths import trouble_with, walk
from trainyard._transport import UPLOAD_TIMEOUT_S

ARGUMENT = "DatasetOutputConfig:"
LISTED = "AZUREML_DATASET_FILE_OUTPUTS"
MOST_TEXT = 500
CHANGING = "it was changing while it was read"
# So much of a list goes in one call: a body has a limit, and a path at most a thousand characters.
LISTED_AT_ONCE, LISTED_CHARACTERS = 50000, 6 * 1024 * 1024

Say = Callable[[str], None]


class Written:
    """The output datasets of a job.

    work: the task's own folder; the script starts in `code` below it.   say: writes a line for
    people.
    """

    def __init__(self, job: Mapping[str, Any], work: str, *, say: Say):
        self._given: List[Dict[str, Any]] = list(job.get("output_datasets") or [])
        self._work = os.path.realpath(work)
        self._home = os.path.join(work, "written")
        self._code = os.path.join(work, "code")
        self._say = say
        self._values = {one["name"]: self._place(one)[0] for one in self._given}

    def __bool__(self) -> bool:
        return bool(self._given)

    # --- before the script ------------------------------------------------------------
    def make(self) -> None:
        """Make the folders. Raises OSError."""
        if not self._given:
            return
        shutil.rmtree(self._home, ignore_errors=True)
        for one in self._given:
            place, why = self._place(one)
            if why:
                self._say(
                    "Output '{}' was asked for at {}, {}: it is elsewhere.".format(
                        one["name"], one["path"], why
                    )
                )
            os.makedirs(place, exist_ok=True)
            self._values[one["name"]] = place
            self._say(
                "Output '{}': what is written to {} goes to {} in the store.".format(
                    one["name"], place, one["destination"] or "/"
                )
            )

    def _place(self, one: Dict[str, Any]) -> Tuple[str, str]:
        """Return where its files are written, and why not where it was asked for, if so."""
        usual, wanted = os.path.join(self._home, one["name"]), one.get("path") or ""
        if not wanted:
            return usual, ""
        place = os.path.normpath(os.path.join(self._code, wanted))
        if not place.startswith(self._code + os.sep):
            return usual, "which is outside the run's own folder"
        if os.path.lexists(place) and not os.path.isdir(place):
            return usual, "which is no folder"
        return place, ""

    def arguments(self, given: List[str]) -> List[str]:
        """Return the arguments with paths in place of what stands for outputs: whole ones only."""
        found = []
        for word in given:
            name = word[len(ARGUMENT) :] if word.startswith(ARGUMENT) else ""
            found.append(self._values.get(name, word))
        return found

    def variables(self, there: Mapping[str, str]) -> Dict[str, str]:
        """Return the variables that name the outputs; none takes the place of what is there."""
        if not self._given:
            return {}
        found = {LISTED: ",".join(one["name"] for one in self._given)}
        for one in self._given:
            found.update(of_name(one["name"], self._values[one["name"]], there))
        return found

    # --- after it ------------------------------------------------------------
    def bring(
        self, link: Link, is_well: bool, before: Optional[float] = None
    ) -> Tuple[List[str], List[str]]:
        """Bring what was written; return lines for people, and why the run is not well after all.

        is_well: whether all scripts of the node ended well.   before: leave out files that changed
        since then (Unix time): whoever wrote them was killed.
        """
        lines, refused = [], []
        for one in self._given:
            if not is_well and one["mode"] != "mount":
                lines.append(
                    "output {}: not kept, for the script did not end well".format(one["name"])
                )
                continue
            files = _Files(link, one, self._values[one["name"]], self._work, before)
            try:
                lines.append(files.bring())
            except _errors.StudioError as error:
                refused.append(error.message)
            except (RunEnded, Undelivered) as error:
                refused.append("output {}: not delivered: {}".format(one["name"], error))
            refused += files.lost()
            lines += files.notes
        return lines + refused, refused


class _Files(OutputShipper):
    """What was written to the folder of one output; bring() brings it, lost() says what it did not.

    Left out are links out of the run's folder, names that no tree may have, and what was being
    written at a kill. Lost is what should have been kept: what could not be read, or sent.
    """

    def __init__(
        self, link: Link, one: Dict[str, Any], folder: str, work: str, before: Optional[float]
    ):
        super().__init__(link, lambda: None, folder, os.devnull)
        self._output = str(one["name"])
        self._work = work
        self._before = before
        given = one.get("globs") or ()
        self._patterns = [Glob(text) for text in given]
        self._goes_below = not given or any("/" in text or "**" in text for text in given)
        self._files: Dict[str, str] = {}
        self._left_out: List[str] = []
        self._lost: Dict[str, str] = {}
        self._why: Dict[str, str] = {}  # the last try failed; the next one may not

    def bring(self) -> str:
        """Bring all; return a line for people. Raises StudioError with the studio's reason."""
        for _ in range(LAST_TRIES):
            found = self._scan(True)
            if not found:
                break
            self._bring(found)
        for one in self._scan(True):
            if one.path not in self._files:
                self._lose(one.path, self._why.get(one.path, CHANGING))
        self._tell()
        size = sum(self._kept[path][0] for path in self._files)
        return "output {}: {}, {:,} bytes".format(self._output, _counted(len(self._files)), size)

    def lost(self) -> List[str]:
        """Say why the output is not whole, in a line; [] when it is."""
        if not self._lost:
            return []
        words = ["{!r} ({})".format(path, why) for path, why in sorted(self._lost.items())]
        more = " and {:,} more".format(len(words) - 3) if len(words) > 3 else ""
        return ["output {}: not kept: {}{}".format(self._output, ", ".join(words[:3]), more)]

    def refuse(self, path: str, why: str) -> None:
        if path not in self._left_out:
            self._left_out.append(path)
        self.note("output {}: {!r} was not kept: {}".format(self._output, path, why))

    def _lose(self, path: str, why: str) -> None:
        self._lost[path] = why
        self.note("output {}: {!r} was not kept: {}".format(self._output, path, why))

    def _is_wanted(self, path: str) -> bool:
        return not self._patterns or any(one.match(path) for one in self._patterns)

    def _unread(self, path: str, why: str) -> None:
        """Note what is closed; of a folder nobody knows whether the patterns name what is in it."""
        if self._goes_below if path.endswith("/") else self._is_wanted(path):
            self._lose(path, why)

    def _failed(self, one: Found, error: Exception) -> None:
        why = CHANGING if isinstance(error, FileNotFoundError) else said_of(error)
        if is_passing(error):
            self._why[one.path] = why
        else:
            self._lose(one.path, why)

    def _scan(self, is_last: bool) -> List[Found]:
        """Return the files that have yet to be brought."""
        found = []
        files = walk(self._folder, self.refuse, inside=self._work, unread=self._unread)
        for path, place, status in files:
            signature = (status.st_size, status.st_mtime_ns)
            is_done = path in self._lost or self._kept.get(path) == signature
            if is_done or not self._is_wanted(path):
                continue
            trouble = trouble_with(path)
            if not trouble and self._before is not None and status.st_ctime > self._before:
                trouble = "it was being written when its run was killed"
            if trouble:
                self.refuse(path, trouble)
            else:
                found.append(Found(path, place, signature))
        return found

    def _list(self, ready: List[Tuple[Found, str]]) -> bool:
        """Note what was sent; the studio is told of all at the end."""
        for one, sha256 in ready:
            try:
                # Where small ones that go together are refused, one of them may be to blame.
                self._files[one.path] = sha256 if sha256 in self._sent else self._send(one)
                self._kept[one.path] = one.signature
            except (OSError, _errors.StudioError) as error:
                self._failed(one, error)
        return True

    def _tell(self) -> None:
        """Tell the studio all paths, sending again what it has lost meanwhile."""
        text = _in_words(self._left_out + sorted(self._lost))
        for part in _parts(sorted(self._files.items())):
            for is_last in (False, False, True):
                try:
                    self._say_part(part, text)
                    break
                except _errors.MissingBlobs as error:
                    if is_last:
                        raise
                    self._send_again(part, error.facts.get("missing") or ())

    def _say_part(self, part: List[Tuple[str, str]], text: str) -> None:
        data = {"files": [one for one in part if one[0] in self._files], "text": text}
        path = "output-datasets/" + self._output
        self.link.call("POST", path, data=data, timeout_s=UPLOAD_TIMEOUT_S)

    def _send_again(self, part: List[Tuple[str, str]], missing: Any) -> None:
        self._sent -= set(missing)
        for path, sha256 in part:
            if sha256 in missing:
                place = os.path.join(self._folder, *path.split("/"))
                try:
                    self._send(Found(path, place, self._kept[path]))
                except (OSError, _errors.StudioError) as error:
                    self._lose(path, said_of(error))
                    del self._files[path]


def _parts(files: List[Tuple[str, str]]) -> List[List[Tuple[str, str]]]:
    """Split a list of (path, SHA-256) into portions of one call each; one where it is empty."""
    parts: List[List[Tuple[str, str]]] = [[]]
    size = 0
    for path, sha256 in files:
        size += len(path) + len(sha256) + 16
        if len(parts[-1]) == LISTED_AT_ONCE or size > LISTED_CHARACTERS:
            parts.append([])
            size = 0
        parts[-1].append((path, sha256))
    return parts


def _counted(count: int) -> str:
    return "{:,} file{}".format(count, "" if count == 1 else "s") if count else "nothing"


def _in_words(left_out: List[str]) -> str:
    if not left_out:
        return ""
    more = " and {:,} more".format(len(left_out) - 3) if len(left_out) > 3 else ""
    words = "left out, for reasons in 75_job_post.txt: {}{}".format(", ".join(left_out[:3]), more)
    return words.encode("utf-8", "replace").decode()[:MOST_TEXT]
