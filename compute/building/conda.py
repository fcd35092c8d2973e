"""conda's packages by py-rattler: solved from channels, installed from a lock alone.

Python 3.10 or newer; the rest of the builder does without this module when nothing needs conda.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import re
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import rattler
from rattler.exceptions import (
    GatewayError,
    InstallerError,
    InvalidMatchSpecError,
    LinkError,
    SolverError,
)
from rattler.networking import Client
from rattler.package import BuildString

from compute.building import channels, conda_faults, conda_specs, log
from compute.building.faults import BuildFault
from compute.building.locks import CondaPackage
from compute.building.masking import without_secrets

SOLVE_SECONDS = 300
RETRIES = 2
# Like uv and curl here: what the operator's bundle of certificates trusts.
CONFIG = 'tls-root-certs = "system"'


class Unreachable(Exception):
    """A channel does not answer, which is no fault of the recipe."""


def solve(
    job: dict[str, Any], urls: dict[str, str], asked: dict[str, str], pythons: list[str]
) -> list[CondaPackage]:
    """Return the packages that satisfy `asked` and one of `pythons`, the first that can.

    urls: the channels, address → name.   asked: name → the requirement as written.
    pythons: requirements such as `python 3.11.*`.
    Raises BuildFault that names the requirement at fault, Unreachable.
    """
    return asyncio.run(_Solving(job, urls, asked).solve(pythons))


class _Solving:
    """One recipe before its channels: what they have is read once, however often it is solved."""

    def __init__(self, job: dict[str, Any], urls: dict[str, str], asked: dict[str, str]):
        self._job = job
        self._named = {url.rstrip("/"): name for url, name in urls.items()}
        self._asked = asked
        self._channels = [rattler.Channel(url) for url in urls]
        self._specs = [_spec(job, text) for text in asked.values()]
        self._platforms = [rattler.Subdir.current(), rattler.Subdir("noarch")]
        cache = Path(job["conda_cache"]) / "repodata"
        self._gateway = rattler.Gateway(cache_dir=cache, client=_client())
        self._virtual = _virtual_packages(job["target"])
        self._locked = [_record(job, one) for one in job["prefer_conda"]]

    async def solve(self, pythons: list[str]) -> list[CondaPackage]:
        """Solve with one Python after the other; then with every channel as good as the first."""
        ways = [(python, rattler.ChannelPriority.Strict) for python in pythons]
        if len(self._channels) > 1:
            ways += [(python, rattler.ChannelPriority.Disabled) for python in pythons]
        refused: SolverError | None = None
        for python, priority in ways:
            try:
                records = await self._attempt(python, priority)
            except SolverError as error:
                # What is asked for decides, not what is tried first: the last Python, in order.
                if priority is rattler.ChannelPriority.Strict:
                    refused = error
                continue
            except GatewayError as error:
                raise self._channel_fault(error) from None
            if priority is rattler.ChannelPriority.Disabled:
                log.say("The channels do not suit in their order; their packages are mixed")
            return [_package(record) for record in records]
        assert refused is not None
        raise await self._explained(str(refused))

    async def _attempt(self, python: str, priority: rattler.ChannelPriority) -> list[Any]:
        return await rattler.solve(
            self._channels,
            [*self._specs, rattler.MatchSpec(python)],
            gateway=self._gateway,
            platforms=self._platforms,
            locked_packages=self._locked,
            virtual_packages=self._virtual,
            timeout=timedelta(seconds=SOLVE_SECONDS),
            channel_priority=priority,
        )

    def _channel_fault(self, error: GatewayError) -> Exception:
        said = without_secrets(str(error))
        if missing := conda_faults.missing_channel(said):
            missing = missing.rstrip("/")
            name = next((n for u, n in self._named.items() if without_secrets(u) == missing), "")
            return BuildFault(
                f"there is no channel {name} at {missing}; channels are looked for below"
                " STUDIO_CONDA_CHANNEL_ALIAS",
                name,
            )
        return Unreachable(conda_faults.last_words(said))

    async def _explained(self, said: str) -> BuildFault:
        said = without_secrets(said)
        written = {**self._asked, "python": _written_python(self._job)}
        if "cancel" in said.lower() or "timeout" in said.lower():
            return BuildFault(
                f"conda found no solution within {SOLVE_SECONDS} s; ask for fewer packages, or"
                " for exact versions"
            )
        wanted = conda_faults.wanted_in_vain(said)
        there = await self._versions(wanted) if wanted else []
        facts = conda_faults.Facts(written, there, self._where(), self._has())
        return conda_faults.explain(said, facts)

    async def _versions(self, name: str) -> list[str]:
        """Return the versions that the channels have of a package, newest first."""
        found = await self._gateway.query(self._channels, self._platforms, [name], recursive=False)
        versions = {str(record.version) for records in found for record in records}
        return sorted(versions, key=_by_version, reverse=True)

    def _where(self) -> str:
        return without_secrets(", ".join(self._named.values()))

    def _has(self) -> dict[str, str]:
        return {one.name.normalized: str(one.version) for one in self._virtual}


def _spec(job: dict[str, Any], text: str) -> rattler.MatchSpec:
    """Read one requirement; its channel becomes an address. Raises BuildFault.

    What conda gets is made of name, version, build and channel: it knows files and addresses too.
    """
    try:
        parsed = conda_specs.parse(text)
        spec = rattler.MatchSpec(text.rpartition("::")[2])
        url = channels.address(job, parsed.channel) if parsed.channel else ""
        facts = {"version": spec.version, "build": spec.build, "channel": url}
        inside = ", ".join(f'{key}="{value}"' for key, value in facts.items() if value)
        return rattler.MatchSpec(f"{parsed.name}[{inside}]" if inside else parsed.name)
    except (InvalidMatchSpecError, ValueError) as error:
        raise BuildFault(f"{text}: conda cannot read this requirement: {error}", text) from None


def _virtual_packages(target: dict[str, Any] | None) -> list[Any]:
    """Return what machines are to conda: this one's, or those of a Docker image."""
    if target is None:
        overrides = rattler.VirtualPackageOverrides.from_env()
        return [one.into_generic() for one in rattler.VirtualPackage.detect(overrides)]
    kernel = re.match(r"\d+(\.\d+)*", platform.release())
    found = {"__unix": "0", "__linux": kernel[0] if kernel else "0"}
    if glibc := target.get("glibc"):
        found["__glibc"] = glibc
    if cuda := target.get("cuda") or os.environ.get("CONDA_OVERRIDE_CUDA"):
        found["__cuda"] = cuda
    machine = [_generic("__archspec", "1", platform.machine())]
    return [_generic(name, version, "0") for name, version in found.items()] + machine


