"""Output datasets: asked for at submission, filled by drivers, registered when all is well."""

import pytest
from django.utils.timezone import now

from compute import clusters
from registry import datasets, store
from registry import removing as deleting
from registry.models import StoredFile
from runs import ending, output_datasets, removing, tasks
from runs.models import Run, RunAsset
from runs.states import Reason, State
from tests.factories import make_blob
from tests.runs.conftest import give_nodes, on_its_nodes

pytestmark = pytest.mark.django_db
ARGUMENT = "DatasetOutputConfig:out"
WELL = {"exit_code": 0, "signal": None, "error": {}, "canceled": False, "undelivered": ""}


def running(caller, *given, **order):
    run = on_its_nodes(caller, output_datasets=list(given), **order)
    for task in tasks.of(run):  # the next one needs its nodes
        clusters.release(task.task_id, now())
    for state in (State.RUNNING, State.FINALIZING):
        Run.objects.filter(pk=run.pk).update(state=state)
    run.refresh_from_db()
    return run


def write(driver, name="out", text="", **files):
    pairs = [
        [path.replace("__", "/"), make_blob(body.encode()).sha256] for path, body in files.items()
    ]
    body = {"files": pairs, "text": text}
    return driver.post(f"/api/v1/driver/output-datasets/{name}", body, format="json")


def finish(run, **said):
    for task in tasks.of(run):
        ending.finish(task, {**WELL, **said}, now())
    run.refresh_from_db()
    return run


def stored(workspace):
    rows = StoredFile.objects.filter(workspace=workspace).select_related("blob")
    return {row.path: row.blob.size_bytes for row in rows}


def shown(caller, run):
    (found,) = caller.get(f"/api/v1/runs/{run.run_id}").json()["output_datasets"]
    return found


def test_a_run_keeps_what_it_is_to_write_and_its_driver_is_told(caller, driver_of):
    register = {"name": "clean", "tags": {"a": 1}, "description": "x"}
    run = running(
        caller,
        {"name": "out", "mode": "upload", "destination": "/a/{run-id}/{output-name}/",
         "path": "made", "overwrite": True, "globs": ["*.csv"], "register": register},
        arguments=["--to", ARGUMENT],
    )  # fmt: skip
    place = f"a/{run.run_id}/out"
    assert shown(caller, run) == {
        "name": "out", "mode": "upload", "destination": place, "path": "made", "overwrite": True,
        "globs": ["*.csv"], "dataset": None, "tree": None, "file_count": 0, "size_bytes": 0,
        "text": "", "register": {"name": "clean", "tags": {"a": "1"}, "description": "x",
                                 "form": "file", "reading": {}},
    }  # fmt: skip
    (told,) = driver_of(run).get("/api/v1/driver/job").json()["output_datasets"]
    assert told == {
        "name": "out", "mode": "upload", "destination": place, "path": "made", "globs": ["*.csv"],
    }  # fmt: skip
    assert output_datasets.again(run)[0]["destination"] == "a/{run-id}/{output-name}"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a b"}, "letters, digits and underscores"),
        ({}, "letters, digits and underscores"),
        ({"name": "x", "mode": "direct"}, "a mode is one of upload, mount"),
        ({"name": "x", "destination": "../up"}, "output x: the path"),
        ({"name": "x", "destination": "a/{run_id}"}, "{run_id} in the destination stands for"),
        ({"name": "x", "destination": 3}, "must be text"),
        ({"name": "x", "overwrite": "yes", "mode": "upload"}, "overwrite is true or false"),
        ({"name": "x", "globs": "*.csv"}, "a list of at most"),
        ({"name": "x", "register": {"name": "a b"}}, 'output x: dataset name "a b"'),
        ({"name": "x", "register": {}}, "is not allowed"),
        ({"name": "x", "register": {"name": "a", "form": "cube"}}, "a form is one of file"),
        ({"name": "x", "register": {"name": "a", "form": "tabular"}}, "needs a format"),
        ({"name": "x", "register": {"name": "a", "owner": "b"}}, "and nothing else"),
        ({"name": "x", "where": "y"}, "and nothing else"),
        ("x", "an output dataset has"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_made(caller, given, words):
    reply = caller.submit(output_datasets=[given])
    assert reply.status_code == 400, reply.content
    message = reply.json()["error"]["message"].replace("'", '"')
    assert words in message, message
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"output_datasets": [{"name": "out"}, {"name": "out"}]}, 'two output datasets are named'),
        ({"output_datasets": {"out": 1}}, '"output_datasets" is a list'),
        ({"output_datasets": [{"name": "other"}], "arguments": [ARGUMENT]},
         'the output dataset "out", which is not among the output datasets: other'),
    ],
)  # fmt: skip
def test_outputs_are_a_list_of_different_names(caller, order, words):
    reply = caller.submit(**order)
    assert (reply.status_code, words in reply.json()["error"]["message"]) == (400, True)


