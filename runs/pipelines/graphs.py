"""A graph as it was sent: read and checked as data, before anything that it names is looked for."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runs import orders
from runs.pipelines.values import Parameter, declared
from studio.errors import BadInput
from studio.texts import checked

MOST_STEPS = 200
MOST_BYTES = 2 * 2**20
MOST_NAME = 100
MOST_DESCRIPTION = 10_000
KEYS = {"steps", "parameters", "continue_on_step_failure", "description"}
STEP_KEYS = {"name", "after", "order"}
OF_A_STEP = {"name", "mode", "path", "output_of", "output"}
PLACEHOLDER = re.compile(r"\$\(PipelineParameter:([^()]{1,255})\)")


@dataclass(frozen=True)
class Step:
    """One step: its place, its name, whom it waits for, and what POST runs would take for it."""

    number: int
    name: str
    after: list[int]
    order: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Steps in the order in which they were given, and `order`: their numbers, first things first.

    given: all of it as it was sent, for whoever keeps it.
    """

    given: dict[str, Any]
    steps: list[Step]
    order: list[int]
    parameters: dict[str, Parameter]
    goes_on: bool

    @property
    def in_short(self) -> list[dict[str, Any]]:
        """Its steps as lists show them."""
        return [
            {"name": step.name, "script": step.order.get("script"), "after": step.after}
            for step in self.steps
        ]


def read(given: Any) -> Graph:
    """Return the graph. Raises BadInput naming the step and what is wrong with it."""
    if not isinstance(given, dict) or given.keys() - KEYS:
        raise bad(f'"graph" is an object of {", ".join(sorted(KEYS))}, and nothing else')
    raw = given.get("steps")
    if not isinstance(raw, list) or not raw:
        raise bad('"steps" is a list of at least one step')
    if len(raw) > MOST_STEPS:
        raise bad(f"a pipeline has at most {MOST_STEPS} steps, not {len(raw):,}")
    _check_kept(given)
    if (size := _size(given)) > MOST_BYTES:
        raise bad(f"a graph has at most {MOST_BYTES:,} bytes, not {size:,}; put more into files")
    goes_on = given.get("continue_on_step_failure")
    if goes_on not in (None, True, False):
        raise bad("continue_on_step_failure is true or false")
    checked("description", given.get("description") or "", MOST_DESCRIPTION)
    steps = [_step(number, one, len(raw)) for number, one in enumerate(raw)]
    names = [step.name for step in steps]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise bad(f'two steps are named "{twice}"; a name stands for one')
    parameters = declared(given.get("parameters"))
    for step in steps:
        _check_placeholders(step, parameters)
    return Graph(given, steps, _sorted(steps), parameters, bool(goes_on))


def bad(words: str) -> BadInput:
    """What is wrong with a graph, in words."""
    return BadInput(words, fields={"graph": words})


def of_step(name: str, error: Any) -> Any:
    """Return the same error, with the step that it is of before its words."""
    error.message = f"step {name}: {error.message}"
    return error


def outputs_of(order: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The inputs of a step that another one writes."""
    inputs = order.get("inputs")
    for one in inputs if isinstance(inputs, list) else ():
        if isinstance(one, dict) and "output_of" in one:
            yield one


def _check_kept(given: Any) -> None:
    """Refuse what no database keeps, wherever in the graph it stands."""
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str):
            checked("graph", one, MOST_BYTES)
        elif isinstance(one, float) and not math.isfinite(one):
            # JSON may say 1e400; the column of a database may not.
            raise bad("the graph holds a number that is too large to be kept, such as 1e400")


def _size(given: dict[str, Any]) -> int:
    try:
        return len(json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except RecursionError:
        raise bad("the graph is nested too deep") from None


def _step(number: int, given: Any, count: int) -> Step:
    if not isinstance(given, dict) or given.keys() - STEP_KEYS:
        keys = ", ".join(sorted(STEP_KEYS))
        raise bad(f"step {number}: a step is an object of {keys}, and nothing else")
    try:
        name = checked("name", given.get("name"), MOST_NAME, empty=False)
    except BadInput as error:
        raise of_step(str(number), error) from None
    order, after = given.get("order"), given.get("after")
    after = [] if after is None else after
    if not isinstance(order, dict):
        raise bad(f'step {name}: "order" is an object, as POST runs takes it')
    if "experiment" in order:
        raise bad(f"step {name}: a step is in the experiment of its pipeline run, and names none")
    if not isinstance(after, list) or not all(_is_number(one, count) for one in after):
        raise bad(f'step {name}: "after" lists numbers of steps, from 0 to {count - 1}')
    for one in outputs_of(order):
        if one.keys() - OF_A_STEP:
            keys = ", ".join(sorted(OF_A_STEP))
            raise bad(f"step {name}: an input from another step is an object of {keys}")
        if not _is_number(one["output_of"], count):
            raise bad(f"step {name}: output_of is the number of a step, from 0 to {count - 1}")
        checked("output", one.get("output"), MOST_NAME, empty=False)
        after = [*after, one["output_of"]]
    return Step(number, name, sorted(set(after)), order)


def _is_number(given: Any, count: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given < count


def _check_placeholders(step: Step, parameters: dict[str, Parameter]) -> None:
    for argument in _arguments(step.order):
        for name in PLACEHOLDER.findall(argument):
            if name not in parameters:
                known = ", ".join(parameters) or "there are none"
                raise bad(
                    f'step {step.name}: its arguments name the parameter "{name[:100]}", which is'
                    f" not among those of the pipeline: {known}"
                )


def _arguments(order: dict[str, Any]) -> list[str]:
    given = order.get("arguments")
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _sorted(steps: list[Step]) -> list[int]:
    """The numbers of the steps, each behind those it waits for. Raises BadInput for a circle."""
    left = {step.number: set(step.after) for step in steps}
    order: list[int] = []
    while left:
        free = [number for number, after in left.items() if not after]
        if not free:
            names = ", ".join(steps[number].name for number in list(left)[:5])
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            raise bad(f"these steps wait for each other in a circle: {names}{more}")
        order += free
        left = {n: after - set(free) for n, after in left.items() if n not in set(free)}
    return order


def filled(order: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """Return a step's order with parameters' texts in its arguments. Raises BadInput."""
    given = order.get("arguments")
    if not isinstance(given, list):
        return order
    most = orders.MOST_ARGUMENTS_CHARACTERS
    words = []
    for argument in given:
        if isinstance(argument, str):
            # Counted before: a short text may name a long value many times.
            long = sum(len(texts[name]) for name in PLACEHOLDER.findall(argument))
            if long > most:
                raise BadInput(f"arguments hold at most {most:,} characters altogether")
            argument = PLACEHOLDER.sub(lambda found: texts[found[1]], argument)
        words.append(argument)
    return {**order, "arguments": words}
