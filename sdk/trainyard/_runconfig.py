"""ScriptRunConfig and RunConfiguration: what to run, in which environment, on which cluster."""

import os
import re
import warnings
from typing import Any, Dict, List, Optional, Tuple, Union

from trainyard import _distributed, _errors, _resuming, _runconfig_file
from trainyard._compute import ComputeTarget
from trainyard._conda import CondaDependencies
from trainyard._datasets import inputs, outputs
from trainyard._definition import warn_of_unused
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration
from trainyard._environment import Environment
from trainyard._lazy import shlex
from trainyard._place import Place
from trainyard._settings import (
    AmlComputeConfiguration,
    DockerConfiguration,
    HistoryConfiguration,
    Settings,
    TensorflowConfiguration,
)

Target = Union[None, str, ComputeTarget]
JobConfig = Union[None, MpiConfiguration, PyTorchConfiguration, TensorflowConfiguration]
LOCAL = "local"  # in v1 the computer that submits
ON_ITS_OWN = (
    'target "local": the run is on the studio\'s own cluster, as without a target. Of this computer'
    " it has the source folder; experiment.start_logging() is for scripts that run here"
)


class RunConfiguration(Settings):
    """Settings of a run. Setting a name that does not exist raises AttributeError.

    An environment that nobody touched is the studio's default one; without a target it is the
    studio's own cluster.
    node_count, communicator, mpi and pytorch say how many processes there are, and where:
    "IntelMpi", "OpenMpi" and "Mpi" take what `mpi` says, "Nccl" and "Gloo" what `pytorch` says.
    max_retries: how often the run is started again when a node is lost; not of the v1 SDK.
    """

    def __init__(
        self,
        script: Optional[str] = None,
        arguments: Optional[List[Any]] = None,
        framework: Optional[str] = None,
        communicator: Optional[str] = None,
        conda_dependencies: Optional[CondaDependencies] = None,
        *,
        command: Any = None,
    ):
        self.script = script
        self.arguments = list(arguments or [])
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.command = command
        self._own = Environment("project_environment")
        self.environment: Optional[Environment] = self._own
        self.target: Target = None
        self.environment_variables: Dict[str, str] = {}
        self.docker = DockerConfiguration()
        self.node_count = 1
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.max_retries = 0
        self.max_run_duration_seconds = 2592000
        self.auto_prepare_environment = True
        self.history = HistoryConfiguration()
        self.amlcompute = AmlComputeConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.data_references: Dict[str, Any] = {}
        self.data: Dict[str, Any] = {}
        self.output_data: Dict[str, Any] = {}
        if conda_dependencies is not None:
            self._own.python.conda_dependencies = conda_dependencies
        self._close()

    def inputs(self) -> Dict[str, Any]:
        """Return name → what the run reads besides its arguments: data_references, and data."""
        return dict(self.data_references, **self.data)

    @staticmethod
    def load(path: str, name: Optional[str] = None) -> "RunConfiguration":
        """Return the configuration that save() wrote, or that the v1 SDK wrote as YAML.

        path: the file, or the folder with its .azureml or aml_config; name: of the file there.
        YAML that save() did not write is read where PyYAML is installed.
        Raises UserErrorException for a file that cannot be read.
        """
        return _runconfig_file.load(RunConfiguration(), path, name)

    def save(
        self,
        path: Optional[str] = None,
        name: Optional[str] = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write `<path>/.azureml/<name>.runconfig`, or the file `path` where no name is given.

        It is JSON, and so YAML too. Inputs are not written.   separate_environment_yaml: also the
        environment's conda_dependencies.yml beside it. Raises UserErrorException.
        """
        _runconfig_file.save(self, path, name, separate_environment_yaml)

    def environment_order(self) -> Optional[Dict[str, Any]]:
        """Return how the studio is told the environment; None is its default one.

        The variables of this configuration win over those of the environment.
        """
        environment = self.environment
        if not isinstance(environment, (Environment, type(None))):
            raise _errors.UserErrorException(
                "the environment must be an Environment, not {!r}; of a registered one it is"
                " Environment.get(workspace, name)".format(environment)
            )
        if environment is self._own and self._own.is_untouched:
            environment = None
        if self.environment_variables:
            environment = _with_variables(environment, self.environment_variables)
        return None if environment is None else environment.order()


class ScriptRunConfig:
    """A script in a source folder, its arguments, its environment and its cluster.

    run_config holds environment, target, nodes and processes; the arguments `environment`,
    `compute_target` and `distributed_job_config` are put there.
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
        distributed_job_config: JobConfig = None,
        resume_from: Any = None,
        max_run_duration_seconds: Optional[int] = None,
        command: Union[None, str, List[Any]] = None,
        docker_runtime_config: Optional[DockerConfiguration] = None,
    ):
        command = command or getattr(run_config, "command", None)
        if command:
            script, arguments = _taken_apart(command, script, arguments)
        self.run_config = run_config or RunConfiguration()
        self.source_directory = os.fspath(source_directory) if source_directory else "."
        self.script = script if script is not None else self.run_config.script
        self.arguments = list(self.run_config.arguments if arguments is None else arguments)
        if resume_from is not None:
            self.arguments += _resuming.arguments(resume_from)
        if compute_target is not None:
            self.run_config.target = compute_target
        if environment is not None:
            self.run_config.environment = environment
        if distributed_job_config is not None:
            _distributed.put_into(self.run_config, distributed_job_config)
        if docker_runtime_config is not None:
            self.run_config.docker = docker_runtime_config
        if max_run_duration_seconds is not None:
            self.run_config.max_run_duration_seconds = max_run_duration_seconds

    def order(self, workspace: Optional[Place] = None) -> Dict[str, Any]:
        """Return what the studio is asked to run, without experiment and snapshot.

        workspace: where the datasets among the arguments are.
        Raises ExperimentExecutionException when the script is not in the source folder, and
        UserErrorException for numbers of nodes and processes that cannot be, and for a dataset
        that nobody said how to read.
        """
        script = self.checked_script()
        config = self.run_config
        given, besides, made = outputs.taken(
            self.arguments, workspace, config.inputs(), config.output_data
        )
        arguments, read = inputs.arguments(given, workspace, besides)
        order: Dict[str, Any] = {
            "script": script,
            "arguments": arguments,
            "cluster": _cluster_name(self.run_config.target),
            "environment": self.run_config.environment_order(),
            "max_retries": _distributed.count("max_retries", self.run_config.max_retries, 0),
        }
        order.update(_distributed.spread(self.run_config))
        if read:
            order["inputs"] = read
        if made:
            order["output_datasets"] = made
        limit_s = getattr(self.run_config, "max_run_duration_seconds", None)
        if limit_s is not None:
            order["max_run_duration_seconds"] = int(limit_s)
        unused = self.run_config.amlcompute.unused()
        if isinstance(self.run_config.docker, DockerConfiguration):
            unused += self.run_config.docker.unused()
        warn_of_unused(unused, "the run configuration")
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


