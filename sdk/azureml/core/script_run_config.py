"""`from azureml.core.script_run_config import ScriptRunConfig`"""

from trainyard._runconfig import ScriptRunConfig

__all__ = ["ScriptRunConfig"]
