"""Steps become a graph: who writes what, who reads it, in which order, as the studio is told."""

import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from trainyard import _errors
from trainyard._datasets.base import AbstractDataset, DatasetConsumptionConfig
from trainyard._datasets.inputs import BARE, READING
from trainyard._datasets.links import Link, StepOutput
from trainyard._datasets.outputs import OutputDatasetConfig
from trainyard._datastore import DataReference, Datastore
from trainyard._pipelines.data import PipelineData, PipelineDataset
from trainyard._pipelines.parameters import Parameters, PipelineParameter
from trainyard._pipelines.steps import PipelineStep
from trainyard._place import Place
from trainyard._runconfig import ScriptRunConfig

MOST_STEPS = 200
MOST_NAME = 100
# Which output of a step run PipelineRun.get_pipeline_output means: a property of the step run.
OUTPUT_PROPERTY = "trainyard.pipeline_output."
STEP_NAME, STEP_KIND = "azureml.moduleName", "StepType"  # as the v1 SDK writes them

Defaults = NamedTuple("Defaults", [("datastore", Datastore), ("folder", Optional[str])])
Told = NamedTuple("Told", [("order", Dict[str, Any]), ("folder", str)])


class Graph:
    """The steps of a pipeline in an order that can be run, and what flows between them.

    is_closed: steps that write what these read are found by themselves.
    Raises UserErrorException: for what no step writes, for what two write, for a circle.
    """

    def __init__(self, steps: List[PipelineStep], *, is_closed: bool = True):
        self._writers: Dict[Link, PipelineStep] = {}
        found = self._gathered(list(dict.fromkeys(steps)), is_closed)
        if not found:
            raise _errors.UserErrorException("a pipeline needs at least one step")
        if len(found) > MOST_STEPS:
            raise _errors.UserErrorException(
                "a pipeline has at most {} steps, not {}".format(MOST_STEPS, len(found))
            )
        self._before = {step: self._steps_before(step) for step in found}
        self.steps = _in_order(found, self._before)
        self.names = _names_of(self.steps)

    def after(self, step: PipelineStep) -> List[int]:
        """Return the numbers of the steps that must be Completed before this one begins."""
        return sorted(self.steps.index(one) for one in self._before[step])

    def writer(self, link: Link) -> int:
        """Return the number of the step that writes it."""
        return self.steps.index(self._writers[link])

    def _gathered(self, steps: List[PipelineStep], is_closed: bool) -> List[PipelineStep]:
        """Return these steps and those that they need."""
        for step in steps:
            self._note_writer(step)
        for step in steps:  # it grows meanwhile
            for link in read_by(step):
                if link not in self._writers:
                    if not is_closed or link.producer is None:
                        raise _errors.UserErrorException(
                            "step {} reads {}, which no step of the pipeline writes; name it"
                            " among the outputs of one".format(step.name, link.name)
                        )
                    self._note_writer(link.producer)
                    steps.append(link.producer)
            for other in step.after:
                if other not in steps:
                    if not is_closed:
                        raise _errors.UserErrorException(
                            "step {} runs after {}, which is not in the pipeline".format(
                                step.name, other.name
                            )
                        )
                    self._note_writer(other)
                    steps.append(other)
        return steps

    def _note_writer(self, step: PipelineStep) -> None:
        for link in step.written():
            other = self._writers.setdefault(link, step)
            if other is not step:
                raise _errors.UserErrorException(
                    "steps {} and {} both write {}; each needs an output of its own, and a step"
                    " that reads it takes {}".format(
                        other.name, step.name, link.name, "output.as_input()"
                    )
                )

    def _steps_before(self, step: PipelineStep) -> List[PipelineStep]:
        found = list(step.after)
        for link in read_by(step):
            writer = self._writers[link]
            if writer is step:
                raise _errors.UserErrorException(
                    "step {} both reads and writes {}".format(step.name, link.name)
                )
            found.append(writer)
        return found


def read_by(step: PipelineStep) -> Dict[Link, DatasetConsumptionConfig]:
    """Return link → how a step reads it, of all that it reads of other steps."""
    found: Dict[Link, DatasetConsumptionConfig] = {}
    written = step.written()
    for one in step.inputs + step.arguments:
        if isinstance(one, DatasetConsumptionConfig) and isinstance(one.dataset, StepOutput):
            found.setdefault(one.dataset.link, one)
    for one in step.inputs:
        if isinstance(one, (PipelineData, PipelineDataset)):
            found.setdefault(one.link, one.as_input())
        elif isinstance(one, OutputDatasetConfig):
            found.setdefault(one.link, one.as_input(one.name))
    for one in step.arguments:
        if isinstance(one, (PipelineData, PipelineDataset)) and one.link not in written:
            found.setdefault(one.link, one.as_input())
    return found


def _in_order(
    steps: List[PipelineStep], before: Dict[PipelineStep, List[PipelineStep]]
) -> List[PipelineStep]:
    """Return the steps, each behind those that it needs, else as they were given."""
    done: List[PipelineStep] = []
    waiting = list(steps)
    while waiting:
        ready = [step for step in waiting if all(one in done for one in before[step])]
        if not ready:
            raise _errors.UserErrorException(
                "the steps {} wait for each other: a pipeline has no circle".format(
                    ", ".join(step.name for step in waiting)
                )
            )
        done.append(ready[0])
        waiting.remove(ready[0])
    return done


