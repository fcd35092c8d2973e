"""`from azureml.widgets import RunDetails`"""

from trainyard._widget import RunDetails

__all__ = ["RunDetails"]
