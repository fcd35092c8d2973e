"""Workspace, Experiment and Run together; and the run whose script this process is.

Run stands below Experiment, and Experiment below Workspace. Only Run.get_context() asks upward,
for the workspace and experiment of the run that it finds: that one step is made here.
"""

from typing import Any, Optional

from trainyard import _config, _workspace
from trainyard._experiment import Experiment
from trainyard._run import Run
from trainyard._spool import Spool
from trainyard._workspace import Workspace

__all__ = ["Experiment", "Run", "Workspace"]


def _run_of_this_process(environ: Any) -> Optional[Run]:
    """Return the run whose script this is, by the variables that its driver set."""
    config = _config.of_script(environ)
    if config is None:
        return None
    run_id, spool = environ["AZUREML_RUN_ID"], environ["TRAINYARD_SPOOL"]
    workspace = _workspace.of_script(config, environ)
    home = environ.get("AZUREML_ARM_PROJECT_NAME") or run_id.rsplit("_", 2)[0]
    # Facts are asked for when somebody wants them: the studio may be away just now.
    run = Run(Experiment(workspace, home, _known=True), run_id, _answer={})
    run._spool = Spool(spool)
    return run


Run._found = staticmethod(_run_of_this_process)
