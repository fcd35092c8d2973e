"""Tables and completion over HTTP, for members of the workspace alone."""

import json

import pytest

from runs.models import Field, Run
from runs.states import State
from tests.factories import make_experiment
from tests.runs.rows import make_measured, make_series


@pytest.fixture
def experiment(caller):
    experiment = make_experiment(workspace=caller.workspace, name="digits")
    for number in range(3):
        make_measured(
            experiment,
            user=caller.user,
            state=State.COMPLETED if number else State.RUNNING,
            metrics={"loss": number / 10, "val/top 1": 0.5},
            arguments=["--lr", "0.1", f"--optimizer={('adam', 'sgd', 'lion')[number]}"],
            tags={"baseline": "", "my tag": "x"},
        )
    return experiment


def at(caller, path):
    return f"{caller.home}/experiments/digits/{path}"


def test_a_table_is_answered_as_json(caller, experiment):
    reply = caller.get(
        at(caller, "table"), q="metrics.loss >= 0.1", sort="-metrics.loss", size=1,
        columns='metrics.loss,params.lr,metrics."val/top 1".min,metrics.none',
    )  # fmt: skip
    assert reply.status_code == 200, reply.content
    page = reply.json()
    newest = Run.objects.get(number=3)
    assert page["items"] == [
        {
            "run_id": newest.run_id,
            "name": newest.name,
            "number": 3,
            "state": "Completed",
            "is_archived": False,
            "values": {
                "metrics.loss": 0.2, "params.lr": "0.1", 'metrics."val/top 1".min': 0.5,
            },
        }
    ]  # fmt: skip
    assert (page["count"], page["all_count"], page["archived_count"]) == (2, 3, 0)
    assert page["columns"][2] == {
        "key": 'metrics."val/top 1".min', "title": "val/top 1 (min)", "kind": "metric",
        "name": "val/top 1", "part": "min", "is_number": True,
    }  # fmt: skip
    following = caller.get(
        at(caller, "table"), q="metrics.loss >= 0.1", sort="-metrics.loss", size=1,
        cursor=page["next"],
    )  # fmt: skip
    assert [item["number"] for item in following.json()["items"]] == [2]
    assert following.json()["next"] is None


def test_a_script_is_told_what_is_wrong_and_gets_no_rows(caller, experiment):
    reply = caller.get(at(caller, "table"), q="metrics.lost > 1")
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["position"], error["end"]) == (0, 12)
    assert error["expected"] == ["metrics.loss"]
    assert "items" not in reply.json()
    assert caller.get(at(caller, "table"), cursor="??").status_code == 400


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["name", "state"]),
        ("met", ["metrics.loss"]),
        ("metrics.lo", ["metrics.loss"]),
        ("top", ['metrics."val/top 1"']),
        ('metrics."val', ['metrics."val/top 1"']),
        ("metrics.loss", []),
        ("metrics.loss ", ["<", "<=", "in (…)", "is nan"]),
        ("metrics.loss.m", ["metrics.loss.min", "metrics.loss.max"]),
        ("metrics.loss < 0.3 ", ["and", "or"]),
        ("metrics.loss < 0.3 a", ["and"]),
        ("(metrics.loss < 0.3 ", [")"]),
        ("state = ", ["Failed", "Completed"]),
        ("state = fa", ["Failed"]),
        ("state in (Failed, C", ["Completed", "Canceled"]),
        ("tag:", ["baseline", "my tag"]),
        ("tag:my", ["my tag"]),
        ("tags.", ["tags.baseline", 'tags."my tag"']),
        ("params.optimizer = ", ["adam", "lion", "sgd"]),
        ("params.optimizer ~ s", ["sgd"]),
        ("by = ", ["ann"]),
        ("cluster = ", ["default"]),
        ("submitted > ", ["today", "1d ago"]),
        ("duration > ", ["10m"]),
        ("not ", ["name", "metrics.loss"]),
        ("has(", ["metrics.loss"]),
        ("has(par", ["params.lr"]),
        ("metrics.loss is ", ["null", "nan", "not null"]),
    ],
)
def test_what_may_come_next_is_offered(caller, experiment, query, wanted):
    clusters = {run.cluster.name for run in Run.objects.select_related("cluster")}
    wanted = [clusters.copy().pop() if label == "default" else label for label in wanted]
    reply = caller.get(at(caller, "complete"), q=query, at=len(query))
    assert reply.status_code == 200
    items = reply.json()["items"]
    labels = [item["label"] for item in items]
    assert [label for label in wanted if label not in labels] == []
    for item in items:
        assert 0 <= item["from"] <= item["to"] <= len(query)
    if wanted:
        # What is chosen can be read on: nothing of it is refused where it stands.
        chosen = next(item for item in items if item["label"] == wanted[0])
        whole = query[: chosen["from"]] + chosen["insert"]
        again = caller.get(at(caller, "complete"), q=whole, at=len(whole)).json()
        trouble = again["error"]
        assert trouble is None or trouble["position"] >= chosen["from"], (whole, trouble)


