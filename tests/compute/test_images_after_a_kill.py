"""A builder killed at any moment leaves no half image, and what it began is begun again."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from compute import images
from compute.models import Image, ImageBuild
from compute.states import BuildState
from studio import streams
from tests.compute.conftest import asked, built, log_of, wait_for
from tests.compute.packages import make_source, make_wheel
from tests.compute.test_images_that_fail import is_gone

LATER = timedelta(seconds=11)


@pytest.mark.django_db(transaction=True)
def test_a_killed_builder_leaves_nothing_and_the_next_attempt_is_clean(
    shelf, settings, tmp_path, worker
):
    mark = tmp_path / "pid"
    # Slow only where the mark is absent: the second attempt goes through.
    wait = (
        f"p = {str(mark)!r}\n"
        "if not os.path.exists(p):\n"
        "    open(p, 'w').write(str(os.getpid())); time.sleep(180)"
    )
    make_source(shelf, "slow", before=wait)
    make_wheel(shelf, "alpha")
    build = asked("slow\nalpha")
    ours = worker(build)
    wait_for(mark)
    ours.kill()
    ours.wait()
    assert is_gone(mark)
    build.refresh_from_db()
    assert build.state in (BuildState.SOLVING, BuildState.INSTALLING)
    assert images.abandoned(build.builder_seen_at) == []  # its lease still runs
    assert images.abandoned(now() + LATER) == [build]
    images.build(build.pk)
    build.refresh_from_db()
    assert (build.state, build.error) == (BuildState.READY, "")
    assert "Attempt 2: the builder before was killed" in log_of(build)
    left = {path.name for path in Path(settings.IMAGES).iterdir()}
    assert left == {build.image.digest, ".locks"}


@pytest.mark.django_db(transaction=True)
def test_a_builder_that_is_taken_for_dead_writes_nothing_more(shelf, tmp_path, worker):
    """It hangs longer than its lease; by the time it goes on, the build is another's."""
    mark, go = tmp_path / "pid", tmp_path / "go"
    wait = (
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.02)"
    )
    make_source(shelf, "slow", before=wait)
    build = asked("slow")
    ours = worker(build)
    wait_for(mark)
    os.kill(ours.pid, signal.SIGSTOP)
    assert images.abandoned(now() + LATER) == [build]
    ImageBuild.objects.update(state=BuildState.SOLVING, builder_seen_at=now())  # by another
    streams.append(build.log_id, ImageBuild.objects.get().log.size_bytes, b"other\n")
    go.touch()
    os.kill(ours.pid, signal.SIGCONT)
    assert ours.wait(60) == 0
    build.refresh_from_db()
    assert (build.state, build.attempt, build.image) == (BuildState.SOLVING, 2, None)
    assert log_of(build).endswith("other\n")


@pytest.mark.django_db
def test_a_builder_that_is_killed_under_its_worker_is_tried_again_at_once(shelf, tmp_path):
    mark = tmp_path / "killed"
    # The package's own build kills the program that builds the image, the first time.
    kill = (
        "import signal\n"
        f"if not os.path.exists({str(mark)!r}):\n"
        f"    open({str(mark)!r}, 'w').close(); os.killpg(0, signal.SIGKILL); time.sleep(180)"
    )
    make_source(shelf, "deadly", before=kill)
    build = built("deadly")
    assert (build.state, build.error, build.attempt) == (BuildState.READY, "", 2)
    assert "Attempt 2: the builder before was killed" in log_of(build)


@pytest.mark.django_db
def test_a_builder_that_is_killed_every_time_is_given_up(shelf, settings):
    make_source(shelf, "deadly", before="import signal; os.killpg(0, signal.SIGKILL)")
    build = built("deadly")
    assert build.state == BuildState.FAILED
    assert "its builder was killed 4 times (" in build.error
    assert "is there enough memory?" in build.error
    assert f"Failed: {build.error}" in log_of(build)
    assert build.log.is_complete
    assert {path.name for path in Path(settings.IMAGES).iterdir()} <= {".locks"}


@pytest.mark.django_db
def test_what_kills_every_builder_fails_in_the_end():
    build = asked("alpha")
    for attempt in range(1, images.MOST_ATTEMPTS + 1):
        assert build.attempt == attempt
        ImageBuild.objects.update(state=BuildState.SOLVING, builder_seen_at=now())
        images.abandoned(now() + LATER)
        build.refresh_from_db()
    assert build.state == BuildState.FAILED
    assert "its builder was killed 4 times" in build.error


@pytest.mark.django_db(transaction=True)
def test_two_builders_of_one_lock_make_one_image(shelf, settings, tmp_path, worker):
    """Two recipes at the same time: one of them waits for the other's image."""
    flag = tmp_path / "go"
    make_source(
        shelf, "slow", before=f"\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.02)"
    )
    flag.touch()
    one, other = asked("slow"), asked("slow>=1")
    processes = [worker(one), worker(other)]
    assert [process.wait(180) for process in processes] == [0, 0]
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.state == other.state == BuildState.READY, (one.error, other.error)
    assert one.image == other.image
    assert Image.objects.count() == 1
    assert sorted("Image reused" in log_of(build) for build in (one, other)) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_the_builder_goes_when_the_worker_is_told_to_end(shelf, tmp_path, worker):
    mark = tmp_path / "pid"
    make_source(
        shelf, "slow", before=f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(180)"
    )
    ours = worker(asked("slow"))
    wait_for(mark)
    os.kill(ours.pid, signal.SIGTERM)
    ours.wait()
    assert is_gone(mark)
