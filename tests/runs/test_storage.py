"""What a workspace keeps, by kind: each content once, and what only one kind has."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from registry import datasets, store
from runs import actors, outputs, storage
from runs.models import RunInput
from studio.files import collecting, trees
from studio.models import Blob, Tree, TreeFile
from tests.factories import make_blob, make_experiment, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.CACHE = tmp_path


@pytest.fixture
def asked(monkeypatch):
    """How often the worker was asked to count."""
    sent = []
    monkeypatch.setattr("studio.queue.send", lambda to, *args: sent.append(to))
    return sent


def counted(caller):
    storage.work()
    return caller.get(f"{caller.home}/storage").json()


def kept(files, size, alone):
    return {"files": files, "size_bytes": size, "alone_bytes": alone}


def test_a_content_counts_once_in_each_kind_and_alone_where_nothing_else_has_it(caller):
    experiment = make_experiment(workspace=caller.workspace)
    code = trees.make([("train.py", make_blob(b"c" * 50).sha256)])
    runs = [make_run(experiment=experiment, user=caller.user, snapshot=code) for _ in range(3)]
    shared, own = make_blob(b"a" * 1000), make_blob(b"b" * 300)
    outputs.add(runs[0], [("outputs/a.bin", shared.sha256), ("outputs/b.bin", own.sha256)])
    outputs.add(runs[1], [("outputs/a.bin", shared.sha256)])
    outputs.register_model(runs[0], caller.user, name="m", path="outputs/a.bin")
    store.put(caller.workspace, [("x/b.bin", own.sha256), ("y", make_blob(b"y" * 7).sha256)],
              overwrite=False)  # fmt: skip
    told = counted(caller)
    assert told["kinds"] == {
        "outputs": kept(3, 1300, 0),
        "code": kept(1, 50, 50),
        "datasets": kept(0, 0, 0),
        "models": kept(1, 1000, 0),
        "store": kept(2, 307, 7),
        "wheels": kept(0, 0, 0),
        "inputs": kept(0, 0, 0),
    }
    assert {name: told[name] for name in ("files", "size_bytes", "alone_bytes")} == kept(
        7, 1357, 1357
    )
    assert told["disk"]["free_bytes"] > 0 and told["limits"]["snapshot_files"] == 20_000


def test_what_two_workspaces_have_is_alone_in_neither(caller, stranger):
    blob = make_blob(b"z" * 40)
    for one in (caller, stranger):
        store.put(one.workspace, [("z", blob.sha256)], overwrite=False)
    told = counted(caller)
    assert told["kinds"]["store"] == kept(1, 40, 0)
    assert (told["size_bytes"], told["alone_bytes"]) == (40, 0)
    assert told["studio"]["size_bytes"] == 40


def test_what_nothing_names_is_said_and_data_of_a_dataset_counts_as_the_datasets(caller):
    make_blob(b"gone soon")
    tree = trees.make([("d", make_blob(b"d" * 11).sha256)])
    datasets.register(caller.workspace, caller.user, name="d", tree=tree)
    run = make_run(experiment=make_experiment(workspace=caller.workspace), user=caller.user)
    RunInput.objects.create(run=run, name="d", tree=tree)
    bare = trees.make([("e", make_blob(b"e" * 13).sha256)])
    RunInput.objects.create(run=run, name="e", tree=bare)
    told = counted(caller)
    assert told["kinds"]["datasets"] == kept(1, 11, 11)
    assert told["kinds"]["inputs"] == kept(1, 13, 13)
    assert told["studio"]["unused_bytes"] == len(b"gone soon")


def test_every_way_in_which_rows_name_contents_is_counted():
    """A new table that names trees or contents fails here until it has a kind."""
    named = {*collecting._naming(Blob, besides=()), *collecting._naming(Tree, besides=())}
    known = {(model, tree) for model, _, tree, _ in storage.OF_TREES}
    known |= {(model, "blob") for model, _, _ in storage.OF_FILES}
    assert named == known | {(TreeFile, "blob"), (TreeFile, "tree")}


def test_a_look_counts_nothing_it_asks_the_worker_once_and_again_when_it_is_old(
    caller, asked, as_user
):
    page = as_user(caller.user)
    here = f"/w/{caller.workspace.name}/_storage/"
    assert b"is being counted" in page.get(here).content
    assert page.get(here).status_code == 200 and asked == [actors.count_storage]
    storage.work()
    for number in range(60):
        make_blob(b"%d" % number)
    with CaptureQueriesContext(connection) as queries:
        assert "Count again" in page.get(here).content.decode()
    assert not [one["sql"] for one in queries if "studio_blob" in one["sql"]]
    assert len(asked) == 1
    page.post(here)
    page.post(here)
    assert len(asked) == 2  # it is under way
    storage._mark().unlink()
    before = storage._read()
    storage._keep({**before, "counted_at": (now() - timedelta(minutes=11)).isoformat()})
    told = caller.get(f"{caller.home}/storage").json()
    assert told["is_counting"] and len(asked) == 3


def test_a_stranger_is_told_nothing(caller, stranger):
    storage.work()
    assert stranger.get(f"{caller.home}/storage").status_code == 404
    assert stranger.get(f"/w/{caller.workspace.name}/_storage/").status_code in (302, 404)
