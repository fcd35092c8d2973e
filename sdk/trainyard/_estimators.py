"""Estimators: a script with the packages of its framework, as thin makers of a ScriptRunConfig.

They are the older way of the v1 SDK, and say so once. `run_config` is what they make.
"""

import copy
import inspect
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from trainyard import _errors, _estimator_environment
from trainyard._conda import CondaDependencies
from trainyard._datasets import inputs, outputs
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration, count
from trainyard._environment import Environment
from trainyard._frameworks import CHAINER, PYTORCH, SKLEARN, TENSORFLOW, Framework
from trainyard._place import Place
from trainyard._runconfig import RunConfiguration, ScriptRunConfig, Target
from trainyard._settings import TensorflowConfiguration

# All names, in the order in which v1 takes them, with the values that they have unless given.
PARAMETERS: Dict[str, Any] = {
    "compute_target": None,
    "vm_size": None,
    "vm_priority": None,
    "entry_script": None,
    "script_params": None,
    "node_count": 1,
    "process_count_per_node": 1,
    "worker_count": 1,
    "parameter_server_count": 1,
    "distributed_backend": None,
    "distributed_training": None,
    "use_gpu": False,
    "use_docker": True,
    "custom_docker_base_image": None,
    "custom_docker_image": None,
    "image_registry_details": None,
    "user_managed": False,
    "conda_packages": None,
    "pip_packages": None,
    "conda_dependencies_file_path": None,
    "pip_requirements_file_path": None,
    "conda_dependencies_file": None,
    "pip_requirements_file": None,
    "environment_variables": None,
    "environment_definition": None,
    "inputs": None,
    "source_directory_data_store": None,
    "shm_size": None,
    "resume_from": None,
    "max_run_duration_seconds": None,
    "framework_version": None,
    "_enable_optimized_mode": False,
    "_disable_validation": True,
    "_show_lint_warnings": False,
    "_show_package_warnings": False,
}
OF_FRAMEWORKS = ("framework_version", "_enable_optimized_mode")
OF_TENSORFLOW = ("worker_count", "parameter_server_count")
OF_SEVERAL_NODES = (
    "node_count",
    "process_count_per_node",
    "distributed_backend",
    "distributed_training",
    "use_gpu",
    "custom_docker_base_image",
    "source_directory_data_store",
)
_said: List[str] = []


class Mpi(MpiConfiguration):
    """`distributed_training=Mpi(2)`: so many processes on each of `node_count` nodes."""

    def __init__(self, process_count_per_node: int = 1):
        super().__init__(process_count_per_node)


class Gloo(PyTorchConfiguration):
    """`distributed_training=Gloo()`: processes for torch.distributed, without GPUs."""

    def __init__(self, process_count_per_node: int = 1):
        super().__init__("Gloo")
        self._per_node = process_count_per_node


class Nccl(PyTorchConfiguration):
    """`distributed_training=Nccl()`: processes for torch.distributed, on GPUs."""

    def __init__(self, process_count_per_node: int = 1):
        super().__init__("Nccl")
        self._per_node = process_count_per_node


class ParameterServer(TensorflowConfiguration):
    """`distributed_training=ParameterServer(2, 1)`: workers and servers, told by TF_CONFIG."""


WAYS = (MpiConfiguration, PyTorchConfiguration, TensorflowConfiguration)
BACKENDS = {"mpi": Mpi, "gloo": Gloo, "nccl": Nccl, "ps": ParameterServer}


def _signature(left_out: Tuple[str, ...]) -> inspect.Signature:
    """Return the signature of an estimator that lacks some of the names."""
    usual = inspect.Parameter.POSITIONAL_OR_KEYWORD
    named = [
        inspect.Parameter(name, usual, default=PARAMETERS[name])
        for name in PARAMETERS
        if name not in left_out
    ]
    return inspect.Signature([inspect.Parameter("source_directory", usual)] + named)


