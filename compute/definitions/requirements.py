"""pip requirements: the syntax that uv reads and that needs no file beside the text."""

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement

from compute.building import pip_lines
from compute.building.masking import without_secrets
from compute.definitions.draft import (
    MOST_REQUIREMENT_CHARACTERS,
    Draft,
    Line,
    is_provided,
    too_long,
    wrong,
)

# Options of pip that uv reads in a requirements file, or that the builder turns into uv's own.
OPTIONS_WITH_VALUE = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--no-binary",
    "--only-binary",
)
OPTIONS = (*OPTIONS_WITH_VALUE, "--no-index", "--pre")
SHORT = {"-i": "--index-url", "-f": "--find-links", "--pypi-url": "--index-url"}
POINTS_AT_A_FILE = ("-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints")
EDITABLE = ("-e", "--editable")
# What pip takes in a requirements file and the builder does not: why, and the way out.
REFUSED = {
    "--trusted-host": "packages come over https:// from a host whose certificate is known;"
    " an administrator can add one (docs/settings.md)",
    "--require-hashes": "every image is installed from a lock with hashes anyway; remove the line",
    "--prefer-binary": "a wheel is taken wherever there is one of the chosen version; remove the"
    " line, or write --only-binary :all: for wheels alone",
    "--use-feature": "packages are installed by uv, which has none of pip's features to switch on;"
    " remove the line",
}
URL = re.compile(r"(git\+)?https?://", re.IGNORECASE)
OTHER_VCS = re.compile(r"(hg|svn|bzr)\+", re.IGNORECASE)
GIT_WITH_KEYS = re.compile(r"(git\+)?ssh:|git\+[\w.-]+@", re.IGNORECASE)
OTHER_GIT = re.compile(r"git(\+[a-z]*)?:", re.IGNORECASE)
A_FILE = re.compile(r"[./~\\]|file:|[A-Za-z]:\\", re.IGNORECASE)
ARCHIVES = (".whl", ".tar.gz", ".tar.bz2", ".zip")
MOST_QUOTED_CHARACTERS = 200
MOST_LINE_CHARACTERS = 20_000  # a package with all its files' hashes has up to 10,000
HTTPS_ONLY = (
    "only an address that begins with https:// (or http://), or git+https://, can be read here"
)
# What no requirement has, and what programs that read lines take for more than it looks like.
ODD = re.compile(r"[^ -~]")


def joined(text: str) -> Iterator[Line]:
    """Yield the lines of a text that say something, those ending in a backslash with the next."""
    start, parts = 0, [""]
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, part in enumerate([*lines, ""], 1):
        start = start if len(parts) > 1 else number
        if part.endswith("\\"):
            parts.append(part.rstrip("\\"))
        elif part or len(parts) > 1:
            yield Line(start, "".join([*parts, part]))
            parts = [""]


def read_requirements(lines: Iterable[Line], draft: Draft) -> None:
    """Read requirement lines into `draft`. Raises BadInput naming the line and the way out."""
    for line in lines:
        text = without_comment(line.text)
        if not text:
            continue
        draft.count(line)
        try:
            if len(text) > MOST_LINE_CHARACTERS:
                raise ValueError(too_long(text))
            if odd := ODD.search(text):
                raise ValueError(
                    f"{_quoted(ascii(text)[1:-1])}: no requirement has the character"
                    f" U+{ord(odd[0]):04X}; write it again by hand"
                )
            if text.startswith("-"):
                text = _option(text)
                draft.options.append(text)
            else:
                _read_requirement(text, draft)
            draft.place(text, line)
        except ValueError as error:
            raise wrong(line, str(error)) from None


def without_comment(text: str) -> str:
    """The requirement of a line: no comment, single spaces."""
    return " ".join(re.sub(r"(^|\s)#.*", "", text).split())


