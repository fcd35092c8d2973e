"""Where a text stands in the code of a run."""

from typing import Any

import re2

from studio.errors import BadInput
from studio.files import blobs
from studio.models import Tree

MOST_FILE_BYTES = 1024 * 1024
MOST_READ_BYTES = 64 * 1024 * 1024
MOST_MATCHES = 500
MOST_IN_FILE = 50
LINE_CHARACTERS = 200


def search(tree: Tree, text: str, *, regex: bool = False, case: bool = False) -> dict[str, Any]:
    """Return {"matches": [{"path", "line", "text", "start", "end"}], "is_cut", "skipped"}.

    line: from 1.   start, end: where in `text`, which is the line or a part of it.
    skipped: how many files are larger than 1 MiB, or no text. Raises BadInput for an expression
    that is none.
    """
    pattern = _pattern(text, regex=regex, case=case)
    matches: list[dict[str, Any]] = []
    skipped = read = 0
    rows = tree.files.order_by("path").values_list("path", "blob_id", "blob__size_bytes")
    for path, sha256, size in rows:
        content = None
        if size <= MOST_FILE_BYTES and read <= MOST_READ_BYTES:
            content = b"".join(blobs.read(sha256))
            read += size
        if content is None or b"\0" in content[:8192]:
            skipped += 1
            continue
        matches += _in_file(path, content.decode(errors="replace"), pattern)
        if len(matches) >= MOST_MATCHES:
            break
    return {
        "matches": matches[:MOST_MATCHES],
        "is_cut": len(matches) >= MOST_MATCHES,
        "skipped": skipped,
    }


def _pattern(text: str, *, regex: bool, case: bool) -> Any:
    options = re2.Options()
    options.case_sensitive = case
    options.log_errors = False
    options.literal = not regex
    try:
        # re2 takes time in proportion to the code, whatever the expression.
        return re2.compile(f"(?m){text}" if regex else text, options)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise BadInput(f"this is no regular expression: {said}", fields={"text": said}) from None


def _in_file(path: str, content: str, pattern: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if not pattern.search(content):
        return found
    for number, line in enumerate(content.splitlines(), 1):
        if match := pattern.search(line):
            cut = max(0, match.start() - LINE_CHARACTERS // 2)
            text = line[cut : cut + LINE_CHARACTERS]
            start, end = match.start() - cut, min(match.end() - cut, len(text))
            found.append({"path": path, "line": number, "text": text, "start": start, "end": end})
        if len(found) >= MOST_IN_FILE:
            break
    return found
