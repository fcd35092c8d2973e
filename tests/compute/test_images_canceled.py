"""Builds that are ended from elsewhere, because nobody wants them or waits for them any more."""

import time
from pathlib import Path

import pytest

from compute import images
from compute.states import BuildState
from tests.compute.conftest import asked, built, log_of, wait_for
from tests.compute.packages import make_source, make_wheel
from tests.compute.test_images_that_fail import is_gone


@pytest.mark.django_db(transaction=True)
def test_a_canceled_build_ends_soon_and_leaves_nothing(shelf, settings, tmp_path, worker):
    mark = tmp_path / "pid"
    slow = f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(180)"
    make_source(shelf, "slow", before=slow)
    build = asked("slow")
    ours = worker(build)
    wait_for(mark)
    build.refresh_from_db()
    began = time.monotonic()
    assert images.give_up(build)
    assert is_gone(mark)
    assert time.monotonic() - began < 9  # by itself it would take minutes
    assert ours.wait(60) == 0
    build.refresh_from_db()
    assert (build.state, build.error, build.progress) == (
        BuildState.CANCELED, "nobody waits for it any more", "",
    )  # fmt: skip
    assert log_of(build).endswith("Canceled: nobody waits for it any more\n")
    assert build.log.is_complete
    assert {path.name for path in Path(settings.IMAGES).iterdir()} <= {".locks"}


@pytest.mark.django_db
def test_a_canceled_build_is_asked_for_again_by_the_next_one_with_a_log_of_its_own(shelf):
    make_wheel(shelf, "alpha")
    build = asked("alpha")
    assert images.give_up(build)
    again = built("alpha")
    assert (again.pk, again.state, again.error) == (build.pk, BuildState.READY, "")
    assert again.log_id != build.log_id
    assert not images.give_up(again)


@pytest.mark.django_db
def test_a_build_that_a_person_wanted_goes_on_until_the_wish_is_taken_back(shelf):
    build = asked("alpha")
    images.want(build)
    assert not images.give_up(build)
    images.withdraw(asked("alpha"))
    assert asked("alpha").state == BuildState.WAITING, "who else waits is another's to know"
    assert images.give_up(build)


@pytest.mark.django_db
def test_a_person_who_wants_a_build_a_moment_after_it_was_given_up_has_it(shelf):
    build = asked("alpha")
    assert images.give_up(asked("alpha"))
    images.want(build)
    assert (build.state, build.is_wanted, build.error) == (BuildState.WAITING, True, "")


@pytest.mark.django_db
def test_whoever_gives_up_a_build_that_was_asked_for_again_ends_nothing(shelf):
    seen_before = asked("alpha")
    assert images.give_up(asked("alpha"))
    assert type(seen_before).objects.get().state == BuildState.CANCELED
    again = asked("alpha")
    assert not images.give_up(seen_before)
    again.refresh_from_db()
    assert again.state == BuildState.WAITING
