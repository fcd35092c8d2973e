"""A folder of packages that images are built from, and what a build said."""

from pathlib import Path
from typing import Any

import pytest

from compute import images, recipes
from compute.models import ImageBuild
from studio import streams


@pytest.fixture
def shelf(settings: Any, tmp_path: Path) -> Path:
    """An empty folder of packages; recipes that say `--no-index` find packages only there."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    settings.FIND_LINKS = [str(folder)]
    settings.UV_CACHE = tmp_path / "uv-cache"
    return folder


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
