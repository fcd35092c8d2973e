"""50 experiments × 1,500 runs × 1,500 metrics, or a tenth of the runs; FULL=1 for all of them."""

import os
import sqlite3
import time

from benchmarks import rows
from benchmarks.figures import Figure, middle
from benchmarks.run_table import REPEATS, asked, run_of, table_of
from tests.fixtures.studio_process import StudioProcess

EXPERIMENTS = 50
WHOLE = os.environ.get("FULL", "") == "1"
SHAPE = rows.Shape(runs=1500 if WHOLE else 150, metrics=1500)
LAST = "shape-49"
FIRST, OTHER = (f'metrics."{SHAPE.names[number]}"' for number in (3, 1400))


def measure(studio: StudioProcess) -> list[Figure]:
    """The table of the last experiment, as a page opens it; filtered and sorted; completion."""
    template = run_of(studio)
    began = time.monotonic()
    with rows.database(studio.home) as db:
        with rows.without_indexes(db):
            for number in range(EXPERIMENTS):
                rows.fill(db, template, f"shape-{number:02}", SHAPE)
        made = time.monotonic() - began
        bare = _by_hand(db)
    size = (studio.home / "studio.sqlite3").stat().st_size / 2**30
    about = f"{made:.0f} s to make, {size:.1f} GiB"
    figures = [
        _table(studio, "opened", ("", ""), (bare, "< 1,000", about)),
        _table(
            studio, "filtered, sorted by another",
            (f"{FIRST} < 0.5 and not {OTHER}.min > 0.9 or params.optimizer = adam", f"-{OTHER}"),
            (bare, "< 300", ""),
        ),
    ]  # fmt: skip
    path = f"experiments/{LAST}/complete"
    times = [asked(studio, path, q="metrics.14", at="10")[1] for _ in range(REPEATS)]
    figures.append(
        Figure(
            f"{_shape()}: completion", middle(times[1:]), bare, "ms",
            "one page's values by hand-written SQL", "< 100",
        )
    )  # fmt: skip
    return figures


def _table(
    studio: StudioProcess, what: str, asked_for: tuple[str, str], beside: tuple[float, str, str]
) -> Figure:
    page, took = table_of(studio, LAST, *asked_for, columns="")
    if len(page["items"]) != 50 or page["all_count"] != SHAPE.runs:
        raise RuntimeError(f"{what}: {len(page['items'])} runs of {page['all_count']}")
    bare, target, more = beside
    return Figure(
        f"{_shape()}: table {what}", took, bare, "ms", "one page's values by hand-written SQL",
        target, f"{page['count']:,} match{'; ' if more else ''}{more}",
    )  # fmt: skip


def _shape() -> str:
    return f"{EXPERIMENTS} × {SHAPE.runs:,} × {SHAPE.metrics:,}"


def _by_hand(db: sqlite3.Connection) -> float:
    """Milliseconds to read the newest 50 runs of an experiment and four metrics of each."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        [(experiment,)] = db.execute(
            "SELECT id FROM runs_experiment WHERE name = ?", [LAST]
        ).fetchall()
        found = db.execute(
            "SELECT * FROM runs_run WHERE experiment_id = ? ORDER BY id DESC LIMIT 50", [experiment]
        ).fetchall()
        keys = ",".join(str(row[0]) for row in found)
        fields = db.execute(
            "SELECT id FROM runs_field WHERE experiment_id = ? ORDER BY id LIMIT 4", [experiment]
        ).fetchall()
        wanted = ",".join(str(key) for (key,) in fields)
        db.execute(
            "SELECT run_id, field_id, last, least, greatest FROM runs_metricseries"
            f" WHERE field_id IN ({wanted}) AND run_id IN ({keys})"
        ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    return middle(times[1:])
