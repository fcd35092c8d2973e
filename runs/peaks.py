"""What a run's nodes did all in all: mean and most of each thing that was measured."""

import re
from dataclasses import dataclass

import numpy as np

from runs import metrics
from runs.models import MetricSeries, Run
from studio.templatetags.ui import size

NAME = re.compile(rf"{metrics.RESERVED}node-(?P<node>\d+)/(?P<what>\w+)")
GPU = re.compile(r"gpu(?P<number>\d+)_(?P<what>\w+)")
# What is shown, in this order; of a GPU the same for each.
TITLES = {
    "cpu_percent": "CPU",
    "machine_cpu_percent": "CPU, whole machine",
    "memory_bytes": "Memory",
    "machine_memory_bytes": "Memory, whole machine",
    "percent": "GPU",
    "gpu_memory_bytes": "GPU memory",
    "disk_read_bytes_per_s": "Disk, read",
    "disk_write_bytes_per_s": "Disk, written",
    "network_in_bytes_per_s": "Network, in",
    "network_out_bytes_per_s": "Network, out",
}
ORDER = list(TITLES)


@dataclass(frozen=True)
class Peak:
    """One line of the table, in words; `limit` is the greatest that was possible, or "–"."""

    title: str
    mean: str
    most: str
    limit: str


def of(run: Run) -> list[Peak]:
    """The peaks of an ended run, by node; empty when nothing was measured."""
    series = {one.name: one for one in metrics.monitored(run)}
    places = {name: place for name in series if (place := NAME.fullmatch(name))}
    nodes = {int(place["node"]) for place in places.values()}
    found = []
    for name, place in places.items():
        node, (rank, title) = int(place["node"]), _title(place["what"])
        if title:
            title = f"Node {node}, {title}" if len(nodes) > 1 else title
            found.append((node, rank, title, _peak(title, series[name], _limit(series, name))))
    return [peak for *_, peak in sorted(found, key=lambda line: line[:3])]


def _title(what: str) -> tuple[int, str]:
    """Return (place in the table, title); no title for what is not shown."""
    gpu = GPU.fullmatch(what)
    key = what if gpu is None else gpu["what"] if gpu["what"] == "percent" else f"gpu_{gpu['what']}"
    if key not in TITLES:
        return 0, ""
    return ORDER.index(key), TITLES[key] + (f" {gpu['number']}" if gpu else "")


def _peak(title: str, one: MetricSeries, limit: float | None) -> Peak:
    values = metrics.read(one).values
    values = values[np.isfinite(values)]
    mean, most = (values.mean(), values.max()) if len(values) else (0.0, 0.0)
    words = "–" if limit is None else _words(one.name, limit)
    return Peak(title, _words(one.name, mean), _words(one.name, most), words)


def _words(name: str, value: float) -> str:
    if name.endswith("percent"):
        return f"{value:.0f} %"
    return size(round(value)) + ("/s" if name.endswith("_per_s") else "")


def _limit(series: dict[str, MetricSeries], name: str) -> float | None:
    if not name.endswith("_bytes"):
        return None
    limit = series.get(name.replace("machine_", "").replace("_bytes", "_limit_bytes"))
    return limit.greatest if limit else None