def _generic(name: str, version: str, build: str) -> rattler.GenericVirtualPackage:
    return rattler.GenericVirtualPackage(
        rattler.PackageName(name), rattler.Version(version), BuildString(build)
    )


def _package(record: Any) -> CondaPackage:
    checksum = f"sha256:{record.sha256.hex()}" if record.sha256 else ""
    if not checksum and record.md5:
        checksum = f"md5:{record.md5.hex()}"
    if not checksum:
        raise BuildFault(
            f"{record.file_name}: its channel tells no checksum of it, so it cannot be locked",
            record.name.normalized,
        )
    kind = "python" if record.noarch.python else "generic" if record.noarch.generic else ""
    return CondaPackage(
        url=without_secrets(record.url),
        hash=checksum,
        size_bytes=record.size or 0,
        noarch=kind,
        site_packages=record.python_site_packages_path or "",
        depends=tuple(record.depends),
    )


def _record(job: dict[str, Any], package: CondaPackage) -> rattler.RepoDataRecord:
    name, version, build = package.identity
    kind, _, checksum = package.hash.partition(":")
    record = rattler.PackageRecord(
        name,
        version,
        BuildString.new_unchecked(build),
        0,
        package.url.rsplit("/", 2)[-2],
        noarch=package.noarch or None,  # type: ignore[arg-type]  # its words are known there
        depends=list(package.depends),
        size=package.size_bytes,
        python_site_packages_path=package.site_packages or None,
        **{kind: bytes.fromhex(checksum)},  # type: ignore[arg-type]
    )
    url = channels.with_secrets(job, package.url)
    return rattler.RepoDataRecord(record, url.rsplit("/", 1)[-1], url, url.rsplit("/", 2)[0])