def test_what_is_chosen_takes_the_place_of_the_word_around_the_cursor(caller, experiment):
    reply = caller.get(at(caller, "complete"), q="metrics.lo < 0.3 and fox", at=9)
    item = next(item for item in reply.json()["items"] if item["label"] == "metrics.loss")
    assert (item["from"], item["to"], item["kind"]) == (0, 10, "field")
    assert reply.json()["error"]["position"] == 0


def test_completion_finds_among_many_names(caller, experiment):
    run = Run.objects.get(number=1)
    make_series(run, **{f"layer {number}/weight": 1.0 for number in range(1500)})
    reply = caller.get(at(caller, "complete"), q="metrics.1499", at=12)
    labels = [item["label"] for item in reply.json()["items"]]
    assert labels == ['metrics."layer 1499/weight"']
    assert len(caller.get(at(caller, "complete"), q="lay", at=3).json()["items"]) == 50


def test_odd_words_are_answered_or_refused_but_never_fail(caller, experiment):
    for text in ("\0", '"', "\\", "metrics.", 'metrics."', "((((", "é" * 5000, "tag:", "a" * 10**5):
        for path in ("table", "complete"):
            given = {"q": text, "at": "9" * 6, "sort": text[:50], "columns": text[:50]}
            assert caller.get(at(caller, path), **given).status_code in (200, 400), text[:20]
    assert caller.get(at(caller, "complete"), q="x", at="-1").status_code == 200


@pytest.mark.parametrize("name", ["it's", 'say "hi"', "a\\b", "näme/✓", "x.min", "a, b", "l" * 255])
def test_any_name_can_be_asked_for(caller, experiment, name):
    run = Run.objects.get(number=2)
    make_series(run, **{name: 7.0})
    key = next(
        item["insert"].strip()
        for item in caller.get(at(caller, "complete"), q="metrics.", at=8).json()["items"]
        if json.loads(json.dumps(item["label"])).strip('"').endswith(name[-3:].replace('"', '\\"'))
        or name in item["label"].replace('\\"', '"').replace("\\\\", "\\")
    )
    reply = caller.get(at(caller, "table"), q=f"{key} = 7", columns=key, sort=key)
    assert reply.status_code == 200, reply.json()
    assert [(item["number"], list(item["values"].values())) for item in reply.json()["items"]] == [
        (2, [7.0])
    ]
    assert reply.json()["columns"][0]["name"] == name
    assert Field.objects.filter(name=name).count() == 1


def test_a_table_of_another_workspace_is_not_found(caller, stranger, reader, experiment):
    for path in ("table", "complete", "views"):
        assert stranger.get(at(caller, path)).status_code == 404
        assert reader.get(at(caller, path)).status_code == 200
    assert caller.get(f"{caller.home}/experiments/none/table").status_code == 404
