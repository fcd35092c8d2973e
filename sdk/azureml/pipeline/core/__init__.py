"""`from azureml.pipeline.core import Pipeline, PipelineData, …`"""

from azureml.pipeline._names import (
    InputPortDef,
    Module,
    ModuleVersion,
    OutputPortDef,
    PipelineDraft,
    PipelineEndpoint,
    Schedule,
    ScheduleRecurrence,
    TimeZone,
    TrainingOutput,
)
from trainyard._pipelines.data import PipelineData, PipelineDataset
from trainyard._pipelines.parameters import PipelineParameter
from trainyard._pipelines.pipeline import Pipeline
from trainyard._pipelines.published import PublishedPipeline
from trainyard._pipelines.runs import PipelineRun, PortDataReference, StepRun, StepRunOutput
from trainyard._pipelines.steps import PipelineStep, StepSequence

__all__ = [
    "InputPortDef",
    "Module",
    "ModuleVersion",
    "OutputPortDef",
    "Pipeline",
    "PipelineData",
    "PipelineDataset",
    "PipelineDraft",
    "PipelineEndpoint",
    "PipelineParameter",
    "PipelineRun",
    "PipelineStep",
    "PortDataReference",
    "PublishedPipeline",
    "Schedule",
    "ScheduleRecurrence",
    "StepRun",
    "StepRunOutput",
    "StepSequence",
    "TimeZone",
    "TrainingOutput",
]
