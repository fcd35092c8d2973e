"""What a run has logged, as get_metrics() gives it: in pages, in the shapes of the calls."""

import io
import json
from typing import Any, Dict, List
from urllib.parse import quote

from trainyard._client import Client, file_path
from trainyard._uploads import API

# So many points are asked for at a time: an answer of some megabytes.
PAGE_POINTS = 100000
PAGE_CHARACTERS = 4000
NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
ADDRESS = "aml://artifactId/ExperimentRun/dcid."
PICTURE = "image"
FILES = (PICTURE, "confusion_matrix", "accuracy_table", "residuals", "predictions")


class Logged:
    """One metric: its kind, form and values so far."""

    def __init__(self, summary: Dict[str, Any]):
        self.name = str(summary["name"])
        self.kind = str(summary["kind"])
        self.form = str(summary.get("form", "scalar"))
        self.count = int(summary["count"])
        self.values: List[Any] = []

    def take(self, points: Dict[str, Any]) -> None:
        """Add a page of values. The kind may have become float since."""
        self.kind = str(points.get("kind", self.kind))
        self.values += points["values"]

    def shaped(self) -> Any:
        """Return what was logged in the shape of the call that logged it."""
        if self.form == "table":
            return _columns([json.loads(row) for row in self.values])
        values = [_value(value, self.kind) for value in self.values]
        return values[0] if len(values) == 1 and self.form != "list" else values


def read(client: Client, base: str, name: Any = None, populate: bool = False) -> Dict[str, Any]:
    """Return name → what was logged, of the run at `base`; of one metric when `name` is given.

    populate: of metrics that are files, their content: bytes of a picture, the dict of others.
    """
    summaries = client.get(base + "/metrics")["series"]
    found = [Logged(one) for one in summaries if name is None or one["name"] == name]
    for many in _together(found):
        _ask(client, base, many)
    for one in found:
        while len(one.values) < one.count and _ask(client, base, [one]):
            pass
        if populate and one.form in FILES:
            one.values = [_content(client, one.form, str(value)) for value in one.values]
    return {one.name: one.shaped() for one in found if one.values}


def _together(found: List[Logged]) -> List[List[Logged]]:
    """Return the metrics in groups that are asked for in one call."""
    groups: List[List[Logged]] = []
    points = characters = 0
    for one in found:
        points += one.count
        characters += len(quote(one.name)) + len("&name=")
        if not groups or points > PAGE_POINTS or characters > PAGE_CHARACTERS:
            groups.append([])
            points, characters = one.count, len(quote(one.name))
        groups[-1].append(one)
    return groups


def _ask(client: Client, base: str, many: List[Logged]) -> bool:
    """Ask for the next page of metrics of which as many values are here; whether there was any."""
    names, after = [one.name for one in many], len(many[0].values)
    series = client.get(base + "/metrics/points", name=names, after=after, limit=PAGE_POINTS)
    for one in many:
        one.take(series["series"].get(one.name, {"values": []}))
    return len(many[0].values) > after


def _content(client: Client, form: str, address: str) -> Any:
    """Return what lies in the file that a metric names. Raises NotFound where it was lost."""
    run_id, _, path = address[len(ADDRESS) :].partition("/")
    content = io.BytesIO()
    client.transport().download(
        API + file_path("runs/{}/files".format(run_id), path), content.write
    )
    return content.getvalue() if form == PICTURE else json.loads(content.getvalue().decode("utf-8"))


def _value(value: Any, kind: str) -> Any:
    """Return a value as it was logged: JSON has words for NaN and ±Inf, and one kind of number."""
    if kind == "json":
        value = json.loads(value)
    if kind == "text":
        return value
    value = NOT_FINITE.get(value, value) if isinstance(value, str) else value
    if kind == "bool":
        return bool(value)
    if kind == "float":
        return float(value)
    return int(value) if kind == "int" and abs(value) < float("inf") else value


def _columns(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return rows as column → values, None where a row has none; of one row, column → value."""
    names = {name: None for row in rows for name in row}
    columns = {
        name: [
            NOT_FINITE.get(v, v) if isinstance(v, str) else v for v in (r.get(name) for r in rows)
        ]
        for name in names
    }
    return {name: column[0] for name, column in columns.items()} if len(rows) == 1 else columns