def _option(text: str) -> str:
    name, _, value = re.sub(r"^(--[a-z-]+|-[a-z])=?\s*", r"\1 ", text, count=1).partition(" ")
    if name in EDITABLE:
        if URL.match(value):
            raise ValueError(
                f"{_quoted(text)}: nothing is edited in an image; write it without {name}"
            )
        raise _no_files(text)
    if name in POINTS_AT_A_FILE:
        raise _no_files(text)
    if name in REFUSED:
        raise ValueError(f"{_quoted(text)}: {REFUSED[name]}")
    name = SHORT.get(name, name)
    if name not in OPTIONS:
        raise ValueError(
            f"{_quoted(text)}: the option {name:.60} is not known; known: {', '.join(OPTIONS)}"
        )
    if bool(value) != (name in OPTIONS_WITH_VALUE):
        raise ValueError(
            f"{_quoted(text)}: {name} needs " + ("a value" if not value else "no value")
        )
    if " " in value:
        raise ValueError(f"{_quoted(text)}: {name} takes one value; write one option a line")
    if name.endswith(("-url", "-links")) and not re.match(r"https?://", value):
        raise ValueError(f"{_quoted(text)}: {HTTPS_ONLY}")
    _no_variables(text)
    try:
        return pip_lines.option(f"{name} {value}".strip())
    except ValueError as error:
        raise ValueError(f"{_quoted(text)}: {error}") from None


def _no_files(text: str) -> ValueError:
    return ValueError(
        f"{_quoted(text)}: there are no files beside this text on the server; write the"
        " requirements themselves, and put your own code into the snapshot"
    )


def _read_requirement(text: str, draft: Draft) -> None:
    _no_variables(text)
    bare, hashes = pip_lines.parts(text)
    if len(bare) > MOST_REQUIREMENT_CHARACTERS and not URL.search(bare):
        raise ValueError(too_long(bare))
    if other := next((part for part in hashes if not part.startswith("--hash=")), ""):
        option = re.split(r"[=\s]", other)[0]
        raise ValueError(
            f"{_quoted(text)}: only --hash=… may follow a requirement; {option:.40} is for packages"
            " that are built from source with options: name a version that has a wheel"
        )
    try:
        pip_lines.hashes(hashes)
    except ValueError as error:
        raise ValueError(f"{_quoted(text)}: {error}") from None
    if URL.match(bare):
        draft.pip.append(_checked(text))
        _parsed(f"x @ {bare}")
        return
    _check_source(text, bare)
    if A_FILE.match(bare) or ("@" not in bare and bare.endswith(ARCHIVES)):
        raise ValueError(
            f"{_quoted(text)}: there is no such file on the server; name a package or a URL"
        )
    requirement = _parsed(bare)
    if requirement.url:
        _check_source(text, requirement.url)
        if not URL.match(requirement.url):
            raise ValueError(f"{_quoted(text)}: {HTTPS_ONLY}")
    if not is_provided(requirement.name):
        draft.pip.append(_checked(text))
        return
    draft.provided.append(str(requirement))
    if "pandas" in requirement.extras:
        # What the extra would have brought beside the client; scripts count on it.
        draft.pip.append("pandas")


def _checked(text: str) -> str:
    """Return `text` when all of it is known; the builder puts its parts together anew."""
    try:
        pip_lines.rebuilt(text)
    except ValueError as error:
        raise ValueError(f"{_quoted(text)}: {error}") from None
    return text


def _check_source(text: str, source: str) -> None:
    """Refuse repositories that the builder cannot get at."""
    if OTHER_VCS.match(source):
        raise ValueError(
            f"{_quoted(text)}: only Git can be read; write git+https://…, or name a release"
        )
    if GIT_WITH_KEYS.match(source):
        raise ValueError(
            f"{_quoted(text)}: the builder has no keys for ssh; write git+https://… instead"
        )
    if OTHER_GIT.match(source) and not URL.match(source):
        raise ValueError(f"{_quoted(text)}: {HTTPS_ONLY}")


def _parsed(bare: str) -> Requirement:
    try:
        return Requirement(bare)
    except InvalidRequirement as error:
        way_out = re.sub(r"(?<![=<>!~])=(?![=])", "==", bare, count=1)
        why = (
            f"write {_quoted(way_out)}"
            if way_out != bare
            else without_secrets(str(error).split("\n", 1)[0])
        )
    except RecursionError:
        why = "its marker is nested too deeply"
    raise ValueError(f'"{_quoted(bare)}" is not a pip requirement: {why}')


def _quoted(text: str) -> str:
    most, text = MOST_QUOTED_CHARACTERS, without_secrets(text)
    return text if len(text) <= most else f"{text[:most]}…"


def _no_variables(text: str) -> None:
    # uv would put in variables of the server's own environment.
    if "${" in text:
        raise ValueError(
            f"{_quoted(text)}: variables such as ${{NAME}} are not filled in; write the value"
        )
