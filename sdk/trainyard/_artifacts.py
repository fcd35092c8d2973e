"""Metrics that are files: what is kept of a picture, or of a table of a classifier's answers.

log_image ──► PNG or the file as it is, `<name>_<unix seconds>.png`
log_confusion_matrix, … ──► JSON {"schema_type", "schema_version", "data"}, under the metric's name
"""

import io
import json
import os
import re
import time
from typing import Any, Dict, List, Mapping, Tuple

from trainyard import _errors
from trainyard._values import Odd, Several, clean, finite, plain

BOTH = "Invalid parameters, path and plot were bothprovided, only one at a time is supported"
NEITHER = (
    "Invalid parameters, one of path and plot is needed: log_image(name, path=... or plot=...)"
)
# Folders of a run where other files lie: what was logged must not take their places.
FOLDERS = ("outputs", "logs", "azureml-logs", "user_logs", "system_logs")
ODD = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
MOST_PART, MOST_PATH = 100, 600


def path_of(name: Any) -> str:
    """Return a metric's name as a path below a run's folder that every file system takes."""
    parts = [ODD.sub("_", part).strip(" .") for part in re.split(r"[/\\]", clean(str(name)))]
    parts = [part[:MOST_PART].strip(" .") for part in parts if part]
    if len(parts) > 1 and parts[0].lower() in FOLDERS:
        parts[:2] = ["_".join(parts[:2])]
    path = "/".join(part for part in parts if part)[:MOST_PATH].strip("/ .")
    return path + "_" if path.lower() in FOLDERS else path or "unnamed"


def of_node() -> str:
    """Return what paths of this node end with: two nodes do not know of each other's files."""
    rank = os.environ.get("NODE_RANK", "0")
    return "_node" + rank if rank.isdigit() and int(rank) else ""


def picture(path: Any, plot: Any) -> Tuple[bytes, str]:
    """Return (content, ending) of the picture that was given one way or the other.

    Raises UserErrorException for both, neither, no such file, or what cannot be drawn.
    """
    if path is not None and plot is not None:
        raise _errors.UserErrorException(BOTH)
    if path is None and plot is None:
        raise _errors.UserErrorException(NEITHER)
    return _of_plot(plot) if plot is not None else _of_path(path)


def _of_path(path: Any) -> Tuple[bytes, str]:
    if hasattr(path, "read"):
        content = path.read()
        if not isinstance(content, bytes):
            raise _errors.UserErrorException("Run.log_image: open the picture as a binary stream")
        return content, ".png"
    try:
        place = os.path.expanduser(os.fspath(path))
    except TypeError:
        raise _errors.UserErrorException(
            "Run.log_image: path is a file's path, not {}; a figure goes by plot=".format(
                type(path).__name__
            )
        ) from None
    try:
        with open(place, "rb") as file:
            content = file.read()
    except OSError as error:
        raise _errors.UserErrorException(
            "Run.log_image: the picture {} cannot be read: {} (the folder of the script is"
            " {})".format(path, error.strerror or error, os.getcwd())
        ) from None
    found = ENDING.search(str(place))
    return content, found.group().lower() if found else ".png"


def _of_plot(plot: Any) -> Tuple[bytes, str]:
    """Draw a figure of matplotlib or what behaves so (pyplot itself, a grid), or a PIL image."""
    stream = io.BytesIO()
    if not hasattr(plot, "savefig") and hasattr(getattr(plot, "figure", None), "savefig"):
        plot = plot.figure  # axes were given
    if hasattr(plot, "savefig"):
        plot.savefig(stream, format="png")
    elif hasattr(plot, "save") and hasattr(plot, "convert"):
        known = plot.mode in ("1", "L", "LA", "I", "P", "RGB", "RGBA", "I;16")
        (plot if known else plot.convert("RGB")).save(stream, format="PNG")
    else:
        raise _errors.UserErrorException(
            "Run.log_image: plot is a matplotlib figure, the pyplot module or a PIL image, not"
            " {}".format(type(plot).__name__)
        )
    return stream.getvalue(), ".png"


def names_of_picture(name: Any, ending: str) -> List[str]:
    """Return the path that a picture is kept under."""
    return ["{}_{}{}{}".format(path_of(name), int(time.time()), of_node(), ending)]


def names_of_table(name: Any) -> List[str]:
    """Return the paths that a JSON file may be kept under: its name, and where that is taken."""
    path, node = path_of(name), of_node()
    return [path + node, "{}_{}{}".format(path, int(time.time()), node)]


def table(call: str, schema: str, value: Any) -> bytes:
    """Return a confusion matrix, accuracy table, residuals or predictions as a JSON file.

    value: a dict, or JSON; with schema_type, schema_version and data, or the data alone.
    Raises UserErrorException.
    """
    if isinstance(value, (str, bytes)):
        try:
            value = json.loads(value if isinstance(value, str) else value.decode("utf-8"))
        except ValueError as error:
            raise _errors.UserErrorException(
                "{}: Invalid JSON provided: {}".format(call, error)
            ) from None
    if not isinstance(value, Mapping):
        raise _errors.UserErrorException(
            "{}: the value is a dict, or its JSON, with schema_type and data; not {}".format(
                call, type(value).__name__
            )
        )
    if "schema_type" not in value and "data" not in value:
        value = {"data": value}
    if value.get("schema_type", schema) != schema or not isinstance(value.get("data"), Mapping):
        raise _errors.UserErrorException(
            '{}: "schema_type" is "{}" and "data" a dict; found {!r} and {}'.format(
                call, schema, value.get("schema_type"), type(value.get("data")).__name__
            )
        )
    words: Dict[str, Any] = {"schema_type": schema, "schema_version": "v1"}
    try:
        return json.dumps(_plain(dict(words, **value)), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise _errors.UserErrorException("{}: {}".format(call, error)) from None


def _plain(value: Any) -> Any:
    """Return what JSON can hold: of arrays lists, of numbers of any library plain ones."""
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(value[key]) for key in value}
    try:
        if not getattr(value, "shape", ()):  # an array of one number is a list all the same
            found = plain(value)
            return clean(found) if isinstance(found, str) else finite(found)
    except Several:
        pass
    except Odd as error:
        raise TypeError("{} cannot be kept in JSON".format(error)) from None
    listed = value.tolist() if hasattr(value, "tolist") else list(value)
    return [_plain(one) for one in listed]


def address(run_id: str, path: str) -> str:
    """Return where a file of a run is, as a metric's value says it."""
    return "aml://artifactId/ExperimentRun/dcid.{}/{}".format(run_id, path)