class Estimator(ScriptRunConfig):
    """A script of `source_directory` with packages of one's own.

    script_params: dict of argument → value, in this order; "" or None is a flag without a value.
    conda_packages, pip_packages: lists; the two files of them are read as well.
    use_gpu: packages for GPUs; on a machine without one they are left out, which the build log
    says, and the script runs on the CPU.
    inputs: datasets and data references that the script finds by variables of their names.
    Raises UserErrorException for values that cannot be; NotImplementedError for what this studio
    does not have.
    """

    _framework: Optional[Framework] = None
    __signature__ = _signature(OF_FRAMEWORKS + OF_TENSORFLOW)

    def _begin(self, source_directory: Any, *positional: Any, **named: Any) -> None:
        kind = type(self)
        try:
            bound = kind.__signature__.bind(source_directory, *positional, **named)
        except TypeError as error:
            raise TypeError("{}(): {}".format(kind.__name__, error)) from None
        self._asked = dict(PARAMETERS, **bound.arguments)
        self._say_deprecated()
        _refuse(self._asked, kind.__name__)
        self._made = _estimator_environment.make(self._asked, kind.__name__, self._framework)
        self._inputs = list(self._asked["inputs"] or ())
        super().__init__(
            source_directory,
            script=self._asked["entry_script"],
            arguments=_arguments(self._asked["script_params"]),
            run_config=self._run_configuration(),
            compute_target=self._asked["compute_target"],
            resume_from=self._asked["resume_from"],
            max_run_duration_seconds=self._asked["max_run_duration_seconds"],
        )

    if TYPE_CHECKING:  # for editors and checkers; each kind takes what its __signature__ says

        def __init__(
            self,
            source_directory: str,
            compute_target: Target = None,
            *,
            vm_size: Optional[str] = None,
            vm_priority: Optional[str] = None,
            entry_script: Optional[str] = None,
            script_params: Optional[Dict[str, Any]] = None,
            node_count: int = 1,
            process_count_per_node: int = 1,
            worker_count: int = 1,
            parameter_server_count: int = 1,
            distributed_backend: Optional[str] = None,
            distributed_training: Any = None,
            use_gpu: bool = False,
            use_docker: bool = True,
            custom_docker_base_image: Optional[str] = None,
            custom_docker_image: Optional[str] = None,
            image_registry_details: Any = None,
            user_managed: bool = False,
            conda_packages: Optional[List[str]] = None,
            pip_packages: Optional[List[str]] = None,
            conda_dependencies_file_path: Optional[str] = None,
            pip_requirements_file_path: Optional[str] = None,
            conda_dependencies_file: Optional[str] = None,
            pip_requirements_file: Optional[str] = None,
            environment_variables: Optional[Dict[str, str]] = None,
            environment_definition: Optional[Environment] = None,
            inputs: Optional[List[Any]] = None,
            source_directory_data_store: Any = None,
            shm_size: Optional[str] = None,
            resume_from: Any = None,
            max_run_duration_seconds: Optional[int] = None,
            framework_version: Optional[str] = None,
        ) -> None: ...
    else:
        __init__ = _begin

    def _say_deprecated(self) -> None:
        name = type(self).__name__
        say(
            "'{}' estimator is deprecated. Please use 'ScriptRunConfig' from"
            " 'azureml.core.script_run_config' with an environment of your own or a curated"
            " one.".format(name)
        )
        framework = self._framework
        if framework is None or self._asked["environment_definition"] is not None:
            return
        if self._asked["framework_version"] is None:
            self._asked["framework_version"] = framework.default
            say(
                "framework_version is not specified, defaulting to version {}.".format(
                    framework.default
                )
            )

    def _run_configuration(self) -> RunConfiguration:
        made = RunConfiguration()
        made.environment = self._made.environment
        made.node_count = count("node_count", self._asked["node_count"])
        each = count("process_count_per_node", self._asked["process_count_per_node"])
        way = _way(self._asked)
        if isinstance(way, PyTorchConfiguration):
            each = max(each, count("process_count_per_node", getattr(way, "_per_node", 1)))
            made.framework, made.communicator = "PyTorch", way.communication_backend
            if way.process_count is None:
                way = PyTorchConfiguration(way.communication_backend, made.node_count * each)
            made.pytorch = way
            made.node_count = max(made.node_count, count("node_count", way.node_count))
        elif isinstance(way, MpiConfiguration):
            made.communicator, made.mpi = "IntelMpi", way
            made.node_count = max(made.node_count, count("node_count", way.node_count))
            way.process_count_per_node = max(each, way.process_count_per_node)
        elif isinstance(way, TensorflowConfiguration):
            made.framework, made.communicator = "TensorFlow", "ParameterServer"
            made.tensorflow = way
        return made

    @property
    def conda_dependencies(self) -> Optional[CondaDependencies]:
        """The packages, to be looked at and changed before the run is submitted."""
        environment = self.run_config.environment
        return None if environment is None else environment.python.conda_dependencies

    def order(self, workspace: Optional[Place] = None) -> Dict[str, Any]:
        """Return what the studio is asked to run; on a machine without GPU, without its packages.

        Raises as ScriptRunConfig.order.
        """
        sent = copy.copy(self)
        sent.run_config = copy.copy(self.run_config)
        if sent.run_config.environment is self._made.environment:
            sent.run_config.environment = self._fitting(workspace)
        order = super(Estimator, sent).order(workspace)
        if self._inputs:
            config = self.run_config
            given, besides, made = outputs.taken(
                self.arguments + self._inputs, workspace, config.inputs(), config.output_data
            )
            _, order["inputs"] = inputs.arguments(given, workspace, besides)
            if made:
                order["output_datasets"] = made
        return order

    def _fitting(self, workspace: Optional[Place]) -> Environment:
        has_gpu = not self._asked["use_gpu"] or workspace is None
        if workspace is not None and not has_gpu:
            has_gpu = _has_gpu(workspace, self.run_config.target)
        return self._made.fitting(has_gpu)


