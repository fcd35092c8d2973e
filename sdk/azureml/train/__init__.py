"""`azureml.train`: estimators, and the names of sweeps."""
