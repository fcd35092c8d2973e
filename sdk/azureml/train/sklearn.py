"""`from azureml.train.sklearn import SKLearn`"""

from trainyard._estimators import SKLearn

__all__ = ["SKLearn"]
