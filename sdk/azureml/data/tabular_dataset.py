"""`from azureml.data.tabular_dataset import TabularDataset`"""

from trainyard._datasets.tabular import TabularDataset

__all__ = ["TabularDataset"]
