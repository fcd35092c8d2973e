"""`from azureml.data.output_dataset_config import OutputFileDatasetConfig`"""

from trainyard._datasets.outputs import OutputFileDatasetConfig, OutputTabularDatasetConfig

__all__ = ["OutputFileDatasetConfig", "OutputTabularDatasetConfig"]
