"""Runs with many points, made in the studio's own process by what stores them (manage.py shell)."""

import numpy as np
from django.db import transaction

from runs import metrics
from runs.models import Experiment, MetricKind, Run
from runs.states import State
from studio.models import User, Workspace
from tests.factories import make_run, make_tree

# As a driver sends them while a script logs: a row holds little more.
RUNNING, SMALL = 100, 256


def one_long(points: int, at_once: int) -> str:
    """An ended run with so many points of one metric; its id."""
    run = _run(Experiment.objects.create(workspace=_workspace(), name="long"))
    _log(run, points, at_once)
    metrics.merge(run)
    return run.run_id


def many(runs: int, points: int) -> str:
    """So many runs with so many points each; their ids. The last hundred are as while they log."""
    experiment = Experiment.objects.create(workspace=_workspace(), name="many")
    snapshot, ids = make_tree(), []
    for number in range(runs):
        is_running = number >= runs - RUNNING
        run = _run(experiment, snapshot=snapshot)
        with transaction.atomic():
            _log(run, points, SMALL if is_running else points)
        if not is_running:
            metrics.merge(run)
        ids.append(run.run_id)
    return ",".join(ids)


def _workspace() -> Workspace:
    return Workspace.objects.get(name="default")


def _run(experiment: Experiment, **fields: object) -> Run:
    user = User.objects.get(username="admin")
    return make_run(experiment=experiment, user=user, state=State.COMPLETED, **fields)


def _log(run: Run, points: int, at_once: int) -> None:
    chance = np.random.default_rng(run.pk)
    values = 1 / np.sqrt(np.arange(1, points + 1)) + chance.normal(scale=0.05, size=points)
    for sequence, at in enumerate(range(0, points, at_once), 1):
        steps = np.arange(at, min(at + at_once, points))
        times = 1.7e9 + steps / 10
        batch = metrics.Batch("loss", MetricKind.FLOAT, steps, times, values[steps])
        metrics.append(run, "filling", sequence, [batch])