class _OfFramework(Estimator):
    """An estimator that brings the packages of a framework; framework_version says which."""


class Chainer(_OfFramework):
    """A script of Chainer: framework_version 5.1.0 (unless said) or 7.0.0."""

    _framework = CHAINER
    __signature__ = _signature(OF_TENSORFLOW)


class PyTorch(_OfFramework):
    """A script of PyTorch with torchvision: framework_version 1.0 to 1.6."""

    _framework = PYTORCH
    __signature__ = _signature(OF_TENSORFLOW)


class TensorFlow(_OfFramework):
    """A script of TensorFlow: framework_version 1.10, 1.12, 1.13, 2.0 to 2.3."""

    _framework = TENSORFLOW
    __signature__ = _signature(())


class SKLearn(_OfFramework):
    """A script of scikit-learn: framework_version 0.20.3."""

    _framework = SKLEARN
    __signature__ = _signature(OF_TENSORFLOW + OF_SEVERAL_NODES)


def say(words: str) -> None:
    """Write a line on stderr, once in this process."""
    if words not in _said:
        _said.append(words)
        sys.stderr.write("WARNING - {}\n".format(words))


def _refuse(asked: Dict[str, Any], kind: str) -> None:
    """Raise for what this studio does not have, with the way out."""
    if asked["vm_size"] is not None and asked["compute_target"] is None:
        raise _errors.not_built(
            "{}(vm_size={!r}) without compute_target".format(kind, asked["vm_size"]),
            "a cluster of that size: AmlCompute.provisioning_configuration(vm_size={!r},"
            " max_nodes=1), ComputeTarget.create, and compute_target=".format(asked["vm_size"]),
        )
    if asked["vm_size"] is not None:
        say("vm_size={!r} is not used: the cluster says its own size".format(asked["vm_size"]))
    if asked["source_directory_data_store"] is not None:
        say("source_directory_data_store is not used: the studio keeps the source folder itself")
    if asked["entry_script"] is None:
        raise _errors.UserErrorException(
            '{}(...) needs the script to run: entry_script="train.py"'.format(kind)
        )


def _arguments(script_params: Any) -> List[Any]:
    """Return script_params as arguments, in their order."""
    if script_params is not None and not isinstance(script_params, dict):
        raise _errors.UserErrorException(
            'script_params must be a dict such as {{"--epochs": 20}}, not {!r}; a list goes into'
            " ScriptRunConfig(arguments=...)".format(script_params)
        )
    arguments = []
    for name, value in (script_params or {}).items():
        arguments.append(name)
        if value is not None and not (isinstance(value, str) and value == ""):
            arguments.append(value)
    return arguments


def _way(asked: Dict[str, Any]) -> Any:
    """Return how the processes find one another: a configuration, None where there is one."""
    way, backend = asked["distributed_training"], asked["distributed_backend"]
    if way is None and backend is not None:
        if str(backend).lower() not in BACKENDS:
            raise _errors.UserErrorException(
                "distributed_backend {!r} is not known; there are {}".format(
                    backend, ", ".join(BACKENDS)
                )
            )
        is_servers = BACKENDS[str(backend).lower()] is ParameterServer
        way = _servers(asked) if is_servers else BACKENDS[str(backend).lower()]()
    if way is None and any(asked[name] not in (1, "1") for name in OF_TENSORFLOW):
        way = _servers(asked)
    if way is None and (asked["node_count"], asked["process_count_per_node"]) != (1, 1):
        way = Mpi()
    if way is not None and not isinstance(way, WAYS):
        raise _errors.UserErrorException(
            "distributed_training must be Mpi(...), Gloo(), Nccl(), ParameterServer(...), a"
            " MpiConfiguration or a PyTorchConfiguration, not {!r}".format(way)
        )
    return copy.copy(way)


def _servers(asked: Dict[str, Any]) -> ParameterServer:
    return ParameterServer(asked["worker_count"], asked["parameter_server_count"])


def _has_gpu(workspace: Place, target: Any) -> bool:
    """Has the machine below a cluster a GPU, and each of its nodes one?"""
    if not workspace.client.get(workspace.api("sizes"))["machine"]["gpus"]:
        return False
    name = target if isinstance(target, str) else getattr(target, "name", None)
    if name is None:
        return True
    try:
        size = workspace.client.get(workspace.api("clusters/{}".format(name)))["size"]
    except _errors.NotFound:
        return True  # Submitting says what is wrong with it.
    return size is None or bool(size["gpus"])
