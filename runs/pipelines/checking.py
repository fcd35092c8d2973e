"""A graph's steps as orders: what they name is looked for before anything is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runs import listing, orders
from runs.orders import Order
from runs.pipelines import graphs
from runs.pipelines.graphs import Graph, Step
from runs.pipelines.values import Value, text_of
from studio.errors import StudioError
from studio.files import trees
from studio.models import Tree, Workspace

# What a run says that it is, in the words of the scripts that look for it.
SOURCE = "azureml.runsource"
OF_PIPELINE, OF_STEP = "azureml.PipelineRun", "azureml.StepRun"
PIPELINE_RUN, PIPELINE = "azureml.pipelinerunid", "azureml.pipelineid"


@dataclass(frozen=True)
class Checked:
    """The steps' submissions by number, parameters put in, and the trees that they name.

    code, data: snapshots, and what steps read that was there before.
    """

    orders: dict[int, dict[str, Any]]
    code: set[Tree]
    data: set[Tree]


def marks(run_id: str, properties: Mapping[str, str]) -> dict[str, str]:
    """The properties of a step's run below the pipeline run `run_id`, which has `properties`."""
    return {
        listing.PARENT: run_id,
        listing.ROOT: properties.get(listing.ROOT, run_id),
        SOURCE: OF_STEP,
        PIPELINE_RUN: run_id,
    }


def check(
    workspace: Workspace,
    graph: Graph,
    values: dict[str, Value],
    *,
    experiment: str,
    marks: dict[str, str],
) -> Checked:
    """Check every step as a submission is checked. Raises what that raises, naming the step."""
    texts = {name: text_of(value) for name, value in values.items()}
    nothing = trees.make([])
    written: dict[int, set[str]] = {}
    found: dict[int, dict[str, Any]] = {}
    code: set[Tree] = set()
    data: set[Tree] = set()
    for number in graph.order:
        step = graph.steps[number]
        try:
            found[number] = _order(step, texts, experiment, marks)
            _check_outputs(step, graph, written)
            order = read(workspace, found[number], dict.fromkeys(written, nothing))
        except StudioError as error:
            raise graphs.of_step(step.name, error) from None
        written[number] = {one.name for one in order.output_datasets}
        code.add(order.snapshot)
        data |= {one.tree for one in order.inputs}
    return Checked(found, code, data - {nothing})


def _order(
    step: Step, texts: dict[str, str], experiment: str, marks: dict[str, str]
) -> dict[str, Any]:
    order = graphs.filled(step.order, texts)
    order = {**order, "experiment": experiment, "name": order.get("name") or step.name}
    given = order.get("properties")
    if given is None or isinstance(given, dict):  # else reading the order says what is wrong
        order["properties"] = {**(given or {}), **marks}
    return order


def _check_outputs(step: Step, graph: Graph, written: dict[int, set[str]]) -> None:
    for one in graphs.outputs_of(step.order):
        names = written[one["output_of"]]
        if one["output"] not in names:
            known = ", ".join(sorted(names)) or "none"
            raise graphs.bad(
                f"step {graph.steps[one['output_of']].name} has no output dataset"
                f' "{one["output"]}"; it has: {known}'
            )


def read(workspace: Workspace, order: dict[str, Any], written: Mapping[Any, Tree]) -> Order:
    """Read a step's order, with the trees that other steps wrote.

    written: by the number of the step, or by that and the name of the output.
    Raises what orders.read does.
    """
    given = order.get("inputs")
    if isinstance(given, list):
        order = {**order, "inputs": [_input(one, written) for one in given]}
    return orders.read(workspace, order)


def _input(given: Any, written: Mapping[Any, Tree]) -> Any:
    if not isinstance(given, dict) or "output_of" not in given:
        return given
    key = (given["output_of"], given["output"])
    tree = written[key] if key in written else written[given["output_of"]]
    kept = {name: given[name] for name in ("name", "mode", "path") if name in given}
    return {**kept, "tree": tree.sha256}
