"""`from azureml.pipeline.core.run import PipelineRun`"""

from trainyard._pipelines.runs import PipelineRun, PortDataReference, StepRun, StepRunOutput

__all__ = ["PipelineRun", "PortDataReference", "StepRun", "StepRunOutput"]
