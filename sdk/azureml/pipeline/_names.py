"""What of pipelines is not here, and what to use in its place."""

from azureml._later import later

_CALL = "curl, or cron, that calls the endpoint of a published pipeline"
_STEP = "a function of your own that returns a PythonScriptStep"
_SWEEP = "steps made in a loop, one for each setting, and a last one that compares what they wrote"
_PORTIONS = (
    "a PythonScriptStep whose script goes through its input, or an MpiStep whose processes take"
    " every n-th file (RANK and WORLD_SIZE say which)"
)
_ELSEWHERE = "a PythonScriptStep that calls that service from its script"
_AGAIN = "Pipeline.publish(name, version=...) again; PublishedPipeline.list(workspace) finds it"

InputPortDef = later("InputPortDef", _STEP)
Module = later("Module", _STEP)
ModuleVersion = later("ModuleVersion", _STEP)
OutputPortDef = later("OutputPortDef", _STEP)
PipelineDraft = later("PipelineDraft", "Experiment.submit(pipeline), or Pipeline.publish()")
PipelineEndpoint = later("PipelineEndpoint", _AGAIN)
Schedule = later("Schedule", _CALL)
ScheduleRecurrence = later("ScheduleRecurrence", _CALL)
TimeZone = later("TimeZone", _CALL)
TrainingOutput = later("TrainingOutput", "PipelineData that the script of a step writes")

AdlaStep = later("AdlaStep", _ELSEWHERE)
AutoMLStep = later("AutoMLStep", _SWEEP)
AzureBatchStep = later("AzureBatchStep", _ELSEWHERE)
DataTransferStep = later("DataTransferStep", "datastore.upload, or a step that copies the files")
DatabricksStep = later("DatabricksStep", _ELSEWHERE)
HyperDriveStep = later("HyperDriveStep", _SWEEP)
HyperDriveStepRun = later("HyperDriveStepRun", _SWEEP)
KustoStep = later("KustoStep", _ELSEWHERE)
ModuleStep = later("ModuleStep", _STEP)
ParallelRunConfig = later("ParallelRunConfig", _PORTIONS)
ParallelRunStep = later("ParallelRunStep", _PORTIONS)
RScriptStep = later("RScriptStep", "a CommandStep of a shell script that calls Rscript")
SynapseSparkStep = later("SynapseSparkStep", _ELSEWHERE)
