"""A definition as pages show it: numbered texts, with the lines marked that a build failed on."""

from dataclasses import dataclass
from typing import Any

from compute import recipes


@dataclass(frozen=True)
class Text:
    """A text of a definition: what it is, its lines, and the numbers of those at fault."""

    key: str
    title: str
    lines: list[tuple[str, bool]]

    @property
    def blamed_count(self) -> int:
        return sum(is_bad for _, is_bad in self.lines)

    @property
    def is_empty(self) -> bool:
        return not any(text.strip() for text, _ in self.lines)


def texts_of(definition: dict[str, Any], blamed: dict[str, list[int]]) -> list[Text]:
    """The texts that a definition holds.

    blamed: key of a text → the numbers of its lines at fault, as `blamed_in` finds them.
    """
    packages = definition.get("packages") or {}
    written = [
        ("conda", "conda YAML", definition.get("conda")),
        ("pip", "pip requirements", definition.get("pip")),
        ("list-conda", "conda packages", _listed(packages.get("conda"))),
        ("list-pip", "pip packages", _listed(packages.get("pip"))),
        ("dockerfile", "Dockerfile", definition.get("dockerfile")),
    ]
    return [
        Text(key, title, _lines(text, blamed.get(key, [])))
        for key, title, text in written
        if text is not None
    ]


def _listed(names: Any) -> str | None:
    return "\n".join(names) if names else None


def _lines(text: str, bad: list[int]) -> list[tuple[str, bool]]:
    return [(line, number in bad) for number, line in enumerate(text.splitlines(), 1)]


def kind_of(definition: dict[str, Any]) -> str:
    """What a definition is, in words."""
    for key, words in (
        ("conda", "conda YAML"),
        ("pip", "pip requirements"),
        ("packages", "package lists"),
        ("dockerfile", "Dockerfile"),
    ):
        if key in definition:
            return words
    return "Docker image"


def blamed_in(definition: dict[str, Any], guilty: str) -> dict[str, list[int]]:
    """Key of a text of the definition → the numbers of its lines that a failed build blames."""
    key, lines = recipes.blamed_in(definition, guilty)
    return {key: lines} if key else {}
