"""What cannot be built says why in a sentence and names the requirement as it was written."""

from pathlib import Path

import psutil
import pytest

from compute import images, recipes
from compute.states import BuildState
from tests.compute.conftest import built, log_of
from tests.compute.packages import make_source, make_wheel
from tests.factories import make_user
from tests.fixtures.waiting import until

pytestmark = pytest.mark.django_db


def conda(text: str):
    build = images.ensure(recipes.from_definition({"conda": text}))
    images.build(build.pk)
    build.refresh_from_db()
    return build


@pytest.mark.parametrize(
    ("requirements", "guilty", "error"),
    [
        ("alpha\nno_such_thing >= 1", "no_such_thing >= 1", "has no package of this name"),
        ("alpha==9", "alpha==9", "alpha==9: the package index has no such version"),
        ("alpha>1,<1.5", "alpha>1,<1.5", "has no such version"),
        ("beta\nalpha==1.0", "beta, alpha==1.0", "cannot be installed together"),
        ("broken", "broken", "its source could not be built: ZeroDivisionError"),
        ("old", "old", "old: it has no files for this Python or this machine"),
    ],
)
def test_the_requirement_at_fault_is_named_as_it_was_written(shelf, requirements, guilty, error):
    make_wheel(shelf, "alpha", "1.0")
    make_wheel(shelf, "alpha", "2.0")
    make_wheel(shelf, "beta", requires="alpha>=2")
    make_source(shelf, "broken", before="1 / 0")
    make_wheel(shelf, "old", requires="")
    old = shelf / "old-1.0-py3-none-any.whl"
    old.rename(shelf / "old-1.0-cp27-cp27m-win32.whl")
    build = built(requirements)
    assert build.state == BuildState.FAILED
    assert set(build.guilty.split(", ")) == set(guilty.split(", "))
    assert error in build.error
    assert f"Failed: {build.error}" in log_of(build)
    assert build.log.is_complete


def test_a_python_that_is_not_here_lists_those_that_are(shelf):
    build = built("", python="3.99")
    assert build.guilty == "python=3.99"
    assert "no Python 3.99 on this machine; found: 3." in build.error


def test_a_conda_version_that_pypi_cannot_be_asked_for_is_named(shelf):
    build = conda("dependencies: ['numpy=1.2|1.3']")
    assert (build.state, build.guilty) == (BuildState.FAILED, "numpy=1.2|1.3")
    assert "pick one" in build.error


def test_an_index_that_does_not_answer_is_not_the_fault_of_a_requirement(
    settings, shelf, monkeypatch
):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    settings.INDEX_URL = "http://127.0.0.1:9/simple"
    build = conda("dependencies: [six]")
    assert build.guilty == ""
    assert "the package index could not be reached" in build.error
    assert "try again later" in build.error


def test_a_build_that_takes_too_long_is_ended_with_all_it_started(shelf, settings, tmp_path):
    mark = tmp_path / "pid"
    wait = f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(180)"
    make_source(shelf, "slow", before=wait)
    for seconds in (3, 15, 60):
        settings.IMAGE_BUILD_SECONDS = seconds
        build = built("slow")
        if mark.exists():
            break  # else this machine needs longer until the package's own build begins
    assert f"longer than {seconds} s" in build.error
    assert "STUDIO_IMAGE_BUILD_SECONDS" in build.error
    assert is_gone(mark)


def is_gone(mark: Path) -> bool:
    """Wait until the process named by the file has ended, reaped or not."""

    def has_ended() -> bool:
        try:
            return psutil.Process(int(mark.read_text())).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return bool(until(has_ended, what="the process has ended"))


def test_source_is_not_built_on_this_machine_while_several_people_can_sign_in(shelf, tmp_path):
    """Its build would run as the studio's own user: what it may read is not theirs."""
    mark = tmp_path / "ran"
    make_source(shelf, "eager", before=f"open({str(mark)!r}, 'w')")
    make_user(), make_user()
    for guilty, requirements in (
        ("eager", "eager"),
        ("--no-binary eager", "--no-binary eager\neager"),
    ):
        build = built(requirements)
        assert (build.state, build.guilty) == (BuildState.FAILED, guilty)
        assert "closed while several people can sign in" in build.error
        assert not mark.exists()


def test_source_is_built_where_the_operator_trusts_all(shelf, settings):
    make_source(shelf, "eager")
    make_user(), make_user()
    settings.LOCAL_BACKEND_FOR_ALL = True
    assert built("eager").state == BuildState.READY
