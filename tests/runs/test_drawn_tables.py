"""Tables of a run: their columns, their lines, and all of them as CSV; and the page itself."""

import csv
import io

import pytest

from runs.models import Run
from tests.factories import make_experiment, make_run
from tests.runs.drawing import log

pytestmark = pytest.mark.django_db
ROWS = [{"epoch": 0, "loss": 0.5}, {"epoch": 1, "loss": "NaN", "note": 'a "b", c'}, {"note": None}]


@pytest.fixture
def run(caller) -> Run:
    return make_run(experiment=make_experiment(workspace=caller.workspace), user=caller.user)


@pytest.fixture
def ask(caller, run):
    def asked(what, **query):
        given = {"name": "epochs", **query}
        answer = caller.get(f"/api/v1/runs/{run.run_id}/drawn/{what}", **given)
        assert answer.status_code == 200, answer.content
        return answer

    return asked


def test_columns_stand_in_the_order_they_came(run, ask):
    log(run, "epochs", "table", ROWS)
    assert ask("columns").json() == {
        "count": 3,
        "columns": [
            {"name": "epoch", "is_number": True},
            {"name": "loss", "is_number": True},
            {"name": "note", "is_number": False},
        ],
        "more": False,
    }
    # Rows that come later are added to what was read, and may end a column of numbers.
    log(run, "epochs", "table", [{"epoch": "last", "lr": 0.1}, [1, 2]], first=3)
    found = ask("columns").json()
    assert [column["name"] for column in found["columns"]] == [
        "epoch",
        "loss",
        "note",
        "lr",
        "value",
    ]
    assert [column["is_number"] for column in found["columns"]] == [False, True, False, True, False]


def test_a_column_per_row_is_cut_and_told(run, ask):
    log(run, "epochs", "table", [{f"c{at}": at} for at in range(600)])
    found = ask("columns").json()
    assert (len(found["columns"]), found["more"]) == (500, True)


def test_a_lone_spike_stays_in_the_lines_of_a_long_table(run, ask):
    rows = [{"epoch": at, "loss": 1.0, "note": "x"} for at in range(50_000)]
    rows[31_234]["loss"] = 99.0
    rows[40_000]["loss"] = "NaN"
    log(run, "epochs", "table", rows)
    found = ask("lines").json()
    assert (found["x"], found["is_rising"], found["more"]) == ("epoch", True, 0)
    (line,) = found["lines"]
    assert line["name"] == "loss"
    assert len(line["x"]) <= 2100
    assert line["x"][line["y"].index(99.0)] == 31_234
    assert line["x"][line["y"].index(None)] == 40_000
    assert (line["x"][0], line["x"][-1]) == (0, 49_999)


def test_one_column_of_numbers_is_no_chart(run, ask):
    log(run, "epochs", "table", [{"epoch": 1, "note": "a"}])
    assert ask("lines").json()["lines"] == []


def test_points_that_jump_to_and_fro_are_told(run, ask):
    log(run, "epochs", "table", [{"x": x, "y": 0} for x in (0, 5, 1)])
    assert ask("lines").json()["is_rising"] is False


def test_a_table_comes_whole_as_csv(run, ask):
    log(run, "epochs", "table", [*ROWS, {"epoch": [1], "loss": True}])
    answer = ask("csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{run.run_id}-epochs.csv"' in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["epoch", "loss", "note"],
        ["0", "0.5", ""],
        ["1", "NaN", 'a "b", c'],
        ["", "", ""],
        ["[1]", "true", ""],
    ]


def test_the_rows_in_sight_come_from_anywhere_in_the_table(run, caller):
    log(run, "epochs", "table", [{"epoch": at} for at in range(3000)])
    place = f"/api/v1/runs/{run.run_id}/metrics/points"
    found = caller.get(place, name="epochs", after=2000, limit=2).json()["series"]["epochs"]
    assert (found["steps"], found["values"]) == (
        [2000, 2001],
        ['{"epoch": 2000}', '{"epoch": 2001}'],
    )


def test_the_tab_counts_what_is_no_curve(run, caller, client):
    log(run, "epochs", "table", ROWS)
    log(run, "stage", "scalar", ["warm-up", "train"])
    log(run, "seen", "list", ["cat", "dog"])
    client.force_login(caller.user)
    shown = client.get(f"/runs/{run.run_id}/drawn/")
    assert ("drawn", "Images & tables", 3) in shown.context["tabs"]
    assert [one["name"] for one in shown.context["page"]["series"]] == ["epochs", "stage", "seen"]
    listed = caller.get(f"/api/v1/runs/{run.run_id}/drawn").json()["series"]
    assert [(one["name"], one["form"], one["count"]) for one in listed] == [
        ("epochs", "table", 3), ("stage", "scalar", 2), ("seen", "list", 2),
    ]  # fmt: skip


def test_numbers_stay_with_the_curves(run, caller, driver_of):
    series = {"name": "loss", "kind": "float", "steps": [0], "times": [1.0], "values": [0.5]}
    sent = {"writer": "1-abcdef01", "sequence": 1, "series": [series]}
    assert driver_of(run).post("/api/v1/driver/metrics", sent, format="json").status_code == 200
    assert caller.get(f"/api/v1/runs/{run.run_id}/drawn").json() == {"series": []}


@pytest.mark.parametrize("row", ['{"a": NaN}', '{"a": "\\ud800"}', "[" * 5000, '{"a": 1e999}', "{"])
def test_a_row_that_no_page_could_read_is_refused(run, caller, driver_of, row):
    series = {"name": "t", "kind": "json", "form": "table", "steps": [0], "times": [1.0]}
    sent = {"writer": "1-abcdef01", "sequence": 1, "series": [{**series, "values": [row]}]}
    reply = driver_of(run).post("/api/v1/driver/metrics", sent, format="json")
    assert (
        reply.status_code == 400 and 'series "t" cannot be read' in reply.json()["error"]["message"]
    )
    assert caller.get(f"/api/v1/runs/{run.run_id}/drawn").json() == {"series": []}


def test_a_run_that_drew_nothing_says_how_to(run, caller, client):
    client.force_login(caller.user)
    text = client.get(f"/runs/{run.run_id}/drawn/").content.decode()
    assert "Nothing drawn yet" in text
    assert "log_image" in text
