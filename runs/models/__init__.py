"""What happened, and what is happening: experiments, runs, their events, metrics and files."""

from runs.models.comparing import Field, FieldKind, RunValue, SavedView
from runs.models.files import RunAsset, RunFile, RunInput, RunLog, RunOutput
from runs.models.metrics import (
    MetricForm,
    MetricKind,
    MetricLevel,
    MetricSegment,
    MetricSeries,
    MetricWriter,
)
from runs.models.pipelines import Pipeline, PipelineRun, PipelineStep, PipelineTree
from runs.models.running import Experiment, Run, RunEvent, RunQuerySet, RunTask

__all__ = [
    "Experiment",
    "Field",
    "FieldKind",
    "MetricForm",
    "MetricKind",
    "MetricLevel",
    "MetricSegment",
    "MetricSeries",
    "MetricWriter",
    "Pipeline",
    "PipelineRun",
    "PipelineStep",
    "PipelineTree",
    "Run",
    "RunAsset",
    "RunEvent",
    "RunFile",
    "RunInput",
    "RunLog",
    "RunOutput",
    "RunQuerySet",
    "RunTask",
    "RunValue",
    "SavedView",
]
