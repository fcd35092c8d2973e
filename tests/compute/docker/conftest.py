"""A Docker engine with a base image: skipped at a desk that has none, required in CI."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from compute import recipes
from compute.building.base import Made, Steps
from compute.building.bases import MADE, Base
from compute.building.docker import DockerBuilder
from compute.building.engine import Engine, EngineFault
from tests.compute.packages import make_wheel
from tests.fixtures.waiting import LONG_S, until

ROOT = Path(__file__).resolve().parents[3]
BASE = "trainyard-test-base"
# As tasks run: what a container of an image may do.
HARDENED = (
    *("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--user", "10001"),
    *("--security-opt", "no-new-privileges", "--pids-limit", "64", "--memory", "512m"),
)


@pytest.fixture(scope="session")
def base() -> str:
    """The name of an image with Python 3.11: Debian 12, made where it is missing."""
    try:
        there = Engine().image(BASE)
    except EngineFault as fault:
        pytest.skip(f"needs a Docker engine: {fault.message}")
    if there is None:
        if os.geteuid() or not shutil.which("debootstrap"):
            pytest.skip(f"needs the image {BASE}, which .ci/base-image makes as root")
        subprocess.run([ROOT / ".ci" / "base-image", BASE], check=True)
    os.environ["DOCKER_HOST"] = django_settings.DOCKER_URL  # for the command, as for the studio
    return BASE


@dataclass
class Build:
    """One build by the real builder, and what it said."""

    made: Made | None = None
    lock: str = ""
    log: str = ""
    progress: list[str] = field(default_factory=list)


Ask = Callable[..., Build]


@pytest.fixture
def docker(base: str, db: None, settings: Any, shelf: Path) -> Iterator[Ask]:
    """Build a definition; packages are found on `shelf` alone unless `index` is said.

    What was made is removed after the test. on_tick is called as a build's owner would be.
    """
    settings.DOCKER_BASE_IMAGE = base
    with asking() as ask:
        yield ask


@pytest.fixture(scope="module")
def alpha(base: str, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Any:
    """An image with the package `alpha` 1.5, for tests that only look at it."""
    folder = tmp_path_factory.mktemp("alpha")
    make_wheel(folder / "shelf", "alpha", "1.5")
    ways = {"FIND_LINKS": [str(folder / "shelf")], "UV_CACHE": folder / "uv-cache"}
    with (
        override_settings(DOCKER_BASE_IMAGE=base, **ways),
        django_db_blocker.unblock(),
        asking() as ask,
    ):
        build = ask("alpha")
        with django_db_blocker.block():
            yield build


@contextlib.contextmanager
def asking() -> Iterator[Ask]:
    """Yield what builds; what was made is removed behind it."""
    tags = set()

    def build(
        requirements: str = "", *, on_tick: Callable[[Build], None] = lambda _: None, **more: Any
    ) -> Build:
        seconds, lock = more.pop("seconds", 120.0), more.pop("lock", "")
        if requirements:
            more["pip"] = f"--no-index\n{requirements}\n"
        recipe = recipes.from_definition(more).as_dict()
        if text := recipe.get("dockerfile"):
            tags.add(f"{MADE}:{hashlib.sha256(text.encode()).hexdigest()[:16]}")
        found = Build()
        builder = builder_of(found, on_tick, seconds)
        try:
            found.lock = lock or builder.solve(recipe, "")
            digest = hashlib.sha256((builder.version + found.lock).encode()).hexdigest()
            found.made = builder.install(recipe, found.lock, digest)
            tags.add(found.made.place)
        except Exception as error:
            error.add_note(found.log)
            raise
        return found

    yield build
    with contextlib.suppress(EngineFault):  # an engine of the test's own is gone by now
        for tag in sorted(tags):
            if tag.startswith(MADE) and (image := Engine().image(tag)):
                Engine().remove(Base(tag, image).tag)
            Engine().remove(tag)


def builder_of(build: Build, on_tick: Callable[[Build], None], seconds: float) -> DockerBuilder:
    def said(data: bytes) -> None:
        build.log += data.decode()

    return DockerBuilder(Steps(said, lambda: on_tick(build), build.progress.append, seconds))


def says(image: str, code: str) -> str:
    """What Python in a container of the image prints; the container may do what a task may."""
    done = subprocess.run(
        ["docker", "run", *HARDENED, image, "python", "-c", code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def comes(condition: Callable[[], bool], seconds: float = LONG_S) -> bool:
    """Wait until something is true; False when it never is."""
    with contextlib.suppress(AssertionError):
        return bool(until(condition, seconds))
    return False


def runs_in_the_engine(word: str) -> bool:
    """Whether any process of this machine, containers' too, has `word` among its arguments."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False
