"""A recipe while it is read, and how a reader says what is wrong and where."""

import re
from dataclasses import dataclass, field
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from compute.building import conda_specs, pip_lines
from compute.building.masking import without_secrets
from studio.errors import BadInput

# Far above what people write; a text that is only there to be slow ends here.
MOST_REQUIREMENTS = 2_000
MOST_REQUIREMENT_CHARACTERS = 500
# What a run cannot do without. PYTHONPATH is no such thing: it comes behind the run's own.
OF_THE_STUDIO = ("AZUREML_RUN_ID", "AZUREML_RUN_TOKEN", "PYTHONHOME")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
PLAIN_VERSION = re.compile(r"={0,2}(\d+(\.\d+){0,2})(\.?\*)?")
CHANNEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
ODD = re.compile(r"[\0\ud800-\udfff]")
MOST_VARIABLES = 200
# Linux takes 128 KiB for one variable; their sum shares 2 MiB with the arguments.
MOST_VALUE_CHARACTERS = 8_192
MOST_PYTHON_CHARACTERS = 60
MOST_CHANNEL_CHARACTERS = 500
MOST_LEFT_OUT, MOST_LEFT_OUT_CHARACTERS = 20, 300


@dataclass(frozen=True)
class Line:
    """A piece of a definition and where it begins, from 1; 0 where the text has no lines.

    where: what to call its place, "line 3" if empty: an entry of a list has no line.
    """

    number: int
    text: str
    column: int = 0
    where: str = ""


@dataclass
class Draft:
    """What was read so far; `compute.recipes` makes the recipe of it."""

    python: str | None = None
    conda: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    provided: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    # What stands on which line of which text, in the words in which a failed build will name it.
    places: list[tuple[str, str, int]] = field(default_factory=list)
    text: str = ""
    counted: int = 0

    def count(self, line: Line) -> None:
        """Note a requirement. Raises BadInput where it is one too many."""
        self.counted += 1
        if self.counted > MOST_REQUIREMENTS:
            raise wrong(line, f"a definition has at most {MOST_REQUIREMENTS:,} requirements")

    def place(self, text: str, line: Line) -> None:
        """Note that a requirement stands on `line`."""
        self.places.append((self.text, text, line.number))


def wrong(line: Line, message: str, **fields: str) -> BadInput:
    """The error of one place: its words begin with it, its facts are `line` and `column`."""
    if line.where:
        return BadInput(f"{line.where}: {message}", fields=fields)
    if not line.number:
        return BadInput(message, fields=fields)
    if not line.column:
        return BadInput(f"line {line.number}: {message}", fields=fields, line=line.number)
    where = f"line {line.number}, column {line.column}"
    facts = {"line": line.number, "column": line.column}
    return BadInput(f"{where}: {message}", fields=fields, **facts)


def odd_character(text: str) -> Line | None:
    """Return where a character is that no database keeps (NUL, half a surrogate pair), or None."""
    if not (odd := ODD.search(text)):
        return None
    before = text.count("\n", 0, odd.start())
    return Line(before + 1, "", odd.start() - text.rfind("\n", 0, odd.start()))


def is_provided(name: str) -> bool:
    """Is this package satisfied by the studio's own client, which is on every run's path?"""
    name = canonicalize_name(name)
    return name in ("azureml", "trainyard") or name.startswith("azureml-")


def read_left_out(given: Any) -> tuple[str, ...]:
    """Return what the writer of a definition left out, a line of text each. Raises BadInput."""
    lines = [] if given is None else given
    if not isinstance(lines, list) or len(lines) > MOST_LEFT_OUT:
        raise BadInput(
            f"left_out is a list of at most {MOST_LEFT_OUT} texts, not {given!r:.60}",
            fields={"left_out": "a list of texts"},
        )
    for line in lines:
        is_line = isinstance(line, str) and line.isprintable() and not odd_character(line)
        if not is_line or len(line) > MOST_LEFT_OUT_CHARACTERS:
            raise BadInput(
                f"left_out has lines of at most {MOST_LEFT_OUT_CHARACTERS} printable characters,"
                f" not {line!r:.60}",
                fields={"left_out": "a line of text"},
            )
    return tuple(lines)


