"""`from azureml.train.hyperdrive.runconfig import HyperDriveConfig`"""

from trainyard._sweeps import HyperDriveConfig

HyperDriveRunConfig = HyperDriveConfig

__all__ = ["HyperDriveConfig", "HyperDriveRunConfig"]
