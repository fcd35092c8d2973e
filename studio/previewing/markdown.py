"""Markdown as a tree of plain elements, which the page builds itself: no HTML is handed on."""

from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Raw HTML is shown as the text it is.
_READER = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable(
    ["table", "strikethrough"]
)
MOST_NODES = 20_000

Node = str | list[Any]


def tree(text: str) -> list[Node]:
    """Return the text's elements: a string, or [name, {attribute: value}, child, …].

    Names are those of HTML; attributes: `href`, `title`, `alt`, `start`, `class` (of code: its
    language). A picture is its address: whether to load it is the page's to say.
    """
    top: list[Any] = ["", {}]
    _add(top, _READER.parse(text), [MOST_NODES])
    return top[2:]


def _add(into: list[Any], tokens: list[Token], left: list[int]) -> None:
    """Put what `tokens` say into the element `into`. left: how many nodes there may still be."""
    open_ones = [into]
    for token in tokens:
        left[0] -= 1
        if left[0] < 0:
            return
        here = open_ones[-1]
        if token.nesting < 0:
            if len(open_ones) > 1:
                open_ones.pop()
        elif token.type == "inline":
            _add(here, token.children or [], left)
        elif token.nesting > 0:
            if token.hidden:
                made = here
            else:
                made = [token.tag, _attributes(token)]
                here.append(made)
            open_ones.append(made)
        else:
            here.append(_leaf(token))


def _leaf(token: Token) -> Node:
    if token.type in ("fence", "code_block"):
        return ["pre", {}, ["code", {"class": token.info.split(" ")[0][:40]}, token.content]]
    if token.type == "code_inline":
        return ["code", {}, token.content]
    if token.type == "image":
        return ["img", {"href": str(token.attrs.get("src", "")), "alt": token.content}]
    if token.type in ("softbreak", "hardbreak"):
        return "\n" if token.type == "softbreak" else ["br", {}]
    return ["hr", {}] if token.type == "hr" else token.content


def _attributes(token: Token) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in token.attrs.items()
        if name in ("href", "title", "start")
    }
