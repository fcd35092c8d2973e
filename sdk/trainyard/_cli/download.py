"""Download a run's files: those named, those of a folder, or all.

    trainyard download RUN
    trainyard download RUN outputs/model.pkl
    trainyard download RUN outputs/ logs/ -o here

A download that was cut goes on where it was when the command is given again. Files that are here
already with the same content stay; with another content they are refused, unless --overwrite.
"""

from typing import Any

from trainyard._cli import fetching
from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._client import file_path
from trainyard._transport import quoted


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a file or folder of the run")
    fetching.arguments(parser)


def run(studio: Studio, given: Any, output: Output) -> int:
    studio.run(given.run)
    base = "runs/{}/files".format(quoted(given.run))
    items = list(studio.client.items(base))
    files = []
    for one in items:
        size = None if one["is_growing"] else one["size_bytes"]
        files.append(fetching.File(one["path"], file_path(base, one["path"]), size))
    chosen = fetching.chosen(files, given.paths, "run {}".format(given.run))
    return fetching.fetch(studio, chosen, given, output)
