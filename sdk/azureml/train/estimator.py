"""`from azureml.train.estimator import Estimator`"""

from trainyard._estimators import Estimator, Gloo, Mpi, Nccl, ParameterServer

__all__ = ["Estimator", "Gloo", "Mpi", "Nccl", "ParameterServer"]
