"""`from azureml.pipeline.core.builder import PipelineData, PipelineStep, StepSequence`"""

from trainyard._pipelines.data import PipelineData
from trainyard._pipelines.steps import PipelineStep, StepSequence

__all__ = ["PipelineData", "PipelineStep", "StepSequence"]
