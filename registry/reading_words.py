"""How a dataset's files are read, in words for pages: columns of paths, types, steps, conditions.

The SDK writes it down and carries it out (sdk/trainyard/_datasets/expressions.py); what an SDK of
another age wrote is shown as it stands.
"""

import json
import re
from typing import Any

MOST_STEPS = 100
MOST_CHARACTERS = 500
KEY = re.compile(r"\{([^{}:]+)(?::[^{}]+)?\}")
TYPES = {
    "string": "text",
    "long": "whole number",
    "float": "number",
    "bool": "true or false",
    "datetime": "time",
}
SIGNS = {
    "starts_with": "starts with",
    "ends_with": "ends with",
    "contains": "contains",
    "and": "and",
    "or": "or",
}
ONE = {"length": "length of", "to_lower": "lower case of", "to_upper": "upper case of"}
Pair = tuple[str, str]


def words(reading: dict[str, Any], *, is_table: bool) -> list[Pair]:
    """Return (what, in words) of all that is done to the files, in its order; [] for nothing."""
    found: list[Pair] = []
    if isinstance(form := reading.get("partition_format"), str):
        keys = ", ".join(key.strip() for key in KEY.findall(form))
        found.append(("Columns of paths", f"{keys} ({form})"))
    if isinstance(kinds := reading.get("types"), dict) and kinds:
        found.append(("Types", ", ".join(_type(name, kind) for name, kind in kinds.items())))
    if reading.get("invalid_lines") == "drop":
        found.append(("Lines", "those that hold no JSON object are left out"))
    thing = "rows" if is_table else "files"
    steps = reading.get("steps")
    if isinstance(steps, list):
        found += [_step(step, thing) for step in steps[:MOST_STEPS]]
    return [(what, text[:MOST_CHARACTERS]) for what, text in found]


def _type(name: str, kind: Any) -> str:
    to = str(kind.get("to")) if isinstance(kind, dict) else str(kind)
    return f"{name}: {TYPES.get(to, to)}"


def _step(step: Any, thing: str) -> Pair:
    """One step; what cannot be read as one is shown as it is."""
    try:
        name, *values = step
        match name:
            case "keep_columns":
                return "Columns", "only " + ", ".join(map(str, values[0]))
            case "drop_columns":
                return "Columns", "without " + ", ".join(map(str, values[0]))
            case "take":
                return "First", f"{int(values[0]):,} {thing}"
            case "skip":
                return "Without", f"the first {int(values[0]):,} {thing}"
            case "split":
                share = values[0] if values[2] else 1 - values[0]
                return "Random part", f"{share:.0%} of the {thing}"
            case "timestamps":
                return "Times", ", ".join(str(one) for one in values if one) or "no column"
            case "time":
                return thing.capitalize(), _between(*values)
            case "filter":
                return f"{thing.capitalize()} where", condition(values[0])
    except (TypeError, ValueError, IndexError, RecursionError):
        pass
    return "Step", json.dumps(step)[:MOST_CHARACTERS]


def _between(column: Any, start: Any, end: Any, is_inclusive: Any) -> str:
    among = "" if is_inclusive else ", without the ends"
    if start is None or end is None:
        return f"with {column} {'up to' if start is None else 'from'} {end or start}{among}"
    return f"with {column} from {start} to {end}{among}"


def condition(expression: Any) -> str:
    """Return a filter's expression as people read it, without the outermost parentheses."""
    text = _said(expression)
    return text[1:-1] if text.startswith("(") else text


def _said(expression: Any) -> str:
    if not isinstance(expression, list):
        return json.dumps(expression, ensure_ascii=False)
    sign, *parts = expression
    if sign == "time":
        return str(parts[0]).removesuffix("T00:00:00+00:00").replace("+00:00", " UTC")
    if sign in ("column", "metadata"):
        return str(parts[0])
    texts = [_said(part) for part in parts]
    if sign in ("and", "or"):  # (a and b) and c is as well said without parentheses
        same = [isinstance(part, list) and part[0] == sign for part in parts]
        texts = [text[1:-1] if is_one else text for text, is_one in zip(texts, same, strict=True)]
    if sign == "is_null":
        return f"({texts[0]} is missing)"
    if len(texts) == 1:
        inner = texts[0] if texts[0].startswith("(") else f"({texts[0]})"
        return f"({ONE.get(sign, sign)} {inner})"
    return f"({texts[0]} {SIGNS.get(sign, sign)} {texts[1]})"
