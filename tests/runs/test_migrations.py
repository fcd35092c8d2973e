"""Runs that were there before tables are in them afterwards."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils.timezone import now

from runs import parameters, tables
from runs.models import Experiment, Field, MetricSeries, Run, RunValue
from runs.states import State
from tests.factories import make_experiment, make_run

fill_tables = import_module("runs.migrations.0006_fill_tables")
LINES = (
    "--lr 0.1 --layers 64 64", "--lr=1e-3 --fast", "a.b=3 +c=d", "--shift -0.5 --lr 1 --lr 2",
    "--password x --hub_token=y --max_tokens 5 --pad_token z", "data.csv", "-- -5", "--a=",
)  # fmt: skip


@pytest.fixture
def before(db):
    """Runs as the release before tables left them: no fields, no values, no durations."""
    experiment = make_experiment(name="old")
    shared = make_run(experiment=experiment, arguments=LINES[0].split())
    made = [shared] + [
        make_run(
            experiment=experiment,
            user=shared.created_by,
            snapshot=shared.snapshot,
            arguments=line.split(),
            tags={"stage": f"s{number}"},
            state=State.COMPLETED,
            ended_at=now(),
        )
        for number, line in enumerate(LINES[1:])
    ]
    for run in made:
        for name, kind, last in (
            ("loss", "float", "0.5"), ("note", "text", '"5"'), ("cut", "text", '"long te'),
            ("nan", "float", '"NaN"'), ("ok", "bool", "true"), ("trainyard/cpu", "float", "3.0"),
        ):  # fmt: skip
            MetricSeries.objects.create(run=run, name=name, kind=kind, last=last, count=1)
    return made


def filled():
    values = RunValue.objects.order_by("run", "field__kind", "field__name")
    series = MetricSeries.objects.order_by("run", "name")
    return (
        list(values.values_list("run", "field__kind", "field__name", "text", "number")),
        list(series.values_list("run", "field__name", "last_value")),
        list(Run.objects.order_by("pk").values_list("pk", "duration_s")),
    )


def test_what_was_there_gets_its_rows_and_twice_changes_nothing(before, monkeypatch):
    monkeypatch.setattr(fill_tables, "AT_ONCE", 3)
    fill_tables.fill(apps, None)
    values, series, durations = filled()
    expected = {(run.pk, name): text for run in before for name, text in parameters.of(run)}
    assert {(run, name): text for run, kind, name, text, _ in values if kind == "param"} == expected
    assert sum(kind == "tag" for _, kind, *_ in values) == len(before) - 1
    of_first = {name: last for run, name, last in series if run == before[0].pk}
    assert of_first == {
        "loss": 0.5, "note": None, "cut": None, "nan": None, "ok": 1.0, None: None,
    }  # fmt: skip
    assert durations[0][1] is None
    assert all(seconds is not None for _, seconds in durations[1:])
    found = tables.ids_of(Experiment.objects.get(), "metrics.loss = 0.5 and params.lr <= 0.1")
    assert len(found) == 2
    fill_tables.fill(apps, None)
    assert filled() == (values, series, durations)
    assert Field.objects.filter(name__startswith="trainyard/").count() == 0


def test_the_rules_of_the_migration_are_those_of_the_studio():
    """They are written twice, since a migration imports nothing of ours; on that day they agree."""
    names = (*parameters._SECRET_WORDS, "apiKey", "api-key", "key", "lr", "max_token", "tokens")
    assert [fill_tables.is_secret(n) for n in names] == [parameters.is_secret(n) for n in names]
    for line in LINES:
        assert fill_tables.parameters(line.split()) == parameters.read(line.split())
