"""`from azureml.pipeline.steps import PythonScriptStep, …`: refused on use."""

from azureml.pipeline._names import named

AdlaStep = named("AdlaStep")
AutoMLStep = named("AutoMLStep")
AzureBatchStep = named("AzureBatchStep")
CommandStep = named("CommandStep")
DataTransferStep = named("DataTransferStep")
DatabricksStep = named("DatabricksStep")
EstimatorStep = named("EstimatorStep")
HyperDriveStep = named("HyperDriveStep")
HyperDriveStepRun = named("HyperDriveStepRun")
KustoStep = named("KustoStep")
ModuleStep = named("ModuleStep")
MpiStep = named("MpiStep")
ParallelRunConfig = named("ParallelRunConfig")
ParallelRunStep = named("ParallelRunStep")
PythonScriptStep = named("PythonScriptStep")
RScriptStep = named("RScriptStep")
SynapseSparkStep = named("SynapseSparkStep")

__all__ = [
    "AdlaStep",
    "AutoMLStep",
    "AzureBatchStep",
    "CommandStep",
    "DataTransferStep",
    "DatabricksStep",
    "EstimatorStep",
    "HyperDriveStep",
    "HyperDriveStepRun",
    "KustoStep",
    "ModuleStep",
    "MpiStep",
    "ParallelRunConfig",
    "ParallelRunStep",
    "PythonScriptStep",
    "RScriptStep",
    "SynapseSparkStep",
]
