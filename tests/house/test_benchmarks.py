"""The benchmarks write rows by hand: they know the tables as these are now."""

import pytest
from django.db import connection

from benchmarks import rows
from runs.models import Experiment, Run
from runs.states import State
from tests.factories import make_run


@pytest.mark.django_db(transaction=True)
def test_a_studio_is_filled_with_runs_that_it_can_show():
    run = make_run(state=State.COMPLETED)
    connection.ensure_connection()
    rows.fill(connection.connection, run.run_id, "many", rows.Shape(runs=40, metrics=3))
    made = Run.objects.filter(experiment=Experiment.objects.get(name="many"))
    assert made.count() == 40
    assert made.filter(experiment__workspace=run.workspace, cluster=run.cluster).count() == 40
    assert 0 < made[0].series.count() <= 3
    assert made[0].series.all()[0].count == rows.Shape(1, 1).steps
