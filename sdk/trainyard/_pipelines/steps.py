"""Steps of a pipeline: a script each, with what it reads and what it writes."""

import copy
from typing import Any, Dict, Iterator, List, Optional, Union

from trainyard import _errors
from trainyard._datasets import links
from trainyard._datasets.outputs import OutputDatasetConfig
from trainyard._distributed import MpiConfiguration
from trainyard._estimators import Estimator
from trainyard._pipelines.data import PipelineData, PipelineDataset
from trainyard._pipelines.parameters import PipelineParameter
from trainyard._runconfig import RunConfiguration, ScriptRunConfig, Target

Written = (PipelineData, PipelineDataset, OutputDatasetConfig)
Nodes = Union[None, int, str]
PARAMETER = "AML_PARAMETER_"
AS_ARGUMENT = "the parameter among the step's arguments: arguments=['--epochs', parameter]"


class PipelineStep:
    """A step: its name, what it reads and writes, which steps it begins after.

    allow_reuse, version and hash_paths of the kinds below are taken, and mean nothing here: a step
    runs whenever its pipeline does.
    """

    def __init__(
        self,
        name: str,
        inputs: Optional[List[Any]] = None,
        outputs: Optional[List[Any]] = None,
        arguments: Optional[List[Any]] = None,
    ):
        if not isinstance(name, str) or not name.strip():
            raise _errors.UserErrorException("a step needs a name, not {!r}".format(name))
        self.name = name
        self.inputs = _listed(name, "inputs", inputs)
        self.outputs = _listed(name, "outputs", outputs)
        self.arguments = _listed(name, "arguments", arguments)
        self._after: List[PipelineStep] = []
        for one in self.outputs:
            if not isinstance(one, Written):
                raise _errors.UserErrorException(
                    "step {}: outputs are PipelineData, OutputFileDatasetConfig; {!r} is"
                    " neither".format(name, one)
                )
        for link in self.written():
            link.producer = self

    def run_after(self, step: "PipelineStep") -> None:
        """Begin only when `step` is Completed, though nothing flows between the two."""
        if not isinstance(step, PipelineStep) or step is self:
            raise _errors.UserErrorException(
                "step {} runs after another step, not after {!r}".format(self.name, step)
            )
        if step not in self._after:
            self._after.append(step)

    @property
    def after(self) -> "List[PipelineStep]":
        """The steps that run_after() named."""
        return list(self._after)

    def written(self) -> "Dict[links.Link, Any]":
        """Return link → PipelineData, or output, of all that the step writes."""
        given = [one for one in self.arguments if isinstance(one, OutputDatasetConfig)]
        return {one.link: one for one in self.outputs + given}

    def config(self, folder: Optional[str]) -> ScriptRunConfig:
        """Return what the step runs; folder: of a step that names none. It may be changed."""
        raise NotImplementedError("a kind of step says what it runs")

    def __repr__(self) -> str:
        return "{}({!r})".format(type(self).__name__, self.name)


class PythonScriptStep(PipelineStep):
    """A step that runs a script of a source folder.

    arguments: texts, numbers, PipelineParameter, and what is among inputs and outputs.
    inputs: PipelineData, datasets as_named_input, paths of a datastore.   outputs: PipelineData,
    OutputFileDatasetConfig.   compute_target: a cluster or its name; by default that of runconfig.
    runconfig: environment, nodes and processes.   params: name → value of the script's variables
    AML_PARAMETER_<name>.   source_directory: by default the pipeline's, or here.
    Raises UserErrorException.
    """

    def __init__(
        self,
        script_name: str,
        name: Optional[str] = None,
        arguments: Optional[List[Any]] = None,
        compute_target: Any = None,
        runconfig: Optional[RunConfiguration] = None,
        runconfig_pipeline_params: Optional[Dict[str, Any]] = None,
        inputs: Optional[List[Any]] = None,
        outputs: Optional[List[Any]] = None,
        params: Optional[Dict[str, Any]] = None,
        source_directory: Optional[str] = None,
        allow_reuse: bool = True,
        version: Optional[str] = None,
        hash_paths: Optional[List[str]] = None,
    ):
        super().__init__(name or script_name, inputs, outputs, arguments)
        _refuse_settings(self.name, runconfig_pipeline_params)
        if not isinstance(runconfig, (RunConfiguration, type(None))):
            raise _errors.UserErrorException(
                "step {}: runconfig is a RunConfiguration, not {!r}".format(self.name, runconfig)
            )
        self.script_name = script_name
        self.source_directory = source_directory
        self.compute_target = compute_target
        self.runconfig = runconfig
        self.params = _constants(self.name, params)

    def config(self, folder: Optional[str]) -> ScriptRunConfig:
        """Return what the step runs. Raises as ScriptRunConfig.order, later."""
        settings = _copied(self.runconfig or RunConfiguration(), self.compute_target)
        settings.arguments, settings.command = [], None
        settings.environment_variables = dict(settings.environment_variables, **self.params)
        return ScriptRunConfig(
            self.source_directory or folder, self.script_name, [], run_config=settings
        )


