"""ScriptRunConfig and RunConfiguration: what to run, in which environment, on which cluster."""

import os
from typing import Any, Dict, List, Optional, Union

from trainyard import _errors
from trainyard._compute import ComputeTarget
from trainyard._conda import CondaDependencies
from trainyard._environment import Environment

Target = Union[None, str, ComputeTarget]


class RunConfiguration:
    """Settings of a run. Setting a name that does not exist raises AttributeError.

    Without an environment the studio takes its default one, without a target its own cluster.
    """

    def __init__(
        self,
        script: Optional[str] = None,
        arguments: Optional[List[Any]] = None,
        framework: Optional[str] = None,
        communicator: Optional[str] = None,
        *,
        conda_dependencies: Optional[CondaDependencies] = None,
    ):
        values: Dict[str, Any] = {
            "script": script,
            "arguments": list(arguments or []),
            "framework": framework or "Python",
            "communicator": communicator or "None",
            "environment": None,
            "target": None,
            "environment_variables": {},
            "node_count": 1,
            "max_run_duration_seconds": 2592000,
            "auto_prepare_environment": True,
        }
        if conda_dependencies is not None:
            values["environment"] = Environment("project_environment")
            values["environment"].python.conda_dependencies = conda_dependencies
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            raise AttributeError(
                "RunConfiguration has no setting {!r}; it has {}".format(
                    name, ", ".join(sorted(self.__dict__))
                )
            )
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            "RunConfiguration has no setting {!r}; it has {}".format(
                name, ", ".join(sorted(self.__dict__))
            )
        )


class ScriptRunConfig:
    """A script in a source folder, its arguments, its environment and its cluster.

    run_config holds environment and target; the arguments `environment` and `compute_target`
    are put there.
    """

    def __init__(
        self,
        source_directory: Optional[str],
        script: Optional[str] = None,
        arguments: Optional[List[Any]] = None,
        run_config: Optional[RunConfiguration] = None,
        *,
        compute_target: Target = None,
        environment: Optional[Environment] = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: Optional[int] = None,
        command: Any = None,
        docker_runtime_config: Any = None,
    ):
        if distributed_job_config is not None:
            raise _errors.not_built(
                "ScriptRunConfig(distributed_job_config=...)", "a script that runs on one node"
            )
        if command is not None:
            raise _errors.not_built("ScriptRunConfig(command=...)", "script= and arguments=")
        if resume_from is not None:
            raise _errors.not_built(
                "ScriptRunConfig(resume_from=...)",
                "download the earlier run's checkpoint and put it into the source folder",
            )
        self.run_config = run_config or RunConfiguration()
        self.source_directory = os.fspath(source_directory) if source_directory else "."
        self.script = script if script is not None else self.run_config.script
        self.arguments = list(self.run_config.arguments if arguments is None else arguments)
        if compute_target is not None:
            self.run_config.target = compute_target
        if environment is not None:
            self.run_config.environment = environment

    def order(self) -> Dict[str, Any]:
        """Return what the studio is asked to run, without experiment and snapshot.

        Raises ExperimentExecutionException when the script is not in the source folder.
        """
        script = self.checked_script()
        order: Dict[str, Any] = {
            "script": script,
            "arguments": [_argument(argument) for argument in self.arguments],
            "cluster": _cluster_name(self.run_config.target),
            "environment": None,
        }
        environment = self.run_config.environment
        if self.run_config.environment_variables:
            environment = environment.clone(environment.name) if environment else _plain()
            environment.environment_variables.update(self.run_config.environment_variables)
        if environment is not None:
            order["environment"] = environment.order()
        return order

    def checked_script(self) -> str:
        """Return the script's path below the source folder, with /."""
        if not self.script:
            raise _errors.UserErrorException("ScriptRunConfig needs the script to run: script=...")
        folder = os.path.abspath(self.source_directory)
        place = os.path.normpath(os.path.join(folder, self.script))
        inside = place.startswith(folder.rstrip(os.sep) + os.sep)
        if not (inside and os.path.isfile(place)):
            raise _errors.ExperimentExecutionException(
                "{} script path doesn't exist. The script should be inside the project folder"
                " {}".format(place, folder)
            )
        return os.path.relpath(place, folder).replace(os.sep, "/")


def _plain() -> Environment:
    environment = Environment("default")
    environment.python.user_managed_dependencies = True
    return environment


def _argument(argument: Any) -> str:
    """Arguments are strings on the way; a data set object has no place in them yet."""
    if hasattr(argument, "as_mount") or hasattr(argument, "dataset"):
        raise _errors.not_built(
            "a dataset as an argument", "the path or address of the data, read by the script"
        )
    return str(argument)


def _cluster_name(target: Target) -> Optional[str]:
    if target is None:
        return None
    if isinstance(target, str):
        if target == "local":
            raise _errors.not_built('target="local"', "a cluster's name, or no target at all")
        return target
    return target.name
