"""What a definition may take from elsewhere: images of registries, not the studio's or others'.

The images of one engine are everybody's, and a name is all that is needed to look into one. So no
definition names what the studio has made there, by no way of writing it.
"""

import re
from collections.abc import Iterator

from compute.definitions.dockerfile_lines import raw_steps
from compute.definitions.draft import Line, wrong

HUB = re.compile(r"(?:(?:index\.|registry-1\.)?docker\.io/)?", re.IGNORECASE)
STUDIOS = "trainyard/"
ID = re.compile(r"[0-9a-f]{12,64}\Z|sha256:", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9._:/@-]+\Z", re.ASCII)
STAGE = re.compile(r"[a-z][a-z0-9_.-]*\Z")
FLAGS = re.compile(r"\S+[ \t]+((?:--[^ \t]*[ \t]*)*)(.*)", re.ASCII | re.DOTALL)
PLAIN_FLAG = re.compile(r"[!-~]*\Z")
ARGUMENT = re.compile(
    r"""([A-Za-z_]\w*)(?:=(?:"([^"'\\`\s]*)"|'([^"'\\`$\s]*)'|([^"'\\`\s]*)))?\Z""", re.ASCII
)
VARIABLE = re.compile(
    r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?::(?P<how>[-+])(?P<word>[\w./:@-]*))?\})",
    re.ASCII,
)
# The engine gives these values of its own.
AUTOMATIC = re.compile(r"(?:TARGET|BUILD)\w*\Z|(?:HTTPS?|FTP|NO|ALL)_PROXY\Z", re.IGNORECASE)
Arguments = dict[str, str | None]  # None: it cannot be told


def foreign(name: str) -> str:
    """Return why a definition may not name this image, "" when it may."""
    bare = HUB.sub("", name, count=1)
    if bare.lower().startswith(STUDIOS):
        return (
            f"{name:.100} is an image that the studio made, maybe for somebody else; name the image"
            " that it stands on, and ask for the packages again"
        )
    if ID.match(bare):
        return (
            f"{name:.100} is the id of an image; name it as a registry does, such as ubuntu:22.04"
        )
    return ""


def images(text: str) -> Iterator[tuple[Line, str]]:
    """Yield the images that a Dockerfile takes from elsewhere, variables filled in.

    Raises BadInput naming the line of one that is not for a definition, and of other ways to what
    is not its own: triggers, shared caches, flags that engines and we might read differently.
    """
    reading = _Reading()
    for line, whole in raw_steps(text):
        yield from ((line, name) for name in reading.names(line, whole))


class _Reading:
    """What is known so far: arguments before the first FROM, and stages."""

    def __init__(self) -> None:
        self._arguments: Arguments = {}
        self._stages: set[str] = {"scratch"}
        self._has_from = False

    def names(self, line: Line, whole: str) -> list[str]:
        word = whole.split(None, 1)[0].upper() if whole.strip() else ""
        if word == "ONBUILD":
            raise wrong(
                line,
                "ONBUILD would run in the builds of those who stand on this image; write the step"
                " itself, without ONBUILD",
            )
        if word == "ARG" and not self._has_from:
            _note(self._arguments, whole.split()[1:])
        if word not in ("FROM", "RUN", "COPY", "ADD"):
            return []
        flags, rest = _flags(line, whole)
        found = [name for flag in flags for name in _taken(line, flag)]
        if word == "FROM":
            found += self._from(line, rest.split())
        named = [one for one in found if one.lower() not in self._stages]
        for name in named:
            if why := foreign(name):
                raise wrong(line, why)
        if word == "FROM" and len(words := rest.split()) == 3 and STAGE.match(words[2].lower()):
            self._stages.add(words[2].lower())
        return named

    def _from(self, line: Line, words: list[str]) -> list[str]:
        self._has_from = True
        if not words:
            return []
        name = _filled(words[0], self._arguments)
        if name is None or not NAME.match(name):
            raise wrong(
                line,
                f"FROM {words[0]:.100}: it cannot be told which image this is; write its name, or"
                " give the variable a plain value in an ARG before the first FROM",
            )
        return [name]


def _flags(line: Line, whole: str) -> tuple[list[str], str]:
    """Return the flags of a step and what follows them. Raises BadInput for flags with quotes."""
    found = FLAGS.match(whole)
    if not found:
        return [], ""
    flags = found[1].split()
    for flag in flags:
        takes = flag.lower().startswith(("--mount", "--from"))
        if not PLAIN_FLAG.match(flag) or re.search(r"[\"'\\`]" + (r"|\$" if takes else ""), flag):
            raise wrong(
                line,
                f"{flag:.100}: write this without quotes, backslashes, variables and accents",
            )
    if not PLAIN_FLAG.match("".join(found[1].split(" ")).replace("\t", "")):
        raise wrong(line, "write the flags of this step with plain blanks between them")
    return flags, found[2]


def _taken(line: Line, flag: str) -> Iterator[str]:
    """Yield the images of one flag. Raises BadInput for a cache of the studio."""
    name, _, value = flag.partition("=")
    if name.lower() == "--from" and not value.isdigit():
        yield value
    if name.lower() != "--mount":
        return
    for part in value.split(","):
        key, _, said = part.partition("=")
        if key.lower() == "from" and not said.isdigit():
            yield said
        if key.lower() in ("id", "target", "dst", "destination") and "trainyard" in said.lower():
            raise wrong(
                line,
                f"{part:.100}: the Dockerfile mounts a cache that is not its own; give it another"
                ' id and target, without "trainyard"',
            )


def _note(arguments: Arguments, words: list[str]) -> None:
    """Note what an ARG says; what cannot be read plainly is noted as such."""
    read = [ARGUMENT.match(word) for word in words]
    for word, found in zip(words, read, strict=True):
        if found is None or not all(read):
            for name in re.findall(r"[A-Za-z_]\w*", word, re.ASCII):
                arguments[name] = None
            continue
        value = next((one for one in found.groups()[1:] if one is not None), None)
        arguments[found[1]] = None if value is None else _filled(value, arguments)


def _filled(text: str, arguments: Arguments) -> str | None:
    """Return the text with its variables filled in, None when it cannot be told."""
    if "$" in VARIABLE.sub("", text):
        return None
    unknown = False

    def value(found: re.Match[str]) -> str:
        nonlocal unknown
        name = found["bare"] or found["name"]
        is_set = name in arguments
        known = arguments.get(name)
        if AUTOMATIC.match(name) or (is_set and known is None) or not (is_set or found["how"]):
            unknown = True
            return ""
        if found["how"] == "-":
            return known or found["word"]
        if found["how"] == "+":
            return found["word"] if known else ""
        return known or ""

    filled = VARIABLE.sub(value, text)
    return None if unknown else filled
