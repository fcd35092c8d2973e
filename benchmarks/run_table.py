"""The table of an experiment with 100,000 runs: a page, an order, a filter, and their count."""

import json
import sqlite3
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from benchmarks import rows
from benchmarks.figures import Figure, middle
from benchmarks.runs import said_by, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

SHAPE = rows.Shape(runs=100_000, metrics=20)
EXPERIMENT = "hundred-thousand"
REPEATS = 7
A, B, C = (f'metrics."{name}"' for name in SHAPE.names[:3])
COLUMNS = ",".join(f'metrics."{name}"' for name in SHAPE.names)


@dataclass(frozen=True)
class Question:
    """What is asked of the table, and the same by hand: a condition on runs, and an order."""

    what: str
    query: str
    sort: str
    condition: str
    order: str


IDS = "r.id IN (SELECT run_id FROM runs_metricseries WHERE field_id = :{} AND {})"
NEWEST = "SELECT r.id FROM runs_run r WHERE {} ORDER BY r.id DESC LIMIT 51"
BY_C = (
    "SELECT s.run_id FROM runs_metricseries s JOIN runs_run r ON r.id = s.run_id"
    " WHERE s.field_id = :c AND s.last_value IS NOT NULL AND {}"
    " ORDER BY s.last_value DESC, s.run_id DESC LIMIT 51"
)
LOW_A, LOW_B = IDS.format("a", "last_value < 0.5"), IDS.format("b", "last_value < 0.5")
RARE_A = IDS.format("a", "last_value < 0.0005")
QUESTIONS = (
    Question("newest", "", "", "1", NEWEST),
    Question("sort by a metric", "", f"-{C}", "1", BY_C),
    Question("filter, 40 match", f"{A} < 0.0005", "", RARE_A, NEWEST),
    Question("filter, half match", f"{A} < 0.5", "", LOW_A, NEWEST),
    Question(
        "and, sorted by another", f"{A} < 0.5 and {B} < 0.5", f"-{C}",
        f"{LOW_A} AND {LOW_B}", BY_C,
    ),
    Question(
        "or, not, sorted by another", f"{A} < 0.5 or not {B} < 0.5", f"-{C}",
        f"({LOW_A} OR NOT {LOW_B})", BY_C,
    ),
)  # fmt: skip


def measure(studio: StudioProcess) -> list[Figure]:
    """Ask through HTTP for 50 runs with 20 metrics each, counted; by hand from the same file."""
    template = run_of(studio)
    with rows.database(studio.home) as db:
        with rows.without_indexes(db):
            rows.fill(db, template, EXPERIMENT, SHAPE)
        return [_figure(studio, db, question) for question in QUESTIONS]


def run_of(studio: StudioProcess) -> str:
    """Submit a run that ends, whose row the others are copies of; return its id."""
    with workspace_of(studio) as workspace:
        run = submit(workspace, "first_line.py")
        said_by(run)
        return str(run.id)


def asked(studio: StudioProcess, path: str, **query: str) -> tuple[dict[str, Any], float]:
    """Ask the API; return what it said and how many milliseconds that took."""
    url = f"{studio.url}/api/v1/workspaces/default/{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {studio.token}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request) as reply:
        said = json.load(reply)
    return said, (time.perf_counter() - began) * 1000


def table_of(
    studio: StudioProcess, experiment: str, query: str, sort: str, *, columns: str = COLUMNS
) -> tuple[dict[str, Any], float]:
    """Ask for a table several times; return the page and the median of the milliseconds."""
    path = f"experiments/{experiment}/table"
    wanted = {"q": query, "sort": sort, "columns": columns}
    answers = [asked(studio, path, **wanted) for _ in range(REPEATS)]
    return answers[0][0], middle([took for _, took in answers[1:]])


def _figure(studio: StudioProcess, db: sqlite3.Connection, question: Question) -> Figure:
    page, took = table_of(studio, EXPERIMENT, question.query, question.sort)
    bare, count, first = _by_hand(db, question)
    if (page["count"], page["items"][0]["number"]) != (count, first):
        raise RuntimeError(f"{question.what}: {page['count']} runs, by hand {count}")
    return Figure(
        f"table of {SHAPE.runs:,} runs: {question.what}", took, bare, "ms",
        "the same by hand-written SQL on the same file", "≤ 100",
        f"{count:,} match; {page['took_ms']} ms of it in the table",
    )  # fmt: skip


def _by_hand(db: sqlite3.Connection, question: Question) -> tuple[float, int, int]:
    """Milliseconds for the count, the page's runs and their values; how many, and which first."""
    [(experiment,)] = db.execute(
        "SELECT id FROM runs_experiment WHERE name = ?", [EXPERIMENT]
    ).fetchall()
    ids = dict(db.execute("SELECT name, id FROM runs_field WHERE experiment_id = ?", [experiment]))
    a, b, c = (ids[name] for name in SHAPE.names[:3])
    given = {"e": experiment, "a": a, "b": b, "c": c}
    meant = f"r.experiment_id = :e AND r.archived_at IS NULL AND {question.condition}"
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        [(count,)] = db.execute(f"SELECT count(*) FROM runs_run r WHERE {meant}", given).fetchall()
        found = [key for (key,) in db.execute(question.order.format(meant), given)][:50]
        keys = ",".join(map(str, found))
        runs = db.execute(f"SELECT * FROM runs_run WHERE id IN ({keys})").fetchall()
        db.execute(
            "SELECT run_id, field_id, last, least, greatest FROM runs_metricseries"
            f" WHERE run_id IN ({keys})"
        ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    assert len(runs) == len(found)
    [(first,)] = db.execute("SELECT number FROM runs_run WHERE id = ?", [found[0]]).fetchall()
    return middle(times[1:]), count, first
