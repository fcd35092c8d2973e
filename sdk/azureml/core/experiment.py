"""`from azureml.core.experiment import Experiment`"""

from trainyard._core import Experiment

__all__ = ["Experiment"]
