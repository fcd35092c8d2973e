"""A folder of packages that images are built from, and what a build said."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from compute import images, recipes
from compute.models import ImageBuild
from studio import streams
from tests.compute import channel
from tests.fixtures.waiting import until


@pytest.fixture
def shelf(settings: Any, tmp_path: Path) -> Path:
    """An empty folder of packages; recipes that say `--no-index` find packages only there."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    settings.FIND_LINKS = [str(folder)]
    settings.UV_CACHE = tmp_path / "uv-cache"
    return folder


@pytest.fixture
def forge(settings: Any, shelf: Path, tmp_path: Path) -> Path:
    """A channel of conda with nothing but Python; `channel.index` makes known what is added."""
    folder = tmp_path / "channels" / "forge"
    settings.CONDA_CHANNEL_ALIAS = f"file://{folder.parent}"
    settings.CONDA_CHANNELS = ["forge"]
    settings.CONDA_CACHE = tmp_path / "conda-cache"
    channel.make_python(folder)
    channel.index(folder)
    return folder


@pytest.fixture
def worker(settings: Any, shelf: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start another process that builds, on the same database and folders."""
    started = []

    def start(build: ImageBuild) -> subprocess.Popen[bytes]:
        code = textwrap.dedent(f"""
            import django, pathlib
            from django.conf import settings
            settings.DATABASES["default"]["NAME"] = {str(connection.settings_dict["NAME"])!r}
            settings.IMAGES = pathlib.Path({str(settings.IMAGES)!r})
            settings.UV_CACHE = pathlib.Path({str(settings.UV_CACHE)!r})
            settings.FIND_LINKS = {settings.FIND_LINKS!r}
            django.setup()
            from compute import images
            images.build({build.pk})
        """)
        started.append(subprocess.Popen([sys.executable, "-c", code]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(path: Path) -> None:
    """Wait until somebody has written something into a file."""
    until(lambda: path.exists() and path.read_text(), what=f"{path} is written")


def asked(requirements: str, **definition: str) -> ImageBuild:
    """The build of requirements that are found on the shelf."""
    text = f"--no-index\n{requirements}\n"
    return images.ensure(recipes.from_definition({"pip": text, **definition}))


def built(requirements: str, **definition: str) -> ImageBuild:
    """The build of requirements from the shelf, after the builder had its turn."""
    build = asked(requirements, **definition)
    images.build(build.pk)
    build.refresh_from_db()
    return build


def log_of(build: ImageBuild) -> str:
    build.log.refresh_from_db()
    return streams.read(build.log, 0).text


def built_by_conda(
    *requirements: str, pip: tuple[str, ...] = (), channels: tuple[str, ...] = ()
) -> ImageBuild:
    """The build of conda's requirements, and of pip's that are found on the shelf."""
    pip_section = [{"pip": ["--no-index", *pip]}] if pip else []
    text = {"channels": list(channels), "dependencies": [*requirements, *pip_section]}
    # JSON is YAML.
    build = images.ensure(recipes.from_definition({"conda": json.dumps(text)}))
    images.build(build.pk)
    build.refresh_from_db()
    return build
