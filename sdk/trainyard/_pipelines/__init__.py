"""Pipelines: steps, what flows between them, their runs. Imported when somebody names them."""
