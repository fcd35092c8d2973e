"""End runs. A run is Canceled once its processes are gone; --wait waits for that."""

import sys
from typing import Any, List

from trainyard import _errors
from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._following import silently


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="+", help="ids; - reads them from stdin")
    parser.add_argument("--wait", action="store_true", help="return when they have ended")


def run(studio: Studio, given: Any, output: Output) -> int:
    names: List[str] = []
    for name in given.runs:
        names += sys.stdin.read().split() if name == "-" else [name]
    if not names:
        raise _errors.UserErrorException("no run was named")
    order = {"runs": names, "action": "cancel"}
    answer = studio.client.post(studio.api("runs/actions"), order)
    for name in answer["done"] if given.wait else ():
        silently(studio.client, name)
    if output.is_json:
        output.json({"done": answer["done"], "refused": answer["refused"]})
    else:
        for name in answer["done"]:
            output.line(name)
        for one in answer["refused"]:
            output.note("trainyard: {}: {}".format(one["run_id"], one["why"]))
    return 6 if answer["refused"] else 0
