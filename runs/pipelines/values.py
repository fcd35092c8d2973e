"""Parameters of pipelines: declared in the graph, given when it is run, texts in arguments."""

import math
import re
from dataclasses import dataclass
from typing import Any

from runs.models import PipelineRun
from studio.errors import BadInput
from studio.texts import WHOLE, checked

MOST = 100
MOST_TEXT = 10_000
NAME = re.compile(r"[^()\x00-\x1f]{1,255}")
NUMBER = re.compile(r"[-+]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][-+]?\d{1,4})?", re.ASCII)
KINDS = ("string", "int", "float", "bool")
# Such a one does for a check of what has no default and no value yet.
STANDS_IN: dict[str, Any] = {"string": "value", "int": 1, "float": 1.0, "bool": True}
Value = str | int | float | bool


@dataclass(frozen=True)
class Parameter:
    """kind: one of KINDS.   default: None where a value must be given."""

    kind: str
    default: Value | None

    @property
    def facts(self) -> dict[str, Any]:
        return {"type": self.kind, "default": self.default}


def declared(given: Any) -> dict[str, Parameter]:
    """Return the parameters of a graph. Raises BadInput."""
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MOST:
        raise _bad(f'"parameters" maps at most {MOST} names to {{"type", "default"}}')
    found = {}
    for name, one in given.items():
        checked("parameters", name, 255, empty=False)
        if not NAME.fullmatch(name):
            raise _bad(f"the parameter name {name[:100]!r} is not allowed: no brackets in it")
        if not isinstance(one, dict) or one.keys() - {"type", "default"}:
            raise _bad(f'parameter {name}: it is {{"type", "default"}}, and nothing else')
        kind = one.get("type") or "string"
        if kind not in KINDS:
            raise _bad(f"parameter {name}: a type is one of {', '.join(KINDS)}")
        default = one.get("default")
        found[name] = Parameter(kind, None if default is None else _value(name, kind, default))
    return found


def chosen(parameters: dict[str, Parameter], given: Any) -> dict[str, Value]:
    """Return name → value of a run: as given, or by default. Raises BadInput.

    A value may be sent as a text. One that is missing or that the graph does not have is refused.
    """
    if not isinstance(given, dict | None):
        raise _bad('"parameters" maps names to values')
    given = given or {}
    if unknown := next((name for name in given if name not in parameters), None):
        known = ", ".join(parameters) or "none"
        raise _bad(f'there is no parameter "{str(unknown)[:100]}"; the pipeline has: {known}')
    values: dict[str, Value] = {}
    for name, parameter in parameters.items():
        value = given.get(name)
        value = parameter.default if value is None else _value(name, parameter.kind, value)
        if value is None:
            raise _bad(f'parameter "{name}" has no default and was not given: give a value')
        values[name] = value
    return values


def stand_ins(parameters: dict[str, Parameter]) -> dict[str, Value]:
    """Values to check a graph with that is not run yet: defaults where there are some."""
    return {
        name: STANDS_IN[one.kind] if one.default is None else one.default
        for name, one in parameters.items()
    }


def text_of(value: Value) -> str:
    """The value as an argument says it."""
    return str(value)


def shown(pipeline: PipelineRun) -> list[tuple[str, str]]:
    """The parameters of a pipeline run as (name, text)."""
    return [(name, text_of(value)) for name, value in pipeline.parameters.items()]


def _value(name: str, kind: str, given: Any) -> Value:
    found = _read(name, kind, given)
    if found is None:
        raise _bad(f"parameter {name} is of type {kind}, and {str(given)[:100]!r} is none")
    return found


def _read(name: str, kind: str, given: Any) -> Value | None:
    """The value as its type, from itself or from its text; None for what is none of it."""
    if isinstance(given, dict | list):
        return None
    if isinstance(given, str):
        checked(f"parameter {name}", given, MOST_TEXT)
    if kind == "string":
        return given if isinstance(given, str) else text_of(given)
    if kind == "bool":
        if isinstance(given, bool):
            return given
        return {"true": True, "false": False}.get(str(given).strip().lower())
    if isinstance(given, bool):
        return None
    return _whole(given) if kind == "int" else _float(given)


def _whole(given: Any) -> int | None:
    if isinstance(given, float):
        return int(given) if math.isfinite(given) and given == int(given) else None
    text = str(given).strip()
    return int(text) if WHOLE.fullmatch(text) else None


def _float(given: Any) -> float | None:
    text = str(given).strip()
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _bad(words: str) -> BadInput:
    return BadInput(words, fields={"parameters": words})
