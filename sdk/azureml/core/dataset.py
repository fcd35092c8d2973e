"""`from azureml.core.dataset import Dataset`"""

from azureml._later import later

Dataset = later("Dataset", "download or open the data in the script; its path as an argument")

__all__ = ["Dataset"]
