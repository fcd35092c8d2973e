"""`from azureml.data.dataset_consumption_config import DatasetConsumptionConfig`"""

from trainyard._datasets.base import DatasetConsumptionConfig

__all__ = ["DatasetConsumptionConfig"]
