"""List clusters, create one, delete one.

trainyard clusters
trainyard clusters create cpu-cluster --size STANDARD_D2_V2 --max-nodes 4
trainyard clusters delete cpu-cluster
"""

from typing import Any

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._transport import quoted

KEYS = ("name", "backend", "node_size", "min_nodes", "max_nodes", "idle_seconds_before_scaledown",
        "priority", "state", "nodes", "created_at")  # fmt: skip


def arguments(parser: Any, common: Any) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", parents=[common], help="all clusters (without ACTION too)")
    create = actions.add_parser("create", parents=[common], help="make one")
    create.add_argument("name")
    create.add_argument(
        "--size", metavar="SIZE", help="of a node, such as STANDARD_D2_V2 or 2cpu-4gib"
    )
    create.add_argument("--backend", choices=("local", "docker"))
    create.add_argument("--min-nodes", type=int)
    create.add_argument("--max-nodes", type=int, default=1)
    create.add_argument("--idle-seconds", type=int, metavar="N", help="before a node goes")
    create.add_argument("--low-priority", action="store_true", help="after dedicated clusters")
    create.add_argument("--require-gpu", action="store_true")
    delete = actions.add_parser("delete", parents=[common], help="take it away; past runs stay")
    delete.add_argument("name")


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.action == "create":
        return _create(studio, given, output)
    if given.action == "delete":
        return _delete(studio, given, output)
    found = [{key: one[key] for key in KEYS} for one in studio.items("clusters")]
    if output.is_json:
        output.json(found)
        return 0
    rows = [
        [one["name"], one["backend"], one["node_size"], one["min_nodes"], one["max_nodes"],
         one["nodes"]["Running"], one["nodes"]["Idle"], one["state"]]
        for one in found
    ]  # fmt: skip
    output.table(["cluster", "backend", "size", "min", "max", "running", "idle", "state"], rows)
    return 0


def _create(studio: Studio, given: Any, output: Output) -> int:
    order = {
        "name": given.name,
        "node_size": given.size,
        "backend": given.backend,
        "min_nodes": given.min_nodes,
        "max_nodes": given.max_nodes,
        "idle_seconds_before_scaledown": given.idle_seconds,
        "priority": "lowpriority" if given.low_priority else "dedicated",
        "require_gpu": given.require_gpu,
    }
    order = {key: value for key, value in order.items() if value is not None}
    made = studio.client.post(studio.api("clusters"), order)
    if output.is_json:
        output.json({key: made[key] for key in KEYS})
    else:
        output.line(made["name"])
    return 0


def _delete(studio: Studio, given: Any, output: Output) -> int:
    studio.client.delete(studio.api("clusters/" + quoted(given.name)))
    if output.is_json:
        output.json({"deleted": given.name})
    else:
        output.line("deleted " + given.name)
    return 0
