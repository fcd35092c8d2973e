"""`from azureml.pipeline.steps import PythonScriptStep, …`"""

from azureml.pipeline._names import (
    AdlaStep,
    AutoMLStep,
    AzureBatchStep,
    DatabricksStep,
    DataTransferStep,
    HyperDriveStep,
    HyperDriveStepRun,
    KustoStep,
    ModuleStep,
    ParallelRunConfig,
    ParallelRunStep,
    RScriptStep,
    SynapseSparkStep,
)
from trainyard._pipelines.steps import CommandStep, EstimatorStep, MpiStep, PythonScriptStep

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
