"""Named, numbered, unchanging things: environments, models and datasets."""

from django.db import models

from studio.models import Blob, Tree, User, Workspace


class Kind(models.TextChoices):
    """What an asset is."""

    MODEL = "model"
    ENVIRONMENT = "environment"
    DATASET = "dataset"


class Asset(models.Model):
    """A name in a workspace that versions are counted under.

    One without a workspace is curated: it comes with the studio, everyone sees it, nobody edits it.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="assets")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, help_text="out of the lists; still there by name")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "name"], name="one_asset_per_name"
            ),
            models.UniqueConstraint(
                fields=["kind", "name"],
                condition=models.Q(workspace__isnull=True),
                name="one_curated_asset_per_name",
            ),
        ]

    @property
    def is_curated(self) -> bool:
        """Whether it came with the studio."""
        return self.workspace_id is None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Version(models.Model):
    """One numbered version of an asset, from 1 on; what it holds never changes.

    What is written on it may: description and tags. `created_by` is None for a curated one.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.asset.name}:{self.number}"


class ModelVersion(models.Model):
    """The files of a model version."""

    version = models.OneToOneField(Version, models.CASCADE, related_name="model")
    tree = models.ForeignKey(Tree, models.PROTECT, related_name="+")
    framework = models.CharField(max_length=60, blank=True)
    framework_version = models.CharField(max_length=60, blank=True)


class EnvironmentVersion(models.Model):
    """What a person wrote: `definition` as in docs/api.md, and its recipe's digest.

    `summary` is the recipe in words for lists, which read no definition.
    """

    version = models.OneToOneField(Version, models.CASCADE, related_name="environment")
    definition = models.JSONField()
    recipe_digest = models.CharField(max_length=64, db_index=True)
    summary = models.CharField(max_length=300, blank=True, help_text="its packages, in words")


class Alias(models.Model):
    """A name for one version of an asset that people move on, such as `champion`."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=100)
    version = models.ForeignKey(Version, models.CASCADE, related_name="aliases")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "name"], name="one_version_per_alias")
        ]


class DatasetForm(models.TextChoices):
    """How a dataset is read: as files, or as the rows of a table that its files hold."""

    FILE = "file"
    TABULAR = "tabular"


class DatasetVersion(models.Model):
    """The files of a dataset version.

    source: where they came from, a list of texts (URLs, paths in the workspace's store, "upload").
    reading: of a table, how its files are read: {"format", "separator", "header", …}.
    """

    version = models.OneToOneField(Version, models.CASCADE, related_name="dataset")
    tree = models.ForeignKey(Tree, models.PROTECT, related_name="+")
    form = models.CharField(max_length=8, choices=DatasetForm, default=DatasetForm.FILE)
    source = models.JSONField(default=list)
    reading = models.JSONField(default=dict)


class StoredFile(models.Model):
    """A file in the workspace's store, the default datastore: it has a path and may be replaced.

    writer: an opaque key of who put this content there, for those who may replace only what is
    their own; "" for people.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="stored_files")
    path = models.CharField(max_length=1000)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    writer = models.CharField(max_length=400, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "path"], name="one_stored_file_per_path")
        ]


class PrivateWheel(models.Model):
    """A wheel that people of a workspace keep for their environments, by its name and content."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="private_wheels")
    name = models.CharField(max_length=255)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name", "blob"], name="one_private_wheel_per_content"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FetchState(models.TextChoices):
    QUEUED = "Queued"
    FETCHING = "Fetching"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


class Fetch(models.Model):
    """Files that the studio fetches from URLs, once; `tree` when all of them are there.

    files: [{"url", "path", "size_bytes" (null: not known), "done_bytes", "sha256"}, …].
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="fetches")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=FetchState, default=FetchState.QUEUED)
    files = models.JSONField()
    error = models.TextField(blank=True)
    tree = models.ForeignKey(Tree, models.PROTECT, null=True, related_name="+")
    beat_at = models.DateTimeField(null=True, help_text="who fetches says that it lives")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
