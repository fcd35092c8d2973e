"""The same definition gives the same lock until somebody asks for newer packages."""

import shutil
from dataclasses import replace

import pytest

from compute import images, recipes
from compute.building import kinds
from compute.building.base import BuildFault
from compute.building.local import LocalBuilder
from compute.models import ImageBuild
from compute.states import Backend, BuildState, ImageKind
from tests.compute.conftest import built, log_of
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


def test_a_lock_that_made_an_image_stays_through_a_failure(shelf, settings, tmp_path):
    make_wheel(shelf, "alpha", "1.0")
    first = built("alpha")
    shutil.rmtree(first.image.place)
    make_wheel(shelf, "alpha", "2.0")
    (shelf / "alpha-1.0-py3-none-any.whl").rename(tmp_path / "alpha-1.0-py3-none-any.whl")
    settings.UV_CACHE = tmp_path / "another-cache"
    failed = built("alpha")
    assert (failed.state, failed.lock) == (BuildState.FAILED, first.lock)
    assert "these are the packages of its first build: ask for newer ones" in failed.error
    (tmp_path / "alpha-1.0-py3-none-any.whl").rename(shelf / "alpha-1.0-py3-none-any.whl")
    again = built("alpha")
    assert (again.state, again.lock) == (BuildState.READY, first.lock)


def test_a_lock_that_never_made_an_image_is_solved_anew(shelf, monkeypatch):
    class CannotInstall(LocalBuilder):
        def install(self, recipe, lock, digest):
            raise BuildFault("alpha==1.0: it could not be fetched", "alpha")

    make_wheel(shelf, "alpha", "1.0")
    local = kinds.KINDS[ImageKind.LOCAL]
    with monkeypatch.context() as patch:
        patch.setitem(kinds.KINDS, ImageKind.LOCAL, local._replace(make=CannotInstall))
        failed = built("alpha")
    assert (failed.state, "alpha==1.0" in failed.lock) == (BuildState.FAILED, True)
    assert failed.error == "alpha==1.0: it could not be fetched"
    assert f"Failed: {failed.error}" in log_of(failed)
    make_wheel(shelf, "alpha", "2.0")
    assert "alpha==2.0" in built("alpha").lock


def test_asking_for_newer_packages_is_another_build(shelf):
    make_wheel(shelf, "alpha", "1.0")
    first = built("alpha")
    make_wheel(shelf, "alpha", "2.0")
    assert built("alpha").lock == first.lock
    recipe = replace(recipes.Recipe.from_dict(first.recipe), edition=2)
    newer = images.ensure(recipe)
    images.build(newer.pk)
    newer.refresh_from_db()
    first.refresh_from_db()
    assert "alpha==2.0" in newer.lock
    assert "alpha==1.0" in first.lock


def test_the_lock_of_the_other_kind_is_preferred(shelf):
    make_wheel(shelf, "alpha", "1.0")
    first = built("alpha")
    ImageBuild.objects.filter(pk=first.pk).update(kind=ImageKind.DOCKER)
    make_wheel(shelf, "alpha", "2.0")
    assert "alpha==1.0" in built("alpha").lock


def test_every_backend_has_a_kind_of_image():
    assert {images.kind_for(backend) for backend in Backend} <= set(kinds.KINDS)