def test_an_input_and_an_output_cannot_have_one_name(caller):
    tree = datasets.trees.make([("a", make_blob(b"1").sha256)])
    one = {"name": "out", "tree": tree.sha256}
    reply = caller.submit(inputs=[one], output_datasets=[{"name": "out"}])
    assert 'an input and an output dataset are named "out"' in reply.json()["error"]["message"]


def test_what_was_written_is_in_the_store_and_when_all_is_well_a_version(caller, driver_of):
    run = running(caller, {"name": "out", "register": {"name": "clean", "tags": {"a": "b"}}})
    driver = driver_of(run)
    assert write(driver, a="one", deep__b="three").status_code == 200
    assert write(driver, a="one", deep__b="three").status_code == 200  # the call may repeat
    place = f"dataset/{run.run_id}/out"
    assert stored(caller.workspace) == {f"{place}/a": 3, f"{place}/deep/b": 5}
    assert not datasets.listed(caller.workspace).exists()  # not before the run is Completed
    finish(run)
    assert (run.state, run.reason) == (State.COMPLETED, Reason.SUCCEEDED)
    version = datasets.get(caller.workspace, "clean")
    assert [path for path, _, _ in datasets.tree_files(version.dataset.tree)] == ["a", "deep/b"]
    assert version.tags == {"a": "b"} and version.created_by == caller.user
    assert version.dataset.source == [f"('workspaceblobstore', '{place}')"]
    facts = shown(caller, run)
    assert (facts["dataset"], facts["file_count"], facts["size_bytes"]) == ("clean:1", 2, 8)
    (link,) = RunAsset.objects.filter(run=run, direction="out")
    assert link.version == version and list(output_datasets.made(version)) == [run]


def test_the_next_run_makes_the_next_version_and_the_same_files_the_same_one(caller, driver_of):
    for number, text in ((1, "one"), (2, "two"), (1, "one")):
        run = running(caller, {"name": "out", "register": {"name": "clean"}})
        write(driver_of(run), a=text)
        finish(run)
        assert shown(caller, run)["dataset"] == f"clean:{number}"


def test_a_run_that_is_started_again_makes_a_version_of_its_last_attempt(caller, driver_of):
    run = running(caller, {"name": "out", "register": {"name": "clean"}}, max_retries=1)
    write(driver_of(run), a="half", text="left out: b")
    for task in tasks.of(run):
        ending.finish(task, {"lost": {"type": "ProcessLost", "message": "gone"}}, now())
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.QUEUED, 2)
    give_nodes(run)
    Run.objects.filter(pk=run.pk).update(state=State.FINALIZING)
    run.refresh_from_db()
    write(driver_of(run), b="whole")
    finish(run)
    facts = shown(caller, run)
    assert (facts["dataset"], facts["file_count"], facts["text"]) == ("clean:1", 1, "")


def test_several_nodes_fill_one_dataset(caller, driver_of):
    run = running(caller, {"name": "out", "register": {"name": "clean"}}, node_count=2)
    driver = driver_of(run)
    write(driver, rank0="x", same="1", text="left out: y")
    write(driver, rank1="y", same="2", text="left out: y")
    write(driver, text="")  # a node that wrote nothing
    finish(run)
    facts = shown(caller, run)
    assert (facts["dataset"], facts["file_count"], facts["text"]) == ("clean:1", 3, "left out: y")


@pytest.mark.parametrize("said", [{"exit_code": 1}, {"exit_code": None, "canceled": True}])
def test_a_run_that_was_not_well_registers_nothing(caller, driver_of, said):
    run = running(caller, {"name": "out", "register": {"name": "clean"}})
    write(driver_of(run), a="one")
    finish(run, **said)
    assert run.state in (State.FAILED, State.CANCELED)
    assert not datasets.listed(caller.workspace).exists()
    facts = shown(caller, run)
    assert facts["dataset"] is None and facts["tree"]


