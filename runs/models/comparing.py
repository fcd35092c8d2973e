"""What runs of an experiment are compared by, and tables as people left them."""

from django.db import models

from runs.models.running import Experiment, Run
from studio.models import User


class FieldKind(models.TextChoices):
    """What runs of an experiment can be compared by, beside their own facts."""

    METRIC = "metric"
    PARAMETER = "param"
    TAG = "tag"


class Field(models.Model):
    """A metric, parameter or tag that runs of an experiment have: a column of its table.

    The names are here once, so that listing them is not reading all runs; `id` is their order.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="fields")
    kind = models.CharField(max_length=8, choices=FieldKind)
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "kind", "name"], name="one_field_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class RunValue(models.Model):
    """What a run has of a parameter or a tag, kept so that tables can filter and sort by it.

    text: as written, cut at 255 characters; number: what it is as a number, null for none.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="values")
    field = models.ForeignKey(Field, models.CASCADE, related_name="run_values", db_index=False)
    text = models.CharField(max_length=255, blank=True)
    number = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # As with metrics: what a table sorts and filters by is read from here alone.
            models.Index(fields=["field", "run", "number", "text"], name="run_values_of_field"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "field"], name="one_value_per_field"),
        ]


class SavedView(models.Model):
    """A table and its charts as somebody left them: the address's query, under a name."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="views")
    name = models.CharField(max_length=100)
    query = models.TextField(help_text="what follows ? in the page's address")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="one_view_per_name"),
        ]
