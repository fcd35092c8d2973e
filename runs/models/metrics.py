"""What runs log: a summary of each metric, and its points."""

from django.db import models

from runs.models.comparing import Field
from runs.models.running import Run


class MetricKind(models.TextChoices):
    """What the values of a metric are; numbers of two kinds under one name are floats.

    JSON: rows of tables, and lists of mixed values; one JSON text for each.
    """

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    TEXT = "text"
    JSON = "json"


class MetricForm(models.TextChoices):
    """By which call of the SDK a metric was logged.

    The values of the last five are texts: where the file is that was uploaded for it.
    """

    SCALAR = "scalar"
    LIST = "list"
    TABLE = "table"
    IMAGE = "image"
    CONFUSION_MATRIX = "confusion_matrix"
    ACCURACY_TABLE = "accuracy_table"
    RESIDUALS = "residuals"
    PREDICTIONS = "predictions"


class MetricSeries(models.Model):
    """One metric of a run: how many points, and the summary that tables and tiles need.

    least, greatest and last_value of finite values only; `nan_count` counts NaN and ±Inf.
    `field` is null for what the studio itself measures of the nodes.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="series")
    field = models.ForeignKey(
        Field, models.CASCADE, null=True, related_name="series", db_index=False
    )
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=MetricKind, default=MetricKind.FLOAT)
    form = models.CharField(max_length=16, choices=MetricForm, default=MetricForm.SCALAR)
    count = models.PositiveBigIntegerField(default=0)
    first_step = models.BigIntegerField(default=0)
    last_step = models.BigIntegerField(default=0)
    last_time = models.FloatField(default=0, help_text="wall clock, Unix seconds")
    last = models.CharField(max_length=255, blank=True, help_text="as JSON, NaN as a string")
    last_value = models.FloatField(null=True, help_text="the last as a number, null for no finite")
    least = models.FloatField(null=True)
    greatest = models.FloatField(null=True)
    nan_count = models.PositiveBigIntegerField(default=0)
    first_nan_step = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # All that tables sort and filter by: they read this, in the order of runs, and no row.
            # One index and not one for each: whoever logs has to write them all.
            models.Index(
                fields=["field", "run", "last_value", "least", "greatest", "nan_count"],
                name="series_of_field",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="one_series_per_metric")
        ]


class MetricSegment(models.Model):
    """Points of one series from number `first` on: packed int64 steps, float64 times and values.

    Values of kind text and json are a JSON list of texts instead of float64. No segment reaches
    over a multiple of metrics.PAGE_POINTS: a full page becomes one segment, with its MetricLevel.
    """

    series = models.ForeignKey(MetricSeries, models.CASCADE, related_name="segments")
    first = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField()
    least_step = models.BigIntegerField(null=True, help_text="null where nobody looked yet")
    greatest_step = models.BigIntegerField(null=True)
    steps = models.BinaryField()
    times = models.BinaryField()
    values = models.BinaryField()

    class Meta:
        ordering = ["first"]
        constraints = [
            models.UniqueConstraint(fields=["series", "first"], name="one_segment_per_place")
        ]


class MetricLevel(models.Model):
    """What a chart keeps of `count` points of a series from number `first` on, thinned already.

    Of each `bin` points (numbered from the series' first) those that metrics.thinning keeps, so
    that a chart of ten million points reads a hundredth of them. points: packed int64 numbers and
    steps, float64 times and values, one column after the other.
    """

    series = models.ForeignKey(MetricSeries, models.CASCADE, related_name="levels")
    bin = models.PositiveIntegerField()
    first = models.PositiveBigIntegerField()
    count = models.PositiveBigIntegerField()
    least_step = models.BigIntegerField()
    greatest_step = models.BigIntegerField()
    points = models.BinaryField()

    class Meta:
        ordering = ["first"]
        constraints = [
            models.UniqueConstraint(fields=["series", "bin", "first"], name="one_level_per_place")
        ]


class MetricWriter(models.Model):
    """A process that logs: the number of its last batch that is stored."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="metric_writers")
    name = models.CharField(max_length=80)
    last_sequence = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_writer_per_name")]
