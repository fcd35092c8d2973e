"""What runs leave: logs, files, and versions they used and made."""

from django.db import models

from registry.models import Version
from runs.models.running import Run
from studio.models import Blob, Stream, Tree


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


class RunInput(models.Model):
    """A dataset that a run reads, under a name that its arguments and variables use.

    version: null for files that were never registered.   path_on_compute: where the script wants
    them, "" for wherever the node has room.
    """

    class Mode(models.TextChoices):
        MOUNT = "mount"
        DOWNLOAD = "download"
        DIRECT = "direct"

    run = models.ForeignKey(Run, models.CASCADE, related_name="inputs")
    name = models.CharField(max_length=100)
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")
    tree = models.ForeignKey(Tree, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.MOUNT)
    path_on_compute = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_input_per_name")]


class RunOutput(models.Model):
    """A folder that a run fills, under a name that its arguments and variables use.

    Its files go to the workspace's store, below `destination` ("{run-id}" and "{output-name}" stand
    for these), and where `register` says so become a version of a dataset: {"name", "description",
    "tags", "form", "reading"}.   tree: what was written, whatever became of it in the store; null
    until then.   text: what went wrong, or is to be known, in words.
    """

    class Mode(models.TextChoices):
        UPLOAD = "upload"
        MOUNT = "mount"

    run = models.ForeignKey(Run, models.CASCADE, related_name="output_datasets")
    name = models.CharField(max_length=100)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.MOUNT)
    destination = models.CharField(max_length=500, blank=True)
    path_on_compute = models.CharField(max_length=1000, blank=True)
    overwrite = models.BooleanField(default=False)
    globs = models.JSONField(default=list, help_text="patterns of the files that are kept; [] all")
    register = models.JSONField(default=dict)
    tree = models.ForeignKey(Tree, models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(Version, models.SET_NULL, null=True, related_name="+")
    text = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_output_per_name")]

    @property
    def place(self) -> str:
        """The folder in the store that its files go to; "" for the whole store."""
        named = self.destination.replace("{run-id}", self.run.run_id)
        return named.replace("{output-name}", self.name)
