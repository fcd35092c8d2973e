"""Where code runs: clusters, their nodes, and the images that tasks start from."""

from django.db import models
from django.db.models import Q

from compute.states import Backend, BuildState, NodeState
from studio.models import Stream, Workspace


class Cluster(models.Model):
    """Nodes of one size that come up when work waits (min to max) and go after the idle time."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="clusters")
    name = models.CharField(max_length=24)
    backend = models.CharField(max_length=16, choices=Backend, default=Backend.LOCAL)
    node_size = models.CharField(max_length=40, default="STANDARD_D2_V2")
    min_nodes = models.PositiveIntegerField(default=0)
    max_nodes = models.PositiveIntegerField(default=2)
    idle_seconds_before_scaledown = models.PositiveIntegerField(default=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_cluster_per_name"),
            models.CheckConstraint(
                condition=Q(min_nodes__lte=models.F("max_nodes")), name="min_nodes_within_max"
            ),
        ]

    def __str__(self) -> str:
        return f"cluster {self.name}"


class Node(models.Model):
    """One node of a cluster: a reservation, held by an opaque key while something runs on it."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="nodes")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=NodeState, default=NodeState.IDLE)
    holder = models.CharField(max_length=300, null=True, unique=True)
    came_up_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "number"], name="one_node_per_number"),
            models.CheckConstraint(
                condition=Q(state=NodeState.BUSY, holder__isnull=False)
                | Q(state=NodeState.IDLE, holder__isnull=True),
                name="a_node_is_held_exactly_when_busy",
            ),
        ]


class Image(models.Model):
    """A finished image: `digest` is the hash of lock, base, platform and builder.

    A row exists only for an image that is whole. `place` is where the backend finds it:
    for the local builder, a folder with a Python environment.
    """

    digest = models.CharField(max_length=64, unique=True)
    place = models.CharField(max_length=1000)
    size_bytes = models.PositiveBigIntegerField()
    build_seconds = models.FloatField()
    built_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(auto_now_add=True)


class ImageBuild(models.Model):
    """The way from one recipe to its image: the lock, how far it is, its log, why it failed.

    Unique by the recipe's digest, so whoever asks for the same recipe waits for the same build.
    """

    recipe_digest = models.CharField(max_length=64, unique=True)
    recipe = models.JSONField()
    state = models.CharField(max_length=16, choices=BuildState, default=BuildState.WAITING)
    lock = models.TextField(blank=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, related_name="builds")
    log = models.ForeignKey(Stream, models.PROTECT, related_name="+")
    error = models.TextField(blank=True)
    guilty = models.CharField(max_length=300, blank=True, help_text="the requirement at fault")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    builder_seen_at = models.DateTimeField(null=True, help_text="lease of the one who builds")
    attempt = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"image build {self.recipe_digest[:12]}"