def test_nothing_written_makes_no_version_in_words(caller, driver_of):
    run = running(caller, {"name": "out", "register": {"name": "clean"}})
    write(driver_of(run))
    finish(run)
    assert run.state == State.COMPLETED
    assert shown(caller, run)["text"] == "nothing was written, so dataset clean got no version"
    assert not datasets.listed(caller.workspace).exists()


def test_what_is_in_the_store_is_replaced_only_where_that_was_asked(caller, driver_of):
    old, same = make_blob(b"old").sha256, make_blob(b"same").sha256
    there = [("place/a", old), ("place/c", same)]
    store.put(caller.workspace, there, overwrite=True)
    one = {"name": "out", "mode": "upload", "destination": "place"}
    run = running(caller, one)
    reply = write(driver_of(run), a="other", b="new", c="same")
    assert reply.status_code == 400
    words = reply.json()["error"]["message"]
    assert words.startswith("output out: place/a is in the store already with other content")
    assert "overwrite=True" in words
    assert "place/b" not in stored(caller.workspace)  # all of it or nothing
    facts = shown(caller, run)
    assert facts["text"] == words and facts["file_count"] == 3  # with the run it stays
    for more in ({"overwrite": True}, {"mode": "mount"}):
        assert write(driver_of(running(caller, {**one, **more})), a="other").status_code == 200
    assert stored(caller.workspace)["place/a"] == 5


def test_a_file_in_the_place_of_a_folder_is_refused_in_words(caller, driver_of):
    store.put(caller.workspace, [("place", make_blob(b"old").sha256)], overwrite=True)
    reply = write(driver_of(running(caller, {"name": "out", "destination": "place"})), a="x")
    assert reply.status_code == 400  # 409 would tell the driver that its run has ended
    assert "place is a file in the store" in reply.json()["error"]["message"]


def test_a_run_whose_output_was_refused_fails_though_its_script_did_well(caller):
    run = running(caller, {"name": "out"})
    error = {"type": "OutputNotKept", "message": "output out: no room"}
    finish(run, error=error)
    assert (run.state, run.reason) == (State.FAILED, Reason.OUTPUT_FAILED)
    assert run.error["message"] == "output out: no room"
    assert run.events.last().text == "output out: no room"


def test_too_many_files_and_unsafe_names_are_refused(caller, driver_of, monkeypatch):
    driver = driver_of(running(caller, {"name": "out"}))
    monkeypatch.setattr(output_datasets, "MOST_FILES", 2)
    reply = write(driver, a="1", b="2", c="3")
    assert "at most 2 files" in reply.json()["error"]["message"]
    sha256 = make_blob(b"x").sha256
    url = "/api/v1/driver/output-datasets/out"
    for path in ("../up", "/top", "a\n"):
        body = {"files": [[path, sha256]]}
        assert driver.post(url, body, format="json").status_code == 400
    missing = driver.post(url, {"files": [["a", "0" * 64]]}, format="json")
    assert missing.json()["error"]["code"] == "missing_blobs"
    assert stored(caller.workspace) == {}


def test_an_output_that_the_run_has_not_is_refused(caller, driver_of):
    driver = driver_of(running(caller, {"name": "out"}))
    reply = write(driver, name="other", a="1")
    assert (reply.status_code, "its outputs: out" in reply.json()["error"]["message"]) == (
        404,
        True,
    )


def test_nobody_but_the_run_itself_says_what_was_written(caller, driver_of):
    run = running(caller, {"name": "out"})
    reply = caller.post("/api/v1/driver/output-datasets/out", {"files": []})
    assert reply.status_code == 403
    finish(run)
    assert write(driver_of(run), a="1").status_code == 409


def test_a_version_outlives_its_run_and_a_deleted_one_is_said(caller, driver_of):
    run = running(caller, {"name": "out", "register": {"name": "clean"}})
    write(driver_of(run), a="one")
    finish(run)
    version = datasets.get(caller.workspace, "clean")
    other = running(caller, {"name": "out", "register": {"name": "clean"}})
    write(driver_of(other), a="two")
    finish(other)
    deleting.delete_version(datasets.get(caller.workspace, "clean", 2), caller.user)
    assert shown(caller, other)["dataset"] is None
    Run.objects.filter(pk=run.pk).update(cleaned_at=now())
    run.refresh_from_db()
    told = caller.get(f"/api/v1/runs/{run.run_id}/removal").json()
    assert told["stays"] == [{"name": "clean:1", "page": "/w/lab/data/clean/1/"}]
    removing.remove(run)
    assert datasets.get(caller.workspace, "clean") == version
    assert f"dataset/{run.run_id}/out/a" in stored(caller.workspace)