def _with_variables(environment: Optional[Environment], variables: Dict[str, str]) -> Environment:
    """Return a copy with more variables; of no environment, the studio's default one."""
    if environment is None:
        made = Environment("default")
        made.python.user_managed_dependencies = True
    else:
        made = environment.clone(environment.name)
    made.environment_variables.update(variables)
    return made


def _cluster_name(target: Target) -> Optional[str]:
    if target is None:
        return None
    if isinstance(target, str):
        if target == LOCAL:
            warnings.warn(ON_ITS_OWN, stacklevel=4)
            return None
        return target
    return target.name


def _taken_apart(
    command: Any, script: Optional[str], arguments: Optional[List[Any]]
) -> Tuple[str, List[Any]]:
    """Return the script and the arguments of a command: `python train.py --lr 0.1`, or a list.

    Raises UserErrorException beside script or arguments, NotImplementedError for another command.
    """
    if script or arguments:
        raise _errors.UserErrorException("command goes without script and arguments")
    words = shlex.split(command) if isinstance(command, str) else list(command)
    if words and re.match(r"python[0-9.]*$", str(words[0])):
        words = words[2:] if words[1:2] == ["-u"] else words[1:]
        if words and str(words[0]).endswith(".py"):
            return str(words[0]), words[1:]
    elif words and str(words[0]) in ("bash", "sh") and str(words[1:2]).endswith(".sh']"):
        return str(words[1]), words[2:]
    raise _errors.not_built(
        "ScriptRunConfig(command=...) of more than `python train.py …` or `bash train.sh …`",
        "a script of these commands, train.sh, in the source directory, and script='train.sh'",
    )
