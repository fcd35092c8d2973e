"""The lines of a Dockerfile, joined to instructions as BuildKit joins them."""

import re
from collections.abc import Iterator

from compute.definitions.draft import Line, wrong
from studio.errors import BadInput

MOST_LINES = 1_000
# BuildKit and Python do not agree on what these are; nobody writes them.
ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
SYNTAX = re.compile(r"\s*#\s*syntax\s*=", re.IGNORECASE)
ESCAPE = re.compile(r"\s*#\s*escape\s*=\s*(.*?)\s*\Z", re.IGNORECASE)
HERE_DOCUMENT = re.compile(r"(?<!<)<<-?([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
CAN_HOLD_DOCUMENTS = ("RUN", "COPY", "ADD")
Step = tuple[Line, str, str]  # where it begins, its word in capitals, the rest on one line


def plain(text: str) -> str:
    """Return the text with Unix line ends, as it is kept."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"


def without_syntax(text: str) -> str:
    """Return the text without `# syntax=`: the engine's own frontend reads it, no other image."""
    return "\n".join(line for line in text.split("\n") if not SYNTAX.match(line))


def steps(text: str) -> Iterator[Step]:
    """Yield where each instruction begins, its word in capitals, and the rest, on one line.

    Comments and the bodies of here-documents are left out. Raises BadInput for more lines than
    anyone writes, and for lines that engines read differently.
    """
    lines = text.split("\n")
    escape = _escape(lines)
    at = 0
    while at < len(lines):
        if _is_nothing(lines[at]):
            at += 1
            continue
        start = at + 1
        whole, at = _joined(lines, at, escape)
        if not whole.strip():
            continue
        step = _step(start, whole)
        yield step
        if step[1] in CAN_HOLD_DOCUMENTS:
            for found in HERE_DOCUMENT.findall(step[2]):
                at = _behind(lines, at, found[1])


def raw_steps(text: str) -> Iterator[tuple[Line, str]]:
    """Yield all that any engine may take for an instruction: where it begins, and as it is joined.

    Engines do not agree on here-documents, old ones know none. Where there may be one, every line
    is taken for a beginning.
    """
    lines = text.split("\n")
    escape = _escape(lines)
    any_line_begins = "<<" in text
    at = 0
    while at < len(lines):
        if _is_nothing(lines[at]):
            at += 1
            continue
        whole, behind = _joined(lines, at, escape)
        yield _step(at + 1, whole)[0], whole
        at = at + 1 if any_line_begins else behind


def has_here_document(text: str) -> bool:
    """Whether any step has one."""
    return any(
        word in CAN_HOLD_DOCUMENTS and HERE_DOCUMENT.search(rest) for _, word, rest in steps(text)
    )


def _escape(lines: list[str]) -> str:
    """Return what joins lines. Raises BadInput where engines would disagree on it."""
    if len(lines) > MOST_LINES:
        raise BadInput(f"a Dockerfile has at most {MOST_LINES:,} lines")
    escape = "\\"
    is_first = True
    for number, line in enumerate(lines, 1):
        if odd := ODD.search(line):
            raise wrong(Line(number, line), f"a character that cannot be kept: {odd[0]!r}")
        said = ESCAPE.match(line)
        if said and is_first and said[1] in ("\\", "`"):
            escape = said[1]
        elif said and _is_head(lines, number):
            raise wrong(Line(number, line), "# escape= stands alone in the first line, or nowhere")
        is_first = is_first and bool(SYNTAX.match(line))
    for number, line in enumerate(lines, 1):
        if line.rstrip(" \t").endswith(2 * escape) and not _is_nothing(line):
            raise wrong(
                Line(number, line),
                f"two {escape} at the end of a line are read one way by one engine and otherwise by"
                " the next; write one to go on in the next line, or put something behind them",
            )
    return escape


def _is_head(lines: list[str], number: int) -> bool:
    return all(_is_nothing(line) for line in lines[: number - 1])


def _is_nothing(line: str) -> bool:
    line = line.strip()
    return not line or line.startswith("#")


def _joined(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """Return the instruction that begins there, and where the next one may begin.

    As BuildKit does: the line ends are taken out and nothing is put in; comments and empty lines
    between are no part of it.
    """
    whole = lines[at].lstrip()
    at += 1
    while (cut := whole.rstrip(" \t")).endswith(escape):
        whole = cut.removesuffix(escape)
        while at < len(lines) and _is_nothing(lines[at]):
            at += 1
        if at == len(lines):
            break
        # Never `whole` again: what it ended with was no sign to go on.
        part, at = lines[at], at + 1
        goes_on = part.rstrip(" \t").endswith(escape)
        if not goes_on:
            return whole + part, at
        whole += part
    return whole, at


def _behind(lines: list[str], at: int, end: str) -> int:
    while at < len(lines) and lines[at].strip() != end:
        at += 1
    return at + 1


def _step(number: int, whole: str) -> Step:
    whole = " ".join(whole.split())
    word, _, rest = whole.partition(" ")
    return Line(number, whole), word.upper(), rest
