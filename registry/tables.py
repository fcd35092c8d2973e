"""Tables in datasets: how their files are read, and reading them, in a program beside the studio.

What strangers' bytes do to a reader they do to that program (registry/tabling): it has little
memory and time, and its end is an error in words here. Answers are kept by content.
"""

import hashlib
import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from registry import apart
from registry.models import DatasetForm
from registry.tabling.encodings import ENCODINGS
from studio.errors import BadInput, NotFound
from studio.files import blobs
from studio.models import Tree

logger = logging.getLogger(__name__)
FORMATS = {
    ".csv": {"format": "delimited", "separator": ","},
    ".tsv": {"format": "delimited", "separator": "\t"},
    ".parquet": {"format": "parquet"},
    ".jsonl": {"format": "json_lines"},
    ".ndjson": {"format": "json_lines"},
}
KINDS = ("delimited", "parquet", "json_lines", "idx")
FLAGS = ("header", "multiline")
# Of files that are no table: columns of their paths, and how they were chosen among others.
OF_FILES = {"partition_format": str, "steps": list}
MOST_READING_CHARACTERS = 20_000
MEMORY_BYTES = 3 * 2**30
PAGE_SECONDS = 30
MOST_ROWS, ROWS = 500, 100
# Raised when the answers are others than before: what is kept of them is made anew.
EDITION = 1
MOST_KEPT_FILES = 5000
MOST_FILES_READ = 10_000
# A table that lies in no folder is copied to be read; what is larger is downloaded by whom it is.
MOST_COPIED_BYTES = 4 * 2**30


def checked_reading(form: str, given: Any) -> dict[str, Any]:
    """Return how a dataset's files are read, of files how they were chosen. Raises BadInput.

    Keys of a table besides ours are kept as they are: they are for those who read it themselves.
    """
    trouble = None
    if not isinstance(given, dict) or len(json.dumps(given)) > MOST_READING_CHARACTERS:
        trouble = "must be an object of at most 20,000 characters"
    elif form != DatasetForm.TABULAR:
        there = {key: given[key] for key in OF_FILES if given.get(key)}
        if all(isinstance(value, OF_FILES[key]) for key, value in there.items()):
            return there
        trouble = "of files has a text as partition_format and a list as steps"
    elif given.get("format") not in KINDS:
        trouble = f"needs a format: {', '.join(KINDS)}"
    elif encoding_in(given) not in ENCODINGS:
        trouble = f"has an unknown encoding; known: {', '.join(ENCODINGS)}"
    elif not _is_separator(given.get("separator", ",")):
        trouble = "has a separator that is not one character (but a quote or an end of line)"
    elif any(not isinstance(given.get(flag, True), bool) for flag in FLAGS):
        trouble = f"has {' and '.join(FLAGS)} as true or false"
    if trouble:
        raise BadInput(f"reading {trouble}", fields={"reading": trouble})
    known: dict[str, Any] = {**given}
    if known["format"] in ("delimited", "json_lines"):
        known["encoding"] = encoding_in(given)
    return known


def encoding_in(reading: dict[str, Any]) -> str:
    """The encoding in a reading, as it is called everywhere."""
    return str(reading.get("encoding") or "utf8").lower().replace("_", "").replace("iso-", "iso")


