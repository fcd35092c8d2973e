"""Runs: what was asked, where they are, how they ended; their experiments, tasks and events."""

from django.db import models
from django.db.models import Q

from compute.clusters import ELSEWHERE, OF_STEPS
from compute.models import Cluster, ImageBuild
from registry.models import Version
from runs.states import ACTIVE, FINAL, Distribution, Reason, State
from studio.models import Tree, User, Workspace


class Experiment(models.Model):
    """Runs that belong together, under one name."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=255)
    run_count = models.PositiveIntegerField(default=0, help_text="numbers its runs")
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    archived_at = models.DateTimeField(null=True, help_text="off the lists, until a new run comes")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_experiment_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class RunQuerySet(models.QuerySet["Run"]):
    """Questions about runs that several places ask."""

    def active(self) -> "RunQuerySet":
        return self.filter(state__in=ACTIVE)


class Run(models.Model):
    """One execution of a script: what was asked, where it is, how it ended.

    `run_id` is the name people and scripts use: `<experiment>_<unix seconds>_<8 hex>`.
    `waits_for` says in words why a run does not go on; `error` holds type, message, exit_code,
    signal and traceback of a failure. What it is on each of its nodes are its tasks.
    """

    run_id = models.CharField(max_length=280, unique=True)
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=20, choices=State, default=State.NOT_STARTED)
    reason = models.CharField(max_length=30, choices=Reason, blank=True)
    waits_for = models.CharField(max_length=500, blank=True)
    error = models.JSONField(default=dict)

    script = models.CharField(max_length=1000)
    arguments = models.JSONField(default=list)
    snapshot = models.ForeignKey(Tree, models.PROTECT, related_name="+")
    environment = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")
    environment_name = models.CharField(max_length=255, blank=True)
    definition = models.JSONField(default=dict, help_text="the environment, as written")
    image_build = models.ForeignKey(ImageBuild, models.PROTECT, null=True, related_name="+")
    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="+")
    node_count = models.PositiveIntegerField(default=1)
    processes_per_node = models.PositiveIntegerField(default=1)
    distribution = models.CharField(max_length=16, choices=Distribution, blank=True)
    parameter_servers = models.PositiveIntegerField(default=0, help_text="beside its workers")
    max_seconds = models.PositiveIntegerField(null=True, help_text="how long its script may take")
    max_retries = models.PositiveIntegerField(
        default=0, help_text="how often it is started again after a node was lost"
    )
    tags = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="children", help_text="in its experiment"
    )

    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, help_text="when the script started")
    ended_at = models.DateTimeField(null=True)
    must_end_at = models.DateTimeField(null=True, help_text="when its script's time is over")
    cancel_requested_at = models.DateTimeField(null=True)
    canceled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    attempt = models.PositiveIntegerField(default=1, help_text="counts its starts on nodes")
    retried = models.PositiveIntegerField(default=0, help_text="starts after a node was lost")
    master = models.CharField(max_length=300, blank=True, help_text="where rank 0 is: host:port")
    not_before = models.DateTimeField(null=True, help_text="its backend had no room a moment ago")
    cleaned_at = models.DateTimeField(null=True, help_text="when its nodes and tasks were freed")
    archived_at = models.DateTimeField(null=True, help_text="out of the tables, but kept")
    duration_s = models.FloatField(null=True, help_text="from submitted to ended")

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state"], name="runs_by_state"),
            models.Index(fields=["experiment", "-id"], name="runs_of_experiment"),
            models.Index(fields=["-ended_at"], name="runs_by_end"),
            # What supervise looks for every second, among all runs there ever were.
            models.Index(fields=["id"], condition=Q(cleaned_at__isnull=True), name="runs_to_clean"),
            # What the table of an experiment counts and shows newest first.
            models.Index(fields=["experiment", "archived_at", "id"], name="runs_shown"),
            # All that it sorts and filters by, so that a hundred thousand rows are not read.
            models.Index(
                fields=[
                    *("experiment", "id", "archived_at", "state", "name", "number", "duration_s"),
                    *("created_at", "started_at", "created_by", "cluster", "environment_name"),
                ],
                name="runs_facts",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_run_per_number"),
            models.CheckConstraint(
                condition=Q(state__in=FINAL, ended_at__isnull=False)
                | (~Q(state__in=FINAL) & Q(ended_at__isnull=True)),
                name="a_run_has_ended_exactly_when_final",
            ),
        ]

    def __str__(self) -> str:
        return f"run({self.run_id})"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_interactive(self) -> bool:
        """Is it on no cluster, but where somebody's own script or notebook logs to it?"""
        return self.cluster.name == ELSEWHERE

    @property
    def is_pipeline(self) -> bool:
        """Is it nothing but the steps below it?"""
        return self.cluster.name == OF_STEPS

    @property
    def has_script(self) -> bool:
        """Is it a script that the studio runs on a cluster?"""
        return not (self.is_interactive or self.is_pipeline)

    @property
    def workspace(self) -> Workspace:
        return self.experiment.workspace


class RunTask(models.Model):
    """A run on one of its nodes: what its backend started there, and how that ended.

    `task_id` is the backend's mark for it and the key that holds its node; `handle` is what the
    backend gave for it once it was started. `rank` counts the run's nodes from 0. `ended` is what
    its driver said of the end (docs/api.md, Driver), or {"lost": …} where only we saw it.
    A run that is started again has tasks of another attempt; the earlier ones are cleaned up.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="tasks")
    attempt = models.PositiveIntegerField()
    rank = models.PositiveIntegerField()
    node_number = models.PositiveIntegerField()
    task_id = models.CharField(max_length=64, unique=True)
    gpus = models.JSONField(default=list, help_text="numbers of the machine's that it may use")
    handle = models.JSONField(null=True)
    state = models.CharField(max_length=20, choices=State, default=State.STARTING)
    seen_at = models.DateTimeField(help_text="last heartbeat or call of its driver")
    failed_at = models.DateTimeField(
        null=True, help_text="when a process of it failed, or it was lost"
    )
    ended_at = models.DateTimeField(null=True)
    ended = models.JSONField(null=True)
    rest = models.JSONField(null=True, help_text="what brings what its killed driver left")
    cleaned_at = models.DateTimeField(null=True, help_text="when its node was freed")

    class Meta:
        ordering = ["attempt", "rank"]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(cleaned_at__isnull=True), name="run_tasks_to_clean"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "attempt", "rank"], name="one_task_per_rank"),
        ]

    def __str__(self) -> str:
        return f"task({self.task_id})"


class RunEvent(models.Model):
    """One change of a run's state. `number` counts from 1 within the run."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_event_per_number")
        ]
