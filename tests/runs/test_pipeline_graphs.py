"""What a graph may not be: each refusal names the step and says what is wrong; nothing is made."""

import json
from typing import Any

import pytest

from runs.models import Experiment, PipelineRun, Run
from tests.factories import make_cluster
from tests.runs.pipelines import advance, begun, graph, run_of, send, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(caller):
    return caller.sent({"train.py": "print('hello')\n"})


def refused(caller, wanted, status=400, **more):
    reply = send(caller, wanted, **more)
    assert reply.status_code == status, reply.content
    assert not Run.objects.exists() and not PipelineRun.objects.exists()
    assert not Experiment.objects.filter(name="flow").exists()
    return reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "wanted",
    [None, [], "x", 3, {}, {"steps": None}, {"steps": []}, {"steps": {}}, {"steps": [1]},
     {"steps": [[]]}, {"steps": [{}]}, {"steps": [{"name": "a"}]},
     {"steps": [{"name": "a", "order": []}]}, {"steps": [{"name": 3, "order": {}}]},
     {"steps": [{"name": "", "order": {}}]}, {"steps": [{"name": "a" * 101, "order": {}}]},
     {"steps": [{"name": "a", "order": {}, "more": 1}]},
     {"steps": [{"name": "a\0", "order": {}}]}],
)  # fmt: skip
def test_what_is_no_graph_is_refused(caller, wanted):
    refused(caller, wanted)


@pytest.mark.parametrize(
    "more",
    [{"odd": 1}, {"parameters": []}, {"parameters": {"": {}}}, {"parameters": {"a": 3}},
     {"parameters": {"a": {"type": "date"}}}, {"parameters": {"a(b": {}}},
     {"parameters": {"a": {"type": "int", "default": "many"}}},
     {"parameters": {"a": {"type": "int", "default": True}}},
     {"parameters": {"a": {"type": "float", "default": "1_0"}}},
     {"parameters": {"a": {"type": "float", "default": "1e999"}}},
     {"parameters": {"a": {"type": "bool", "default": 1}}},
     {"parameters": {"a": {"default": ["x"]}}}, {"parameters": {"a": {"default": "x" * 10_001}}},
     {"parameters": {f"p{n}": {"default": 1} for n in range(101)}},
     {"continue_on_step_failure": "yes"}, {"description": 3}, {"description": "x" * 10_001}],
)  # fmt: skip
def test_odd_parts_of_a_graph_are_refused(caller, code, more):
    refused(caller, graph(step("a", code), **more))


@pytest.mark.parametrize("after", ["0", {}, [1], [-1], [True], [0.0], ["a"], [10**30], [None]])
def test_a_step_waits_for_steps_that_there_are(caller, code, after):
    one = step("a", code)
    assert "step a" in refused(caller, graph({**one, "after": after}))


def test_circles_are_named(caller, code):
    assert "in a circle: a" in refused(caller, graph(step("a", code, 0)))
    three = (step("a", code, 2), step("b", code, 0), step("c", code, 1), step("free", code))
    assert refused(caller, graph(*three)).endswith("in a circle: a, b, c")
    reads = [{"name": "x", "output_of": 1, "output": "y"}]
    by_data = (step("a", code, inputs=reads), step("b", code, 0))
    assert "in a circle" in refused(caller, graph(*by_data))


def test_ten_thousand_steps_and_a_graph_too_large_are_refused(caller, code):
    assert "at most 200" in refused(caller, {"steps": [step("a", code)] * 10_000})
    large = step("a", code, arguments=["x" * 2 * 2**20])
    assert "2,097,152 bytes" in refused(caller, graph(large))


def test_a_number_that_no_database_keeps_is_refused(caller, code):
    """JSON may say 1e400, which is read as infinity, and infinity is no JSON to a database."""
    huge = 12345678
    parameters = graph(step("a", code), parameters={"p": {"default": huge}})
    for wanted in (parameters, graph(step("a", code, odd=huge)), graph(step("a", code, tags=huge))):
        body = json.dumps({"experiment": "flow", "graph": wanted}).replace(str(huge), "-1e400")
        place = f"{caller.home}/pipelines/runs"
        reply = caller.client.post(place, body, content_type="application/json")
        assert reply.status_code == 400, reply.content
        assert "too large to be kept" in reply.json()["error"]["message"]
    assert not Run.objects.exists()


