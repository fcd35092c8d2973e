"""`from azureml.pipeline.core.graph import PipelineParameter`"""

from azureml.pipeline._names import InputPortDef, OutputPortDef
from trainyard._pipelines.parameters import PipelineParameter
from trainyard._pipelines.runs import PortDataReference

__all__ = ["InputPortDef", "OutputPortDef", "PipelineParameter", "PortDataReference"]
