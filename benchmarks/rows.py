"""Very many runs in a studio's database, as copies of one that really ran."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PARAMETERS = ("lr", "batch_size", "optimizer", "seed")
STATES = ("Completed",) * 17 + ("Failed", "Failed", "Canceled")
REASONS = {"Completed": "succeeded", "Failed": "script-failed", "Canceled": "canceled"}
AT_ONCE = 200
TABLES = ("runs_run", "runs_metricseries", "runs_runvalue", "runs_field")


@dataclass(frozen=True)
class Shape:
    """How many runs an experiment has, how many metrics each, of how many steps."""

    runs: int
    metrics: int
    steps: int = 150

    @property
    def names(self) -> list[str]:
        return [f"group{number // 50}/metric {number}" for number in range(self.metrics)]


@contextmanager
def database(home: Path) -> Iterator[sqlite3.Connection]:
    """The studio's database, for large transactions."""
    with closing(sqlite3.connect(home / "studio.sqlite3", isolation_level=None, timeout=60)) as db:
        db.execute("PRAGMA cache_size=-200000")
        yield db


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """Write in one transaction, with the indexes as they are."""
    db.execute("BEGIN IMMEDIATE")
    yield
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def without_indexes(db: sqlite3.Connection) -> Iterator[None]:
    """Take the tables' indexes away, and make them again when all rows are there."""
    marks = ",".join("?" * len(TABLES))
    made = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        f" AND tbl_name IN ({marks})",
        TABLES,
    ).fetchall()
    for name, _ in made:
        db.execute(f'DROP INDEX "{name}"')
    yield
    for _, sql in made:
        db.execute(sql)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill(db: sqlite3.Connection, template: str, experiment: str, shape: Shape) -> None:
    """Add an experiment of many runs, each a copy of run `template` with values of its own."""
    [(run,)] = db.execute("SELECT id FROM runs_run WHERE run_id = ?", [template]).fetchall()
    db.execute("BEGIN IMMEDIATE")
    where = _add_experiment(db, run, {"name": experiment, "run_count": shape.runs})
    fields = {
        (kind, name): _insert_field(db, where, kind, name)
        for kind, names in (("metric", shape.names), ("param", PARAMETERS))
        for name in names
    }
    first = _add_runs(db, run, (where, experiment), shape)
    random = np.random.default_rng(len(experiment) + shape.runs)
    for start in range(0, shape.runs, AT_ONCE):
        keys = np.arange(first + start, first + min(start + AT_ONCE, shape.runs))
        _add_series(
            db, keys, [fields["metric", name] for name in shape.names], shape=shape, random=random
        )
        _add_values(db, keys, [fields["param", name] for name in PARAMETERS], random)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _add_experiment(db: sqlite3.Connection, run: int, own: dict[str, Any]) -> int:
    """Copy the experiment of a run, but for its `own` values; return its key."""
    [(there,)] = db.execute("SELECT experiment_id FROM runs_run WHERE id = ?", [run]).fetchall()
    values = {**_row(db, "runs_experiment", there), **own}
    marks = ",".join("?" * len(values))
    done = db.execute(
        f"INSERT INTO runs_experiment ({','.join(values)}) VALUES ({marks})", [*values.values()]
    )
    return int(done.lastrowid or 0)


def _row(db: sqlite3.Connection, table: str, key: int) -> dict[str, Any]:
    """Column → value of a row, without its key."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    cursor = db.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", [key])
    return dict(zip(columns, cursor.fetchone(), strict=True))


def _insert_field(db: sqlite3.Connection, experiment: int, kind: str, name: str) -> int:
    done = db.execute(
        "INSERT INTO runs_field (experiment_id, kind, name) VALUES (?, ?, ?)",
        [experiment, kind, name],
    )
    return int(done.lastrowid or 0)


def _add_runs(db: sqlite3.Connection, template: int, home: tuple[int, str], shape: Shape) -> int:
    """Copy the run's row; return the first one's key."""
    copied = _row(db, "runs_run", template)
    [(last,)] = db.execute("SELECT max(id) FROM runs_run").fetchall()

    def rows() -> Iterator[list[Any]]:
        for number in range(1, shape.runs + 1):
            state = STATES[number * 7 % len(STATES)]
            own = {
                "run_id": f"{home[1]}_1700000000_{number:08x}",
                "experiment_id": home[0],
                "number": number,
                "name": f"{('brave', 'calm', 'keen', 'wise')[number % 4]}_fox_{number}",
                "state": state,
                "reason": REASONS[state],
                "duration_s": float(number * 7919 % 10_000),
                "tags": json.dumps({}),
            }
            yield list({**copied, **own}.values())

    marks = ",".join("?" * len(copied))
    db.executemany(f"INSERT INTO runs_run ({','.join(copied)}) VALUES ({marks})", rows())
    return int(last) + 1


def _add_series(
    db: sqlite3.Connection, runs: Any, fields: list[int], *, shape: Shape, random: Any
) -> None:
    """One summary for each metric of each run; a tenth of them is missing, as in real life."""
    values = random.random((len(runs), len(fields)))
    there = random.random(values.shape) > 0.1
    names = shape.names
    last_step = shape.steps - 1
    rows = (
        (int(run), field, name, "float", "scalar", shape.steps, 0, last_step, 1.7e9,
         repr(value), value, value * 0.9, value * 1.5, 0, None)
        for run, of_run, has in zip(runs, values.tolist(), there.tolist(), strict=True)
        for field, name, value, is_there in zip(fields, names, of_run, has, strict=True)
        if is_there
    )  # fmt: skip
    db.executemany(
        "INSERT INTO runs_metricseries (run_id, field_id, name, kind, form, count, first_step,"
        " last_step, last_time, last, last_value, least, greatest, nan_count, first_nan_step)"
        f" VALUES ({','.join('?' * 15)})",
        rows,
    )


def _add_values(db: sqlite3.Connection, runs: Any, fields: list[int], random: Any) -> None:
    rows = []
    for run in runs.tolist():
        texts = (
            f"{10 ** random.uniform(-5, -1):.3g}", str(2 ** random.integers(3, 10)),
            ("adam", "sgd", "lion")[run % 3], str(run),
        )  # fmt: skip
        for field, text in zip(fields, texts, strict=True):
            number = None if text.isalpha() else float(text)
            rows.append((run, field, text, number))
    db.executemany(
        "INSERT INTO runs_runvalue (run_id, field_id, text, number) VALUES (?, ?, ?, ?)", rows
    )
