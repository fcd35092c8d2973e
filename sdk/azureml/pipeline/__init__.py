"""`azureml.pipeline`: names that import; this studio has no pipelines, and using one says so."""