def too_long(text: str) -> str:
    """What to say of a requirement that is longer than any."""
    return f"{text[:60]}… is {len(text):,} characters long; is a line break missing?"


def read_conda(line: Line, draft: Draft) -> None:
    """Read one conda requirement into `draft`. Raises BadInput."""
    draft.count(line)
    text = " ".join(line.text.split())
    if len(text) > MOST_REQUIREMENT_CHARACTERS:
        raise wrong(line, too_long(text))
    try:
        spec = conda_specs.parse(text)
        if spec.channel:
            check_channel(spec.channel)
    except ValueError as error:
        raise wrong(line, without_secrets(str(error))) from None
    if spec.name == "python":
        draft.place("python", line)
        if spec.version:
            say_python(draft, line, spec.version, written=line.text)
    elif is_provided(spec.name):
        draft.provided.append(spec.name)
    else:
        draft.conda.append(text)
        draft.place(text, line)


def read_channel(line: Line, draft: Draft) -> None:
    """Read one channel into `draft`. Raises BadInput."""
    try:
        draft.channels.append(check_channel(line.text))
    except ValueError as error:
        raise wrong(line, str(error)) from None


def check_channel(text: str) -> str:
    """Return a channel's name or address. Raises ValueError for one that is neither."""
    is_address = text.startswith(("https://", "http://")) and _is_address(text)
    if len(text) > MOST_CHANNEL_CHARACTERS or not (is_address or CHANNEL_NAME.match(text)):
        raise ValueError(
            f"{without_secrets(text)!r:.80} is not a channel: write a name such as conda-forge, or"
            " an address that begins with https:// or http:// (folders of the server can be no"
            " channel)"
        )
    return text


def _is_address(text: str) -> bool:
    try:
        return bool(pip_lines.address(text))
    except ValueError:
        return False


def say_python(draft: Draft, line: Line, version: str, *, written: str = "") -> None:
    """Note which Python is asked for. Raises BadInput for no version, or a second one."""
    written = written or f"python {version}"
    try:
        asked = _python(version)
    except (ValueError, InvalidSpecifier):
        raise wrong(
            line,
            f"{written:.80}: {version!r:.60} is not a Python version; write python=3.11",
            python="not a version",
        ) from None
    if draft.python not in (None, asked):
        raise wrong(line, f"{written}: Python {draft.python} is asked for as well; keep one")
    draft.python = asked or None


def _python(version: str) -> str:
    if len(version) > MOST_PYTHON_CHARACTERS:
        raise ValueError(version)
    plain = PLAIN_VERSION.fullmatch(version.strip().replace(" ", ""))
    return plain[1] if plain else str(SpecifierSet(conda_specs.pep440(version)))


def check_variables(variables: Any) -> dict[str, str]:
    """Return environment variables, names → texts. Raises BadInput."""
    if not isinstance(variables, dict):
        raise BadInput("variables must be an object of names and texts")
    if len(variables) > MOST_VARIABLES:
        raise BadInput(f"a definition has at most {MOST_VARIABLES} environment variables")
    for name, value in variables.items():
        if not (isinstance(name, str) and VARIABLE_NAME.match(name)) or len(name) > 200:
            raise BadInput(f"{name!r:.60} cannot name an environment variable; use A-Z, 0-9 and _")
        if name in OF_THE_STUDIO or name.startswith("TRAINYARD_"):
            raise BadInput(
                f"the environment variable {name} is the studio's own or would keep Python from"
                " starting; choose another name"
            )
        if not isinstance(value, str) or ODD.search(value):
            raise BadInput(f"the environment variable {name} must be text, not {value!r:.60}")
        if len(value) > MOST_VALUE_CHARACTERS:
            raise BadInput(
                f"the environment variable {name} has {len(value):,} characters;"
                f" {MOST_VALUE_CHARACTERS:,} at most: put more into a file of the snapshot"
            )
    return dict(variables)
