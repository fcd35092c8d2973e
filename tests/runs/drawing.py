"""Images, tables and charts of a run, as its script would log them."""

import json
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from runs import metrics, outputs
from runs.metrics import Batch
from runs.models import MetricForm, MetricKind, MetricWriter, Run
from runs.states import State
from studio.models import User, Workspace
from tests.factories import make_blob, make_experiment, make_run


def log(run: Run, name: str, form: str, values: Iterable[Any], *, first: int = 0) -> None:
    """Log texts under `name`, or rows, which are written as JSON; steps count from `first`."""
    listed = list(values)
    is_text = all(isinstance(value, str) for value in listed)
    texts = listed if is_text else [json.dumps(value) for value in listed]
    kind = MetricKind.TEXT if is_text else MetricKind.JSON
    steps = np.arange(first, first + len(texts))
    times = np.full(len(texts), 1_700_000_000.0)
    batch = Batch(name, kind, steps, times, texts, MetricForm(form))
    writer = MetricWriter.objects.filter(run=run, name="1-abc").first()
    metrics.append(run, "1-abc", (writer.last_sequence if writer else 0) + 1, [batch])


def keep(run: Run, path: str, content: bytes | dict[str, Any]) -> None:
    """Keep a file of the run; an object as JSON, as Python writes it."""
    data = json.dumps(content).encode() if isinstance(content, dict) else content
    outputs.add(run, [(path, make_blob(data).sha256)])


def address(run: Run, path: str) -> str:
    """What the script logs for a file."""
    return f"aml://artifactId/ExperimentRun/dcid.{run.run_id}/{path}"


def chart(run: Run, form: str, data: Any, *, name: str = "it") -> None:
    """Log a chart with its file; `data` that is no dict stands for the whole file."""
    whole = {"schema_type": form, "schema_version": "v1", "data": data}
    keep(run, name, data if isinstance(data, bytes) else whole)
    log(run, name, form, [address(run, name)])


def png(width: int = 2, height: int = 2, shade: int = 0) -> bytes:
    """A picture of one grey."""
    rows = (b"\0" + bytes([shade] * width)) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def one_of_each() -> str:
    """Make an ended run in workspace "default" that drew something of each kind; return its id."""
    experiment = make_experiment(workspace=Workspace.objects.get(name="default"), name="drawn")
    # One person more, and local clusters would refuse the runs of other tests.
    admin = User.objects.get(username="admin")
    run = make_run(experiment=experiment, user=admin, state=State.COMPLETED)
    for step in range(30):
        keep(run, f"cats_{step}.png", png(8, 6, 8 * step))
    log(run, "cats", "image", [address(run, f"cats_{step}.png") for step in range(30)], first=100)
    log(run, "lost", "image", [address(run, "lost.png")])
    rows = [{"epoch": at, "loss": 1 / (at + 1), "note": "ok"} for at in range(100_000)]
    log(run, "epochs", "table", rows)
    log(run, "stage", "scalar", ["warm-up", "train"])
    log(run, "mixed", "list", ["<b>bold</b>", 3.5, None])
    _charts(run)
    return run.run_id


def _charts(run: Run) -> None:
    small = {"class_labels": ["cat", "dog <b>", "ant"], "matrix": [[6, 2, 0], [1, 9, 0], [2, 0, 0]]}
    chart(run, "confusion_matrix", small, name="confusion")
    matrix = np.eye(1000, dtype=int) * 50 + np.random.default_rng(1).integers(0, 5, (1000, 1000))
    labels = [f"class {at}" for at in range(1000)]
    large = {"class_labels": labels, "matrix": matrix.tolist()}
    chart(run, "confusion_matrix", large, name="many")
    chart(run, "residuals", {"bin_edges": [0, 1, 3], "bin_counts": [3]}, name="broken")
    chart(run, "residuals", {"bin_edges": [-1, 0, 1], "bin_counts": [3, 5]}, name="rest")
    counts = [
        [[10, 40, 0, 0], [9, 10, 30, 1], [2, 0, 40, 8]],
        [[40, 10, 0, 0], [39, 5, 5, 1], [9, 0, 10, 31]],
    ]
    table = {
        "class_labels": ["no", "yes"],
        "probability_thresholds": [0, 0.5, 1],
        "percentile_thresholds": [0, 50, 100],
        "probability_tables": counts,
        "percentile_tables": counts,
    }
    chart(run, "accuracy_table", table, name="accuracy")
    bins = {"bin_edges": [0, 1, 2], "bin_counts": [3, 5]}
    said = {**bins, "bin_averages": [0.4, 1.6], "bin_errors": [0.1, 0.2]}
    chart(run, "predictions", said, name="said")
