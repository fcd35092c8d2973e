"""What Docker images stand on: which image, fetched or made, and what is inside it."""

import hashlib
import json
import platform
import re
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.conf import settings
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from compute.building.dockerfiles import Ground
from compute.building.engine import (
    Engine,
    EngineAway,
    EngineFault,
    Inside,
    NoSuchProgram,
)
from compute.building.faults import BuildFault
from compute.building.following import Following, Line
from compute.building.log import size
from compute.building.own_dockerfiles import Dockerfile, checked, last_from, needed_images
from compute.definitions.dockerfile_trust import foreign

BASE, MADE = "trainyard/base", "trainyard/dockerfile"
LOOK_SECONDS = 60
# The newest first; an official image of Python has a tag for each.
KNOWN_PYTHONS = tuple(f"3.{minor}" for minor in range(14, 5, -1))
INSTALLER, CONDA_INSTALLER = Version("3.9"), Version("3.10")
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
PROBE = (
    "import sys, os, json, platform\n"
    "glibc = os.confstr('CS_GNU_LIBC_VERSION') if hasattr(os, 'confstr') else ''\n"
    "print(json.dumps([platform.python_implementation(), sys.version_info[3],"
    " '.'.join(map(str, sys.version_info[:3])), os.path.realpath(sys.executable), glibc or '']))"
)
# Every `python3` of the image's own PATH and of the usual places; then the C library.
LOOK = """
IFS=:
for folder in $PATH /usr/local/bin /usr/bin /opt/conda/bin /opt/*/bin; do
  for python in "$folder"/python3 "$folder"/python3.[0-9] "$folder"/python3.[0-9][0-9] \
"$folder"/python; do
    if [ -x "$python" ]; then "$python" -I -S -c "$1" 2>/dev/null; fi
  done
done
getconf GNU_LIBC_VERSION 2>/dev/null
exit 0
"""
PLAIN = ("python3", "/usr/local/bin/python3", "/usr/bin/python3", "/opt/conda/bin/python")


@dataclass(frozen=True)
class Python:
    """One CPython of an image."""

    path: str
    version: str


@dataclass(frozen=True)
class Base:
    """An image that others stand on.

    name: as somebody wrote it, or the studio's own name of it.   pythons: the first of PATH first.
    glibc: "2.36", "" when the image has another C library.   guilty: what a definition says of it.
    """

    name: str
    image: Inside
    pythons: tuple[Python, ...] = ()
    glibc: str = ""
    guilty: str = ""

    @property
    def written(self) -> str:
        """How a person knows it: `the base image ubuntu:22.04`."""
        if self.name.startswith(f"{MADE}:"):
            return f"the image of the Dockerfile ({self.guilty})"
        return f"the base image {self.guilty or self.name}"

    @property
    def tag(self) -> str:
        """The name under which this very image stays in the engine."""
        return f"{BASE}:{self.image.id.removeprefix('sha256:')[:16]}"


_looked: dict[str, tuple[tuple[Python, ...], str]] = {}  # image id → what is inside


