"""What runs leave: logs, files, and versions they used and made."""

from django.db import models

from registry.models import Version
from runs.models.running import Run
from studio.models import Blob, Stream


class RunLog(models.Model):
    """A log of a run by its path, e.g. `azureml-logs/70_driver_log.txt`."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="logs")
    path = models.CharField(max_length=1000)
    stream = models.ForeignKey(Stream, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="one_log_per_path")]


class RunFile(models.Model):
    """A file that a run wrote to `outputs/` (or uploaded), whole, as last seen."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="one_file_per_path")]


class RunAsset(models.Model):
    """Lineage: the run used (in) or made (out) this version, under this name."""

    class Direction(models.TextChoices):
        IN = "in"
        OUT = "out"

    run = models.ForeignKey(Run, models.CASCADE, related_name="assets")
    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction)
    path = models.CharField(max_length=1000, blank=True, help_text="where in the run's files")
