"""Points, steps, times and questions at their edges: each is kept exactly, or refused by name."""

import json
import math

import pytest

from runs import sockets, tables
from runs.models import MetricSegment, Run
from runs.states import State
from runs.tables.asked import Asked
from tests.factories import make_experiment, make_run
from tests.runs.comparing import logged
from tests.runs.drawing import log

pytestmark = pytest.mark.django_db
POINT = {"name": "loss", "kind": "float", "steps": [1], "times": [1.0], "values": [1.0]}
BEYOND = str(2**63)


@pytest.fixture
def experiment(caller):
    return make_experiment(workspace=caller.workspace, name="digits")


@pytest.fixture
def run(caller, experiment) -> Run:
    return make_run(experiment=experiment, user=caller.user, state=State.RUNNING)


@pytest.mark.parametrize(
    "moment", ['> "0001-01-01T00:00:00+23:59"', '< "9999-12-31T23:59:59-23:59"', "= 9999-12-31"]
)
def test_a_time_beyond_the_first_or_last_year_is_no_time(caller, experiment, moment):
    reply = caller.get(f"{caller.home}/experiments/digits/table", q=f"submitted {moment}")
    assert reply.status_code == 400, reply.content
    assert "is no time" in reply.json()["error"]["message"]


def test_a_row_that_is_no_json_hides_no_other(caller, run):
    log(run, "epochs", "table", [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": math.nan}])
    path = f"/api/v1/runs/{run.run_id}/drawn"
    found = caller.get(f"{path}/columns", name="epochs").json()
    assert [column["name"] for column in found["columns"]] == ["epoch", "loss", "value"]
    assert caller.get(f"{path}/lines", name="epochs").status_code == 200
    whole = b"".join(caller.get(f"{path}/csv", name="epochs").streaming_content).decode()
    assert whole.splitlines()[1] == "1,0.5,"
    assert "NaN" in whole.splitlines()[2]


@pytest.mark.parametrize(
    "odd",
    [
        {"steps": [1.5]},
        {"steps": [True]},
        {"steps": [2**63]},
        {"steps": ["1"]},
        {"times": [1e300]},
        {"times": [-1e12]},
        {"values": 1.0},
        {"values": "1", "kind": "text"},
        {"values": {"1": 1}, "kind": "text"},
        {"name": 5},
        {"name": None},
        {"name": ["loss"]},
        {"kind": ["float"]},
    ],
)
def test_a_series_of_the_wrong_shape_is_refused(run, driver_of, odd):
    said = {"writer": "w", "sequence": 1, "series": [{**POINT, **odd}]}
    reply = driver_of(run).post("/api/v1/driver/metrics", said, format="json")
    assert reply.status_code == 400, reply.content
    assert not run.series.exists()


@pytest.mark.parametrize(("count", "values"), [(2.9, None), ("2", None), (True, None), (2, "ab")])
def test_a_packed_series_of_the_wrong_shape_is_refused(run, driver_of, count, values):
    head = {"name": "loss", "kind": "text" if values else "float", "count": count}
    packed = {"writer": "w", "sequence": 1, "series": [{**head, "values": values}]}
    body = json.dumps(packed).encode() + b"\n" + bytes(8 * (4 if values else 6))
    kind = "application/x-trainyard-points"
    reply = driver_of(run).post("/api/v1/driver/metrics", body, content_type=kind)
    assert reply.status_code == 400, reply.content


def test_a_summary_says_how_far_its_steps_reach(caller, run):
    logged(run, loss=([9, 5], [1.0, 2.0]), up=([0, 100, 50], [1.0, 2.0, 3.0]))
    logged(run, sequence=2, loss=([1], [3.0]))
    path = f"/api/v1/runs/{run.run_id}/metrics"

    def ends() -> dict:
        keys = ("first_step", "last_step", "least_step", "greatest_step")
        found = caller.get(path).json()["series"]
        return {one["name"]: tuple(one[key] for key in keys) for one in found}

    assert ends() == {"loss": (9, 1, 1, 9), "up": (0, 50, 0, 100)}
    log(run, "note", "scalar", ["a", "b"])
    [text] = caller.get(f"/api/v1/runs/{run.run_id}/drawn").json()["series"]
    assert (text["least_step"], text["greatest_step"]) == (0, 1)
    MetricSegment.objects.update(least_step=None, greatest_step=None)
    assert ends()["up"] == (0, 50, 0, 50)


@pytest.mark.parametrize("topic", ["run:\ud800", "workspace:\0", "image:\ud800/a/1/cpu", "\ud800"])
def test_a_topic_that_no_encoding_writes_is_refused(caller, topic):
    assert sockets.group_for(caller.user, topic) is None


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ("metrics/points", "after"),
        ("metrics/points", "limit"),
        ("metrics/points", "from"),
        ("metrics/points", "to"),
        ("metrics/rows", "after"),
        ("drawn/items", "after"),
    ],
)
def test_a_number_of_more_than_64_bits_is_refused_by_its_name(caller, run, call, field):
    logged(run, loss=[1.0, 2.0])
    path = f"/api/v1/runs/{run.run_id}/{call}"
    reply = caller.get(path, name="loss", **{field: BEYOND})
    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, [field])
    if call.startswith("metrics"):
        assert caller.get(path, name="loss", **{field: str(2**63 - 1)}).status_code == 200


