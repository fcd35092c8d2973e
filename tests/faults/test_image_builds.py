"""Image builds in a whole studio: shared, left by all who waited, killed under way."""

import os
from pathlib import Path

import psutil
import pytest
from trainyard import Environment, Experiment, ScriptRunConfig, Workspace

from tests.compute.packages import make_source
from tests.faults.conftest import text_of
from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

BUILD = "azureml-logs/20_image_build_log.txt"


@pytest.fixture
def shelf(tmp_path):
    """A package whose build says that it has begun, and goes on when it may."""
    mark, go = tmp_path / "pid", tmp_path / "go"
    wait = (
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.02)"
    )
    make_source(tmp_path / "shelf", "slow", before=wait)
    return tmp_path / "shelf"


@pytest.fixture
def studio(shelf):
    started = StudioProcess(STUDIO_FIND_LINKS=str(shelf), STUDIO_UV_CACHE=str(shelf / "cache"))
    try:
        yield started.start()
    finally:
        started.remove()


@pytest.fixture
def submit(studio, tmp_path):
    """Submit a run that needs the slow package."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("import slow\n")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\nslow\n")
    environment = Environment.from_pip_requirements("slow", os.fspath(requirements))
    workspace = Workspace.from_config(os.fspath(studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path / "src"), "train.py", environment=environment)
    yield lambda: Experiment(workspace, "faults").submit(config)
    workspace.client.close()


def building(tmp_path: Path) -> psutil.Process:
    """The process in which the package is being built."""
    mark = tmp_path / "pid"
    until(lambda: mark.exists() and mark.read_text(), what="the package is being built")
    return psutil.Process(int(mark.read_text()))


def has_ended(process: psutil.Process) -> bool:
    """Whether it has, be it that nobody has taken note of its end yet."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_one_build_for_two_runs_ends_when_both_are_gone(studio, submit, tmp_path):
    first = submit()
    inside = building(tmp_path)
    second = submit()
    until(lambda: BUILD in second.get_file_names(), what="the second sees the build's log")
    until(lambda: "slow" in text_of(second, tmp_path, BUILD), what="the log names the package")
    until(
        lambda: text_of(second, tmp_path, BUILD) == text_of(first, tmp_path, BUILD),
        what="both have the same log",
    )
    first.cancel()
    until(lambda: first.get_status() == "Canceled", what="the first run is canceled")
    assert not has_ended(inside)
    second.cancel()
    until(lambda: has_ended(inside), what="the builder has ended with all it started")
    until(
        lambda: text_of(first, tmp_path, BUILD).endswith("nobody waits for it any more\n"),
        what="the log says why",
    )  # fmt: skip
    until(
        lambda: {path.name for path in Path(studio.home, "images").iterdir()} <= {".locks"},
        what="nothing half made is left",
    )  # fmt: skip
    again = submit()
    (tmp_path / "go").touch()
    assert again.wait_for_completion()["status"] == "Completed"
    assert "nobody waits" not in text_of(again, tmp_path, BUILD)


def test_a_killed_builder_is_followed_by_another_and_the_run_completes(studio, submit, tmp_path):
    run = submit()
    inside = building(tmp_path)
    program = next(p for p in inside.parents() if "compute.build_env" in p.cmdline())
    (tmp_path / "go").touch()
    program.kill()
    assert run.wait_for_completion()["status"] == "Completed"
    log = text_of(run, tmp_path, BUILD)
    assert log.count("Attempt 2: the builder before was killed") == 1
    assert len(list(Path(studio.home, "images").glob("[!.]*"))) == 1


def test_a_build_goes_on_after_the_whole_studio_was_killed(studio, submit, tmp_path):
    run = submit()
    inside = building(tmp_path)
    studio.kill("keeper")
    studio.process.wait(60)
    until(lambda: has_ended(inside), what="the builder goes with its studio")
    (tmp_path / "go").touch()
    studio.start()
    assert run.wait_for_completion()["status"] == "Completed"
    assert "Attempt 2" in text_of(run, tmp_path, BUILD)
