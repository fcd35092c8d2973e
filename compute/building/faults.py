"""Why an environment could not be built, in one sentence, and which requirement is at fault."""

from __future__ import annotations

import re

from compute.building.conda_specs import normalised
from compute.building.masking import without_places, without_secrets

MOST_CHARACTERS = 600
MOST_READ = 50_000  # characters of what uv said, from the beginning and from the end
DISK_IS_FULL = "the disk of the studio is full: no space left on device; free some and try again"
NAME = r"`?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
KILLED = "the package installer was killed"
# What uv says, and what we say; the first that fits wins. `{guilty}` is the requirement as it was
# written, `{said}` uv's last words, `{hint}` its hint, `{more}` the second part that was found.
NO_SUCH_NAME = "{guilty}: the package index has no package of this name"
NO_SUCH_VERSION = "{guilty}: the package index has no such version"
CLOSED = (
    "{guilty}: it comes as source, and building that runs its code as the studio's own user, which"
    " is closed while several people can sign in: ask for a version that has wheels, or have the"
    " operator trust all of them (STUDIO_LOCAL_BACKEND_FOR_ALL=1)"
)
SAYINGS = (
    (NAME + r" was not found in the package registry", NO_SUCH_NAME),
    (NAME + r" was not found in the provided package locations", NO_SUCH_NAME),
    (r"[Tt]here (?:is|are) no versions? of " + NAME, NO_SUCH_VERSION),
    (r"only the following versions of " + NAME + r" are available", NO_SUCH_VERSION),
    (
        r"[Oo]nly " + NAME + r"(<\S+) is available and (?!all)",
        NO_SUCH_VERSION + "; it has {name}{more}",
    ),
    (r"Wheels are required for `?" + NAME + "`? because building from source is disabled", CLOSED),
    (r"Building source distributions for `?" + NAME + "`? is disabled", CLOSED),
    (
        NAME + r"\S* has no (?:usable )?wheels with a matching",
        "{guilty}: it has no files for this Python or this machine{hint}",
    ),
    (
        r"Git operation failed.*(?:fatal|error): (?:unable to access )?'?([^']+)'?: (.*)",
        "{guilty}: the repository could not be read: {more}",
    ),
    (r"Failed to build `?" + NAME, "{guilty}: its source could not be built: {said}"),
    (
        r"Failed to download(?: and build)? `?" + NAME + r".*HTTP status \w+ error \(([^)]+)\)",
        "{guilty}: it could not be fetched: {more}",
    ),
    (r"Failed to download(?: and build)? `?" + NAME, "{guilty}: it could not be fetched: {said}"),
    (
        r"Hash mismatch for `?" + NAME,
        "{guilty}: the file has another checksum than was asked for or locked",
    ),
    (
        r"the current Python version \(\S+\) does not satisfy (\S+) and " + NAME,
        "{guilty}: it does not support this Python: {said}",
    ),
    (
        NAME + r"\S* (?:depends on|requires) Python ?(\S+)",
        "{guilty}: it does not support this Python; it needs Python {more}",
    ),
    (
        r"\(`(\S+)`\) to end in a supported file extension",
        "{guilty}: the address is no file of a package; it would end in .whl or .tar.gz",
    ),
)
WANTS = re.compile(rf"{NAME}(?:==\S+)? depends? on {NAME}((?:[<>=!~][^\s]*)?)")
ASKED = re.compile(r"you require ((?:\S+(?:, | and |, and ))*\S+)")
# No room, no room for this user, or a file larger than the service may write.
FULL = re.compile(
    rf"No space left on device|[Dd]isk quota exceeded|File too large|{KILLED} by SIGXFSZ"
)
UNREACHABLE = re.compile(
    r"dns error|failed to lookup address|Connection refused|Could not connect|timed out|"
    r"error sending request|Network is unreachable|tunnel error",
    re.IGNORECASE,
)


class BuildFault(Exception):
    """The environment cannot be built. `guilty`: the requirements at fault, as the person wrote.

    Neither holds a password, a token or a folder of the server.
    """

    def __init__(self, message: str, guilty: str = ""):
        self.message = without_places(without_secrets(message))
        self.guilty = without_secrets(guilty)
        super().__init__(self.message)


