"""What an image is made of: a definition as in docs/api.md in, a Recipe out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from compute.building.masking import without_secrets
from compute.definitions.bases import read_base, read_dockerfile, steps
from compute.definitions.conda_yaml import read_yaml
from compute.definitions.draft import (
    Draft,
    Line,
    check_variables,
    odd_character,
    read_left_out,
    say_python,
    wrong,
)
from compute.definitions.packages import read_packages
from compute.definitions.requirements import joined, read_requirements
from studio.errors import BadInput

T = TypeVar("T")
MOST_CHARACTERS = 256 * 1024
MOST_EDITION = 10_000
FORMS = ("conda", "pip", "packages")
UNDERS = ("base_image", "dockerfile")
DEFINITION_KEYS = (*FORMS, "python", "variables", *UNDERS, "edition", "left_out")
MOST_NAMED = 6
MOST_SUMMARY_CHARACTERS = 300
# Left out of a recipe's JSON where they say nothing, so that digests stay what they were.
RARELY_SAID = ("base", "dockerfile", "as_is", "edition", "left_out")


@dataclass(frozen=True)
class Recipe:
    """What goes into an image, normalised: the same content written otherwise is the same recipe.

    python: a version ("3.6.2", "3.11"), a range (">=3.8,<3.11"), None for the server's own.
    conda: conda requirements as written; channels: in their order.
    pip: requirement lines, options such as `--index-url …` first.
    provided: requirements that the studio's own client satisfies; they are not installed.
    base: the Docker image underneath, "" for the studio's own.   dockerfile: text that makes it.
    as_is: nothing is installed, the base's own Python is used.
    edition: counts how often newer packages were asked for; the same content solves anew.
    left_out: what whoever wrote the definition left out of it, and why, for the build log.
    """

    python: str | None = None
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    base: str = ""
    dockerfile: str = ""
    as_is: bool = False
    edition: int = 1
    left_out: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the content."""
        text = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON values, without what is rarely said; `from_dict` turns it back."""
        plain = Recipe()
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
            if key not in RARELY_SAID or value != getattr(plain, key)
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Recipe":
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in content.items()
        }
        return cls(**values)


def from_definition(definition: Any) -> Recipe:
    """Return the recipe of a definition as in docs/api.md; empty text is the minimal environment.

    Raises BadInput naming what is wrong, where (also as facts `line` and `column`), and the way
    out.
    """
    draft = _read(definition)
    base = _under(definition, "base_image", read_base)
    dockerfile = _under(definition, "dockerfile", read_dockerfile)
    has_packages = any(form in definition for form in FORMS) or draft.python is not None
    return Recipe(
        python=draft.python,
        conda=_sorted(draft.conda),
        channels=tuple(dict.fromkeys(draft.channels)),
        pip=(*dict.fromkeys(draft.options), *_sorted(draft.pip)),
        provided=_sorted(draft.provided),
        base=base,
        dockerfile=dockerfile,
        as_is=bool(base or dockerfile) and not has_packages,
        edition=_edition(definition.get("edition")),
        left_out=read_left_out(definition.get("left_out")),
    )


def variables_of(definition: dict[str, Any]) -> dict[str, str]:
    """Return the environment variables that runs of this definition get.

    Those of the conda file's own `variables:`, then the definition's. Raises BadInput.
    """
    return _read(definition).variables


def summary(recipe: Recipe) -> str:
    """Say a recipe in a few words for a list: `Python 3.8, numpy=1.21, pandas and 3 more`."""
    named = [
        without_secrets(line.split(" --hash")[0])
        for line in (*recipe.conda, *recipe.pip, *recipe.provided)
        if not line.startswith("-")
    ]
    words = [f"Python {_span(recipe.python)}"] if recipe.python else []
    words += named[:MOST_NAMED]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    under = f"on {recipe.base}" if recipe.base else "a Dockerfile" if recipe.dockerfile else ""
    packages = ", ".join(words) or ("" if recipe.as_is else "Python only")
    text = ", ".join(part for part in (packages + more, under) if part)
    return (
        text if len(text) <= MOST_SUMMARY_CHARACTERS else text[: MOST_SUMMARY_CHARACTERS - 1] + "…"
    )


def _span(python: str) -> str:
    """A range of versions with the lower end first, as people say it."""
    return ",".join(sorted(python.split(","), reverse=True))


def blamed_in(definition: dict[str, Any], guilty: str) -> tuple[str, list[int]]:
    """Return which text of a definition names what a failed build blames, and in which lines.

    guilty: of the build: requirements as written, joined by ", "; `python=3.99`; a base image; a
    step of a Dockerfile.
    The text is "conda", "pip", "dockerfile", or "list-conda" and "list-pip" for the lists of
    packages, whose entries are their lines; "" where nothing is found. Lines count from 1.
    """
    try:
        draft = _read(definition)
    except BadInput:  # it was readable when it was registered; rules may have become stricter
        return "", []
    guilty = without_secrets(guilty)
    found = [(key, number) for key, text, number in draft.places if _is_named(text, guilty)]
    if found:
        key = found[0][0]
        return key, sorted({number for text, number in found if text == key})
    whole = steps(str(definition.get("dockerfile") or ""))
    in_dockerfile = [line.number for line, word, rest in whole if _is_step(word, rest, guilty)]
    return ("dockerfile", in_dockerfile) if in_dockerfile else ("", [])


def _is_named(text: str, guilty: str) -> bool:
    """Whether `text` is one of what `guilty` lists; a requirement may have commas of its own."""
    text = without_secrets(text)
    if text == "python":
        return bool(re.search(r"(^|, )python\b(?!-)", guilty))
    # A long list was cut in the middle of its last one.
    return f", {text}, " in f", {guilty}, " or (
        len(text) > len(guilty) > 100 and text.startswith(guilty)
    )


def _is_step(word: str, rest: str, guilty: str) -> bool:
    said, step = " ".join(guilty.split()), f"{word} {rest}"
    if not said:
        return False
    if word == "FROM":
        image = next((part for part in rest.split() if not part.startswith("--")), "")
        return said in (step, image) or said.endswith(f"/{image}")
    return said == step or (len(said) > 100 and step.startswith(said))


# --- reading -------------------------------------------------------------------------------------


def _read(definition: Any) -> Draft:
    _check_shape(definition)
    form = next((key for key in FORMS if key in definition), "")
    draft = Draft(text=form)
    if form == "conda":
        text = _text(definition, form)
        _named(form, lambda: read_yaml(text, draft))
    elif form == "pip":
        text = _text(definition, form)
        _named(form, lambda: read_requirements(joined(text), draft))
    elif form == "packages":
        _named(form, lambda: read_packages(definition["packages"], draft))
    if definition.get("python") is not None:
        say_python(draft, Line(0, ""), _text(definition, "python"))
    draft.variables |= check_variables(definition.get("variables") or {})
    return draft


def _check_shape(definition: Any) -> None:
    if not isinstance(definition, dict):
        raise BadInput('a definition is {"conda": "<yaml>"} or {"pip": "<requirements>"}')
    unknown = [str(key) for key in definition if key not in DEFINITION_KEYS]
    if unknown:
        raise BadInput(
            f"a definition has no {', '.join(unknown):.60}; it has {', '.join(DEFINITION_KEYS)}"
        )
    forms = [form for form in FORMS if form in definition]
    unders = [key for key in UNDERS if definition.get(key) is not None]
    if len(forms) > 1 or not (forms or unders):
        raise BadInput(
            'a definition has either "conda" (a YAML text), "pip" (requirements) or "packages"'
            ' (lists); or none of them, but a "base_image" or a "dockerfile"'
        )
    if len(unders) > 1:
        raise BadInput('a definition has a "base_image" or a "dockerfile", not both')


def _text(definition: dict[str, Any], key: str) -> str:
    text = definition[key]
    if not isinstance(text, str):
        example = ' such as "3.11"' if key == "python" else ""
        raise BadInput(f"{key} must be text{example}, not {text!r:.60}", fields={key: "no text"})
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            f"{key} has {len(text):,} characters; {MOST_CHARACTERS:,} at most",
            fields={key: "too long"},
        )
    # A conda file's own reader names such characters in its words.
    if key != "conda" and (place := odd_character(text)):
        words = f"{key} holds a character that cannot be kept (NUL or half a surrogate pair)"
        raise wrong(place, words, **{key: "a character that cannot be kept"})
    return text


def _named(key: str, read: Callable[[], T]) -> T:
    """Read; what is wrong says which part of the definition it is about."""
    try:
        return read()
    except BadInput as error:
        error.fields.setdefault(key, error.message)
        raise


def _under(definition: dict[str, Any], key: str, read: Callable[[str], str]) -> str:
    """What lies underneath as "base_image" or "dockerfile" says it, "" where it does not."""
    if definition.get(key) is None:
        return ""
    text = _text(definition, key)
    return _named(key, lambda: read(text))


def _edition(given: Any) -> int:
    if given is None:
        return 1
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST_EDITION:
        raise BadInput(
            f"edition is a number from 1 to {MOST_EDITION}, not {given!r:.60}",
            fields={"edition": "a number"},
        )
    return given


def _sorted(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(lines), key=lambda line: (line.lower(), line)))