class CommandStep(PipelineStep):
    """A step that runs a command: `python train.py …` or `bash train.sh …`, as ScriptRunConfig.

    command: a text, or a list of words with inputs, outputs and parameters among them.
    runconfig may be a whole ScriptRunConfig with a command of its own. Raises UserErrorException.
    """

    def __init__(
        self,
        command: Union[None, str, List[Any]] = None,
        name: Optional[str] = None,
        compute_target: Any = None,
        runconfig: Union[None, RunConfiguration, ScriptRunConfig] = None,
        runconfig_pipeline_params: Optional[Dict[str, Any]] = None,
        inputs: Optional[List[Any]] = None,
        outputs: Optional[List[Any]] = None,
        params: Optional[Dict[str, Any]] = None,
        source_directory: Optional[str] = None,
        allow_reuse: bool = True,
        version: Optional[str] = None,
    ):
        whole = runconfig if isinstance(runconfig, ScriptRunConfig) else None
        settings = whole.run_config if whole is not None else runconfig
        if command:
            made = ScriptRunConfig(source_directory, command=command)
        elif whole is not None:
            made = whole
        else:
            raise _errors.UserErrorException("CommandStep needs a command, such as 'python a.py'")
        super().__init__(name or str(made.script), inputs, outputs, made.arguments)
        _refuse_settings(self.name, runconfig_pipeline_params)
        self.source_directory = source_directory or (whole.source_directory if whole else None)
        self.compute_target = compute_target
        self.params = _constants(self.name, params)
        self._script = made.script
        self._settings = settings or RunConfiguration()

    def config(self, folder: Optional[str]) -> ScriptRunConfig:
        """Return what the step runs. Raises as ScriptRunConfig.order, later."""
        settings = _copied(self._settings, self.compute_target)  # type: ignore[arg-type]
        settings.arguments, settings.command = [], None
        settings.environment_variables = dict(settings.environment_variables, **self.params)
        return ScriptRunConfig(
            self.source_directory or folder, self._script, [], run_config=settings
        )


