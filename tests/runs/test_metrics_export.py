"""All points of a run as a file: exactly what was logged, streamed, however many there are."""

import asyncio
import csv
import io
import json
import math
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest
from django.core.handlers.asgi import ASGIRequest
from rest_framework.test import force_authenticate

from runs import metrics, metrics_api
from runs.metrics.batches import Batch
from runs.models import MetricKind, Run
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db
LOSS = [0.1, math.nan, math.inf, -math.inf, 1e-300, 0.30000000000000004]
TIMES = [1700000000.125 + number for number in range(6)]


@pytest.fixture
def run(caller) -> Run:
    run = on_its_nodes(caller)
    steps, times = np.arange(6, dtype=np.int64) * 10, np.array(TIMES)
    metrics.append(run, "1-abcdef01", 1, [
        Batch('train/loss, "mean"', MetricKind.FLOAT, steps, times, np.array(LOSS)),
        Batch("epoch", MetricKind.INT, steps[:2], times[:2], np.array([1.0, 2.0])),
        Batch("is_good", MetricKind.BOOL, steps[:2], times[:2], np.array([1.0, 0.0])),
        Batch("note", MetricKind.TEXT, steps[:1], times[:1], ['first "line"\nsecond, line']),
    ])  # fmt: skip
    return run


def body(answer) -> str:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def address(run: Run) -> str:
    return f"/api/v1/runs/{run.run_id}/metrics/export"


def test_a_csv_file_has_a_line_for_each_point(caller, run):
    answer = caller.get(address(run), format="csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{run.run_id}-metrics.csv" in answer["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(body(answer), newline=""))
    assert head == ["metric", "step", "time", "value"]
    loss = [row for row in rows if row[0] == 'train/loss, "mean"']
    assert [int(step) for _, step, _, _ in loss] == [0, 10, 20, 30, 40, 50]
    times = [datetime.fromisoformat(time) for _, _, time, _ in loss]
    assert times == [datetime.fromtimestamp(time, UTC) for time in TIMES]
    values = [float(value) for *_, value in loss]
    assert np.array_equal(values, LOSS, equal_nan=True)
    rest = [(name, value) for name, _, _, value in rows if name != loss[0][0]]
    assert rest == [
        ("epoch", "1"), ("epoch", "2"), ("is_good", "true"), ("is_good", "false"),
        ("note", 'first "line"\nsecond, line'),
    ]  # fmt: skip


def test_a_json_file_says_what_points_say(caller, run):
    told = json.loads(body(caller.get(address(run), format="json")))
    assert told["run_id"] == run.run_id
    points = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points").json()["series"]
    kept = ("kind", "form", "count", "steps", "times", "values")
    assert told["series"] == {name: {key: one[key] for key in kept} for name, one in points.items()}
    assert told["series"]['train/loss, "mean"']["values"][1:4] == ["NaN", "Infinity", "-Infinity"]


def test_one_metric_alone_is_named_in_the_file(caller, run):
    answer = caller.get(address(run), format="csv", name="epoch")
    assert f"{run.run_id}-epoch.csv" in answer["Content-Disposition"]
    assert body(answer).count("\n") == 3


def test_what_cannot_be_exported_is_said(caller, run):
    assert "no metric" in caller.get(address(run), name="accuracy").json()["error"]["message"]
    assert caller.get(address(run), format="xlsx").status_code == 400


def test_rows_hold_values_of_one_step_side_by_side(caller, run):
    place = f'/api/v1/runs/{run.run_id}/metrics/rows?name=train/loss, "mean"&name=epoch'
    told = caller.client.get(f"{place}&after=1&limit=2").json()
    assert (told["count"], told["steps"], told["times"]) == (6, [10, 20], TIMES[1:3])
    assert told["columns"] == {'train/loss, "mean"': ["NaN", "Infinity"], "epoch": [2, None]}
    assert caller.get(f"/api/v1/runs/{run.run_id}/metrics/rows").status_code == 400


@pytest.mark.django_db(transaction=True)  # the points are read in another thread
@pytest.mark.parametrize("form", ["csv", "json"])
def test_many_points_are_sent_a_page_at_a_time(caller, run, form):
    """Through the server's own kind of request: a plain iterator would be gathered whole."""
    steps = np.arange(200_000, dtype=np.int64)
    values = np.random.default_rng(1).random(200_000)
    for sequence in range(2, 12):
        batch = Batch("many", MetricKind.FLOAT, steps, steps * 1.0, values)
        metrics.append(run, "1-abcdef01", sequence, [batch])
    request = ASGIRequest(
        {"type": "http", "method": "GET", "path": "/", "query_string": f"format={form}".encode(),
         "headers": []}, io.BytesIO()
    )  # fmt: skip
    force_authenticate(request, caller.user)
    answer = metrics_api.Export.as_view()(request, run_id=run.run_id)
    assert answer.is_async

    async def drain() -> tuple[int, int]:
        size = most = 0
        async for piece in answer:
            size, most = size + len(piece), max(most, len(piece))
        return size, most

    tracemalloc.start()
    size, most = asyncio.run(drain())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Two million points: as one text they would be 80 to 150 MB.
    assert size > 60e6
    assert most < 8e6
    assert peak < 60e6
