"""Datasets that runs read: asked for at submission, told to drivers, laid out once for all."""

from datetime import timedelta

import pytest
from django.utils.timezone import now as clock

from compute import mounts
from registry import datasets
from runs import actors, inputs
from runs.models import Run, RunInput
from runs.states import Reason, State
from studio.files import trees
from tests.factories import make_blob, make_tree
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db
ARGUMENT = "DatasetConsumptionConfig:mnist"


@pytest.fixture(autouse=True)
def cache(settings, tmp_path):
    settings.CACHE = tmp_path / "cache"
    inputs._asked.clear()


@pytest.fixture
def mnist(caller):
    tree = make_tree(a="one", b="two")
    return datasets.register(caller.workspace, caller.user, name="mnist", tree=tree)[0]


def submitted(caller, *given, **order):
    reply = caller.submit(inputs=list(given), **order)
    assert reply.status_code == 201, reply.content
    return Run.objects.get(run_id=reply.json()["run_id"])


def refused(caller, *given, **order):
    reply = caller.submit(inputs=list(given), **order)
    assert reply.status_code in (400, 404), reply.content
    assert not Run.objects.exists()
    return reply.json()["error"]


def test_a_run_keeps_the_versions_that_it_reads(caller, mnist):
    loose = make_tree(c="three")
    run = submitted(
        caller,
        {"name": "mnist", "dataset": "mnist:1", "path": "data"},
        {"name": "newest", "dataset": "mnist", "mode": "download"},
        {"name": "loose", "tree": loose.sha256, "mode": "direct"},
        arguments=["--data", ARGUMENT],
    )
    rows = [(one.name, one.version, one.tree, one.mode) for one in run.inputs.all()]
    tree = mnist.dataset.tree
    assert rows == [
        ("mnist", mnist, tree, "mount"),
        ("newest", mnist, tree, "download"),
        ("loose", None, loose, "direct"),
    ]
    shown = caller.get(f"/api/v1/runs/{run.run_id}").json()["inputs"]
    assert shown[0] == {
        "name": "mnist", "dataset": "mnist:1", "tree": tree.sha256, "form": "file",
        "mode": "mount", "path": "data", "file_count": 2, "size_bytes": 6,
    }  # fmt: skip
    assert [one["dataset"] for one in shown] == ["mnist:1", "mnist:1", None]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a b", "dataset": "mnist"}, "letters, digits and underscores"),
        ({"name": "", "dataset": "mnist"}, "letters, digits and underscores"),
        ({"name": "é", "dataset": "mnist"}, "letters, digits and underscores"),
        ({"dataset": "mnist"}, "letters, digits and underscores"),
        ({"name": "x", "dataset": "mnist", "mode": "stream"}, "a mode is one of mount"),
        ({"name": "x", "dataset": "nothing"}, 'input x: no dataset "nothing"'),
        ({"name": "x", "dataset": "mnist:7"}, "input x: dataset mnist has no version 7"),
        ({"name": "x", "tree": "0" * 64}, "input x: no tree"),
        ({"name": "x"}, "input x:"),
        ({"name": "x", "dataset": "mnist", "path": 3}, "must be text"),
        ({"name": "x", "dataset": "mnist", "where": "y"}, "an input is"),
        ("mnist", "an input is"),
    ],
)
def test_an_input_that_cannot_be_is_refused_before_anything_is_made(caller, mnist, given, words):
    assert words in refused(caller, given)["message"]


def test_the_inputs_are_a_list_of_different_names(caller, mnist):
    one = {"name": "x", "dataset": "mnist"}
    assert 'two inputs are named "x"' in refused(caller, one, one)["message"]
    reply = caller.submit(inputs={"x": "mnist"})
    assert (reply.status_code, '"inputs" is a list' in reply.json()["error"]["message"]) == (
        400,
        True,
    )


def test_an_argument_that_stands_for_no_input_is_refused(caller, mnist):
    error = refused(caller, {"name": "other", "dataset": "mnist"}, arguments=[ARGUMENT])
    assert 'the input "mnist", which is not among the inputs: other' in error["message"]
    assert "arguments" in error["fields"]


def test_the_dataset_of_another_workspace_is_not_there(stranger, mnist):
    assert 'no dataset "mnist"' in refused(stranger, {"name": "x", "dataset": "mnist:1"})["message"]


def test_a_driver_is_told_of_inputs_and_reads_their_files_and_no_others(caller, mnist, driver_of):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    driver = driver_of(run)
    (told,) = driver.get("/api/v1/driver/job").json()["inputs"]
    assert (told["name"], told["mode"], told["title"]) == ("mnist", "mount", "mnist:1")
    files = driver.get("/api/v1/driver/inputs/mnist").json()
    one = make_blob(b"one").sha256
    assert files == {"files": [["a", one, 3], ["b", make_blob(b"two").sha256, 3]], "next": None}
    bytes_ = driver.get(f"/api/v1/driver/blobs/{one}")
    assert b"".join(bytes_.streaming_content) == b"one"
    other = make_blob(b"of another")
    assert driver.get(f"/api/v1/driver/blobs/{other.sha256}").status_code == 404
    unknown = driver.get("/api/v1/driver/inputs/cifar")
    assert (unknown.status_code, "its inputs: mnist" in unknown.json()["error"]["message"]) == (
        404,
        True,
    )