def _names_of(steps: List[PipelineStep]) -> Dict[PipelineStep, str]:
    """Return what each step is called in the graph: its name, with a number where it is taken."""
    found: Dict[PipelineStep, str] = {}
    taken = {step.name[:MOST_NAME] for step in steps}
    used: List[str] = []
    for step in steps:
        name, number = step.name[:MOST_NAME], 1
        while name in used or (number > 1 and name in taken):
            number += 1
            ending = "_{}".format(number)
            name = step.name[: MOST_NAME - len(ending)] + ending
        used.append(name)
        found[step] = name
    return found


# --- as the studio is told ------------------------------------------------------------


class Telling:
    """Says the steps of a graph as orders; `parameters` gathers the parameters that they name."""

    def __init__(self, graph: Graph, workspace: Place, defaults: Defaults):
        self._graph = graph
        self._workspace = workspace
        self._defaults = defaults
        self._outputs: Dict[Link, str] = {}
        self.parameters = Parameters()

    def told(self, step: PipelineStep) -> Told:
        """Return a step's order without snapshot, and its source folder.

        Raises as ScriptRunConfig.order, with the step's name.
        """
        config = step.config(self._defaults.folder)
        try:
            self._fill(step, config)
            order = config.order(self._workspace)
        except (_errors.UserErrorException, _errors.ExperimentExecutionException) as error:
            if isinstance(error, _errors.StudioError):
                raise
            words = "step {}: {}".format(step.name, error.message)
            raise type(error)(words) from None
        self.parameters.check(step.name, order["arguments"])
        order["name"] = step.name[:MOST_NAME]
        order["properties"] = self._properties(step)
        return Told(order, config.source_directory)

    def _fill(self, step: PipelineStep, config: ScriptRunConfig) -> None:
        """Put what flows into and out of the step into what it runs."""
        written = {link: self._output(one) for link, one in step.written().items()}
        read = {link: self._input(one) for link, one in read_by(step).items()}
        settings = config.run_config
        config.arguments = [self._argument(one, written, read) for one in step.arguments]
        for output in written.values():
            settings.output_data[output.name] = output
        for one in step.inputs:
            name, value = self._named(one, read)
            other = settings.data.setdefault(name, value)
            if other is not value:
                raise _errors.UserErrorException("two inputs are called {}".format(name))
        for value in read.values():
            settings.data.setdefault(value.name, value)

    def _output(self, one: Any) -> OutputDatasetConfig:
        if isinstance(one, (PipelineData, PipelineDataset)):
            return one.output(self._defaults.datastore)
        found: OutputDatasetConfig = one
        return found

    def _input(self, one: DatasetConsumptionConfig) -> DatasetConsumptionConfig:
        """Return an input that another step writes with the step's number and the output's name."""
        assert isinstance(one.dataset, StepOutput)
        link = one.dataset.link
        number = self._graph.writer(link)
        output = self._output(self._graph.steps[number].written()[link]).name
        at = one.dataset.at(number, output)
        return DatasetConsumptionConfig(one.name, at, one.mode, one.path_on_compute)

    def _argument(
        self,
        one: Any,
        written: Dict[Link, OutputDatasetConfig],
        read: Dict[Link, DatasetConsumptionConfig],
    ) -> Any:
        if isinstance(one, PipelineParameter):
            self.parameters.add(one)
        if isinstance(one, (PipelineData, PipelineDataset, OutputDatasetConfig)):
            return written.get(one.link) or read[one.link]
        if isinstance(one, DatasetConsumptionConfig) and isinstance(one.dataset, StepOutput):
            return read[one.dataset.link]
        return one

    def _named(self, one: Any, read: Dict[Link, DatasetConsumptionConfig]) -> Tuple[str, Any]:
        """Return an input with its name. Raises UserErrorException."""
        if isinstance(one, (PipelineData, PipelineDataset, OutputDatasetConfig)):
            return read[one.link].name, read[one.link]
        if isinstance(one, DatasetConsumptionConfig):
            found = read[one.dataset.link] if isinstance(one.dataset, StepOutput) else one
            return found.name, found
        if isinstance(one, DataReference):
            return one.data_reference_name, one
        if isinstance(one, AbstractDataset):
            raise _errors.UserErrorException(BARE)
        raise _errors.UserErrorException(
            "inputs are PipelineData, datasets as dataset.as_named_input(name), and paths of a"
            " datastore, not {!r}".format(one)
        )

    def _properties(self, step: PipelineStep) -> Dict[str, str]:
        found = {STEP_NAME: step.name, STEP_KIND: type(step).__name__}
        for one in step.written().values():
            called = getattr(one, "pipeline_output_name", None)
            if called:
                found[OUTPUT_PROPERTY + str(called)] = str(one.output_name)
        for read in read_by(step).values():
            assert isinstance(read.dataset, StepOutput)
            if read.dataset.reading and read.mode == "direct":
                found[READING + read.name] = json.dumps(read.dataset.reading, sort_keys=True)
        return found
