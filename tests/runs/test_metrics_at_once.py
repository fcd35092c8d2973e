"""Writers, readers and what merges, all at once: each point once, and no picture with a hole."""

import threading
import time

import numpy as np
import pytest
from django.db import connections

from runs import metrics
from runs.metrics.packing import PAGE_POINTS
from runs.metrics.reading import read
from studio.errors import WrongOffset
from tests.factories import make_run
from tests.runs.series import batch, series_of, view

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, BATCHES, POINTS = 3, 12, 9000
LONGEST_S = 300


@pytest.fixture
def run():
    return make_run()


class Together:
    """Threads with database connections of their own; the first error of any is raised."""

    def __init__(self):
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, work, *given) -> threading.Thread:
        thread = threading.Thread(target=self._work, args=(work, given), daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def _work(self, work, given) -> None:
        try:
            work(*given)
        except BaseException as error:
            self.errors.append(error)
        finally:
            connections.close_all()

    def join(self, threads=None) -> None:
        ends = time.monotonic() + LONGEST_S
        for thread in threads or self.threads:
            thread.join(max(0.0, ends - time.monotonic()))
            assert not thread.is_alive(), "a thread hangs"
        if self.errors:
            raise self.errors[0]


def write(run, rank):
    """Batches with each value once in the run: rank, and the number of the point."""
    for number in range(1, BATCHES + 1):
        steps = np.arange((number - 1) * POINTS, number * POINTS)
        # A driver that did not hear the answer says it again.
        for _ in range(1 + (number % 3 == 0)):
            metrics.append(run, f"rank-{rank}", number, [batch(steps * 10.0 + rank, steps=steps)])


def test_writers_readers_and_a_merge_at_once(run):
    metrics.append(run, "first", 1, [batch([-1.0], steps=[0])])
    ended = threading.Event()
    seen: list[int] = []

    def look():
        while not ended.is_set():
            series = series_of(run)
            [whole] = metrics.points(run, []).values()
            assert len(whole["steps"]) == len(whole["values"]) == whole["count"]
            assert len(np.unique(whole["values"])) == whole["count"]
            [thinned] = metrics.points(run, [], most=400).values()
            assert np.max(thinned["values"]) >= series.greatest
            [close] = metrics.points(run, [], span=(100, 160)).values()
            inside = [step for step in close["steps"] if 100 <= step <= 160]
            of_whole = (np.asarray(whole["steps"]) >= 100) & (np.asarray(whole["steps"]) <= 160)
            assert len(inside) >= of_whole.sum()
            seen.append(whole["count"])

    def tidy():
        while not ended.is_set():
            metrics.merge(run)

    together = Together()
    writers = [together.start(write, run, rank) for rank in range(WRITERS)]
    others = [together.start(look), together.start(look), together.start(tidy)]
    together.join(writers)
    ended.set()
    together.join(others)
    metrics.merge(run)
    series = series_of(run)
    values = read(series).values
    everything = np.arange(BATCHES * POINTS) * 10.0
    expected = np.sort(np.concatenate([[-1.0], *(everything + rank for rank in range(WRITERS))]))
    assert np.array_equal(np.sort(values), expected)
    assert series.count == len(expected) > 4 * PAGE_POINTS
    assert np.array_equal(np.sort(view(series).values), expected)
    assert len(seen) > 2


def test_one_batch_said_by_many_at_once_is_stored_once(run):
    together = Together()
    for _ in range(8):
        together.start(metrics.append, run, "w", 1, [batch([1.0, 2.0, 3.0])])
    together.join()
    assert series_of(run).count == 3
    with pytest.raises(WrongOffset):
        metrics.append(run, "w", 3, [batch([1.0])])


def test_writers_that_begin_the_same_metrics_at_once_share_them(run):
    names = [f"m{number}" for number in range(30)]
    together = Together()
    for rank in range(6):
        mine = names[rank:] + names[:rank]
        batches = [batch([float(rank)], name=name) for name in mine]
        together.start(metrics.append, run, f"rank-{rank}", 1, batches)
    together.join()
    assert set(run.series.values_list("name", "count")) == {(name, 6) for name in names}
