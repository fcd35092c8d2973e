"""Runs that name their parent by a property get it as a key, where it is of their experiment.

In batches by key, and safe to run twice. The property stays.
"""

from django.db import migrations
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

AT_ONCE = 500


def fill(apps, schema_editor):
    runs = apps.get_model("runs", "Run").objects
    named = runs.annotate(of_run=KeyTransform("parent_run_id", "properties"))
    left = named.filter(Q(of_run__isnull=False), parent=None).order_by("pk")
    last = 0
    while batch := list(left.filter(pk__gt=last)[:AT_ONCE]):
        last = batch[-1].pk
        ids = {run.properties["parent_run_id"] for run in batch}
        above = runs.filter(run_id__in=ids).values_list("run_id", "experiment_id", "pk")
        there = {(run_id, experiment): key for run_id, experiment, key in above}
        for run in batch:
            run.parent_id = there.get((run.properties["parent_run_id"], run.experiment_id))
        runs.bulk_update(batch, ["parent"])


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0010_run_parent"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
