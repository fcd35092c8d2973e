"""PipelineParameter: a value of a pipeline that is given when it is submitted."""

import math
import re
from typing import Any, Dict, List, Optional

from trainyard import _errors

MARK = re.compile(r"\$\(PipelineParameter:([^)]*)\)")
NAME = re.compile(r"[^()\x00-\x1f]{1,255}\Z")
KINDS = ((bool, "bool"), (int, "int"), (float, "float"), (str, "string"))  # a bool is an int, too
INSTEAD = (
    "a parameter that is a text, such as the name of a dataset or a path of the datastore, which"
    " the script looks up: Dataset.get_by_name(Run.get_context().experiment.workspace, name)"
)


class PipelineParameter:
    """A value that a pipeline is submitted with; among a step's arguments it stands for the value.

    name: what submit(pipeline_parameters={name: value}) calls it.   default_value: a text, number
    or truth value, taken where none is given. Raises UserErrorException for the name,
    NotImplementedError for a dataset or a path of a datastore as the value.
    """

    def __init__(self, name: str, default_value: Any):
        if not isinstance(name, str) or not NAME.match(name):
            raise _errors.UserErrorException(
                "{!r} is no name of a pipeline's parameter: at most 255 characters, without"
                " brackets".format(name)
            )
        if default_value is None:
            raise _errors.UserErrorException(
                "parameter {} needs a default_value: a text, a number, True or False".format(name)
            )
        self.name = name
        self.default_value = default_value
        self.type = kind_of(name, default_value)

    def __str__(self) -> str:
        return "$(PipelineParameter:{})".format(self.name)

    def __repr__(self) -> str:
        return "PipelineParameter(name={!r}, default_value={!r})".format(
            self.name, self.default_value
        )


def kind_of(name: str, value: Any) -> str:
    """Return what a value is called in a graph.

    Raises NotImplementedError for another, UserErrorException for an infinite number.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise _errors.UserErrorException(
            "the parameter {} is {!r}, and a number must be finite; send a text, '{}', and let the"
            " script read it".format(name, value, value)
        )
    for kind, called in KINDS:
        if isinstance(value, kind):
            return called
    raise _errors.not_built(
        "the parameter {} with a value of type {}".format(name, type(value).__name__), INSTEAD
    )


def names_in(text: str) -> List[str]:
    """Return the names of the parameters that a text stands for."""
    return MARK.findall(text)


class Parameters:
    """The parameters of a graph, as its steps name them."""

    def __init__(self) -> None:
        self._known: Dict[str, PipelineParameter] = {}

    def add(self, parameter: PipelineParameter) -> None:
        """Note a parameter. Raises UserErrorException for another one of that name."""
        other = self._known.setdefault(parameter.name, parameter)
        said, new = (other.type, other.default_value), (parameter.type, parameter.default_value)
        if said != new:
            raise _errors.UserErrorException(
                "two parameters are called {}, with the defaults {!r} and {!r}; each needs a name"
                " of its own".format(parameter.name, other.default_value, parameter.default_value)
            )

    def check(self, step: str, texts: List[str]) -> None:
        """Raise UserErrorException for a parameter that a text names and nobody has defined."""
        for name in [name for text in texts for name in names_in(text)]:
            if name not in self._known:
                raise _errors.UserErrorException(
                    "step {} names a parameter {} that is not one of the pipeline; a"
                    " PipelineParameter is an argument of its own: arguments=['--x',"
                    " parameter]".format(step, name)
                )

    def graph(self) -> Dict[str, Dict[str, Any]]:
        """Return name → {"type", "default"}."""
        return {
            name: {"type": one.type, "default": one.default_value}
            for name, one in self._known.items()
        }


def assigned(known: Dict[str, Any], given: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the values that a pipeline is submitted with.

    known: its parameters by name.   given: pipeline_parameters.
    Raises UserErrorException for one that it does not have, NotImplementedError for a dataset.
    """
    if given is not None and not isinstance(given, dict):
        raise _errors.UserErrorException(
            'pipeline_parameters is a dict such as {{"epochs": 3}}, not {!r}'.format(given)
        )
    for name, value in (given or {}).items():
        if name not in known:
            raise _errors.UserErrorException(
                "the pipeline has no parameter {}; its parameters: {}".format(
                    name, ", ".join(sorted(known)) or "none"
                )
            )
        kind_of(name, value)
    return dict(given or {})
