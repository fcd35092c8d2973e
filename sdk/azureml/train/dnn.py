"""`from azureml.train.dnn import Chainer, PyTorch, TensorFlow`"""

from trainyard._estimators import (
    Chainer,
    Gloo,
    Mpi,
    Nccl,
    ParameterServer,
    PyTorch,
    TensorFlow,
)

__all__ = ["Chainer", "Gloo", "Mpi", "Nccl", "ParameterServer", "PyTorch", "TensorFlow"]