def test_two_steps_of_one_name_are_refused(caller, code):
    assert 'named "a"' in refused(caller, graph(step("a", code), step("a", code)))


def test_every_step_is_checked_as_a_submission(caller, stranger, code):
    make_cluster(workspace=stranger.workspace, name="theirs")
    good = step("good", code)
    for status, order, words in (
        (400, {"script": "absent.py"}, "absent.py"),
        (404, {"snapshot": "0" * 64}, "no such snapshot"),
        (404, {"cluster": "theirs"}, 'no cluster "theirs"'),
        (404, {"environment": {"name": "nowhere"}}, "nowhere"),
        (400, {"arguments": "--lr 1"}, "list"),
        (400, {"arguments": [["x"]]}, "list"),
        (400, {"node_count": 10_000}, "node"),
        (400, {"inputs": "all"}, "list"),
        (404, {"inputs": [{"name": "x"}]}, "no tree"),
        (400, {"output_datasets": [{"name": "no spaces"}]}, "not allowed"),
        (400, {"tags": [1]}, "tags"),
        (400, {"properties": "x"}, "properties"),
        (400, {"properties": {f"p{n}": "" for n in range(100)}}, "100 at most"),
        (400, {"experiment": "other"}, "experiment"),
    ):
        said = refused(caller, graph(good, step("bad one", code, **order)), status)
        assert said.startswith("step bad one: ") and words in said


@pytest.mark.parametrize(
    ("given", "words"),
    [({"output_of": 0, "output": "other"}, 'no output dataset "other"; it has: made'),
     ({"output_of": 7, "output": "made"}, "from 0 to 1"),
     ({"output_of": "0", "output": "made"}, "from 0 to 1"),
     ({"output_of": 0}, "output"), ({"output_of": 0, "output": ["made"]}, "output"),
     ({"output_of": 0, "output": "made", "tree": "0" * 64}, "object of"),
     ({"output_of": 0, "output": "made", "mode": "copy"}, "mode"),
     ({"output_of": 0, "output": "made", "name": "x y"}, "not allowed")],
)  # fmt: skip
def test_an_input_names_an_output_that_is_there(caller, code, given, words):
    first = step("a", code, output_datasets=[{"name": "made"}])
    second = step("b", code, inputs=[{"name": "read", **given}])
    assert words in refused(caller, graph(first, second))


def test_an_argument_that_stands_for_an_output_must_have_it(caller, code):
    reads = {"name": "read", "output_of": 0, "output": "made"}
    first = step("a", code, output_datasets=[{"name": "made"}])
    second = step("b", code, inputs=[reads], arguments=["DatasetConsumptionConfig:other"])
    assert 'step b: the arguments name the input "other"' in refused(caller, graph(first, second))


# --- parameters ----------------------------------------------------------------------------------
def with_parameters(code, *arguments, **parameters):
    return graph(step("a", code, arguments=list(arguments)), parameters=parameters)


LR = "$(PipelineParameter:lr)"


def test_an_argument_names_a_parameter_that_there_is(caller, code):
    assert '"lr"' in refused(caller, with_parameters(code, LR))


@pytest.mark.parametrize(
    ("given", "words"),
    [(None, "no default"), ({}, "no default"), ({"lr": None}, "no default"),
     ({"lr": "fast"}, "of type float"), ({"lr": [1]}, "of type float"),
     ({"lr": True}, "of type float"), ({"lr": 1, "epochs": 3}, 'no parameter "epochs"'),
     ([1], "maps names"), ("lr", "maps names"), ({"lr": "9" * 10_001}, "10,000 at most")],
)  # fmt: skip
def test_values_are_given_and_fit(caller, code, given, words):
    wanted = with_parameters(code, LR, lr={"type": "float"})
    assert words in refused(caller, wanted, parameters=given)


