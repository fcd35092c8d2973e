"""Why conda's packages could not be had, in one sentence, with the requirement at fault."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compute.building import conda_specs
from compute.building.faults import DISK_IS_FULL, MOST_CHARACTERS, BuildFault

MARKS = "│├└─ "
TOP = re.compile(r"^[├└]─ (\S+)(.*)$")
REQUIRES = re.compile(r"^[│├└─ ]+(\S+) ([^,|]*?)(?: \| [^,]*)? would require$")
NOT_FOUND = re.compile(r"([\w.-]+) ?([^,\n]*?), for which no candidates were found")
NO_CANDIDATES = re.compile(r"No candidates were found for ([\w.-]+)")
IN_WORDS = {
    "__cuda": "an NVIDIA driver with CUDA",
    "__glibc": "glibc",
    "__linux": "a Linux kernel",
    "__osx": "macOS",
    "__win": "Windows",
    "__archspec": "a processor",
}


@dataclass(frozen=True)
class Facts:
    """What explains a refusal.

    written: name → the requirement as the person wrote it, "" for one that nobody wrote.
    versions: those that the channels have of what was not found, newest first.
    where: names of the channels.   machine: virtual packages, name → version.
    """

    written: dict[str, str]
    versions: list[str]
    where: str
    machine: dict[str, str]


def wanted_in_vain(said: str) -> str:
    """Return the package that the solver found no candidate for, "" when that is not why."""
    found = NO_CANDIDATES.search(said) or NOT_FOUND.search(said)
    return found[1] if found and not found[1].startswith("__") else ""


def explain(said: str, facts: Facts) -> BuildFault:
    """Turn the solver's tree of reasons into one sentence."""
    blocks = _blocks(said)
    if found := NO_CANDIDATES.search(said):
        return _not_there(found[1], facts)
    if len(blocks) > 1 and (conflict := _conflict(blocks, facts)):
        return conflict
    if found := NOT_FOUND.search(said):
        name = next(iter(blocks), "") or _first_name(said)
        return _needs(facts.written.get(name) or name, found[1], found[2].strip(), facts)
    if "not in requested channel" in said:
        name = next(iter(blocks), "")
        return _fault("{}: the channel it names has no such package", name, facts)
    names = [name for name in blocks if name in facts.written] or _mentioned(said, facts)
    guilty = [facts.written[name] for name in names if facts.written[name]]
    told = " and ".join(guilty) + (" cannot be installed together: " if len(guilty) > 1 else ": ")
    return BuildFault((told + _flat(said))[:MOST_CHARACTERS], ", ".join(guilty))


def _not_there(name: str, facts: Facts) -> BuildFault:
    if not facts.versions:
        return _fault("{}: no package of this name in " + facts.where, name, facts)
    spec = conda_specs.parse(facts.written.get(name) or name)
    what = "build of it" if spec.build else "version"
    return _fault(f"{{}}: no such {what} in {facts.where}; {_newest(facts)}", name, facts)


def _needs(guilty: str, name: str, spec: str, facts: Facts) -> BuildFault:
    if name.startswith("__"):
        thing = f"{IN_WORDS.get(name, name)} {spec}".strip()
        here = facts.machine.get(name)
        has = f"; it has {here}" if here else ""
        return BuildFault(f"{guilty} needs {thing}, which this machine has not{has}", guilty)
    if (other := facts.written.get(name)) and other != guilty:
        return BuildFault(
            f"{guilty} and {other} cannot be installed together: {guilty} needs {name} {spec}",
            f"{guilty}, {other}",
        )
    have = f"; {_newest(facts)}" if facts.versions else ""
    return BuildFault(f"{guilty} needs {name} {spec}, which is not in {facts.where}{have}", guilty)


def _newest(facts: Facts) -> str:
    return "newest: " + ", ".join(facts.versions[:5])


def _conflict(blocks: dict[str, list[str]], facts: Facts) -> BuildFault | None:
    """Name the package that two requirements want in different versions, and who wants which."""
    wishes: dict[str, dict[str, str]] = {}
    for top, lines in blocks.items():
        for place, line in enumerate(lines):
            spec = _wish(line) if place == 0 or REQUIRES.match(lines[place - 1]) else None
            if spec:
                wishes.setdefault(spec[0], {}).setdefault(top, spec[1])
    for name, by_whom in wishes.items():
        if len(set(by_whom.values())) < 2:
            continue
        tops = list(by_whom)[:2]
        guilty = [facts.written.get(top) or top for top in tops]
        says = [
            f"{who} is asked for" if top == name else f"{who} needs {name} {by_whom[top]}"
            for top, who in zip(tops, guilty)  # noqa: B905 - Python 3.8 knows no strict=
        ]
        told = f"{' and '.join(guilty)} cannot be installed together: {', '.join(says)}"
        return BuildFault(told[:MOST_CHARACTERS], ", ".join(guilty))
    return None


def _wish(line: str) -> tuple[str, str] | None:
    text = line.lstrip(MARKS)
    found = re.match(r"([\w.-]+) ([^\s,|][^\s]*)(?=,| |$)", text)
    return (found[1], found[2].rstrip(",")) if found else None


def _blocks(said: str) -> dict[str, list[str]]:
    """Return the solver's reasons by the requirement that stands above them."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in said.splitlines():
        if top := TOP.match(line):
            current = found.setdefault(top[1], [])
        current.append(line)
    return found


def _first_name(said: str) -> str:
    found = re.search(r"because of: ([\w.-]+) ", said)
    return found[1] if found else ""


def _mentioned(said: str, facts: Facts) -> list[str]:
    return [name for name in facts.written if re.search(rf"(?<![\w-]){re.escape(name)} ", said)]


def _fault(sentence: str, name: str, facts: Facts) -> BuildFault:
    guilty = facts.written.get(name) or name
    return BuildFault(sentence.format(guilty)[:MOST_CHARACTERS], guilty)


def _flat(said: str) -> str:
    lines = [line.lstrip(MARKS).rstrip(".") for line in said.splitlines()]
    text = " ".join(line for line in lines if line)
    return text.replace("Cannot solve the request because of: ", "")


def missing_channel(said: str) -> str:
    """Return the address of the channel that is not there, "" when another thing is wrong."""
    found = re.search(r"could not find subdir '[\w-]+' in channel '([^']+)'", said)
    return found[1] if found else ""


def from_installer(said: str) -> BuildFault:
    """Read what the installer said when it gave up."""
    package = re.search(r"failed to (?:fetch|link) (\S+)", said)
    what = package[1] if package else "a package of conda"
    if re.search(r"No space left|os error 28\b", said):
        return BuildFault(DISK_IS_FULL)
    if re.search(r"[Hh]ash mismatch|mismatch.*(sha256|md5)|(sha256|md5).*mismatch", said):
        return BuildFault(f"{what}: the file is another than the lock's: its checksum differs")
    if re.search(r"404|[Nn]ot [Ff]ound", said):
        return BuildFault(f"{what}: the channel has this file no longer; ask for newer packages")
    if re.search(r"error sending request|Connect|timed out|dns error", said):
        return BuildFault(f"{what} could not be downloaded; try again later: {last_words(said)}")
    return BuildFault(f"{what} could not be installed: {last_words(said)}"[:MOST_CHARACTERS])


def last_words(said: str) -> str:
    """Return the innermost cause of an error with causes."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return re.sub(r"^Caused by:\s*", "", lines[-1]) if lines else "no reason given"