class EstimatorStep(PipelineStep):
    """A step that runs the script of an estimator.

    estimator_entry_script_arguments: its arguments, as those of PythonScriptStep; the estimator's
    own script_params where there are none. Raises UserErrorException.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        estimator: Optional[Estimator] = None,
        estimator_entry_script_arguments: Optional[List[Any]] = None,
        runconfig_pipeline_params: Optional[Dict[str, Any]] = None,
        inputs: Optional[List[Any]] = None,
        outputs: Optional[List[Any]] = None,
        compute_target: Any = None,
        allow_reuse: bool = True,
        version: Optional[str] = None,
    ):
        if not isinstance(estimator, Estimator):
            raise _errors.UserErrorException(
                "EstimatorStep needs an estimator, such as Estimator(...), not {!r}".format(
                    estimator
                )
            )
        given = estimator_entry_script_arguments
        given = estimator.arguments if given is None else given
        super().__init__(name or str(estimator.script), inputs, outputs, given)
        _refuse_settings(self.name, runconfig_pipeline_params)
        self.estimator = estimator
        self.compute_target = compute_target

    def config(self, folder: Optional[str]) -> ScriptRunConfig:
        """Return what the step runs. Raises as ScriptRunConfig.order, later."""
        made = copy.copy(self.estimator)
        made.run_config = _copied(made.run_config, self.compute_target)
        return made


class MpiStep(EstimatorStep):
    """A step that runs a script in several processes, on one or several nodes.

    The packages are those of an Estimator. Raises UserErrorException.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        source_directory: Optional[str] = None,
        script_name: Optional[str] = None,
        arguments: Optional[List[Any]] = None,
        compute_target: Any = None,
        node_count: Nodes = None,
        process_count_per_node: Nodes = None,
        inputs: Optional[List[Any]] = None,
        outputs: Optional[List[Any]] = None,
        allow_reuse: bool = True,
        version: Optional[str] = None,
        hash_paths: Optional[List[str]] = None,
        **packages: Any,
    ):
        estimator = _OfProcesses(
            source_directory or ".",
            compute_target=_target(compute_target),
            entry_script=script_name,
            node_count=_number(name, "node_count", node_count),
            process_count_per_node=_number(name, "process_count_per_node", process_count_per_node),
            distributed_training=MpiConfiguration(),
            **packages,
        )
        super().__init__(name or script_name, estimator, arguments or [], None, inputs, outputs)


class _OfProcesses(Estimator):
    """What an MpiStep runs."""

    def _say_deprecated(self) -> None:
        """Nobody chose an estimator here."""


class StepSequence:
    """Steps that run one after the other: each after the one before it.

    An item that is a list is of steps that may run at the same time.
    """

    def __init__(self, steps: Optional[List[Any]] = None):
        self._steps = list(steps or [])
        before: List[PipelineStep] = []
        for item in self._steps:
            these = list(flat(item))
            for step in these:
                for earlier in before:
                    step.run_after(earlier)
            before = these or before

    def __iter__(self) -> Iterator[Any]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, number: int) -> Any:
        return self._steps[number]


def flat(steps: Any) -> Iterator[PipelineStep]:
    """Yield the steps of a step, or of lists of steps in lists. Raises UserErrorException."""
    if isinstance(steps, PipelineStep):
        yield steps
    elif isinstance(steps, (list, tuple, StepSequence)):
        for one in steps:
            for step in flat(one):
                yield step
    else:
        raise _errors.UserErrorException(
            "a pipeline is made of steps, such as PythonScriptStep(...), not of {!r}".format(steps)
        )


def _listed(step: str, what: str, given: Any) -> List[Any]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise _errors.UserErrorException(
            "step {}: {} is a list, not {!r}".format(step, what, given)
        )
    return list(given)


def _refuse_settings(step: str, given: Optional[Dict[str, Any]]) -> None:
    """Raise NotImplementedError for a run configuration that depends on parameters."""
    if given:
        raise _errors.not_built("runconfig_pipeline_params of step {}".format(step), AS_ARGUMENT)


def _constants(step: str, params: Optional[Dict[str, Any]]) -> Dict[str, str]:
    """Return `params` as variables. Raises NotImplementedError for a PipelineParameter."""
    for value in (params or {}).values():
        if isinstance(value, PipelineParameter):
            raise _errors.not_built(
                "PipelineParameter {} in params of step {}".format(value.name, step), AS_ARGUMENT
            )
    return {PARAMETER + str(name): str(value) for name, value in (params or {}).items()}


def _target(given: Any) -> Target:
    """Return a cluster or its name: v1 takes (name, kind) too."""
    target: Target = given[0] if isinstance(given, (tuple, list)) and given else given
    return target


def _copied(settings: RunConfiguration, target: Any) -> RunConfiguration:
    """Return a copy that a step may change: several steps may be given one configuration."""
    made = copy.copy(settings)
    made.data, made.output_data = dict(settings.data), dict(settings.output_data)
    if target is not None:
        made.target = _target(target)
    return made


def _number(step: Optional[str], what: str, given: Nodes) -> int:
    try:
        return 1 if given is None else int(given)
    except (TypeError, ValueError):
        raise _errors.UserErrorException(
            "step {}: {} is a number, not {!r}".format(step, what, given)
        ) from None
