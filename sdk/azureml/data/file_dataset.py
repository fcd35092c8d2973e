"""`from azureml.data.file_dataset import FileDataset`"""

from trainyard._datasets.base import FileDataset

__all__ = ["FileDataset"]
