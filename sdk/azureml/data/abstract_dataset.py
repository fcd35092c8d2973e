"""`from azureml.data.abstract_dataset import AbstractDataset`"""

from trainyard._datasets.base import AbstractDataset

__all__ = ["AbstractDataset"]
