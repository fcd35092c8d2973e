"""What an image is made of: conda YAML or pip requirements in, a Recipe out."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from compute.building import conda_specs
from studio.errors import BadInput

MOST_CHARACTERS = 256 * 1024
DEFINITION_KEYS = ("conda", "pip", "python", "variables")
YAML_KEYS = ("name", "channels", "dependencies", "variables", "prefix")
# Options of pip that uv reads in a requirements file, or that the builder turns into uv's own.
OPTIONS_WITH_VALUE = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--no-binary",
    "--only-binary",
)
OPTIONS = (*OPTIONS_WITH_VALUE, "--no-index", "--pre")
SHORT = {"-i": "--index-url", "-f": "--find-links"}
POINTS_AT_A_FILE = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")
URL = re.compile(r"(git\+)?https?://", re.IGNORECASE)
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Left out of a recipe's JSON where they say nothing, so that digests stay what they were.
RARELY_SAID = ("base", "dockerfile", "as_is", "edition")
Line = tuple[int, str]


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


@dataclass
class _Draft:
    """A recipe while it is read, line by line."""

    python: str | None = None
    conda: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    provided: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def recipe(self) -> Recipe:
        return Recipe(
            python=self.python,
            conda=_sorted(self.conda),
            channels=tuple(dict.fromkeys(self.channels)),
            pip=(*dict.fromkeys(self.options), *_sorted(self.pip)),
            provided=_sorted(self.provided),
        )


def from_definition(definition: dict[str, Any]) -> Recipe:
    """Return the recipe of a definition as in docs/api.md; empty text is the minimal environment.

    Raises BadInput naming the line and the thing that is wrong, and the way out.
    """
    return _read(definition).recipe()


def variables_of(definition: dict[str, Any]) -> dict[str, str]:
    """Return the environment variables that runs of this definition get.

    Those of the conda file's own `variables:`, then the definition's. Raises BadInput.
    """
    return _read(definition).variables


def _read(definition: dict[str, Any]) -> _Draft:
    if not isinstance(definition, dict):
        raise BadInput('a definition is {"conda": "<yaml>"} or {"pip": "<requirements>"}')
    unknown = [str(key) for key in definition if key not in DEFINITION_KEYS]
    if unknown:
        raise BadInput(
            f"a definition has no {', '.join(unknown)}; it has {', '.join(DEFINITION_KEYS)}"
        )
    if ("conda" in definition) == ("pip" in definition):
        raise BadInput('a definition has either "conda" (a YAML text) or "pip" (requirements)')
    kind = "conda" if "conda" in definition else "pip"
    text, draft = _text(definition, kind), _Draft()
    try:
        if kind == "conda":
            _read_yaml(text, draft)
        else:
            _read_requirements(_joined(text), draft)
    except BadInput as error:
        raise BadInput(error.message, fields={kind: error.message}) from None
    if definition.get("python") is not None:
        _say_python(draft, 0, _text(definition, "python"))
    draft.variables |= _variables(definition.get("variables") or {})
    return draft


def _text(definition: dict[str, Any], key: str) -> str:
    text = definition[key]
    if not isinstance(text, str):
        example = ' such as "3.11"' if key == "python" else ""
        raise BadInput(f"{key} must be text{example}, not {text!r:.60}", fields={key: "no text"})
    if len(text) > MOST_CHARACTERS:
        raise BadInput(f"{key} has {len(text):,} characters; {MOST_CHARACTERS:,} at most")
    return text


def _variables(variables: Any) -> dict[str, str]:
    if not isinstance(variables, dict):
        raise BadInput("variables must be an object of names and texts")
    for name, value in variables.items():
        if not (isinstance(name, str) and VARIABLE_NAME.match(name)):
            raise BadInput(f"{name!r:.60} cannot name an environment variable; use A-Z, 0-9 and _")
        if not isinstance(value, str) or "\0" in value:
            raise BadInput(f"the environment variable {name} must be text, not {value!r:.60}")
    return dict(variables)


# --- conda YAML ----------------------------------------------------------------------------------


def _read_yaml(text: str, draft: _Draft) -> None:
    # Nodes, not plain values: they know their line, and nothing in them is made into an object.
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        tab = "; indent with spaces, not tabs" if "'\\t'" in str(error.problem) else ""
        raise BadInput(f"{where}this is not YAML: {error.problem or error.context}{tab}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise BadInput(f"line {line}: this is not YAML: {error.reason}") from None
    except (yaml.YAMLError, RecursionError):
        raise BadInput("this is not YAML: it is nested too deeply") from None
    if root is None or _is_nothing(root):
        return
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(root, 'a conda file begins with keys such as "dependencies:"')
    seen: set[str] = set()
    for key, value in root.value:
        name = str(key.value)
        if name not in YAML_KEYS:
            raise _wrong(key, f"a conda file has no key {name:.60}; it has {', '.join(YAML_KEYS)}")
        if name in seen:
            raise _wrong(key, f'"{name}" is written twice; join the two')
        seen.add(name)
        if name == "channels":
            draft.channels += [text for _, text in _items(value, "channels")]
        elif name == "dependencies":
            _read_dependencies(value, draft)
        elif name == "variables":
            draft.variables |= _yaml_variables(value)


def _read_dependencies(node: yaml.Node, draft: _Draft) -> None:
    for item in _sequence(node, "dependencies"):
        if isinstance(item, yaml.MappingNode):
            for key, value in item.value:
                if key.value != "pip":
                    raise _wrong(key, f'only "pip:" can hold a list of its own, not {key.value!r}')
                _read_requirements(_items(value, "pip"), draft)
        else:
            _read_conda(_scalar(item, "dependencies"), draft)


def _read_conda(line: Line, draft: _Draft) -> None:
    number, text = line
    try:
        spec = conda_specs.parse(text)
    except ValueError as error:
        raise BadInput(f"line {number}: {error}") from None
    if spec.name == "python":
        if spec.version:
            _say_python(draft, number, spec.version, written=text)
    elif is_provided(spec.name):
        draft.provided.append(spec.name)
    else:
        draft.conda.append(" ".join(text.split()))


def _say_python(draft: _Draft, number: int, version: str, *, written: str = "") -> None:
    where, written = f"line {number}: " if number else "", written or f"python {version}"
    plain = re.fullmatch(r"={0,2}(\d+(\.\d+){0,2})(\.?\*)?", version.strip().replace(" ", ""))
    try:
        asked = plain[1] if plain else str(SpecifierSet(conda_specs.pep440(version)))
    except (ValueError, InvalidSpecifier):
        raise BadInput(
            f"{where}{written}: {version!r:.60} is not a Python version; write python=3.11",
            fields={"python": "not a version"},
        ) from None
    if draft.python not in (None, asked):
        raise BadInput(f"{where}{written}: Python {draft.python} is asked for as well; keep one")
    draft.python = asked or None


def _yaml_variables(node: yaml.Node) -> dict[str, str]:
    if _is_nothing(node):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(node, '"variables" must be names and values, one "NAME: value" a line')
    return _variables({str(key.value): _scalar(value, "variables")[1] for key, value in node.value})


def _items(node: yaml.Node, name: str) -> list[Line]:
    return [_scalar(item, name) for item in _sequence(node, name)]


def _sequence(node: yaml.Node, name: str) -> list[yaml.Node]:
    if _is_nothing(node):
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(node, f'"{name}" must be a list, one "- name" a line')
    return list(node.value)


def _scalar(node: yaml.Node, name: str) -> Line:
    if not isinstance(node, yaml.ScalarNode):
        raise _wrong(node, f'an entry of "{name}" must be a text')
    if not str(node.value).strip():
        raise _wrong(node, f'an entry of "{name}" is empty; remove the line')
    return node.start_mark.line + 1, str(node.value).strip()


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _wrong(node: yaml.Node, message: str) -> BadInput:
    mark = node.start_mark
    return BadInput(f"line {mark.line + 1}, column {mark.column + 1}: {message}")


# --- pip requirements ----------------------------------------------------------------------------


def is_provided(name: str) -> bool:
    """Is this package satisfied by the studio's own client, which is on every run's path?"""
    name = canonicalize_name(name)
    return name in ("azureml", "trainyard") or name.startswith("azureml-")


def _joined(text: str) -> list[Line]:
    """Return the lines with their numbers, those that end in a backslash joined to the next."""
    lines: list[Line] = []
    start, whole = 0, ""
    for number, part in enumerate(text.splitlines(), 1):
        start = start if whole else number
        whole += part.rstrip("\\") if part.endswith("\\") else part
        if not part.endswith("\\"):
            lines.append((start, whole))
            whole = ""
    return [*lines, (start, whole)]


def _read_requirements(lines: Iterable[Line], draft: _Draft) -> None:
    for number, line in lines:
        text = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
        if not text:
            continue
        try:
            if text.startswith("-"):
                draft.options.append(_option(text))
            else:
                _read_requirement(text, draft)
        except ValueError as error:
            raise BadInput(f"line {number}: {error}") from None


def _option(text: str) -> str:
    name, _, value = re.sub(r"^(--[a-z-]+|-[a-z])=?\s*", r"\1 ", text, count=1).partition(" ")
    if name in POINTS_AT_A_FILE:
        raise ValueError(
            f"{text}: there are no files beside this text on the server; write the requirements"
            " themselves, and put your own code into the snapshot"
        )
    name = SHORT.get(name, name)
    if name not in OPTIONS:
        raise ValueError(f"{text}: the option {name} is not known; known: {', '.join(OPTIONS)}")
    if bool(value) != (name in OPTIONS_WITH_VALUE):
        raise ValueError(f"{text}: {name} needs " + ("a value" if not value else "no value"))
    if name.endswith(("-url", "-links")) and not re.match(r"https?://", value):
        raise ValueError(f"{text}: only an address that begins with https:// can be read here")
    _no_variables(text)
    return f"{name} {value}".strip()


def _read_requirement(text: str, draft: _Draft) -> None:
    _no_variables(text)
    bare, *hashes = re.split(r"\s+(?=--)", text)
    if any(not part.startswith("--hash=") for part in hashes):
        raise ValueError(f"{text}: only --hash=… may follow a requirement")
    if URL.match(bare):
        draft.pip.append(text)
        return
    if re.match(r"[./~]|file:|[A-Za-z]:\\", bare) or (
        "@" not in bare and bare.endswith((".whl", ".tar.gz", ".zip"))
    ):
        raise ValueError(f"{text}: there is no such file on the server; name a package or a URL")
    try:
        requirement = Requirement(bare)
    except InvalidRequirement as error:
        way_out = re.sub(r"(?<![=<>!~])=(?!=)", "==", bare, count=1)
        why = f"write {way_out}" if way_out != bare else str(error).split("\n", 1)[0]
        raise ValueError(f'"{bare}" is not a pip requirement: {why}') from None
    if requirement.url and not URL.match(requirement.url):
        raise ValueError(f"{text}: only an address that begins with https:// can be read here")
    if not is_provided(requirement.name):
        draft.pip.append(text)
        return
    draft.provided.append(str(requirement))
    if "pandas" in requirement.extras:
        # What the extra would have brought beside the client; scripts count on it.
        draft.pip.append("pandas")


def _no_variables(text: str) -> None:
    # uv would put in variables of the server's own environment.
    if "${" in text:
        raise ValueError(f"{text}: variables such as ${{NAME}} are not filled in; write the value")


def _sorted(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(lines), key=lambda line: (line.lower(), line)))