def test_many_files_come_page_by_page(caller, driver_of, monkeypatch):
    monkeypatch.setattr(inputs, "FILES_AT_ONCE", 3)
    blob = make_blob(b"same").sha256
    paths = ["a!", "a b", "a/x", "z/ä", "z/日本", "q+?&=#%", "m"]
    tree = trees.make((path, blob) for path in paths)
    run = on_its_nodes(caller, inputs=[{"name": "x", "tree": tree.sha256}])
    driver, found, cursor, pages = driver_of(run), [], "", 0
    while cursor is not None:
        answer = driver.get("/api/v1/driver/inputs/x", {"cursor": cursor}).json()
        found += answer["files"]
        cursor, pages = answer["next"], pages + 1
    assert [path for path, _, _ in found] == sorted(paths)
    assert pages == 3


def test_a_driver_waits_until_its_files_are_laid_out(
    caller, mnist, driver_of, django_capture_on_commit_callbacks
):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    driver, url = driver_of(run), "/api/v1/driver/inputs/mnist"
    with django_capture_on_commit_callbacks() as after_commit:
        answer = driver.post(url, {"first": True}, format="json").json()
    assert (answer["state"], answer["place"]) == ("waiting", "")
    run.refresh_from_db()
    assert run.waits_for == "mnist:1 is laid out on its node: 2 files"
    (sent,) = [one.args for one in after_commit if one.args and one.args[0] is actors.lay_out]
    actors.lay_out.fn(*sent[1])
    answer = driver.post(url, {}, format="json").json()
    place = mounts.place(mnist.dataset.tree) / "tree"
    assert (answer["state"], answer["place"]) == ("ready", str(place))
    assert (place / "a").read_text() == "one"


def test_a_message_that_was_lost_is_sent_again_after_a_while(caller, mnist, driver_of, monkeypatch):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    one = inputs.named(run, "mnist")
    assert [inputs.looked_for(one, is_first=False)[1] for _ in range(3)] == [True, False, False]
    monkeypatch.setattr(inputs, "ASKED_AGAIN_S", 0.0)
    assert inputs.looked_for(one, is_first=False)[1]


def test_a_run_says_that_its_files_wait_for_storage_that_is_away(caller, mnist, driver_of):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    driver, url = driver_of(run), "/api/v1/driver/inputs/mnist"
    mounts.place(mnist.dataset.tree).joinpath("away").write_text("the bucket does not answer")
    answer = driver.post(url, {}, format="json").json()
    assert answer["state"] == "waiting"
    run.refresh_from_db()
    assert run.waits_for == "mnist:1 cannot be laid out yet: the bucket does not answer"
    inputs.lay(mnist.dataset.tree.pk)
    assert driver.post(url, {}, format="json").json()["state"] == "ready"


def test_what_failed_once_is_tried_again_for_the_next_run(caller, mnist, driver_of):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    driver, url = driver_of(run), "/api/v1/driver/inputs/mnist"
    mounts.place(mnist.dataset.tree).joinpath("trouble").write_text("the disk was full")
    answer = driver.post(url, {}, format="json").json()
    assert (answer["state"], answer["text"]) == ("failed", "the disk was full")
    assert driver.post(url, {"first": True}, format="json").json()["state"] == "waiting"


def test_an_engine_elsewhere_has_its_files_fetched(caller, mnist, driver_of, settings):
    run = on_its_nodes(caller, inputs=[{"name": "mnist", "dataset": "mnist"}])
    settings.DOCKER_URL = "tcp://elsewhere:2376"
    type(run.cluster).objects.filter(pk=run.cluster_id).update(backend="docker")
    answer = driver_of(run).post("/api/v1/driver/inputs/mnist", {}, format="json").json()
    assert answer == {"state": "fetch", "place": "", "text": ""}
    run.refresh_from_db()
    assert inputs.reads(run) == []


def test_a_task_may_read_the_folders_of_its_inputs_alone(caller, mnist):
    direct = {"name": "d", "tree": make_tree(c="x").sha256, "mode": "direct"}
    one, again = ({"name": name, "dataset": "mnist"} for name in ("train", "test"))
    run = on_its_nodes(caller, inputs=[one, again, direct])
    assert inputs.reads(run) == [str(mounts.place(mnist.dataset.tree))]


def test_what_a_run_that_has_not_ended_reads_is_never_removed(caller, mnist, settings):
    run = submitted(caller, {"name": "mnist", "dataset": "mnist"})
    inputs.lay(mnist.dataset.tree.pk)
    settings.CACHE_MAX_BYTES = 1
    other = make_tree(c="three")
    inputs.lay(other.pk)
    assert mounts.ready(mnist.dataset.tree) is not None
    Run.objects.filter(pk=run.pk).update(
        state=State.CANCELED, reason=Reason.CANCELED, ended_at=clock() - timedelta(hours=1)
    )
    inputs.lay(make_tree(d="four").pk)
    assert mounts.ready(mnist.dataset.tree) is None


def test_a_tree_that_was_deleted_meanwhile_is_nothing_to_lay_out(caller):
    inputs.lay(2**31)
    assert not RunInput.objects.exists()
