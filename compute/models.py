"""Where code runs: clusters, their nodes, and the images that tasks start from."""

from django.db import models
from django.db.models import Q

from compute.states import Backend, BuildState, ImageKind, NodeState, Priority
from studio.models import Stream, Workspace


class ClusterQuerySet(models.QuerySet["Cluster"]):
    """Clusters, with what is asked of them often."""

    def there(self) -> "ClusterQuerySet":
        """Those that were not deleted."""
        return self.filter(deleted_at__isnull=True)


class Cluster(models.Model):
    """Nodes of one size that come up when work waits (min to max) and go after the idle time.

    One that was deleted stays as a row, because its runs name it; its name is free again.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="clusters")
    name = models.CharField(max_length=24)
    backend = models.CharField(max_length=16, choices=Backend, default=Backend.LOCAL)
    node_size = models.CharField(max_length=40, default="STANDARD_D2_V2")
    min_nodes = models.PositiveIntegerField(default=0)
    max_nodes = models.PositiveIntegerField(default=2)
    idle_seconds_before_scaledown = models.PositiveIntegerField(default=120)
    priority = models.CharField(max_length=16, choices=Priority, default=Priority.DEDICATED)
    require_gpu = models.BooleanField(
        default=False, help_text="a run waits for a GPU; without it a missing one is a warning"
    )
    has_network = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(deleted_at__isnull=True),
                name="one_cluster_per_name",
            ),
            models.CheckConstraint(
                condition=Q(min_nodes__lte=models.F("max_nodes")), name="min_nodes_within_max"
            ),
        ]

    def __str__(self) -> str:
        return f"cluster {self.name}"


class Node(models.Model):
    """One node of a cluster: a reservation, held by an opaque key while something runs on it.

    While it is held, `size` is the node size that it was taken as, whatever its cluster is changed
    to meanwhile, and `gpus` are the numbers of the machine's GPUs that it has.
    """

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="nodes")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=NodeState, default=NodeState.IDLE)
    holder = models.CharField(max_length=300, null=True, unique=True)
    size = models.CharField(max_length=40, blank=True)
    gpus = models.JSONField(default=list)
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

    A row exists only for an image that is whole. `place` is where it is: for a local one the
    folder, for Docker the tag. `python` is the interpreter in it, as a task is to call it.
    """

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=ImageKind, default=ImageKind.LOCAL)
    place = models.CharField(max_length=1000)
    python = models.CharField(max_length=1000, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    build_seconds = models.FloatField()
    dockerfile = models.TextField(blank=True, help_text="what Docker built it from")
    built_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "last_used_at"], name="images_least_recently_used")]

    def __str__(self) -> str:
        return f"{self.kind} image {self.digest[:12]}"


class ImageBuild(models.Model):
    """The way from one recipe to its image: the lock, how far it is, its log, why it failed.

    Unique by the recipe's digest and the kind of image, so whoever asks for the same recipe waits
    for the same build.
    """

    recipe_digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=ImageKind, default=ImageKind.LOCAL)
    recipe = models.JSONField()
    state = models.CharField(max_length=16, choices=BuildState, default=BuildState.WAITING)
    progress = models.CharField(
        max_length=200, blank=True, help_text="what the builder does now, in words"
    )
    lock = models.TextField(blank=True)
    lock_is_kept = models.BooleanField(
        default=False, help_text="an image was made from it once: no later failure solves anew"
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, related_name="builds")
    log = models.ForeignKey(Stream, models.PROTECT, related_name="+")
    error = models.TextField(blank=True)
    guilty = models.CharField(max_length=300, blank=True, help_text="the requirement at fault")
    is_wanted = models.BooleanField(
        default=False, help_text="a person asked for it by itself: it goes on though no run waits"
    )
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    builder_seen_at = models.DateTimeField(null=True, help_text="lease of the one who builds")
    attempt = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipe_digest", "kind"], name="one_build_per_recipe_and_kind"
            )
        ]
        # What supervise looks for many times a second, among all builds there ever were.
        indexes = [models.Index(fields=["state"], name="image_builds_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} image build {self.recipe_digest[:12]}"
