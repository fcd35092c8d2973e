"""A run is removed with what only it has; what others have of it stays."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from compute.models import ImageBuild
from registry.models import ModelVersion
from runs import outputs, removing, supervising
from runs.models import MetricLevel, MetricSegment, MetricSeries, Run, RunEvent, RunFile, RunInput
from runs.states import State
from studio import streams
from studio.files import blobs, trees
from studio.files.collecting import Place, step
from studio.models import Blob, Stream, StreamChunk, StreamTime, Tree
from tests.factories import AT, make_experiment, make_run
from tests.runs.series import log

pytestmark = pytest.mark.django_db
LINE = b"a line\n" * 100
POINTS = 20_000


def an_ended_run(caller, **fields) -> Run:
    experiment = make_experiment(workspace=caller.workspace)
    run = make_run(
        **{
            "experiment": experiment,
            "state": State.COMPLETED,
            "cleaned_at": AT,
            "user": caller.user,
            **fields,
        }
    )
    with_log(run)
    outputs.add(run, [("outputs/a.bin", blobs.put([b"a" * 1000]).sha256)])
    log(run, [0.5] * POINTS)
    return run


def with_log(run: Run, path: str = "azureml-logs/70_driver_log.txt") -> Stream:
    stream = streams.create()
    streams.append(stream.pk, 0, LINE)
    run.logs.create(path=path, stream=stream)
    return stream


def address(run: Run) -> str:
    return f"/api/v1/runs/{run.run_id}"


def test_a_run_goes_with_all_it_has_and_says_first_what_that_frees(caller):
    code = trees.make([("train.py", blobs.put([b"c" * 50]).sha256)])
    run = an_ended_run(caller, snapshot=code)
    frees = {
        "files": 2, "size_bytes": 1050, "log_bytes": len(LINE), "points": POINTS
    }  # fmt: skip
    told = caller.get(f"{address(run)}/removal").json()
    assert told == {**frees, "stays": [], "stay_count": 0, "refused": []}
    gone = caller.client.delete(address(run))
    assert (gone.status_code, gone.json()) == (200, frees)
    assert caller.get(address(run)).status_code == 404
    of_it = (Run, RunEvent, RunFile, Stream, StreamChunk, StreamTime)
    of_it += (MetricSeries, MetricSegment, MetricLevel)
    assert [model.__name__ for model in of_it if model.objects.exists()] == []
    step(now() + timedelta(hours=25), Place())
    assert not Blob.objects.exists() and not Tree.objects.exists()


def test_what_others_have_of_it_stays(caller):
    run = an_ended_run(caller)
    other = make_run(experiment=run.experiment, snapshot=run.snapshot)
    log(other, [1.0] * 10)
    outputs.add(other, [("outputs/same.bin", run.files.get().blob_id)])
    model = outputs.register_model(run, caller.user, name="m", path="outputs/a.bin")
    told = caller.get(f"{address(run)}/removal").json()
    assert (told["files"], told["stay_count"]) == (0, 1)
    assert told["stays"] == [{"name": "m:1", "page": "/w/lab/models/m/1/"}]
    assert caller.client.delete(address(run)).status_code == 200
    step(now() + timedelta(hours=25), Place())
    tree = ModelVersion.objects.get(version=model).tree
    assert [b"".join(blobs.read(sha256)) for _, sha256, _ in trees.listing(tree)] == [b"a" * 1000]
    other.refresh_from_db()
    assert b"".join(blobs.read(other.snapshot.files.get().blob_id))
    assert MetricSeries.objects.get().count == 10


def test_the_data_that_it_read_is_not_its_own(caller):
    data = trees.make([("d", blobs.put([b"d" * 7]).sha256)])
    run = an_ended_run(caller)
    RunInput.objects.create(run=run, name="data", tree=data)
    kept = make_run(experiment=run.experiment)
    RunInput.objects.create(run=kept, name="data", tree=data)
    with_data = removing.preview([run])["files"]
    kept.inputs.all().delete()
    assert removing.preview([run])["files"] == with_data + 1, "now only this run names it"


def test_the_log_of_an_image_build_is_the_builds(caller):
    run = an_ended_run(caller)
    shared = with_log(run, "azureml-logs/20_image_build_log.txt")
    build = ImageBuild.objects.create(recipe_digest="d", recipe={}, asked_at=AT, log=shared)
    assert caller.get(f"{address(run)}/removal").json()["log_bytes"] == len(LINE)
    caller.client.delete(address(run))
    assert ImageBuild.objects.get() == build
    shared.refresh_from_db()
    assert b"".join(streams.chunks_of(shared)) == LINE
    assert Stream.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": State.RUNNING, "cleaned_at": None}, "cancel it first"),
        ({"state": State.COMPLETED, "cleaned_at": None}, "try again"),
    ],
)
def test_a_run_that_has_not_ended_stays(caller, fields, words):
    run = an_ended_run(caller, **fields)
    refused = caller.client.delete(address(run))
    assert refused.status_code == 409 and words in refused.json()["error"]["message"]
    assert MetricSeries.objects.exists() and StreamChunk.objects.exists()


def test_who_may_remove_it(caller, reader, stranger, driver_of):
    run = an_ended_run(caller)
    assert reader.client.delete(address(run)).status_code == 403
    assert stranger.client.delete(address(run)).status_code == 404
    assert driver_of(run).delete(address(run)).status_code == 403
    assert driver_of(run).get(f"{address(run)}/removal").status_code == 403
    assert reader.get(f"{address(run)}/removal").status_code == 200
    assert Run.objects.filter(pk=run.pk).exists()


def test_what_a_kill_left_is_removed_by_supervise(caller, monkeypatch):
    run, stays = an_ended_run(caller), an_ended_run(caller)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as killed:
        killed.setattr(
            removing._Going, "remove", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        removing.remove(run)
    run.refresh_from_db()
    assert run.archived_at and run.waits_for == "it is being removed"
    supervising.once(now())
    assert list(Run.objects.all()) == [stays]
    assert StreamChunk.objects.values_list("stream__pk", flat=True).distinct().count() == 1


def test_no_statement_removes_more_than_a_portion(caller, monkeypatch):
    monkeypatch.setattr(removing, "AT_ONCE", 10)
    run = an_ended_run(caller)
    stream = run.logs.get().stream
    for number in range(1, 46):
        StreamChunk.objects.create(stream=stream, offset=10**6 * number, first_line=0, data=b"x")
        StreamTime.objects.create(stream=stream, line=number, at=now())
    monkeypatch.setattr(removing, "SMALL_AT_ONCE", 20)
    with CaptureQueriesContext(connection) as asked:
        removing.remove(run)
    times = [query["sql"] for query in asked if 'DELETE FROM "studio_streamtime"' in query["sql"]]
    assert len(times) == 4  # three portions of the 46, and of the stream itself whatever is left
    chunks = [
        query["sql"]
        for query in asked
        if query["sql"].startswith("DELETE") and "streamchunk" in query["sql"]
    ]
    assert len(chunks) >= 46 // 10
    assert max(sql.count(",") for sql in chunks) < 10


def test_supervise_removes_for_some_time_and_goes_on_later(caller, monkeypatch):
    monkeypatch.setattr(removing, "AT_ONCE", 1)
    monkeypatch.setattr(removing, "ROUND_S", 0)
    run = an_ended_run(caller)
    outputs.add(run, [("outputs/b.bin", blobs.put([b"b"]).sha256)])
    Run.objects.filter(pk=run.pk).update(waits_for=removing.MARK)
    removing.go_on()
    assert Run.objects.exists(), "a large run takes more than one round"
    for _ in range(100):
        removing.go_on()
    assert not Run.objects.exists()
