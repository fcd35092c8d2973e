"""Output datasets of nodes that end together, and of runs that are started again."""

import pytest
from django.db import connection
from django.utils.timezone import now

from registry import datasets, store
from registry.models import StoredFile
from runs import ending, output_datasets
from runs.models import Run, RunAsset, RunOutput
from runs.states import Reason, State
from studio.errors import Conflict
from studio.files import trees
from tests.factories import make_blob
from tests.runs.conftest import give_nodes
from tests.runs.test_output_datasets import finish, running, shown, write

pytestmark = pytest.mark.django_db
SHARED = {"name": "out", "mode": "upload", "destination": "shared"}


def lose_its_node(run):
    run.refresh_from_db()
    (task, *_) = run.tasks.filter(attempt=run.attempt)
    ending.finish(task, {"lost": {"type": "ProcessLost", "message": "gone"}}, now())
    run.refresh_from_db()
    assert run.state == State.QUEUED


def start_again(run):
    lose_its_node(run)
    give_nodes(run)
    Run.objects.filter(pk=run.pk).update(state=State.FINALIZING)
    run.refresh_from_db()


def texts(workspace):
    """What is stored under each path; contents here are named by their one letter."""
    named = {make_blob(letter.encode()).sha256: letter for letter in "abcde"}
    rows = StoredFile.objects.filter(workspace=workspace)
    return {row.path: named[row.blob_id] for row in rows}


def listed(run):
    (one,) = output_datasets.of(run)
    return {path for path, _, _ in trees.listing(one.tree)} if one.tree else set()


# --- started again -------------------------------------------------------------------------------
@pytest.mark.parametrize("destination", ["shared", None])
def test_what_an_earlier_start_stored_is_no_obstacle(caller, driver_of, destination):
    register = {"register": {"name": "clean"}}
    one = {**SHARED, "destination": destination, **register}
    run = running(caller, one, max_retries=2)
    place = destination or f"dataset/{run.run_id}/out"
    assert write(driver_of(run), x="a", y="a").status_code == 200
    for letter in "bc":
        start_again(run)
        reply = write(driver_of(run), x=letter)
        assert reply.status_code == 200, reply.content
        assert texts(caller.workspace) == {f"{place}/x": letter, f"{place}/y": "a"}
    finish(run)
    assert run.state == State.COMPLETED
    assert shown(caller, run)["dataset"] == "clean:1" and listed(run) == {"x"}


def test_what_others_put_in_its_place_meanwhile_is_not_its_own(caller, driver_of):
    run = running(caller, SHARED, max_retries=1)
    write(driver_of(run), x="a", y="a")
    store.put(caller.workspace, [("shared/x", make_blob(b"b").sha256)], overwrite=True)
    start_again(run)
    reply = write(driver_of(run), x="c", y="c")
    assert reply.status_code == 400
    assert "shared/x is in the store already" in reply.json()["error"]["message"]
    assert texts(caller.workspace) == {"shared/x": "b", "shared/y": "a"}  # none of it


def test_what_lay_there_before_stays_not_its_own_with_the_same_content(caller, driver_of):
    store.put(caller.workspace, [("shared/x", make_blob(b"a").sha256)], overwrite=True)
    run = running(caller, SHARED, max_retries=1)
    assert write(driver_of(run), x="a").status_code == 200
    start_again(run)
    assert write(driver_of(run), x="b").status_code == 400
    assert texts(caller.workspace) == {"shared/x": "a"}


def test_another_run_does_not_replace_what_a_run_stored(caller, driver_of):
    assert write(driver_of(running(caller, SHARED)), x="a").status_code == 200
    assert write(driver_of(running(caller, SHARED)), x="b").status_code == 400
    assert texts(caller.workspace) == {"shared/x": "a"}


def test_a_folder_with_the_runs_own_id_is_its_own(caller, driver_of):
    run = running(caller, {**SHARED, "destination": "of/{run-id}"})
    place = f"of/{run.run_id}/x"  # put there by its own script, say
    store.put(caller.workspace, [(place, make_blob(b"a").sha256)], overwrite=True)
    assert write(driver_of(run), x="b").status_code == 200
    assert texts(caller.workspace) == {place: "b"}


