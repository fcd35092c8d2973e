"""Images that were not used for long make room for others; never one that is needed."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from compute import image_pruning, images
from compute.models import Image, ImageBuild
from compute.states import BuildState, ImageKind
from tests.compute.conftest import asked, built
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db
LOCAL = ImageKind.LOCAL
OLD = timedelta(days=1)


@pytest.fixture
def three(shelf) -> list[ImageBuild]:
    """Builds whose images were last used three, two and one day ago."""
    names = ["alpha", "beta", "gamma"]
    builds = []
    for days, name in zip((3, 2, 1), names, strict=True):
        make_wheel(shelf, name)
        builds.append(built(name))
        Image.objects.filter(pk=builds[-1].image.pk).update(last_used_at=now() - OLD * days)
    return builds


def there(builds) -> list[bool]:
    return [images.is_there(Image.objects.filter(builds=build).first()) for build in builds]


def room_for(count: int) -> int:
    return max(Image.objects.values_list("size_bytes", flat=True)) * count


def test_the_least_recently_used_goes_first_and_its_lock_stays(three, caplog):
    with caplog.at_level(logging.INFO, "compute"):
        removed = image_pruning.prune(LOCAL, room_for(2), ())
    assert [image.digest for image in removed] == [three[0].image.digest]
    assert there(three) == [False, True, True]
    assert not Path(three[0].image.place).exists()
    [line] = [line for line in caplog.messages if "was removed" in line]
    assert three[0].image.digest[:12] in line
    assert "KiB, last used 20" in line
    again = built("alpha")
    assert (again.state, again.lock) == (BuildState.READY, three[0].lock)


def test_what_is_in_use_or_was_used_a_moment_ago_stays_however_much_it_takes(three):
    three[1].image.refresh_from_db()
    images.mark_used(three[1].image)
    removed = image_pruning.prune(LOCAL, 0, {three[0].image_id})
    assert [image.digest for image in removed] == [three[2].image.digest]


def test_an_image_that_is_asked_for_is_not_taken_a_moment_later(three):
    assert asked("alpha").state == BuildState.READY
    image_pruning.prune(LOCAL, 0, ())
    assert there(three) == [True, False, False]


def test_an_image_that_another_build_is_just_finding_stays(three):
    ImageBuild.objects.filter(pk=three[0].pk).update(state=BuildState.INSTALLING)
    image_pruning.prune(LOCAL, 0, ())
    assert there(three) == [True, False, False]


def test_nothing_is_removed_while_there_is_room(three):
    assert image_pruning.prune(LOCAL, room_for(3), ()) == []
    assert image_pruning.sweep(LOCAL) == []
    assert there(three) == [True, True, True]


def test_an_image_without_a_row_is_swept_unless_a_builder_is_about_to_note_it(three):
    orphan = three[0].image
    orphan.delete()  # as if killed between the row and the folder
    ImageBuild.objects.filter(pk=three[0].pk).update(state=BuildState.INSTALLING)
    assert image_pruning.sweep(LOCAL) == []
    ImageBuild.objects.filter(pk=three[0].pk).update(state=BuildState.READY)
    assert image_pruning.sweep(LOCAL) == [orphan.digest]
    assert not Path(orphan.place).exists()
    assert there(three[1:]) == [True, True]