def test_values_are_put_into_arguments_once(caller, code):
    wanted = with_parameters(
        code,
        *("--lr", LR, f"name={LR}-$(PipelineParameter:tag)", "$(PipelineParameter:on)", 5),
        lr={"type": "float", "default": 0.1},
        tag={"default": LR},
        on={"type": "bool", "default": True},
    )
    run = begun(caller, wanted, parameters={"lr": "0.25", "on": "false"})
    advance(run)
    # The value of a parameter is not read once more.
    assert run_of(run, "a").arguments == ["--lr", "0.25", f"name=0.25-{LR}", "False", "5"]
    shown = caller.get(f"/api/v1/runs/{run.run_id}").json()
    assert shown["parameters"] == {"lr": 0.25, "tag": LR, "on": False}


def test_a_short_text_with_long_values_is_refused_before_it_is_made(caller, code):
    wanted = with_parameters(code, LR * 20_000, lr={"default": "x" * 10_000})
    assert "100,000 characters" in refused(caller, wanted)


def test_parameters_are_columns_of_the_experiment(caller, code):
    wanted = with_parameters(code, LR, lr={"type": "float", "default": 0.1})
    begun(caller, wanted, parameters={"lr": 0.5})
    table = caller.get(f"{caller.home}/experiments/flow/table", q="params.lr > 0.4").json()
    assert [one["run_id"] for one in table["items"]] == [Run.objects.get(parent=None).run_id]


# --- who -----------------------------------------------------------------------------------------
def test_who_may_not_write_submits_nothing(caller, reader, stranger, code):
    wanted = graph(step("a", code))
    body = {"experiment": "flow", "graph": wanted}
    for path in ("pipelines/runs", "pipelines"):
        assert reader.post(f"{caller.home}/{path}", body).status_code == 403
        assert stranger.post(f"{caller.home}/{path}", body).status_code == 404
    assert not Run.objects.exists()


@pytest.mark.parametrize("more", [{"experiment": "a b"}, {"name": "x" * 101}, {"tags": "x"},
                                  {"odd": 1}, {"again": "x"}])  # fmt: skip
def test_odd_bodies_are_refused(caller, code, more):
    body = {"experiment": "flow", "graph": graph(step("a", code)), **more}
    assert caller.post(f"{caller.home}/pipelines/runs", body).status_code == 400
    assert not Run.objects.exists()


# --- whatever is sent ----------------------------------------------------------------------------
ODD: list[Any] = [
    None, True, -1, 1.5, 10**400, "", "\0", "\ud800", "x" * 2000, [], {}, [[]], {"a": 1}, "0",
    "$(PipelineParameter:lr)",
]  # fmt: skip


def places(value, path=()):
    """The way to every value of a JSON."""
    yield path
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from places(part, (*path, key))


def put(value, path, odd):
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = put(copy[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_no_value_anywhere_in_a_body_is_an_error_of_ours(caller, code, odd):
    first = step("a", code, output_datasets=[{"name": "made"}], tags={"k": "v"}, node_count=1)
    read = {"name": "read", "mode": "mount", "path": "", "output_of": 0, "output": "made"}
    second = step("b", code, 0, inputs=[read], arguments=[LR], environment={"name": None})
    body = {
        "experiment": "flow", "name": "n", "tags": {"k": "v"}, "properties": {"p": "1"},
        "parameters": {"lr": 1},
        "graph": graph(first, second, parameters={"lr": {"type": "float", "default": 0.1}},
                       description="", continue_on_step_failure=False),
    }  # fmt: skip
    for path in places(body):
        reply = caller.post(f"{caller.home}/pipelines/runs", put(body, path, odd))
        assert reply.status_code in (201, 400, 403, 404), (path, reply.content)


@pytest.mark.parametrize("depth", [200, 900, 3000, 100_000])
def test_a_nested_body_is_no_error_of_ours(caller, code, depth):
    deep = "[" * depth + "]" * depth
    order = f'{{"script": "train.py", "snapshot": "{code}", "odd": {deep}}}'
    body = f'{{"experiment": "flow", "graph": {{"steps": [{{"name": "a", "order": {order}}}]}}}}'
    path = f"{caller.home}/pipelines/runs"
    reply = caller.client.post(path, body, content_type="application/json")
    assert reply.status_code in (201, 400), reply.content[:300]
    if reply.status_code == 201:
        run = Run.objects.get(run_id=reply.json()["run_id"])
        assert len(advance(run)) == 1
