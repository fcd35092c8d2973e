"""What nobody needs goes, and nothing else: not under any race, not after a kill."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from registry import model_files
from registry.models import StoredFile
from studio.files import blobs, collecting, trees
from studio.files.collecting import PREFIXES, Place, freed, step
from studio.models import Blob, Tree, TreeFile
from tests.factories import make_member, make_run, make_workspace

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=25)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tree_of(**contents: bytes) -> Tree:
    return trees.make((name, blobs.put([data]).sha256) for name, data in contents.items())


def bytes_kept() -> set[str]:
    return {f"{place.parent.name}{place.name}" for place in Path(settings.BLOBS).glob("??/*")}


def collect(at=None) -> None:
    """Come past everything once, in as many steps as it takes."""
    place = Place()
    for _ in range(PREFIXES):
        step(at or now() + LATER, place)


def age_bytes(monkeypatch) -> None:
    monkeypatch.setattr(settings, "KEEP_UNUSED_HOURS", 0)


def test_what_nobody_names_goes_with_its_bytes_and_its_tree():
    tree_of(a=b"1", b=b"2")
    blobs.put([b"alone"])
    assert step(now() + LATER, Place()) == (1, 3)
    assert not Tree.objects.exists() and not Blob.objects.exists() and not TreeFile.objects.exists()
    assert bytes_kept() == set()


def test_what_was_sent_or_asked_for_lately_stays():
    tree = tree_of(a=b"1")
    assert step(now() + timedelta(hours=23), Place()) == (0, 0)
    past = now() - timedelta(hours=30)
    Blob.objects.update(used_at=past)
    Tree.objects.update(created_at=past)
    assert trees.make([("a", sha(b"1"))]) == tree  # the same again: somebody is about to name it
    assert step(now(), Place()) == (0, 0)
    Tree.objects.update(created_at=past)
    Blob.objects.update(used_at=past)
    assert blobs.missing([sha(b"1")]) == []
    assert step(now(), Place()) == (1, 0)
    assert b"".join(blobs.read(sha(b"1"))) == b"1"


def test_what_any_row_names_stays_for_ever():
    member = make_member()
    run = make_run(snapshot=tree_of(code=b"code"))
    run.files.create(path="outputs/a", blob=blobs.put([b"output"]))
    model = tree_of(model=b"model")
    model_files.register(member.workspace, member.user, name="m", tree=model)
    stored = blobs.put([b"stored"])
    StoredFile.objects.create(workspace=member.workspace, path="a", blob=stored)
    blobs.put([b"nobody's"])
    collect()
    assert bytes_kept() == {sha(b) for b in (b"code", b"output", b"model", b"stored")}
    assert set(Blob.objects.values_list("pk", flat=True)) == bytes_kept()
    assert Tree.objects.count() == 2


def test_every_model_that_names_a_tree_or_content_is_known():
    """By the database's own list of foreign keys, so that a new one cannot be forgotten."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {
            (table, column, target)
            for table in tables
            for column, (_, target) in connection.introspection.get_relations(cursor, table).items()
            if target in ("studio_blob", "studio_tree")
        }
    known = {
        (model._meta.db_table, model._meta.get_field(field).column, named._meta.db_table)
        for named in (Blob, Tree)
        for model, field in collecting._naming(named, ())
    }
    assert known == found and len(known) > 5


def test_bytes_that_a_kill_left_without_a_row_go(monkeypatch):
    blobs.put([b"left"])
    kept = blobs.put([b"kept"]).sha256
    Blob.objects.filter(pk=sha(b"left")).delete()  # here the kill came
    collect(at=now())
    assert bytes_kept() == {sha(b"left"), kept}, "whoever puts it at this moment has no row yet"
    age_bytes(monkeypatch)
    Blob.objects.filter(pk=kept).update(used_at=now() + timedelta(hours=1))
    collect(at=now())
    assert bytes_kept() == {kept}


def test_a_download_goes_on_while_its_content_is_removed():
    content = b"x" * (3 * blobs.READ_BYTES)
    sha256 = blobs.put([content]).sha256
    reading = blobs.read_range(sha256, 0, len(content))
    first = next(reading)
    collect()
    assert not bytes_kept()
    assert first + b"".join(reading) == content


def test_what_is_collected_may_be_put_again():
    blobs.put([b"again"])
    collect()
    assert blobs.missing([sha(b"again")]) == [sha(b"again")]
    blobs.put([b"again"])
    assert b"".join(blobs.read(sha(b"again"))) == b"again"


def test_a_step_is_small_and_steps_come_past_everything(monkeypatch):
    monkeypatch.setattr(collecting, "MOST_BLOBS", 7)
    monkeypatch.setattr(collecting, "MOST_TREES", 3)
    for number in range(40):
        tree_of(a=b"%d" % number)
    place = Place()
    gone = [step(now() + LATER, place) for _ in range(40)]
    assert max(trees for trees, _ in gone) <= 3 and max(contents for _, contents in gone) <= 7
    assert not Tree.objects.exists() and not Blob.objects.exists()


# --- what deleting would free ----------------------------------------------------------------
def test_freed_counts_what_nobody_else_names():
    first = tree_of(a=b"1" * 10, b=b"2" * 100)
    second = tree_of(a=b"1" * 10, c=b"3" * 1000)
    make_run(snapshot=first)
    make_run(snapshot=second)
    assert freed([first]) == (1, 100)
    assert freed([first, second]) == (3, 1110)
    assert freed([]) == (0, 0)


def test_a_tree_that_two_rows_name_is_freed_when_both_go():
    tree = tree_of(a=b"1" * 10)
    make_run(snapshot=tree)
    make_run(snapshot=tree)
    assert freed([tree]) == (0, 0)
    assert freed([tree, tree]) == (1, 10)


def test_a_content_that_files_and_trees_name_is_freed_when_all_of_them_go():
    tree, content = tree_of(a=b"1" * 10), sha(b"1" * 10)
    run = make_run(snapshot=tree)
    run.files.create(path="outputs/a", blob_id=content)
    workspace = make_workspace()
    assert freed([tree]) == (0, 0)
    assert freed(blobs=[content]) == (0, 0)
    assert freed([tree], [content]) == (1, 10)
    StoredFile.objects.create(workspace=workspace, path="a", blob_id=content)
    assert freed([tree], [content]) == (0, 0)
    assert freed([tree], [content, content]) == (1, 10)


def test_freed_asks_little_for_a_large_tree():
    listing = [(f"{number:05}", blobs.put([b"%d" % number]).sha256) for number in range(1200)]
    tree = trees.make(listing)
    make_run(snapshot=tree)
    with CaptureQueriesContext(connection) as asked:
        assert freed([tree])[0] == 1200
    assert len(asked) < 12
