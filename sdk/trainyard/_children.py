"""Runs below a run: a fold, a trial, a step of it; and runs as a list is asked for."""

from typing import Any, Dict, Iterator, List, Optional, TypeVar, Union

from trainyard import _errors
from trainyard._remote_run import RemoteRun, type_of

Marks = Union[None, str, List[Any], Dict[str, Any]]
PARENT, ROOT = "parent_run_id", "root_run_id"
MOST_NAME = 100
MOST_AT_ONCE = 100
Self = TypeVar("Self", bound="Children")


def asked(
    tags: Marks, properties: Marks, status: Optional[str] = None, include_children: bool = True
) -> Dict[str, Any]:
    """Return the query of a list of runs. tags, properties: a name, names, or names and values.

    Raises UserErrorException for what is neither.
    """
    query: Dict[str, Any] = {
        "tag": _marks("tags", tags) or None,
        "property": _marks("properties", properties) or None,
        "state": status,
        "children": None if include_children else "0",
    }
    return {key: value for key, value in query.items() if value is not None}


def _marks(what: str, given: Marks) -> List[str]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        return ["{}={}".format(*pair) if pair[1] is not None else pair[0] for pair in given.items()]
    if given is None or isinstance(given, (list, tuple, set)):
        return [str(name) for name in given or ()]
    raise _errors.UserErrorException(
        "{} must be a name or a dict of names and values, not {!r}".format(what, given)
    )


def is_of_type(answer: Dict[str, Any], wanted: Optional[str]) -> bool:
    """Is a run of the type that was asked for? Interactive ones have none."""
    return wanted is None or type_of(answer) == wanted


class Children(RemoteRun):
    """The part of a run that has to do with runs above and below it."""

    @property
    def parent(self: Self) -> Optional[Self]:
        """The Run that this one is a child of, or None."""
        found = self.properties.get(PARENT)
        return self._beside(found) if found else None

    def _beside(self: Self, run_id: str) -> Self:
        """Return another run of the experiment."""
        return type(self)(self._experiment, run_id)

    def _told(self: Self, answer: Dict[str, Any]) -> Self:
        """Return the run of the experiment that the studio says this of."""
        return type(self)(self._experiment, answer["run_id"], _answer=answer)

    def _below(self) -> Iterator[Any]:
        return self.get_children(recursive=True)

    def get_children(
        self: Self,
        recursive: bool = False,
        tags: Marks = None,
        properties: Marks = None,
        type: Optional[str] = None,
        status: Optional[str] = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Self]:
        """Yield the runs below this one, newest first; recursive: those below them, too.

        tags, properties: a name, or a dict of names and values, that they must have.
        """
        if recursive:
            for child in self.get_children():
                if child._fits(tags, properties, type, status):
                    yield child
                for below in child.get_children(True, tags, properties, type, status):
                    yield below
            return
        query = asked(tags, properties, status)
        for answer in self._client.items(self._base + "/children", **query):
            if is_of_type(answer, type):
                yield self._told(answer)

    def _fits(self, tags: Marks, properties: Marks, type: Any, status: Any) -> bool:
        """Does it have what the studio is asked for elsewhere?"""
        return (
            is_of_type(self._facts, type)
            and status in (None, self._facts["state"])
            and _has(self._facts["tags"], _marks("tags", tags))
            and _has(self._facts["properties"], _marks("properties", properties))
        )

    def _begin(self, orders: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
        """Have the studio begin children, and return what it says of each."""
        for order in orders:
            whole = "{}>{}".format(self.name, order["name"]) if order.get("name") else ""
            order["name"] = whole if len(whole) <= MOST_NAME else order["name"]
        path = self._base + "/children"
        answer = self._client.post(path, {"items": orders}, repeatable=False)
        return list(answer["items"])

    def _marks_of_child(self) -> Dict[str, str]:
        """Return the properties of a run that is submitted below this one."""
        return {PARENT: self._run_id, ROOT: self.properties.get(ROOT, self._run_id)}

    def submit_child(
        self: Self, config: Any, tags: Optional[Dict[str, str]] = None, **unused: Any
    ) -> Self:
        """Submit a ScriptRunConfig, or a pipeline, as a child of this run; as Experiment.submit.

        A script on a cluster cannot: its token is good for its own run. Raises NotAllowed there.
        """
        home: Any = self._experiment
        marks = self._marks_of_child()
        submitted: Self = home.submit(config, tags, _properties=marks, **unused)
        return submitted


def orders_of(
    count: Optional[int], tag_key: Optional[str], tag_values: Optional[List[Any]]
) -> List[Dict[str, Any]]:
    """Return what children to begin: `count` of them, or one for each value of a tag.

    Raises UserErrorException.
    """
    if (count is None) == (tag_key is None or tag_values is None):
        raise _errors.UserErrorException(
            "create_children takes a count, or tag_key and tag_values, and not both"
        )
    if count is not None:
        orders: List[Dict[str, Any]] = [{} for _ in range(int(count))]
    else:
        orders = [{"tags": {str(tag_key): str(value)}} for value in tag_values or ()]
    if not 1 <= len(orders) <= MOST_AT_ONCE:
        raise _errors.UserErrorException(
            "create_children begins from 1 to {} runs at a time, not {}".format(
                MOST_AT_ONCE, len(orders)
            )
        )
    return orders


def _has(there: Dict[str, str], wanted: List[str]) -> bool:
    pairs = [one.partition("=") for one in wanted]
    return all(there.get(name) == text if sign else name in there for name, sign, text in pairs)