def _is_separator(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 1 and text.isascii() and text not in '"\r\n\0'


def reading_of(path: str) -> dict[str, Any] | None:
    """How a file would be read that is named so, None for what is no table."""
    name = path.lower().removesuffix(".gz")
    return next((dict(how) for end, how in FORMATS.items() if name.endswith(end)), None)


def page(
    tree: Tree, reading: dict[str, Any], *, path: str, start: int, count: int
) -> dict[str, Any]:
    """Rows of the table that the files of `tree` (or the one at `path`) hold, with its columns.

    Raises NotFound, and BadInput in words for what cannot be read so.
    """
    asked = {"do": "page", "from": start, "count": max(1, min(count, MOST_ROWS))}
    key = key_of(tree, path, reading, asked)
    if (known := kept(key)) is not None:
        return known
    return read(tree, reading, path=path, asked=asked, seconds=PAGE_SECONDS, key=key)


def read(
    tree: Tree,
    reading: dict[str, Any],
    *,
    path: str,
    asked: dict[str, Any],
    seconds: int,
    key: str,
) -> dict[str, Any]:
    """Have a table read, and keep the answer. Raises BadInput, NotFound, Conflict."""
    with apart.turn(), _on_disk(_files(tree, path)) as files:
        said = _ask({**asked, "files": files, "reading": reading}, seconds)
    if "error" in said:
        raise BadInput(f"this table cannot be read: {said['error']}")
    answer: dict[str, Any] = said["answer"]
    keep(key, answer)
    return answer


def _files(tree: Tree, path: str) -> list[tuple[str, str, int]]:
    files = tree.files.order_by("path").values_list("path", "blob_id", "blob__size_bytes")
    found = list((files.filter(path=path) if path else files)[:MOST_FILES_READ])
    if not found:
        raise NotFound(f'no file "{path[:200]}" in it' if path else "there is no file in it")
    return found


@contextmanager
def _on_disk(files: list[tuple[str, str, int]]) -> Iterator[list[dict[str, str]]]:
    """The files as their readers open them: where they lie, else copies that go afterwards."""
    places = [(name, blobs.local_path(sha256)) for name, sha256, _ in files]
    if all(place is not None for _, place in places):
        yield [{"name": name, "path": str(place)} for name, place in places]
        return
    if sum(size for _, _, size in files) > MOST_COPIED_BYTES:
        raise BadInput("this table is too large to be shown from where it is stored; download it")
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        copies = []
        for number, (name, sha256, _) in enumerate(files):
            copy = Path(folder) / str(number)
            with copy.open("wb") as out:
                out.writelines(blobs.read(sha256))
            copies.append({"name": name, "path": str(copy)})
        yield copies


def _ask(request: dict[str, Any], seconds: int) -> dict[str, Any]:
    """Run the reader and return what it says; what ends it is said in words."""
    limits = {"memory_bytes": MEMORY_BYTES, "cpu_seconds": seconds}
    with apart.started("registry.tabling") as reader:
        try:
            asked = json.dumps({**request, **limits}).encode()
            out, problems = reader.communicate(asked, seconds + apart.START_S)
        except subprocess.TimeoutExpired:
            return {"error": f"it was not read within {seconds} s"}
    try:
        said: dict[str, Any] = json.loads(out)
    except ValueError:
        logger.warning("a table's reader ended with %s: %s", reader.returncode, problems[-2000:])
        return {"error": "the file makes its reader stop, or takes too much memory or time"}
    return said


# --- answers that were given before --------------------------------------------------------------
def key_of(tree: Tree, path: str, reading: dict[str, Any], asked: dict[str, Any]) -> str:
    """The name under which an answer is kept."""
    what = json.dumps([EDITION, tree.sha256, path, reading, asked], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()


def kept(key: str) -> dict[str, Any] | None:
    """The answer of that name, None where there is none."""
    try:
        known: dict[str, Any] = json.loads(_place(key).read_bytes())
    except (OSError, ValueError):
        return None
    return known


def keep(key: str, answer: dict[str, Any]) -> None:
    """Keep an answer; of very many the oldest go."""
    folder = Path(settings.TABLES)
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, suffix=".new")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(name, _place(key))
    there = list(folder.glob("*.json"))
    if len(there) > MOST_KEPT_FILES:
        by_age = sorted(there, key=lambda path: path.stat().st_mtime if path.exists() else 0)
        for path in by_age[: MOST_KEPT_FILES // 2]:
            path.unlink(missing_ok=True)


def _place(key: str) -> Path:
    return Path(settings.TABLES) / f"{key}.json"
