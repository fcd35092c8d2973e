"""The names of azureml.pipeline.core: refused on use."""

from azureml.pipeline._names import named

InputPortDef = named("InputPortDef")
Module = named("Module")
ModuleVersion = named("ModuleVersion")
OutputPortDef = named("OutputPortDef")
Pipeline = named("Pipeline")
PipelineData = named("PipelineData")
PipelineDataset = named("PipelineDataset")
PipelineDraft = named("PipelineDraft")
PipelineEndpoint = named("PipelineEndpoint")
PipelineParameter = named("PipelineParameter")
PipelineRun = named("PipelineRun")
PipelineStep = named("PipelineStep")
PortDataReference = named("PortDataReference")
PublishedPipeline = named("PublishedPipeline")
Schedule = named("Schedule")
ScheduleRecurrence = named("ScheduleRecurrence")
StepRun = named("StepRun")
StepRunOutput = named("StepRunOutput")
StepSequence = named("StepSequence")
TimeZone = named("TimeZone")
TrainingOutput = named("TrainingOutput")

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
