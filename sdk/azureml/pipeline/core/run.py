"""`from azureml.pipeline.core.run import PipelineRun`"""

from azureml.pipeline.core._names import PipelineRun, StepRun, StepRunOutput

__all__ = ["PipelineRun", "StepRun", "StepRunOutput"]
