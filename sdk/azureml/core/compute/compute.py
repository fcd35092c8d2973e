"""`from azureml.core.compute.compute import ComputeTarget`"""

from trainyard._compute import ComputeTarget

__all__ = ["ComputeTarget"]
