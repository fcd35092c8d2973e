"""Say what a run has logged: the last, least and greatest value of each metric, or all as CSV."""

import sys
from typing import Any

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._transport import quoted
from trainyard._uploads import API


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id")
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these metrics")
    parser.add_argument("--csv", action="store_true", help="every point, as CSV")


def run(studio: Studio, given: Any, output: Output) -> int:
    studio.run(given.run)
    base = "runs/{}/metrics".format(quoted(given.run))
    if given.csv:
        query = {"format": "csv", "name": given.names or None}
        write = sys.stdout.buffer.write
        studio.client.transport().download(API + base + "/export", write, query)
        return 0
    series = studio.client.get(base)["series"]
    if given.names:
        series = [one for one in series if one["name"] in given.names]
    if output.is_json:
        output.json(series)
        return 0
    keys = ("name", "last", "least", "greatest", "count", "last_step")
    rows = [[_number(one[key]) for key in keys] for one in series]
    output.table(["metric", "last", "least", "greatest", "points", "step"], rows)
    return 0


def _number(value: Any) -> Any:
    """A text that was logged is shown by its beginning."""
    return value if not isinstance(value, str) or len(value) <= 60 else value[:57] + "..."