def from_uv(output: str, written: dict[str, str]) -> BuildFault:
    """Read what uv printed when it gave up.

    written: the requirements by their normalised name, each as the person wrote it.
    """
    # Before anything is cut: half an address does not show what of it is a password.
    written = {name: without_secrets(line) for name, line in written.items()}
    # A build script may print megabytes in one line, and a name is looked for at each character.
    if len(output) > 2 * MOST_READ:
        output = f"{output[:MOST_READ]}\n…\n{output[-MOST_READ:]}"
    output = without_places(without_secrets(re.sub(r"\S{500,}", "…", output)))
    if any(name.startswith("--only-binary") for name in written):
        output = output.replace("`--no-build`", "`--only-binary`")
    # `numpy{python_version < '3.12'}>=1.2`: under which condition is no matter for who is at fault.
    output = re.sub(r"(?<=[A-Za-z0-9])\{[^{}\n]*\}", "", output)
    text = " ".join(output.split())
    if FULL.search(text):
        return BuildFault(DISK_IS_FULL)
    if KILLED in text:
        return BuildFault(f"{text[text.find(KILLED) :]}; is there enough memory? Try again")
    if "No solution found" not in text and UNREACHABLE.search(text):
        return _unreachable(text, written)
    if fault := _known(output, text, written) or _conflict(text, written):
        return fault
    said, blamed = _last_words(output), _required(text, written)
    together = " and ".join(blamed) + " cannot be installed together: "
    told = together + said if len(blamed) > 1 else said
    return BuildFault(told[:MOST_CHARACTERS], ", ".join(blamed))


def _unreachable(text: str, written: dict[str, str]) -> BuildFault:
    address = re.search(
        r"(?:Failed to download(?: and build)? `?\S+ @|unable to access) ?'?([^\s`']+)", text
    )
    url = re.search(r"[Ff]etch:? `?(https?://[^\s`]+)", text)
    where = address or url
    guilty = ""
    if address:
        guilty = next((line for line in written.values() if address[1].rstrip("/") in line), "")
    guilty = guilty or (_by_host(where[1], written) if where else "")
    what = guilty or "the package index"
    host = f" ({where[1].split('/')[2]})" if where and not guilty else ""
    cause = UNREACHABLE.findall(text)[-1]
    return BuildFault(f"{what} could not be reached{host}; try again later: {cause}", guilty)


def _by_host(url: str, written: dict[str, str]) -> str:
    """Return the option, or the requirement, whose address is the beginning of `url`, or its host.

    Most of an address that fits wins: two indexes may be on one host.
    """
    fitting = []
    for line in written.values():
        for address in re.findall(r"https?://[^\s,]+", line):
            bare = re.split(r"[?#]", address)[0].rstrip("/")
            if f"{url}/".startswith(f"{bare}/"):
                fitting.append((1, len(bare), line))
            elif url.split("/")[2] == bare.split("/")[2]:
                fitting.append((0, len(bare), line))
    return max(fitting)[2] if fitting else ""


def _known(output: str, text: str, written: dict[str, str]) -> BuildFault | None:
    for pattern, sentence in SAYINGS:
        if found := re.search(pattern, text):
            name = normalised(found[1])
            guilty = written.get(name) or _by_address(found[1], written)
            guilty = guilty or _who_wants(name, text, written)
            hint = re.search(r"hint: (You require [^\n]*|Wheels are available [^\n]*)", output)
            words = {
                "name": found[1],
                "more": found[2].rstrip(",") if found.re.groups > 1 else "",
                "said": _last_words(output),
                "hint": f": {hint[1]}" if hint else "",
            }
            if libc := _newer_glibc(output):
                sentence = "{guilty}: its files need glibc " + libc
            return BuildFault(_sentence(sentence, found[1], guilty, words), guilty)
    return None


def _newer_glibc(output: str) -> str:
    """Return `2.39 or newer; here is 2.36` when only that keeps a package from this machine."""
    here = re.search(r"matching platform tag \(e\.g\., `manylinux_(\d+)_(\d+)_(\w+)`\)", output)
    there = re.search(r"hint: Wheels are available .* following platforms?: (.*)", output)
    if not (here and there):
        return ""
    needed = [
        (int(major), int(minor))
        for major, minor in re.findall(rf"`manylinux_(\d+)_(\d+)_{here[3]}`", there[1])
    ]
    if not needed or min(needed) <= (int(here[1]), int(here[2])):
        return ""
    return "{}.{} or newer; here is {}.{}".format(*min(needed), here[1], here[2])


