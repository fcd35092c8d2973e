"""Locks: the exact packages of one environment with their hashes, as text.

    # python 3.11.7
    # platform linux x86_64 glibc
    # conda https://…/linux-64/numpy-1.26.4-py311h64a7726_0.conda --hash=sha256:…
    #   size 7483021; needs libblas >=3.9.0,<4.0a0; python >=3.11,<3.12.0a0
    --index-url https://…
    six==1.17.0 \\
        --hash=sha256:…

What stands below the comments is a requirements file. The same packages are the same text.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from compute.building.conda_specs import normalised

CONDA = "# conda "
MORE = "#   "
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:==([^\s;]+)| ?@ ?(\S+))")
HASH = re.compile(r"--hash=\w+:([0-9a-f]+)")


@dataclass(frozen=True)
class Package:
    """One package of a lock. For a package from an address, `version` is the address.

    source: "conda", "pypi" or "url".   build, channel: of a conda package, else "".
    sha256: the hashes that its files may have, in hexadecimal; a conda package has one file.
    """

    name: str
    version: str
    source: str
    build: str = ""
    channel: str = ""
    sha256: tuple[str, ...] = ()


@dataclass(frozen=True)
class CondaPackage:
    """What installing one conda package takes, without asking its channel again.

    hash: `sha256:…`, or `md5:…` where a channel knows no other.   noarch: "python", "generic", "".
    """

    url: str
    hash: str
    size_bytes: int = 0
    noarch: str = ""
    site_packages: str = ""
    depends: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        """Name, version and build, which the name of the file says."""
        stem = re.sub(r"\.(conda|tar\.bz2)$", "", unquote(self.url.rsplit("/", 1)[-1]))
        name, version, build = stem.rsplit("-", 2)
        return name, version, build

    @property
    def channel(self) -> str:
        """The address of the channel, without the folder of the platform."""
        return self.url.rsplit("/", 2)[0]


@dataclass(frozen=True)
class Difference:
    """What another lock has more, less and otherwise: (name, version), (name, from, to)."""

    added: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str, str]] = field(default_factory=list)


def write(
    python: str,
    body: str,
    *,
    options: list[str],
    base: str = "",
    conda: list[CondaPackage] | None = None,
) -> str:
    """Return the text of a lock.

    python: the version of the interpreter.   body: pinned requirements with their hashes.
    base: name and id of the Docker image underneath.   conda: packages of channels.
    """
    libc = "".join(platform.libc_ver()[:1])
    system = f"{platform.system()} {platform.machine()} {libc}".strip().lower()
    head = [f"# python {python}", f"# platform {system}"]
    head += [f"# base {base}"] if base else []
    for package in sorted(conda or [], key=lambda one: one.identity):
        head += _conda_lines(package)
    return "\n".join([*head, *options]) + "\n" + body


def _conda_lines(package: CondaPackage) -> list[str]:
    facts = [f"size {package.size_bytes}"]
    facts += [f"noarch {package.noarch}"] if package.noarch else []
    facts += [f"site-packages {package.site_packages}"] if package.site_packages else []
    facts += ["needs " + ", ".join(_bare(text) for text in package.depends)]
    return [
        f"{CONDA}{package.url} --hash={package.hash}",
        MORE + "; ".join(facts if package.depends else facts[:-1]),
    ]


def _bare(depends: str) -> str:
    # A comma parts requirements here and versions there: `numpy >=1,<2` keeps its own closed up.
    return re.sub(r",\s+", ",", depends.strip())


def conda_packages(lock: str) -> list[CondaPackage]:
    """Return the conda packages of a lock, ready to be installed."""
    found: list[CondaPackage] = []
    lines = [*lock.splitlines(), ""]
    for number, line in enumerate(lines):
        if line.startswith(CONDA):
            more = lines[number + 1]
            found.append(_conda_package(line, more if more.startswith(MORE) else ""))
    return found


def _conda_package(line: str, more: str) -> CondaPackage:
    url, _, checksum = line[len(CONDA) :].partition(" --hash=")
    facts = dict(
        part.split(" ", 1) for part in more[len(MORE) :].split("; ") if part.count(" ") > 0
    )
    needs = facts.get("needs", "")
    return CondaPackage(
        url,
        checksum,
        int(facts.get("size", "0")),
        facts.get("noarch", ""),
        facts.get("site-packages", ""),
        tuple(needs.split(", ")) if needs else (),
    )


def python_of(lock: str) -> str:
    """Return the version of the interpreter that a lock was made for."""
    return lock.split("\n", 1)[0].replace("# python ", "")


def requirements_of(lock: str) -> str:
    """Return the part that pip's packages stand in, a requirements file with hashes."""
    return "".join(line + "\n" for line in lock.splitlines() if not line.startswith("#"))


def count(lock: str) -> int:
    """Return how many packages a lock has."""
    return len(read(lock))


def pins(lock: str) -> dict[str, str]:
    """Return the exact versions of packages from indexes, by their normalised name."""
    return {one.name: one.version for one in read(lock) if one.source == "pypi"}


def read(lock: str) -> list[Package]:
    """Return the packages of a lock, by name."""
    found = []
    for one in conda_packages(lock):
        name, version, build = one.identity
        channel = one.channel.rsplit("/", 1)[-1]
        found.append(Package(name, version, "conda", build, channel, (one.hash.split(":", 1)[-1],)))
    for block in re.split(r"\n(?=\S)", requirements_of(lock)):
        if pin := PIN.match(block):
            name = normalised(pin[1])
            source, version = ("pypi", pin[2]) if pin[2] else ("url", pin[3])
            found.append(Package(name, version, source, sha256=tuple(HASH.findall(block))))
    return sorted(found, key=lambda one: (one.name, one.source))


def compare(a: str, b: str) -> Difference:
    """Return what lock `b` has more, less and otherwise than lock `a`; Python is one of them."""
    old, new = _versions(a), _versions(b)
    return Difference(
        added=[(name, new[name]) for name in sorted(new.keys() - old.keys())],
        removed=[(name, old[name]) for name in sorted(old.keys() - new.keys())],
        changed=[
            (name, old[name], new[name])
            for name in sorted(old.keys() & new.keys())
            if old[name] != new[name]
        ],
    )


def _versions(lock: str) -> dict[str, str]:
    versions = {"python": python_of(lock)} if lock.startswith("# python ") else {}
    for one in read(lock):
        # conda and PyPI may bring the same name; what runs import is the one of pip.
        versions[one.name] = f"{one.version} {one.build}".strip()
    return versions
