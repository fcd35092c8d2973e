"""What people type finds the runs it means, and says where it cannot be read."""

import random
from datetime import timedelta

import pytest
from django.utils.timezone import now

from runs import tables
from runs.models import Run
from runs.queries import QueryError
from runs.states import State
from tests.factories import make_cluster, make_experiment, make_user, make_workspace
from tests.runs.rows import make_measured

NAN = float("nan")


@pytest.fixture
def experiment(db):
    """Seven runs that differ in everything that can be asked for."""
    workspace = make_workspace()
    experiment = make_experiment(workspace=workspace, name="digits")
    cpu, gpu = make_cluster(workspace=workspace), make_cluster(workspace=workspace, name="gpu")
    anna, bob = make_user(username="anna"), make_user(username="bob")
    completed, failed, running = State.COMPLETED, State.FAILED, State.RUNNING
    rows = (
        ("brave_fox", completed, cpu, anna, ["--lr", "0.1"], {"baseline": ""},
         {"loss": (0.1, 0.2, 2.0), "acc": 0.9}),
        ("calm_fox", completed, cpu, bob, ["--lr", "0.01", "--optimizer=adam"], {"stage": "final"},
         {"loss": 0.3}),
        ("Keen_Owl", failed, gpu, anna, ["--lr=1e-3", "--fast"], {}, {"loss": NAN, "acc": 0.1}),
        ("wise_owl", failed, gpu, bob, ["--optimizer", "sgd"], {"stage": "draft"}, {"acc": 0.5}),
        ("old_oak", running, cpu, anna, [], {}, {}),
        ("100%_sure", completed, cpu, bob, ["--lr", "0.1"], {},
         {"loss": 0.0, "val/loss top 1": 0.7, "phase": "warm up"}),
        ("it's", completed, cpu, bob, ["model.depth=3"], {"näme": "wört"}, {"loss": -1.0}),
    )  # fmt: skip
    for number, (name, state, cluster, user, arguments, tags, metrics) in enumerate(rows):
        make_measured(
            experiment,
            name=name,
            state=state,
            cluster=cluster,
            user=user,
            arguments=arguments,
            tags=tags,
            metrics=metrics,
            duration_s=None if state == running else 60.0 * number,
            created_at=now() - timedelta(days=number),
        )
    return experiment


def found(experiment, query):
    runs = {run.run_id: run.number for run in Run.objects.filter(experiment=experiment)}
    return sorted(runs[run_id] for run_id in tables.ids_of(experiment, query))