def test_a_late_word_of_an_earlier_start_changes_nothing(caller, driver_of):
    run = running(caller, {"name": "out"}, max_retries=1)
    (old,) = run.tasks.all()
    before = Run.objects.get(pk=run.pk)  # as a call has it that was let in before the move
    start_again(run)
    files = [("late", make_blob(b"a").sha256)]
    for given in (files, []):
        with pytest.raises(Conflict, match="was started again"):
            output_datasets.take(before, "out", given, "left out: late")
    url = f"/api/v1/driver/output-datasets/out?task={old.task_id}"
    reply = driver_of(run).post(url, {"files": files, "text": "left out: late"}, format="json")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "conflict")
    assert (listed(run), shown(caller, run)["text"], texts(caller.workspace)) == (set(), "", {})


def test_a_run_that_is_started_again_while_a_tree_is_made_has_none_of_it(
    caller, driver_of, monkeypatch
):
    run = running(caller, {"name": "out"}, max_retries=1)
    make = trees.make

    def slow(files):
        tree = make(files)
        lose_its_node(Run.objects.get(pk=run.pk))
        return tree

    driver = driver_of(run)
    monkeypatch.setattr(trees, "make", slow)
    assert write(driver, late="a").status_code == 409
    assert (listed(run), texts(caller.workspace)) == (set(), {})


# --- several nodes -------------------------------------------------------------------------------
def test_of_two_nodes_files_of_one_path_the_later_one_is_kept(caller, driver_of):
    run = running(caller, SHARED, node_count=2)
    for letter in "abb":  # the last of them once more: a call may repeat
        assert write(driver_of(run), same=letter, **{letter: letter}).status_code == 200
    assert texts(caller.workspace) == {"shared/a": "a", "shared/b": "b", "shared/same": "b"}
    assert listed(run) == {"a", "b", "same"}


def test_a_tree_is_made_while_others_may_write_and_again_where_one_was_faster(
    caller, driver_of, monkeypatch
):
    run = running(caller, {"name": "out"}, node_count=2)
    driver, make, outside = driver_of(run), trees.make, len(connection.savepoint_ids)
    made = []

    def slow(files):
        assert len(connection.savepoint_ids) == outside, "made in a transaction"
        made.append(sorted(path for path, _ in files))
        if len(made) == 1:
            assert write(driver, faster="a").status_code == 200
        return make(files)

    monkeypatch.setattr(trees, "make", slow)
    assert write(driver, slower="b").status_code == 200
    assert made == [["slower"], ["faster"], ["faster", "slower"]]
    assert listed(run) == {"faster", "slower"}


def test_what_two_nodes_say_at_once_is_all_kept(caller):
    run = running(caller, {"name": "out"}, node_count=2)
    first, second = run.output_datasets.get(), run.output_datasets.get()
    output_datasets._note(first, "left out: a")
    output_datasets._note(second, "left out: b")
    assert shown(caller, run)["text"] == "left out: a; left out: b"


# --- registering ---------------------------------------------------------------------------------
def test_all_versions_of_a_run_are_made_or_none(caller, driver_of):
    outputs = [{"name": name, "register": {"name": f"set-{name}"}} for name in ("a", "b", "empty")]
    run = running(caller, *outputs)
    for name in "ab":
        write(driver_of(run), name=name, x="a")
    # As if what is allowed had changed since it was submitted.
    RunOutput.objects.filter(run=run, name="b").update(register={"name": "no name"})
    finish(run)
    assert (run.state, run.reason) == (State.FAILED, Reason.OUTPUT_FAILED)
    assert not datasets.listed(caller.workspace).exists()
    assert not RunAsset.objects.filter(run=run).exists()
    told = {one.name: (one.version, one.text) for one in output_datasets.of(run)}
    assert told["a"] == (None, "")
    assert told["b"][1].startswith("output b: dataset name 'no name' is not allowed")
    assert told["empty"][1] == "nothing was written, so dataset set-empty got no version"
