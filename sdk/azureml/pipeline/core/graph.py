"""`from azureml.pipeline.core.graph import PipelineParameter`"""

from azureml.pipeline.core._names import InputPortDef, OutputPortDef, PipelineParameter

__all__ = ["InputPortDef", "OutputPortDef", "PipelineParameter"]
