"""What a run's script drew: images, tables, texts, and charts out of files that it logged."""

from runs.drawn.charts import chart
from runs.drawn.files import items
from runs.drawn.series import FILES, TABLES, drawn, number_at, one, summaries
from runs.drawn.tables import columns, csv_lines, lines

__all__ = [
    "FILES",
    "TABLES",
    "chart",
    "columns",
    "csv_lines",
    "drawn",
    "items",
    "lines",
    "number_at",
    "one",
    "summaries",
]
