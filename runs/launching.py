"""From submitted to its nodes: what a run does next, as far as it can go now. Safe to repeat."""

import logging

from runs import lifecycle, placing, preparing
from runs.models import Run
from runs.states import State

logger = logging.getLogger(__name__)
WITH = ("experiment__workspace", "cluster", "created_by", "image_build__image")
PLACED_TOGETHER = 20


def launch(run_pk: int) -> None:
    """Take a run as far as it can go now: to started tasks, or to what it waits for."""
    run = Run.objects.select_related(*WITH).get(pk=run_pk)
    if run.state == State.NOT_STARTED:
        lifecycle.move(run, State.PREPARING)
    if run.state == State.PREPARING:
        preparing.prepare(run)
    if run.state == State.QUEUED:
        placing.place()


def go_on(build_pk: int) -> None:
    """Let the runs that waited for a build that ended go on: to their nodes, or to their end."""
    waiting = list(preparing.waiting_for(build_pk).select_related(*WITH).order_by("id"))
    for number, run in enumerate(waiting):
        try:
            preparing.prepare(run)
        except Exception:  # the outer edge: the others must not wait for this one
            logger.exception("%s could not go on", run)
        if number % PLACED_TOGETHER == 0:  # the first start while the last are still told
            placing.place()
    placing.place()
