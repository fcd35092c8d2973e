"""`from azureml.train.hyperdrive.run import PrimaryMetricGoal`; there are no runs of sweeps yet."""

from azureml._later import later
from trainyard._sweeps import INSTEAD, PrimaryMetricGoal

HyperDriveRun = later("HyperDriveRun", INSTEAD)

__all__ = ["HyperDriveRun", "PrimaryMetricGoal"]
