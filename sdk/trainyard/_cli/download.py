"""Download a run's files: those named, those of a folder, or all.

    trainyard download RUN
    trainyard download RUN outputs/model.pkl
    trainyard download RUN outputs/ logs/ -o here

A download that was cut goes on where it was when the command is given again. Files that are here
already with the same content stay; with another content they are refused, unless --overwrite.
"""

from typing import Any, List

from trainyard import _errors
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
    chosen = [one for one in items if _is_wanted(one["path"], given.paths)]
    for path in given.paths:
        if not any(_is_wanted(one["path"], [path]) for one in items):
            names = [one["path"] for one in items]
            raise _errors.NotFound(
                "run {} has no file or folder {}; it has: {}".format(
                    given.run, path, ", ".join(names[:20]) + (", …" if names[20:] else "")
                ),
                404,
            )
    files = []
    for one in chosen:
        size = None if one["is_growing"] else one["size_bytes"]
        files.append(fetching.File(one["path"], file_path(base, one["path"]), size))
    return fetching.fetch(studio, files, given, output)


def _is_wanted(path: str, asked: List[str]) -> bool:
    return not asked or any(path == one or path.startswith(one.rstrip("/") + "/") for one in asked)
