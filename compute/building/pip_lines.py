"""A line of pip requirements, taken apart and put together again: what uv reads is only this.

uv reads files that a line names (`-r`, `-e`, `file:`), joins lines and cuts them in its own way, so
no text of a person comes to it: only names, versions, markers, addresses and hashes. Whether a
marker makes sense is not seen here: that takes `packaging`, which a Docker image has not.
"""

from __future__ import annotations

import re

ADDRESS = re.compile(
    r"(?:git\+)?https?://[A-Za-z0-9\[\]._~:@!$&'()*+,;=%-]+(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?"
)
HASH = re.compile(r"--hash=(sha256|sha384|sha512):([0-9a-f]+)", re.IGNORECASE)
PACKAGES = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|:all:|:none:")
NAMED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*) ?(?:\[(?P<extras>[A-Za-z0-9._, -]*)\] ?)?(?P<rest>.*)"
)
VERSION = re.compile(r" ?(===|==|~=|!=|<=|>=|<|>) ?([A-Za-z0-9](?:-?[A-Za-z0-9_.!+*])*) ?")
# What markers are made of; uv takes ` #` and ` --hash` for the end even in quotes.
MARKER = re.compile(r"(?:(?! -)[A-Za-z0-9_.,+*!<>=~()'\"/: -])+")
URL_OPTIONS = ("--index-url", "--extra-index-url", "--find-links")
PACKAGE_OPTIONS = ("--no-binary", "--only-binary")
BARE_OPTIONS = ("--no-index", "--pre")
WRONG_ADDRESS = (
    "is no address that can be read here: it begins with https://, http:// or git+https://, has a"
    " host and no blanks, and other characters are written as %20"
)


def rebuilt(text: str) -> str:
    """Return a requirement with its hashes, or an option, made of nothing but its known parts.

    Raises ValueError for what has any other part.
    """
    return option(text) if text.startswith("-") else _requirement(text)


def option(text: str) -> str:
    """Return `--name value`. Raises ValueError."""
    name, _, value = text.partition(" ")
    if name in BARE_OPTIONS and not value:
        return name
    if name in URL_OPTIONS:
        return f"{name} {address(value)}"
    if name in PACKAGE_OPTIONS:
        if not PACKAGES.fullmatch(value):
            raise ValueError(f"{name} takes the name of one package, or :all:; one option a line")
        return f"{name} {value}"
    raise ValueError(f"the option {name:.60} is not known")


def address(text: str) -> str:
    """Return an address of the network. Raises ValueError for anything else."""
    host = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    is_host = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]+)(?::\d{0,5})?", host)
    if not (ADDRESS.fullmatch(text) and is_host) or "${" in text:
        raise ValueError(WRONG_ADDRESS)
    return text


def hashes(parts: list[str]) -> list[str]:
    """Return `--hash=…` of each part. Raises ValueError for a part that is anything else."""
    found = [HASH.fullmatch(part) for part in parts]
    if not all(found):
        raise ValueError(
            "a hash is written --hash=sha256:… (or sha384, sha512) with hexadecimal digits, and"
            " only more of them may follow it"
        )
    return [f"--hash={one[1].lower()}:{one[2].lower()}" for one in found if one]


def parts(text: str) -> tuple[str, list[str]]:
    """Return the requirement itself, and the options that follow it, as they are written."""
    bare, *more = re.split(r"\s+(?=--)", text)
    return bare, more


def _requirement(text: str) -> str:
    bare, more = parts(text)
    checked = hashes(more)
    is_address = re.match(r"(git\+)?https?://", bare, re.IGNORECASE)
    return " ".join([_addressed(bare) if is_address else _named(bare), *checked])


def _named(bare: str) -> str:
    found = NAMED.fullmatch(bare)
    if found is None:
        raise ValueError("it begins with no name of a package")
    extras = [extra.strip() for extra in (found["extras"] or "").split(",")]
    name = found["name"] + (f"[{','.join(extras)}]" if any(extras) else "")
    if found["rest"].startswith("@"):
        return f"{name} @ {_addressed(found['rest'][1:].strip())}"
    versions, mark, marker = found["rest"].partition(";")
    return name + _versions(versions.strip()) + (_marker(marker) if mark else "")


def _versions(text: str) -> str:
    bare = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    found = [VERSION.fullmatch(part) for part in bare.split(",") if part.strip()]
    if not all(found):
        raise ValueError("behind its name there is something that is no version")
    return ",".join(one[1] + one[2] for one in found if one)


def _addressed(text: str) -> str:
    url, _, more = text.partition(" ")
    if not more:
        return address(url)
    if not more.startswith(";"):
        raise ValueError("only a marker (; python_version …) or hashes may follow an address")
    return address(url) + _marker(more[1:])


def _marker(text: str) -> str:
    if not MARKER.fullmatch(text.strip()):
        raise ValueError("its marker has something that no marker has")
    return f" ; {' '.join(text.split())}"
