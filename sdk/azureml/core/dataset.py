"""`from azureml.core.dataset import Dataset`"""

from trainyard._dataset import Dataset

__all__ = ["Dataset"]
