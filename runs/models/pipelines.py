"""Pipelines: graphs of steps that were published, their runs, and the steps of these."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from runs.models.running import Run
from runs.states import StepState
from studio.models import Tree, User, Workspace


class Pipeline(models.Model):
    """A graph that was published: it is run by its address, with other parameters each time.

    graph: as it was sent (docs/pipelines.md).   steps: [{"name", "script", "after"}], parameters:
    name → {"type", "default"}: of it, for lists, which must not read graphs of megabytes.
    disabled_at: set, it cannot be run.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="pipelines")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    version = models.CharField(max_length=100, blank=True)
    graph = models.JSONField()
    steps = models.JSONField(default=list)
    parameters = models.JSONField(default=dict)
    goes_on = models.BooleanField(default=False, help_text="though a step of it has failed")
    disabled_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"pipeline({self.uuid})"


class PipelineRun(models.Model):
    """What a run is besides, that is on no cluster but walks a graph: its graph and parameters.

    parameters: name → value, as given or by default.
    """

    run = models.OneToOneField(Run, models.CASCADE, related_name="pipeline")
    graph = models.JSONField()
    parameters = models.JSONField(default=dict)
    goes_on = models.BooleanField(default=False, help_text="though a step of it has failed")
    published = models.ForeignKey(Pipeline, models.SET_NULL, null=True, related_name="runs")

    def __str__(self) -> str:
        return f"pipeline of {self.run}"


class PipelineTree(models.Model):
    """Keeps files that a graph names: its steps begin later, some for the first time.

    code, data: a snapshot, or what a step reads; one of them.   pipeline, pipeline_run: whose.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    code = models.ForeignKey(Tree, models.PROTECT, null=True, related_name="+")
    data = models.ForeignKey(Tree, models.PROTECT, null=True, related_name="+")
    pipeline = models.ForeignKey(Pipeline, models.CASCADE, null=True, related_name="trees")
    pipeline_run = models.ForeignKey(PipelineRun, models.CASCADE, null=True, related_name="trees")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pipeline__isnull=True) ^ Q(pipeline_run__isnull=True),
                name="a_tree_is_kept_for_one_graph",
            ),
            models.CheckConstraint(
                condition=Q(code__isnull=True) ^ Q(data__isnull=True),
                name="a_tree_is_kept_as_code_or_data",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tree} for {self.pipeline or self.pipeline_run}"

    @property
    def tree(self) -> Tree | None:
        return self.code or self.data


class PipelineStep(models.Model):
    """A step of a pipeline run, from before it begins until after its run may be gone.

    number: from 0, its place in the graph.   after: numbers of the steps that must be Completed
    first.   order: the submission that it becomes, with the values of parameters put in.   state:
    how far the graph is with it, noted when its run has ended.   text: why it failed, or will
    never begin.
    """

    pipeline = models.ForeignKey(PipelineRun, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    after = models.JSONField(default=list)
    order = models.JSONField()
    state = models.CharField(max_length=20, choices=StepState, default=StepState.WAITING)
    text = models.CharField(max_length=1000, blank=True)
    begun_at = models.DateTimeField(null=True, help_text="when its run was made")
    run = models.OneToOneField(Run, models.SET_NULL, null=True, related_name="step")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "number"], name="one_step_per_number"),
            models.UniqueConstraint(fields=["pipeline", "name"], name="one_step_per_name"),
        ]

    def __str__(self) -> str:
        return f"step {self.name}"

    @property
    def shown_state(self) -> str:
        """Its state in the words of runs: that of its run while this goes on."""
        if self.state == StepState.BEGUN and self.run is not None:
            return str(self.run.state)
        return str(StepState.WAITING) if self.state in NOT_BEGUN else str(self.state)

    @property
    def facts(self) -> dict[str, Any]:
        """The step as the API shows it."""
        return {
            "number": self.number,
            "name": self.name,
            "state": self.shown_state,
            "run_id": self.run.run_id if self.run else None,
            "after": self.after,
            "text": self.text,
        }


NOT_BEGUN = (StepState.WAITING, StepState.DUE)
