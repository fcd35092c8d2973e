"""`from azureml.core.compute_target import ComputeTargetException`"""

from trainyard._compute import ComputeTarget
from trainyard._errors import ComputeTargetException

__all__ = ["ComputeTarget", "ComputeTargetException"]