@pytest.mark.parametrize("call", ["curves", "bands"])
def test_curves_and_bands_name_the_step_that_is_wrong(caller, run, call):
    logged(run, loss=[1.0, 2.0])
    asked = {"runs": [run.run_id], "name": "loss"}
    for field in ("from", "to"):
        reply = caller.post(f"{caller.home}/{call}", {**asked, field: 2**63})
        assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, [field])
    ends = {"from": -(2**63), "to": 2**63 - 1}
    assert caller.post(f"{caller.home}/{call}", {**asked, **ends}).status_code == 200


def test_more_values_in_an_address_than_are_read_are_refused(caller, run):
    many = "&".join(f"name=m{number}" for number in range(1001))
    reply = caller.client.get(f"/api/v1/runs/{run.run_id}/metrics/points?{many}")
    assert reply.status_code == 400, reply.content
    assert reply.json()["error"]["code"] == "bad_input"
    assert "1,000" in reply.json()["error"]["message"]


def test_a_page_with_too_long_an_address_says_so(caller, client, experiment):
    client.force_login(caller.user)
    many = "&".join(f"chart=m{number}" for number in range(1001))
    reply = client.get(f"/w/{caller.workspace.name}/experiments/digits/?{many}")
    assert reply.status_code == 400
    assert "1,000 values" in reply.content.decode()


def test_values_whose_mean_no_number_holds_are_left_out_of_bands(caller, experiment):
    most = 1.7e308
    runs = [make_run(experiment=experiment, state=State.COMPLETED) for _ in range(2)]
    logged(runs[0], loss=([0, 0, 1, 2], [most, most, 1.0, most]))
    logged(runs[1], loss=([1, 2], [3.0, most]))
    asked = {"runs": [run.run_id for run in runs], "name": "loss"}
    [band] = caller.post(f"{caller.home}/bands", asked).json()["groups"].values()
    assert (band["steps"], band["mean"]) == ([1], [2.0])
    assert (band["counts"], band["nan_count"]) == ([2], 4)


def test_bands_are_of_no_more_groups_than_can_be_seen(caller, run):
    for many, status in ((24, 200), (25, 400)):
        groups = {str(number): [run.run_id] for number in range(many)}
        reply = caller.post(f"{caller.home}/bands", {"groups": groups, "name": "loss"})
        assert reply.status_code == status, reply.content


def test_an_order_by_what_no_run_has_is_an_error_of_the_order(caller, client, run):
    client.force_login(caller.user)
    path = f"{caller.home}/experiments/digits/table"
    for sort in ("bogus", "metrics.bogus", "-params.bogus"):
        reply = caller.get(path, sort=sort)
        assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, ["sort"])
        page = client.get(f"/w/{caller.workspace.name}/experiments/digits/?sort={sort}")
        assert "to sort by" in page.content.decode()
        assert "aria-invalid" not in page.content.decode()
    page = tables.page(run.experiment, Asked(query="metrics.bogus > 1"))
    assert page.error is not None and page.error.field == "q"


@pytest.mark.parametrize("tags", [{"a": ["x"]}, {"a": {"b": "c"}}])
def test_tags_that_are_no_texts_are_refused(caller, run, tags):
    path = f"/api/v1/runs/{run.run_id}"
    assert caller.client.patch(path, {"tags": tags}, format="json").status_code == 400
    for action, given in (("tag", tags), ("untag", [5]), ("untag", [["x"]])):
        asked = {"action": action, "runs": [run.run_id], "tags": given}
        reply = caller.post(f"{caller.home}/runs/actions", asked)
        assert reply.status_code == 400, reply.content
