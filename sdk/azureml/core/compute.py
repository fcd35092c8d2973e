"""`from azureml.core.compute import ComputeTarget, AmlCompute`"""

from trainyard._compute import AmlCompute, ComputeTarget
from trainyard._errors import ComputeTargetException

__all__ = ["AmlCompute", "ComputeTarget", "ComputeTargetException"]
