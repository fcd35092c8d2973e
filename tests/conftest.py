"""What every test may ask for. Tests stand on a private STUDIO_HOME, made before settings load."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.db import connection

HOME = Path(tempfile.mkdtemp(prefix="trainyard-tests-"))
# Where packages come from is the machine's business; everything else a test decides itself.
OF_THE_MACHINE = {
    "STUDIO_PYTHONS", "STUDIO_INDEX_URL", "STUDIO_EXTRA_INDEX_URLS", "STUDIO_FIND_LINKS",
    "STUDIO_CERTIFICATES", "STUDIO_DOCKER_URL",
}  # fmt: skip
for name in [n for n in os.environ if n.startswith("STUDIO_") and n not in OF_THE_MACHINE]:
    del os.environ[name]
os.environ["STUDIO_HOME"] = str(HOME)
# No test depends on what a channel somewhere has today: they make their own, or have none.
os.environ["STUDIO_CONDA_CHANNEL_ALIAS"] = "http://127.0.0.1:9"
# The suites run on SQLite, and (tests/postgresql) again on a PostgreSQL named here.
if database := os.environ.get("TRAINYARD_TEST_DATABASE_URL"):
    os.environ["STUDIO_DATABASE_URL"] = database
os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(HOME / "hypothesis")
(HOME / "uploads").mkdir()
django.setup()
if database and connection.vendor != "postgresql":
    raise RuntimeError("TRAINYARD_TEST_DATABASE_URL came too late: settings were loaded before")

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# A machine that is busy is no failure, and a failing example is printed: no file keeps it.
hypothesis.settings.register_profile(
    "ours",
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ours")

pytest_plugins = [
    "tests.fixtures.requests",
    "tests.fixtures.queue",
    "tests.fixtures.stack",
    "tests.fixtures.own_engine",
    "tests.fixtures.postgresql",
    "tests.fixtures.s3",
    "tests.fixtures.valkey",
    "tests.fixtures.pythons",
    "tests.fixtures.unhurried",
]


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What makes Docker networks comes first, browsers last.

    Chromium gives up the requests that are under way whenever a network interface comes or goes
    (net::ERR_NETWORK_CHANGED), and workers run files of both kinds at once.
    """
    items.sort(key=lambda item: _turn(item.path.relative_to(item.config.rootpath).parts))


def _turn(parts: tuple[str, ...]) -> int:
    if "docker" in parts or parts[1] in ("faults", "postgresql"):
        return 0
    return 2 if parts[1] == "browser" else 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI a skipped test has not passed: what it needs must be installed there."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _own_blobs(settings: Any, tmp_path: Path) -> None:
    """Each test has folders of its own, as it has a database of its own."""
    settings.BLOBS = tmp_path / "blobs"
    settings.TASKS = tmp_path / "tasks"
    settings.IMAGES = tmp_path / "images"
