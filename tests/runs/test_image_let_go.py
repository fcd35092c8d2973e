"""A build ends when nobody waits for it any more; one who comes at that moment has it again."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from compute import images
from compute.models import Image, ImageBuild
from compute.states import BuildState
from runs import launching, preparing, stopping, supervising
from runs.models import Run
from runs.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(caller):
    """Submit runs that wait for one build, and return them."""
    order = {
        "snapshot": caller.sent({"train.py": ""}),
        "environment": {"definition": {"pip": "--no-index\nalpha\n"}},
    }

    def submit(count: int) -> list[Run]:
        ids = [caller.submit(**order).json()["run_id"] for _ in range(count)]
        runs = list(Run.objects.filter(run_id__in=ids).order_by("id"))
        for run in runs:
            launching.launch(run.pk)
            run.refresh_from_db()
        return runs

    return submit


def cancel(caller, run: Run) -> None:
    """As the API does it, and what the worker then does."""
    assert caller.post(f"/api/v1/runs/{run.run_id}/cancel").status_code == 200
    stopping.clean(run.pk)


def test_the_last_one_who_leaves_ends_the_build(caller, waiting):
    first, second = waiting(2)
    cancel(caller, first)
    assert ImageBuild.objects.get().state == BuildState.WAITING
    cancel(caller, second)
    build = ImageBuild.objects.get()
    assert (build.state, build.error) == (BuildState.CANCELED, "nobody waits for it any more")


def test_a_build_that_a_person_asked_for_goes_on(caller, waiting):
    [run] = waiting(1)
    images.want(run.image_build)
    cancel(caller, run)
    assert ImageBuild.objects.get().state == BuildState.WAITING


def test_a_run_that_comes_as_its_build_is_given_up_asks_again(caller, waiting):
    first, second = waiting(2)
    # As if it had been looked for a moment before the second run was there.
    assert images.give_up(ImageBuild.objects.get())
    launching.go_on(first.image_build_id)
    build = ImageBuild.objects.get()
    assert (build.state, build.error) == (BuildState.WAITING, "")
    for run in (first, second):
        run.refresh_from_db()
        assert run.state == State.PREPARING
        assert run.logs.get().stream_id == build.log_id


def test_a_wish_that_is_taken_back_ends_no_build_that_a_run_waits_for(caller, waiting):
    [run] = waiting(1)
    images.want(run.image_build)
    images.withdraw(run.image_build)
    supervising.look(now() + supervising.DUE)
    assert ImageBuild.objects.get().state == BuildState.WAITING
    cancel(caller, run)
    assert ImageBuild.objects.get().state == BuildState.CANCELED


def test_a_wish_that_is_taken_back_ends_a_build_without_runs_at_the_next_look(waiting):
    [run] = waiting(1)
    images.want(run.image_build)
    run.delete()
    later = now() + supervising.DUE
    supervising.look(later)
    assert ImageBuild.objects.get().state == BuildState.WAITING
    images.withdraw(run.image_build)
    supervising.look(later)
    assert ImageBuild.objects.get().state == BuildState.CANCELED


def test_supervise_ends_a_build_whose_last_run_went_in_another_way(waiting):
    [run] = waiting(1)
    run.delete()
    supervising.once(ImageBuild.objects.get().asked_at)
    assert ImageBuild.objects.get().state == BuildState.WAITING, "it was asked for just now"
    supervising.once(now() + supervising.JUST_ASKED * 2)
    assert ImageBuild.objects.get().state == BuildState.CANCELED


def test_the_image_of_a_run_that_has_not_ended_is_never_removed(caller, waiting, settings):
    [run] = waiting(1)
    settings.IMAGES_MAX_GB = 0
    image = Image.objects.create(
        digest="0" * 64, place=str(settings.IMAGES / "0"), size_bytes=1, build_seconds=1
    )
    Image.objects.update(last_used_at=image.built_at - timedelta(days=1))
    ImageBuild.objects.update(image=image, state=BuildState.READY)
    preparing.make_room()
    assert Image.objects.exists()
    cancel(caller, run)
    preparing.make_room()
    assert not Image.objects.exists()
