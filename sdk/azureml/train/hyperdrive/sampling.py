"""`from azureml.train.hyperdrive.sampling import RandomParameterSampling, …`"""

from trainyard._sweeps import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
)

__all__ = ["BayesianParameterSampling", "GridParameterSampling", "RandomParameterSampling"]
