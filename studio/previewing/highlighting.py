"""Source code as coloured parts. Roles, not colours: the page's own sheet gives those.

Only languages whose rules take time in proportion to the text, whatever it is
(tests/studio/test_highlighting.py), and never longer than MOST_SECONDS between two parts.
"""

import time
from collections.abc import Iterator

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType

# A mark names one of these by its place.
ROLES = ("", "keyword", "string", "comment", "number", "name", "builtin", "decorator", "operator")
LANGUAGES = {
    "py": "python", "pyi": "python", "pyx": "python", "yml": "yaml", "yaml": "yaml",
    "json": "json", "toml": "toml", "ini": "ini", "cfg": "ini", "sh": "bash", "bash": "bash",
    "js": "javascript", "ts": "typescript", "css": "css", "html": "html", "htm": "html",
    "svg": "xml", "xml": "xml", "c": "c", "h": "c", "cpp": "cpp", "cc": "cpp", "hpp": "cpp",
    "cu": "cuda", "cuh": "cuda", "java": "java", "go": "go", "rs": "rust", "sql": "sql",
    "r": "r", "jl": "julia", "rb": "ruby", "diff": "diff", "patch": "diff",
}  # fmt: skip
NAMES = {"Dockerfile": "docker", "Makefile": "make"}
MOST_CHARACTERS = 256 * 1024
MOST_LINE_CHARACTERS = 4000
MOST_SECONDS = 0.7

_BY_TOKEN: dict[_TokenType, int] = {
    Token.Keyword: 1,
    Token.Operator.Word: 1,
    Token.Name.Tag: 1,
    Token.Literal.String: 2,
    Token.Literal.Scalar: 2,
    Token.Comment: 3,
    Token.Literal.Number: 4,
    Token.Name.Function: 5,
    Token.Name.Class: 5,
    Token.Name.Attribute: 5,
    Token.Name.Builtin: 6,
    Token.Name.Exception: 6,
    Token.Name.Decorator: 7,
    Token.Operator: 8,
    Token.Generic.Deleted: 1,
    Token.Generic.Inserted: 2,
    Token.Generic.Heading: 5,
    Token.Generic.Subheading: 5,
}


def language_of(path: str) -> str:
    """The language a file of this name is written in; "" for one that is not coloured."""
    name = path.rpartition("/")[2]
    return NAMES.get(name) or LANGUAGES.get(name.rpartition(".")[2].lower(), "")


def marks(text: str, language: str) -> list[int]:
    """Return [length, role, length, role, …] over the whole of `text`; [] for no colours.

    length: in UTF-16 code units, as scripts count.   role: its place in ROLES.
    """
    if not language or len(text) > MOST_CHARACTERS:
        return []
    if any(len(line) > MOST_LINE_CHARACTERS for line in text.split("\n")):
        return []
    found: list[int] = []
    for length, role in _parts(text, get_lexer_by_name(language)):
        if found and found[-1] == role:
            found[-2] += length
        else:
            found += [length, role]
    return found


def _parts(text: str, lexer: Lexer) -> Iterator[tuple[int, int]]:
    ends = time.monotonic() + MOST_SECONDS
    is_wide = text > "" and max(text) > "\uffff"
    at = 0
    for start, kind, value in lexer.get_tokens_unprocessed(text):
        if start < at or not value:
            continue
        if start > at:
            yield _units(text[at:start], is_wide=is_wide), 0
        at = start + len(value)
        yield _units(value, is_wide=is_wide), _role(kind)
        if time.monotonic() > ends:
            break
    if at < len(text):
        yield _units(text[at:], is_wide=is_wide), 0


def _units(text: str, *, is_wide: bool) -> int:
    return len(text) + (sum(character > "\uffff" for character in text) if is_wide else 0)


def _role(kind: _TokenType) -> int:
    if kind not in _BY_TOKEN:
        _BY_TOKEN[kind] = _role(kind.parent) if kind.parent else 0
    return _BY_TOKEN[kind]
