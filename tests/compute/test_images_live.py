"""Whoever listens to a build hears every change of it, and what its builder does."""

import time

import pytest

from compute import image_claims, images, recipes
from compute.building import kinds
from compute.building.local import LocalBuilder
from compute.models import ImageBuild
from compute.states import BuildState, ImageKind
from tests.compute.conftest import asked
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db(transaction=True)


class Talker(LocalBuilder):
    """The real builder, which says much before it solves."""

    def __init__(self, steps):
        super().__init__(steps)
        self.steps = steps

    def solve(self, recipe, prefer):
        for megabytes in range(1000):
            self.steps.on_progress(f"downloading alpha: {megabytes} of 1000 MiB")
        ends = time.monotonic() + 60
        while "999" not in ImageBuild.objects.get().progress and time.monotonic() < ends:
            self.steps.on_tick()
        return super().solve(recipe, prefer)


@pytest.fixture
def talking(monkeypatch):
    local = kinds.KINDS[ImageKind.LOCAL]
    monkeypatch.setitem(kinds.KINDS, ImageKind.LOCAL, local._replace(make=Talker))


def test_every_state_and_the_progress_are_heard_and_the_row_is_quiet_at_the_end(
    shelf, heard, talking
):
    make_wheel(shelf, "alpha")
    recipe = recipes.from_definition({"pip": "--no-index\nalpha\n"})
    events = heard(images.group(recipe.digest, ImageKind.LOCAL))
    build = asked("alpha")
    began = time.monotonic()
    images.build(build.pk)
    took = time.monotonic() - began
    said = [(event["state"], event["progress"]) for event in events()]
    states = list(dict.fromkeys(state for state, _ in said))
    assert states == ["Waiting", "Solving", "Installing", "Ready"]
    assert ("Solving", "downloading alpha: 0 of 1000 MiB") in said
    assert ("Solving", "downloading alpha: 999 of 1000 MiB") in said, "the last is never lost"
    # A thousand were told of; heard are two a second, and the states.
    assert len(said) < 20 + 2 * took
    build.refresh_from_db()
    assert (build.state, build.progress) == (BuildState.READY, "")


def test_progress_that_belongs_to_another_builder_is_refused(shelf):
    build = asked("alpha")
    image_claims.move(build, BuildState.SOLVING)
    claim = image_claims.Claim(build)
    assert images.give_up(type(build).objects.get())
    with pytest.raises(image_claims.ClaimLost):
        claim.progress("downloading")


def test_a_build_that_no_worker_takes_says_so(shelf, heard):
    build = asked("alpha")
    assert images.startable(build.asked_at) == [build]
    assert build.progress == ""
    events = heard(images.group(build.recipe_digest, build.kind))
    [late] = images.startable(build.asked_at + images.IS_LATE * 2)
    assert late.progress == "no worker has taken it yet; does one run?"
    assert [event["progress"] for event in events()] == [late.progress]
    images.startable(build.asked_at + images.IS_LATE * 3)
    assert events() == []


def test_no_more_builds_are_done_at_once_than_leave_the_worker_room(shelf):
    builds = [asked(f"alpha>{number}") for number in range(images.MOST_AT_ONCE + 2)]
    for build in builds[: images.MOST_AT_ONCE]:
        image_claims.move(build, BuildState.SOLVING)
    assert images.startable(builds[0].asked_at + images.IS_LATE * 2) == []
    builds[-1].refresh_from_db()
    assert "other builds are under way" in images.doing(builds[-1])