FINDS = (
    ("", [1, 2, 3, 4, 5, 6, 7]),
    ("metrics.loss < 0.3", [1, 6, 7]),
    ("metrics.loss.last <= 0.3", [1, 2, 6, 7]),
    ("metrics.loss.max > 1", [1]),
    ("metrics.loss.min = 0.1", [1]),
    ("0 <= metrics.loss < 0.25", [1, 6]),
    ("0.25 > metrics.loss > -0.5", [1, 6]),
    ("0.1 >= metrics.loss.min", [1, 6, 7]),
    ("metric.loss != 0.3", [1, 3, 6, 7]),
    ("not metrics.loss = 0.3", [1, 3, 4, 5, 6, 7]),
    ("not metrics.loss < 0.3", [2, 3, 4, 5]),
    ("not not metrics.loss < 0.3", [1, 6, 7]),
    ("metrics.loss is nan", [3]),
    ("metrics.loss is not nan", [1, 2, 4, 5, 6, 7]),
    ("has(metrics.loss)", [1, 2, 3, 6, 7]),
    ("metrics.loss is null", [4, 5]),
    ("metrics.loss is not null and metrics.acc is null", [2, 6, 7]),
    ('metrics."val/loss top 1" > 0.5', [6]),
    ('metrics."val/loss top 1".max <= 0.7', [6]),
    ('metrics.phase = "warm up"', [6]),
    ("metrics.phase ~ warm", [6]),
    ("metrics.phase in ('warm up', cold)", [6]),
    ("params.lr >= 0.01", [1, 2, 6]),
    ("params.lr = 0.001", [3]),
    ("params.lr = .1", [1, 6]),
    ("param.lr in (0.1, 1e-3)", [1, 3, 6]),
    ("params.lr not in (0.1, 1e-3)", [2]),
    ("params.fast = true", [3]),
    ("params.optimizer = adam", [2]),
    ("params.optimizer != adam", [4]),
    ("params.optimizer !~ ad", [4]),
    ("params.optimizer ~ D", [2, 4]),
    ("params.model.depth = 3", [7]),
    ("param:optimizer", [2, 4]),
    ("tag:baseline", [1]),
    ("not tag:baseline", [2, 3, 4, 5, 6, 7]),
    ('tags.stage = "final"', [2]),
    ("tags.stage in (final, draft)", [2, 4]),
    ("tags.näme = wört", [7]),
    ("has(tags.stage)", [2, 4]),
    ("state = Failed", [3, 4]),
    ("state:failed", [3, 4]),
    ("STATE in (failed, RUNNING)", [3, 4, 5]),
    ("state != completed", [3, 4, 5]),
    ("name ~ FOX", [1, 2]),
    ("name = brave_fox", [1]),
    ("fox", [1, 2]),
    ("brave fox", [1]),
    ("owl or fox", [1, 2, 3, 4]),
    ("name ~ '%'", [6]),
    ("name ~ '_'", [1, 2, 3, 4, 5, 6]),
    ('name = "it\'s"', [7]),
    ("number > 5", [6, 7]),
    ("2 <= number <= 3", [2, 3]),
    ("by = anna", [1, 3, 5]),
    ("by:ANNA and cluster = gpu", [3]),
    ("cluster = gpu or number = 1", [1, 3, 4]),
    ("duration > 4m", [6, 7]),
    ("duration = 60", [2]),
    ("not duration > 4m", [1, 2, 3, 4, 5]),
    ("duration is null", [5]),
    ("1m < duration < 1h30m", [3, 4, 6, 7]),
    ("submitted > 36h ago", [1, 2]),
    ("submitted < 3.5 days ago", [5, 6, 7]),
    ("submitted >= 2000-01-01 and submitted <= 2999-01-01", [1, 2, 3, 4, 5, 6, 7]),
    ("submitted = today", [1]),
    ("submitted = yesterday", [2]),
    ("started is null", [1, 2, 3, 4, 5, 6, 7]),
    ("script ~ train", [1, 2, 3, 4, 5, 6, 7]),
    ("environment is null", [1, 2, 3, 4, 5, 6, 7]),
    ("metrics.loss < 0.3 and (params.lr >= 0.001 or tag:baseline)", [1, 6]),
    ("metrics.loss < 0.3 and params.lr >= 0.001 or state = failed", [1, 3, 4, 6]),
    ("not (metrics.loss < 0.3 or state = failed)", [2, 5]),
    ("AND_x or NOT name ~ o", [6, 7]),
)


def test_a_query_finds_what_it_means(experiment):
    answers = {query: found(experiment, query) for query, _ in FINDS}
    assert answers == dict(FINDS)


