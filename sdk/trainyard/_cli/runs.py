"""List runs, newest first; find them by a query.

    trainyard runs
    trainyard runs --state Running,Queued
    trainyard runs -e mnist 'metrics.loss < 0.3 and params.lr >= 0.001' --sort metrics.loss

QUERY is what the experiment's page takes (docs/queries.md). It needs the experiment (-e), unless
the workspace has only one. --sort and --columns name columns as the query does.
"""

from typing import Any, Dict, List

from trainyard import _errors
from trainyard._cli.output import Output, first
from trainyard._cli.studio import Studio
from trainyard._transport import quoted

PAGE = 200
KEYS = ("run_id", "name", "number", "experiment", "state", "cluster",
        "created_by", "created_at", "started_at", "ended_at", "url")  # fmt: skip


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("query", nargs="?", metavar="QUERY")
    parser.add_argument("-e", "--experiment")
    parser.add_argument("--cluster", help="only those on this cluster")
    parser.add_argument("--active", action="store_true", help="only those that have not ended")
    parser.add_argument("--state", help="only these states, separated by commas")
    parser.add_argument("--sort", metavar="COLUMN", help="such as metrics.loss: least first")
    parser.add_argument("--desc", action="store_true", help="with --sort: greatest first")
    parser.add_argument("--columns", metavar="A,B", help="more columns, such as metrics.loss")
    parser.add_argument("-n", "--limit", type=int, default=20, help="how many (default 20)")


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.query or given.sort or given.columns:
        return _table(studio, given, output)
    states = {one.strip().lower() for one in (given.state or "").split(",") if one.strip()}
    found = studio.items(
        "runs",
        experiment=given.experiment,
        cluster=given.cluster,
        active=1 if given.active else None,
    )
    wanted = (one for one in found if not states or one["state"].lower() in states)
    runs = [{key: one.get(key) for key in KEYS} for one in first(wanted, given.limit)]
    if output.is_json:
        output.json(runs)
        return 0
    columns = ("run_id", "name", "experiment", "state", "cluster", "created_at")
    rows = [[_short(one, key) for key in columns] for one in runs]
    output.table(["run", "name", "experiment", "state", "cluster", "submitted"], rows)
    return 0


def _short(one: Dict[str, Any], key: str) -> Any:
    return str(one[key])[:16].replace("T", " ") if key == "created_at" else one[key]


def _table(studio: Studio, given: Any, output: Output) -> int:
    """List the runs of one experiment by a query, with columns of what they logged."""
    experiment = given.experiment or _only_experiment(studio)
    place = "experiments/{}/table".format(quoted(experiment))
    asked = [one for one in (given.columns or "").split(",") if one.strip()]
    by = given.sort or ""
    sort = "-" + by if by and given.desc else given.sort
    if by and by not in asked:
        asked.append(by)
    query = _query(given)
    columns: List[Dict[str, Any]] = []
    runs: List[Dict[str, Any]] = []
    cursor = None
    while len(runs) < given.limit:
        size = min(PAGE, given.limit - len(runs))
        page = studio.get(
            place,
            q=query,
            sort=sort,
            columns=",".join(asked) or None,
            size=size,
            cursor=cursor,
        )
        columns, cursor = page["columns"], page["next"]
        for one in page["items"]:
            keys = ("run_id", "name", "number", "state", "values")
            runs.append(dict({key: one[key] for key in keys}, experiment=experiment))
        if not cursor:
            break
    if output.is_json:
        output.json(runs)
        return 0
    shown = [one for one in columns if one["key"] in asked]
    heads = ["run", "name", "state"] + [one["title"] for one in shown]
    rows = [
        [one["run_id"], one["name"], one["state"]]
        + [one["values"].get(column["key"]) for column in shown]
        for one in runs
    ]
    output.table(heads, rows)
    return 0


def _query(given: Any) -> str:
    """Return the query with the conditions that other options stand for."""
    parts = ["({})".format(given.query)] if given.query else []
    if given.cluster:
        parts.append('cluster = "{}"'.format(given.cluster))
    if given.active:
        parts.append("not state in (completed, failed, canceled)")
    if given.state:
        parts.append("state in ({})".format(given.state))
    return " and ".join(parts)


def _only_experiment(studio: Studio) -> str:
    names = [str(one["name"]) for one in first(studio.items("experiments"), 20)]
    if len(names) == 1:
        return names[0]
    raise _errors.UserErrorException(
        "a query, --sort and --columns are about the runs of one experiment: add -e NAME;"
        " experiments: {}".format(", ".join(names) or "none yet")
    )