def install(job: dict[str, Any], packages: list[CondaPackage], prefix: Path) -> None:
    """Make `prefix` from exactly these packages, hard-linked from the cache. Raises BuildFault."""
    _check_files(packages)
    records = [_record(job, one) for one in packages]
    reporter = _Reporter(packages)  # type: ignore[abstract]  # what it leaves out does nothing
    log.progress(f"installing {log.count(len(packages), 'package')} of conda")
    try:
        asyncio.run(
            rattler.install(
                records,
                prefix,
                cache_dir=Path(job["conda_cache"]) / "packages",
                client=_client(),
                reporter=reporter,
                # As conda does, where what a source package of PyPI does may be done too.
                execute_link_scripts=job.get("may_build", True),
            )
        )
    except (InstallerError, LinkError) as error:
        raise conda_faults.from_installer(without_secrets(str(error))) from None
    reporter.tell(len(packages))
    log.progress("")


def _check_files(packages: list[CondaPackage]) -> None:
    # rattler checks what it downloads; what lies in a folder it takes as it is.
    for package in packages:
        folder = channels.folder(package.url)
        if folder is None:
            continue
        kind, _, expected = package.hash.partition(":")
        if not folder.is_file():
            raise BuildFault(f"{package.url}: the channel has this file no longer")
        if hashlib.new(kind, folder.read_bytes()).hexdigest() != expected:
            raise BuildFault(f"{package.url}: the file is another than the lock's: {kind} differs")


class _Reporter(rattler.InstallerReporter):
    """Hears from rattler's threads how far it is, and tells the page."""

    def __init__(self, packages: list[CondaPackage]):
        self._names = [one.identity[0] for one in packages]
        self._sizes = {one.identity[0]: one.size_bytes for one in packages}
        self._began = time.monotonic()
        self._came_at = self._began
        self._coming: dict[int, str] = {}
        self._done: dict[int, int] = {}
        self._guard = threading.Lock()

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        # The token comes back with the download: it is the place of the name in our list.
        return self._names.index(package_name) if package_name in self._names else 0

    def on_download_start(self, cache_entry: int) -> int:
        with self._guard:
            self._coming[cache_entry] = self._names[cache_entry]
            self._done[cache_entry] = 0
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        with self._guard:
            self._done[download_idx] = progress
            names = [self._coming[one] for one in sorted(self._coming)]
            if names:
                log.progress(log.downloading(names, sum(self._done.values()), self._all()))

    def on_download_completed(self, download_idx: int) -> None:
        with self._guard:
            self._coming.pop(download_idx, None)
            self._came_at = time.monotonic()

    def on_link_start(self, operation: int, package_name: str) -> int:
        with self._guard:
            if not self._coming:
                log.progress(f"installing {log.count(len(self._names), 'package')} of conda")
        return operation

    def _all(self) -> int:
        return sum(self._sizes[self._names[one]] for one in self._done)

    def tell(self, packages: int) -> None:
        """Say in the log what came over the network, and that all is installed."""
        if downloaded := sum(self._done.values()):
            log.say(f"Downloaded {log.size(downloaded)} in {self._came_at - self._began:.1f} s")
        seconds = time.monotonic() - self._came_at
        log.say(f"Installed {log.count(packages, 'package')} of conda in {seconds:.1f} s")


def _client() -> Client:
    return Client.from_config(rattler.Config.from_toml(CONFIG), max_retries=RETRIES)


def _written_python(job: dict[str, Any]) -> str:
    asked = job["recipe"]["python"]
    if not asked:
        return ""
    return f"python={asked}" if asked[0].isdigit() else f"python{asked}"


def _by_version(text: str) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|[a-z]+", text.lower())
    # 1.0rc1 is older than 1.0.1 and 1.0: letters count less than a number, or the end.
    return [(one.isdigit(), int(one) if one.isdigit() else 0, one) for one in [*parts, "0"]]
