"""What a command prints: tables for people, one JSON document for programs, bars on a terminal."""

import json
import shutil
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Sequence

from trainyard import _errors
from trainyard._datastore import amount

DRAWN_EVERY_S = 0.1
BAR = 24


class Output:
    """Answers go to stdout, remarks and bars to stderr: a pipe gets the answer alone.

    is_json: print one JSON document and no tables.
    """

    def __init__(self, is_json: bool):
        self.is_json = is_json
        self._is_terminal = sys.stderr.isatty()

    def json(self, value: Any) -> None:
        """Print the one JSON document."""
        print(json.dumps(value, indent=2, ensure_ascii=True))

    def line(self, text: str) -> None:
        """Print a line of the answer; what the terminal cannot show becomes a question mark."""
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding))

    def note(self, text: str) -> None:
        """Say something beside the answer."""
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stderr.flush()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print rows in columns, numbers to the right; on a terminal with their heads."""
        cells = [[_cell(value) for value in row] for row in rows]
        numeric = [
            all(isinstance(row[at], (int, float)) or row[at] is None for row in rows)
            for at in range(len(heads))
        ]
        if not rows:
            self.note("none")
            return
        if sys.stdout.isatty():
            cells.insert(0, [head.upper() for head in heads])
        widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
        for row in cells:
            parts = [
                cell.rjust(width) if is_number else cell.ljust(width)
                for cell, width, is_number in zip(row, widths, numeric)
            ]
            self.line("  ".join(parts).rstrip())

    def facts(self, pairs: Sequence[Any]) -> None:
        """Print names and values, one pair a line; values that are nothing are left out."""
        shown = [(name, _cell(value)) for name, value in pairs if value not in (None, "", {}, [])]
        width = max([len(name) for name, _ in shown] or [0])
        for name, value in shown:
            self.line("{}  {}".format(name.ljust(width), value))

    def error(self, error: _errors.AzureMLException) -> None:
        """Say on stderr what went wrong; as JSON where JSON was asked for."""
        if self.is_json:
            words: Dict[str, Any] = {
                "code": getattr(error, "code", None) or type(error).__name__,
                "message": error.message,
                "fields": getattr(error, "fields", {}),
            }
            self.note(json.dumps({"error": words}))
            return
        self.note("trainyard: " + error.message)

    def bar(self, title: str, total: int, files: int = 0) -> "Bar":
        """Return a bar that draws on a terminal, and is silent elsewhere."""
        return Bar(title, total, files, is_drawn=self._is_terminal and not self.is_json)


class Bar:
    """Bytes on their way, drawn in place. Told from any thread; close() ends its line."""

    def __init__(self, title: str, total: int, files: int, *, is_drawn: bool):
        self._title, self._total, self._files = title, total, files
        self._is_drawn = is_drawn
        self._lock = threading.Lock()
        self._done: Dict[str, int] = {}
        self._whole = 0
        self._began = self._drawn_at = time.monotonic()
        self._was_there = 0

    def at(self, name: str, done: int) -> None:
        """Say that `done` bytes of the file `name` are there."""
        with self._lock:
            if name not in self._done:
                self._was_there += done
            self._done[name] = done
            now = time.monotonic()
            if self._is_drawn and now - self._drawn_at > DRAWN_EVERY_S:
                self._drawn_at = now
                self._draw(now)

    def whole(self, name: str, size: int) -> None:
        """Say that the file `name` is there whole."""
        with self._lock:
            self._done[name] = size
            self._whole += 1

    def close(self) -> None:
        """Draw it a last time, and end its line."""
        if self._is_drawn:
            self._draw(time.monotonic())
            sys.stderr.write("\n")
            sys.stderr.flush()

    def _draw(self, now: float) -> None:
        done = sum(self._done.values())
        part = min(1.0, done / self._total) if self._total else 1.0
        filled = int(BAR * part)
        speed = (done - self._was_there) / max(now - self._began, 0.1)
        counted = "  {} of {} files".format(self._whole, self._files) if self._files > 1 else ""
        line = "{} [{}{}] {:3.0f} %  {} of {}  {}/s{}".format(
            self._title, "#" * filled, "-" * (BAR - filled), 100 * part,
            amount(done), amount(self._total), amount(int(speed)), counted,
        )  # fmt: skip
        columns = shutil.get_terminal_size().columns
        sys.stderr.write("\r" + line[: columns - 1].ljust(min(columns - 1, 100)))
        sys.stderr.flush()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return "{:.6g}".format(value)
    if isinstance(value, dict):
        return ", ".join("{}={}".format(key, value[key]) for key in sorted(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    # A name may hold what would move the terminal's cursor.
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


def first(items: Any, most: int) -> List[Any]:
    """Return the first `most` of what may be endless."""
    found: List[Any] = []
    for item in items:
        if len(found) >= most:
            break
        found.append(item)
    return found


def pairs_of(words: Optional[Sequence[str]], option: str) -> Dict[str, str]:
    """Return `KEY=VALUE` words as a dict. Raises UserErrorException naming the option."""
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise _errors.UserErrorException("{} {}: write NAME=VALUE".format(option, word))
        found[name] = value
    return found