class Bases:
    """Finds, fetches and makes base images for one build."""

    def __init__(self, engine: Engine, following: Following):
        self._engine = engine
        self._following = following

    def of(self, recipe: dict[str, Any]) -> Base:
        """Return what `recipe` stands on, in the engine. Raises BuildFault naming the guilty."""
        if recipe.get("dockerfile"):
            return self._made(recipe["dockerfile"])
        if recipe.get("base"):
            if why := foreign(recipe["base"]):
                raise BuildFault(why, recipe["base"])
            return self._named(recipe["base"], guilty=recipe["base"])
        return self._named(default_name(recipe["python"]), guilty="")

    def ground(self, base: Base, python: str, *, has_conda: bool) -> Ground:
        """Return what an image is made on: the base, and the interpreter that makes it.

        python: the version that the environment gets. A base whose own Pythons are too old for the
        builder, or that has none, borrows the one of the studio's own base for the time of it.
        """
        least = CONDA_INSTALLER if has_conda else INSTALLER
        fitting = [one for one in base.pythons if Version(one.version) >= least]
        fitting.sort(key=lambda one: one.version != python)
        if fitting:
            return Ground(base.tag, base.image.user, fitting[0].path)
        try:
            host = self._named(default_name(None), guilty="")
        except BuildFault as fault:
            raise BuildFault(
                f"{base.written} has no Python {least} or newer for the builder to run"
                f" on, and there is none to borrow: {fault.message}. Install one into the base, or"
                " set STUDIO_DOCKER_BASE_IMAGE to an image that has one"
            ) from fault
        lent = [one for one in host.pythons if Version(one.version) >= least]
        if not lent:
            raise BuildFault(
                f"neither {base.written} nor {host.name} has Python {least} or newer,"
                " which the builder runs on. Install one into the base, or set"
                " STUDIO_DOCKER_BASE_IMAGE to an image that has one"
            )
        self._following.say(f"The builder runs on Python {lent[0].version}, borrowed for it")
        return Ground(base.tag, base.image.user, lent[0].path, host.tag)

    def again(self, recipe: dict[str, Any], name: str, image_id: str) -> Base:
        """Return the base that a lock was made for; made or fetched anew where it is gone."""
        image = self._engine.image(image_id)
        if image is not None:
            return self._kept(Base(name, image, guilty=_guilty(recipe)))
        if recipe.get("dockerfile"):
            base = self._made(recipe["dockerfile"])
        else:
            base = self._named(name, guilty=recipe.get("base", ""))
        if base.image.id != image_id:
            self._following.say(f"The base {name} is another than when this was solved")
        return base

    # --- fetched -----------------------------------------------------------------------------

    def _named(self, name: str, *, guilty: str) -> Base:
        image = self._there(name, guilty)
        # With what a registry calls this very image, it can be fetched again when tags have moved.
        digest = f"@{image.repo_digest}" if image.repo_digest and "@" not in name else ""
        return self._kept(Base(name + digest, image, guilty=guilty))

    def _there(self, name: str, guilty: str) -> Inside:
        """Return an image by its name, fetched where the engine has it not. Raises BuildFault."""
        image = self._engine.named(name)
        if image is None:
            self._fetch(name, guilty)
            image = self._engine.named(name)
        if image is None:
            raise BuildFault(
                f"the base image {name} was fetched, but the engine has it not", guilty
            )
        if image.triggers:
            raise BuildFault(
                f"the image {name} brings steps of its own for whatever is built on it (ONBUILD"
                f" {image.triggers[0]:.100}), which are not run here; take the variant without"
                " them, or the image that it was made from",
                guilty,
            )
        return image

    def _fetch(self, name: str, guilty: str) -> None:
        self._following.say(f"Fetching the base image {name} …")
        layers = _Layers(name)

        def heard(line: Line) -> None:
            layers.heard(line)
            self._following.progress(layers.words)

        try:
            self._following.all_of(lambda: self._engine.pull(name), heard)
        except EngineAway:
            raise
        except EngineFault as error:
            whose = "" if guilty else "; STUDIO_DOCKER_BASE_IMAGE names another"
            raise BuildFault(
                f"the base image {name} cannot be fetched: {error.message}{whose}", guilty
            ) from error
        finally:
            self._following.progress("")
        self._following.say(f"Fetched {name}: {size(layers.bytes)}")

    # --- made from somebody's Dockerfile -------------------------------------------------------

    def _made(self, written: str) -> Base:
        text = checked(written)
        if len(text) < len(written):
            self._following.say("# syntax= is left out: the engine's own reads the Dockerfile")
        for name, step in needed_images(text):
            self._there(name, step)
        name = f"{MADE}:{hashlib.sha256(written.encode()).hexdigest()[:16]}"
        self._following.say("Building the Dockerfile …")
        Dockerfile(self._engine, self._following).build(text, name)
        image = self._engine.image(name)
        if image is None:
            raise EngineFault("the Dockerfile was built, but the engine has no image of it")
        return self._kept(Base(name, image, guilty=last_from(text)))

    # --- what is inside --------------------------------------------------------------------------

    def _kept(self, base: Base) -> Base:
        """Return the base with what is inside, under a tag that keeps it in the engine."""
        machine = ARCHITECTURES.get(base.image.architecture, base.image.architecture)
        if machine != platform.machine():
            raise BuildFault(
                f"{base.written} is for {machine}, this machine is {platform.machine()}; take one"
                " for it",
                base.guilty,
            )
        self._engine.tag(base.image.id, base.tag)
        if base.image.id not in _looked:
            self._following.progress("looking into the base image")
            self._following.flush()
            _looked[base.image.id] = self._look(base.image.id)
            self._following.progress("")
        pythons, glibc = _looked[base.image.id]
        return replace(base, pythons=pythons, glibc=glibc)

    def _look(self, image_id: str) -> tuple[tuple[Python, ...], str]:
        commands = [["/bin/sh", "-c", LOOK, "look", PROBE]]
        commands += [[python, "-I", "-S", "-c", PROBE] for python in PLAIN]
        for command in commands:
            try:
                _, output = self._run(image_id, command)
            except NoSuchProgram:
                continue
            return _read_look(output)
        return (), ""

    def _run(self, image_id: str, command: list[str], *, gpus: bool = False) -> tuple[int, str]:
        return self._following.wait_for(
            partial(self._engine.output_of, image_id, command, seconds=LOOK_SECONDS, gpus=gpus)
        )

    def cuda(self, base: Base) -> str | None:
        """Return the CUDA version that the engine's driver offers, None when it has no GPU."""
        if not self._engine.knows_gpus():
            return None
        try:
            _, output = self._run(base.image.id, ["nvidia-smi"], gpus=True)
        except (NoSuchProgram, EngineFault):
            return None
        found = re.search(r"CUDA Version: *(\d+\.\d+)", output)
        return found[1] if found else None


