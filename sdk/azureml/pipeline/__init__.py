"""`azureml.pipeline`: pipelines under the names of the v1 SDK."""