ERRORS = (
    ("metrics.los < 1", (0, 11), "metrics.loss"),
    ("lr < 1", (0, 2), "params.lr"),
    ("number = 1 and loss < 1", (15, 19), "metrics.loss"),
    ('metrics."val/loss" > 1', (0, 18), '"val/loss top 1"'),
    ("tag:basline", (4, 11), "tags.baseline"),
    ("1 < 2", (0, 1), "no run of this experiment has"),
    ("metrics.loss <", (14, 14), "stops too early"),
    ("metrics.loss < abc", (15, 18), "no number"),
    ("metrics.loss = nan", (15, 18), "is nan"),
    ("metrics.loss < 1e999", (15, 20), "no number"),
    ("params.lr is nan", (0, 9), "only metrics"),
    ("(fox", (4, 4), "is not closed"),
    ("fox)", (3, 4), "closes nothing"),
    ("fox and and owl", (8, 11), "cannot stand"),
    ("name = 'fox", (7, 11), "never closed"),
    ("name ! fox", (5, 6), "means nothing"),
    ("state = done", (8, 12), "Completed"),
    ("duration > soon", (11, 15), "10m"),
    ("duration ~ 5", (11, 12), "no text"),
    ("submitted > 31.12.2026", (12, 22), "2026-11-01"),
    ("submitted > 2026-13-01", (12, 22), "no time"),
    ("submitted > 99999999d ago", (12, 25), "no time"),
    ("name < b", (7, 8), "does not order"),
    ("1 < metrics.loss > 2", (2, 18), "same way"),
    ("name = a\0b", (8, 9), "cannot be searched"),
    ("name = \ud800", (7, 8), "cannot be searched"),
    ("metrics.loss", (0, 12), "has(metrics.loss)"),
)


def error_of(experiment, query):
    try:
        tables.ids_of(experiment, query)
    except QueryError as error:
        return error
    return None


def test_an_error_names_the_place_and_the_way_out(experiment):
    errors = {query: error_of(experiment, query) for query, _, _ in ERRORS}
    assert all(errors.values()), [query for query, error in errors.items() if error is None]
    places = {query: (error.position, error.end) for query, error in errors.items()}
    assert places == {query: place for query, place, _ in ERRORS}
    for query, _, words in ERRORS:
        assert words in errors[query].message, query
        assert "\n" not in errors[query].message


HOSTILE = (
    "(" * 10_000,
    "(" * 1000 + "fox" + ")" * 1000,
    "(fox and " * 400 + "fox" + ")" * 400,
    "fox or " * 500 + "fox",
    "not " * 999 + "(",
    "name in (" + "a, " * 1300 + "a)",
    "x" * 1_000_000,
    '"' * 3999,
    "metrics." * 490,
    "=" * 4000,
)


def test_hostile_queries_are_refused(experiment):
    assert [query[:20] for query in HOSTILE if error_of(experiment, query) is None] == []
    assert found(experiment, "\\" * 4000) == []


def test_what_is_as_deep_and_as_long_as_allowed_is_answered(experiment):
    deep = "(fox or not " * 19 + "owl" + ")" * 19
    wide = " or ".join(["metrics.loss < 0.3"] * 60 + ["params.lr = 5"] * 40)
    assert found(experiment, deep)
    assert found(experiment, wide) == [1, 6, 7]
    assert found(experiment, "not " * 900 + "fox") == [1, 2]


def test_any_mixture_matches_as_sets_do(experiment):
    """Random queries against the sets that their terms mean on their own."""
    terms = (
        *("metrics.loss < 0.3", "metrics.acc >= 0.5", "params.lr = 0.1", "state = failed"),
        *("fox", "tag:baseline", "duration > 2m", "metrics.loss is nan", "number in (1, 4, 7)"),
    )
    alone = {term: set(found(experiment, term)) for term in terms}
    everything = set(found(experiment, ""))
    dice = random.Random(7)

    def mixture(depth):
        if depth == 0 or dice.random() < 0.2:
            term = dice.choice(terms)
            return term, alone[term]
        if dice.random() < 0.3:
            text, meant = mixture(depth - 1)
            return f"not ({text})", everything - meant
        (left, a), (right, b) = mixture(depth - 1), mixture(depth - 1)
        word = dice.choice(("and", "or"))
        return f"({left}) {word} ({right})", a & b if word == "and" else a | b

    for _ in range(60):
        text, meant = mixture(3)
        assert set(found(experiment, text)) == meant, text
        by_metric = tables.ids_of(experiment, text, sort="-metrics.acc")
        by_name = tables.ids_of(experiment, text, sort="name")
        assert len(by_metric) == len(by_name) == len(meant), text
        assert set(by_metric) == set(by_name), text
