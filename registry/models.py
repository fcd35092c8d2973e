"""Named, numbered, unchanging things: environments and models (data sets come later)."""

from django.db import models

from studio.models import Tree, User, Workspace


class Kind(models.TextChoices):
    """What an asset is."""

    MODEL = "model"
    ENVIRONMENT = "environment"


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