def _by_address(address: str, written: dict[str, str]) -> str:
    bare = address.rstrip("/")
    return next((line for line in written.values() if "://" in bare and bare in line), "")


def _conflict(text: str, written: dict[str, str]) -> BuildFault | None:
    """Find the package that two requirements want in different versions; None when there is none.

    uv tells every step of its proof; of it only the ends are of use: who needs which version.
    """
    edges = [(normalised(by), normalised(of), spec) for by, of, spec in WANTS.findall(text)]
    parents: dict[str, list[str]] = {}
    for by, of, _ in edges:
        parents.setdefault(of, []).append(by)
    asked = [part for found in ASKED.findall(text) for part in re.split(r",? and |, ", found)]
    direct = [re.match(NAME + r"(\S*)", part.rstrip(",")) for part in asked]
    wishes: dict[str, dict[str, str]] = {}
    names = [normalised(found[1]) for found in direct if found]
    for name in names:
        if names.count(name) > 1 and ", " in written.get(name, ""):
            told = written[name].replace(", ", " and ")
            return BuildFault(f"{told} cannot be installed together", written[name])
    for found in filter(None, direct):
        name = normalised(found[1])
        if found[2] and name in written:
            wishes.setdefault(name, {})[written[name]] = ""
    for by, of, spec in edges:
        if spec and (root := _root(by, parents, written)):
            through = f" (through {by})" if by not in written else ""
            spec = spec.rstrip(",")
            wishes.setdefault(of, {}).setdefault(written[root], f"{of}{spec}{through}")
    for by_whom in wishes.values():
        if len(by_whom) > 1 and len(set(by_whom.values())) > 1:
            needs = [f"{who} needs {what}" for who, what in by_whom.items() if what]
            told = f"{' and '.join(by_whom)} cannot be installed together: {', '.join(needs)}"
            return BuildFault(told[:MOST_CHARACTERS], ", ".join(by_whom))
    return None


def _root(name: str, parents: dict[str, list[str]], written: dict[str, str]) -> str:
    """Return the written requirement, by name, that brings in `name`; "" when uv does not say."""
    looking = {name: None}  # in order, each once
    while not looking.keys() & written.keys():
        further = {by: None for one in looking for by in parents.get(one, ())}
        if further.keys() <= looking.keys():
            return ""
        looking |= further
    return next(one for one in looking if one in written)


def _sentence(sentence: str, name: str, guilty: str, words: dict[str, str]) -> str:
    who = guilty or name
    if guilty and not _is_named(name, guilty):
        who = f"{guilty}, which needs {name}"
    return sentence.format(guilty=who, **words)[:MOST_CHARACTERS]


def _is_named(name: str, guilty: str) -> bool:
    if "://" in name:
        return name.rstrip("/") in guilty
    if "://" in guilty:
        address = guilty.partition("#")[0].partition(" ;")[0]
        file = address.rpartition("/")[2]
        said = address.partition(" @ ")[0] if " @ " in address else file.partition("-")[0]
        # A bare address of no wheel is its own name.
        return not said or not file.endswith(".whl") or normalised(name) == normalised(said)
    return normalised(name) in re.findall(r"[a-z0-9-]+", normalised(guilty))


def _who_wants(name: str, text: str, written: dict[str, str]) -> str:
    """Return the requirement that brings in `name`, as far as uv says it."""
    hint = re.search(
        rf"`{re.escape(name)}` \(\S+\) was included because `?{NAME}|"
        rf"{NAME}\S* depends on {re.escape(name)}\b",
        text,
    )
    wanted = normalised(next((part for part in hint.groups() if part), "")) if hint else ""
    blamed = _required(text, written)
    return written.get(wanted) or (blamed[0] if blamed else "")


def _required(text: str, written: dict[str, str]) -> list[str]:
    """Return the written requirements that uv's explanation leans on, in its order."""
    names = [normalised(name) for name in re.findall(NAME, text)]
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
