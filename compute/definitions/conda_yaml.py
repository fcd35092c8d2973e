"""conda YAML: read for its requirements, each with its line; nothing in it becomes an object."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.reader import Reader

from compute.definitions.draft import (
    Draft,
    Line,
    check_variables,
    read_channel,
    read_conda,
    wrong,
)
from compute.definitions.requirements import read_requirements
from studio.errors import BadInput

KEYS = ("name", "channels", "dependencies", "variables", "prefix")
# A conda file is four levels deep. libyaml's composer recurses, and a stack that overflows there
# ends the process, so depth is looked at before, on events, which do not.
DEEPEST = 20
MOST_EVENTS = 10_000  # one for each name, two for each list
# libyaml reads 256 KiB in 50 ms, PyYAML's own reader in a second.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str, draft: Draft) -> None:
    """Read a conda file into `draft`. Raises BadInput naming line and column."""
    root = _compose(text)
    if root is None or _is_nothing(root):
        return
    for name, key, value in _pairs(root, 'a conda file begins with keys such as "dependencies:"'):
        if name not in KEYS:
            raise _wrong(key, f"a conda file has no key {name:.60}; it has {', '.join(KEYS)}")
        if name == "channels":
            for line in _items(value, name):
                read_channel(line, draft)
        elif name == "dependencies":
            _read_dependencies(value, draft)
        elif name == "variables":
            draft.variables |= _variables(value)


def _compose(text: str) -> yaml.Node | None:
    if odd := Reader.NON_PRINTABLE.search(text):
        raise wrong(
            _line_at(text, odd.start()),
            "this is not YAML: special characters are not allowed",
        )
    try:
        _check_shape(text)
        return yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(text, error) from None
    except yaml.YAMLError as error:
        raise BadInput(f"this is not YAML: {str(error)[:200]}") from None


def _line_at(text: str, position: int) -> Line:
    before = text.count("\n", 0, position)
    return Line(before + 1, "", position - text.rfind("\n", 0, position))


def _check_shape(text: str) -> None:
    """Refuse what would make composing, or reading on, take more than the text is long."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=Loader)):
        line = _at(event.start_mark)
        if number > MOST_EVENTS:
            raise wrong(line, "this is longer than any conda file")
        if isinstance(event, yaml.AliasEvent):
            raise wrong(
                line, f"*{event.anchor:.60} repeats another part, which is not read; write it out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise wrong(line, "this is not YAML of a conda file: it is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _not_yaml(text: str, error: yaml.MarkedYAMLError) -> BadInput:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context)
    if mark is None:
        return BadInput(f"this is not YAML: {problem}")
    lines = text.splitlines()
    here = lines[mark.line] if mark.line < len(lines) else ""
    if here[: mark.column + 1].endswith("\t") or re.match(r" *\t", here):
        problem += "; indent with spaces, not tabs"
    return wrong(_at(mark), f"this is not YAML: {problem}")


def _pairs(node: yaml.Node, shape: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Yield name, key and value of a mapping. Raises BadInput saying `shape`, or for a repeat."""
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(node, shape)
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _wrong(key, "a key must be one word")
        name = str(key.value)
        if name in seen:
            raise _wrong(key, f'"{name:.60}" is written twice; join the two')
        seen.add(name)
        yield name, key, value


def _read_dependencies(node: yaml.Node, draft: Draft) -> None:
    for item in _sequence(node, "dependencies"):
        if not isinstance(item, yaml.MappingNode):
            read_conda(_scalar(item, "dependencies"), draft)
            continue
        for name, key, value in _pairs(item, ""):
            if name != "pip":
                raise _wrong(key, f'only "pip:" can hold a list of its own, not {name!r:.60}')
            read_requirements(_items(value, "pip"), draft)


def _variables(node: yaml.Node) -> dict[str, str]:
    if _is_nothing(node):
        return {}
    shape = '"variables" must be names and values, one "NAME: value" a line'
    found: dict[str, str] = {}
    for name, key, value in _pairs(node, shape):
        text = "" if _is_nothing(value) else _scalar(value, "variables", may_be_empty=True).text
        try:
            found |= check_variables({name: text})
        except BadInput as error:
            raise _wrong(key, error.message) from None
    return found


def _items(node: yaml.Node, name: str) -> list[Line]:
    return [_scalar(item, name) for item in _sequence(node, name)]


def _sequence(node: yaml.Node, name: str) -> list[yaml.Node]:
    if _is_nothing(node):
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(node, f'"{name}" must be a list, one "- name" a line')
    return list(node.value)


def _scalar(node: yaml.Node, name: str, *, may_be_empty: bool = False) -> Line:
    if not isinstance(node, yaml.ScalarNode):
        raise _wrong(node, f'an entry of "{name}" must be a text')
    text = str(node.value).strip()
    if not text and not may_be_empty:
        raise _wrong(node, f'an entry of "{name}" is empty; remove the line')
    return Line(node.start_mark.line + 1, text)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _wrong(node: yaml.Node, message: str) -> BadInput:
    return wrong(_at(node.start_mark), message)


def _at(mark: Any) -> Line:
    """A mark of either of PyYAML's readers as a place; types say that an event may have none."""
    return Line(mark.line + 1, "", mark.column + 1) if mark else Line(0, "")