class _Layers:
    """How far the layers of an image are, added up."""

    def __init__(self, name: str):
        self._name = name
        self._layers: dict[str, tuple[int, int]] = {}

    def heard(self, line: Line) -> None:
        detail, layer = line.get("progressDetail") or {}, str(line.get("id", ""))
        if line.get("status") == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail["current"]), int(detail["total"]))
        elif line.get("status") == "Download complete" and layer in self._layers:
            self._layers[layer] = (self._layers[layer][1],) * 2

    @property
    def bytes(self) -> int:
        return sum(done for done, _ in self._layers.values())

    @property
    def words(self) -> str:
        total = sum(whole for _, whole in self._layers.values())
        if not total:
            return f"fetching {self._name}"
        return f"fetching {self._name}: {size(self.bytes)} of {size(total)}"


def default_name(python: str | None) -> str:
    """Return the studio's own base image for a Python as a recipe asks for it."""
    own = ".".join(map(str, sys.version_info[:2]))
    family = own
    if python:
        if re.fullmatch(r"\d+(\.\d+)*", python):
            family = ".".join(python.split(".")[:2])
        else:
            asked = SpecifierSet(python)
            ways = [own, *KNOWN_PYTHONS]
            family = next((one for one in ways if asked.contains(f"{one}.99")), own)
    name: str = settings.DOCKER_BASE_IMAGE
    return name.replace("{python}", family)


def _guilty(recipe: dict[str, Any]) -> str:
    """Return what of a recipe names its base."""
    if recipe.get("dockerfile"):
        return last_from(recipe["dockerfile"])
    return str(recipe.get("base", ""))


def _read_look(output: str) -> tuple[tuple[Python, ...], str]:
    pythons: dict[str, Python] = {}
    glibc = ""
    for line in output.splitlines():
        if line.startswith("["):
            kind, release, version, path, libc = json.loads(line)
            if kind == "CPython" and release == "final" and Version(version) >= Version("3.6"):
                pythons.setdefault(path, Python(path, version))
            line = libc
        if line.startswith("glibc "):
            glibc = line.split()[1]
    return tuple(pythons.values()), glibc
