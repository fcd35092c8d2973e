"""A run's metrics: appended in batches, exactly once; read back whole, thinned or summarised."""

from runs.metrics.batches import PACKED, Batch, parse, unpack
from runs.metrics.fields import RESERVED, group, logged, monitored, monitoring_group
from runs.metrics.merging import merge
from runs.metrics.reading import curves, points, read, summaries
from runs.metrics.shown import shown
from runs.metrics.storing import Said, Stored, append, append_all

__all__ = [
    "PACKED",
    "RESERVED",
    "Batch",
    "Said",
    "Stored",
    "append",
    "append_all",
    "curves",
    "group",
    "logged",
    "merge",
    "monitored",
    "monitoring_group",
    "parse",
    "points",
    "read",
    "shown",
    "summaries",
    "unpack",
]
