"""Studios to break, and desks in front of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scenarios import cancels, disks
from tests.faults.watching import SOON_S, Desk, Outcome
from tests.fixtures.studio_process import StudioProcess


@pytest.fixture(scope="module")
def desk(live_studio: StudioProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk of the session's studio."""
    found = Desk(live_studio, tmp_path_factory.mktemp("desk"))
    yield found
    found.close()


@pytest.fixture(scope="package")
def _impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    shelf = tmp_path_factory.mktemp("shelf")
    cancels.make_slow(shelf)
    packages = {"STUDIO_FIND_LINKS": str(shelf), "STUDIO_UV_CACHE": str(shelf / "cache")}
    studio = StudioProcess(**cancels.SETTINGS, **packages)
    try:
        yield studio.start()
    finally:
        studio.remove()


@pytest.fixture(scope="module")
def impatient_desk(
    _impatient: StudioProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A desk of a studio with a short grace and patience, and a package that is never built."""
    found = Desk(_impatient, tmp_path_factory.mktemp("desk"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def small_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk of a studio on disks that are soon full."""
    if os.geteuid():
        pytest.skip("needs root, to mount small disks")
    studio = StudioProcess()
    try:
        with disks.small_disks(studio):
            found = Desk(studio, tmp_path_factory.mktemp("desk"))
            yield found
            found.close()
    finally:
        studio.remove()


def check(
    outcome: Outcome,
    state: str,
    words: str = "",
    *,
    files: tuple[str, ...] = (),
    starts: int = 1,
    within_s: float = SOON_S,
) -> None:
    """Nothing of what the script made is lost or doubled, and the run says what happened, soon."""
    assert outcome.state == state, outcome
    assert words in outcome.words, outcome
    assert outcome.noticed_s <= within_s, outcome
    assert (outcome.log_bytes_lost, outcome.points_lost) == (0, 0), outcome
    assert set(files) <= set(outcome.files), outcome
    assert outcome.starts == starts, outcome


def text_of(run, tmp_path: Path, path: str) -> str:
    place = tmp_path / "log.txt"
    run.download_file(path, os.fspath(place))
    return place.read_text(encoding="utf-8")
