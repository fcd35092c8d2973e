"""Why an environment could not be built, in one sentence, and which requirement is at fault."""

import re

from packaging.utils import canonicalize_name

MOST_CHARACTERS = 600
NAME = r"`?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
# What uv says, and what we say; the first that fits wins. `{0}` is the package, `{said}` the rest.
SAYINGS = (
    (
        NAME + r" was not found in the package registry",
        "{guilty}: the package index has no package of this name",
    ),
    (
        NAME + r" was not found in the provided package locations",
        "{guilty}: the package index has no package of this name",
    ),
    (
        r"[Tt]here (?:is|are) no versions? of " + NAME,
        "{guilty}: the package index has no such version",
    ),
    (
        r"only the following versions of " + NAME + r" are available",
        "{guilty}: the package index has no such version",
    ),
    (
        NAME + r"\S* has no (?:usable )?wheels with a matching",
        "{guilty}: it has no files for this Python or this machine{hint}",
    ),
    (r"Failed to build `?" + NAME, "{guilty}: its source could not be built: {said}"),
    (r"Failed to download(?: and build)? `?" + NAME, "{guilty}: it could not be fetched: {said}"),
    (
        r"the current Python version \(\S+\) does not satisfy \S+ and " + NAME,
        "{guilty}: it does not support this Python: {said}",
    ),
    (NAME + r"\S* depends on Python", "{guilty}: it does not support this Python: {said}"),
)
UNREACHABLE = re.compile(
    r"dns error|failed to lookup address|Connection refused|Could not connect|timed out|"
    r"error sending request|Network is unreachable|tunnel error",
    re.IGNORECASE,
)


class BuildFault(Exception):
    """The environment cannot be built. `guilty`: the requirements at fault, as the person wrote."""

    def __init__(self, message: str, guilty: str = ""):
        super().__init__(message)
        self.message = message
        self.guilty = guilty


def from_uv(output: str, written: dict[str, str]) -> BuildFault:
    """Read what uv printed when it gave up.

    written: the requirements by their normalised name, each as the person wrote it.
    """
    text = " ".join(output.split())
    said = _last_words(output)
    if "No solution found" not in text and UNREACHABLE.search(text):
        return BuildFault(f"the package index could not be reached; try again later: {said}")
    if "No space left on device" in text:
        return BuildFault("the disk of the studio is full: no space left on device")
    for pattern, sentence in SAYINGS:
        if found := re.search(pattern, text):
            name = canonicalize_name(found[1])
            guilty = written.get(name) or _who_wants(name, text, written)
            hint = re.search(r"hint: (You require [^\n]*)", output)
            words = {"said": said, "hint": f": {hint[1]}" if hint else ""}
            return BuildFault(_sentence(sentence, found[1], guilty, words), guilty)
    blamed = _required(text, written)
    if len(blamed) > 1:
        together = " and ".join(blamed)
        return BuildFault(
            f"{together} cannot be installed together: {said}"[:MOST_CHARACTERS],
            ", ".join(blamed),
        )
    return BuildFault(said[:MOST_CHARACTERS], ", ".join(blamed))


def _sentence(sentence: str, name: str, guilty: str, words: dict[str, str]) -> str:
    who = guilty or name
    if guilty and canonicalize_name(name) not in canonicalize_name(guilty):
        who = f"{guilty}, which needs {name}"
    return sentence.format(guilty=who, **words)[:MOST_CHARACTERS]


def _who_wants(name: str, text: str, written: dict[str, str]) -> str:
    """Return the requirement that brings in `name`, as far as uv says it."""
    hint = re.search(
        rf"`{re.escape(name)}` \(\S+\) was included because `?{NAME}|"
        rf"{NAME}\S* depends on {re.escape(name)}\b",
        text,
    )
    wanted = canonicalize_name(next((part for part in hint.groups() if part), "")) if hint else ""
    blamed = _required(text, written)
    return written.get(wanted) or (blamed[0] if blamed else "")


def _required(text: str, written: dict[str, str]) -> list[str]:
    """Return the written requirements that uv's explanation leans on, in its order."""
    names = [canonicalize_name(name) for name in re.findall(NAME, text)]
    return list(dict.fromkeys(written[name] for name in names if name in written))


def _last_words(output: str) -> str:
    """Return uv's explanation as one line, without its marks and hints.

    A failed build ends with the traceback of the package's own script: its last line says it.
    """
    error = output[output.find("error:") :] if "error:" in output else output
    build = re.search(r"\[stderr\]\s*\n(.*?)(?:\n\s*\n|\n\s*hint:|\Z)", error, re.DOTALL)
    if build:
        lines = [line.strip() for line in build[1].splitlines() if line.strip()]
        return lines[-1] if lines else "its build script failed"
    body = re.split(r"\n\s*hint:", error, maxsplit=1)[0]
    body = re.sub(r"error:|[├╰─▶×│]|\bcause:|[Cc]aused by:", " ", body)
    body = re.sub(r"No solution found when resolving dependencies:?", " ", body)
    return " ".join(body.split()) or "the package installer gave no reason"
