"""List datasets, upload a folder as one, download one.

trainyard datasets
trainyard datasets upload mnist ./data
trainyard datasets download mnist:2 -o here
"""

from typing import Any

from trainyard._cli import fetching, sending
from trainyard._cli.output import Output, pairs_of
from trainyard._cli.studio import Studio
from trainyard._client import file_path
from trainyard._transport import quoted

KEYS = ("name", "version", "id", "form", "size_bytes", "file_count", "description", "tags",
        "created_at", "created_by")  # fmt: skip
FILES_AT_ONCE = 10000


def arguments(parser: Any, common: Any) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", parents=[common], help="all datasets (without ACTION too)")
    upload = actions.add_parser("upload", parents=[common], help="make one, or its next version")
    upload.add_argument("name", metavar="NAME")
    upload.add_argument("path", help="a file or folder here")
    upload.add_argument("--description")
    upload.add_argument("-t", "--tag", action="append", metavar="NAME=VALUE")
    download = actions.add_parser("download", parents=[common], help="its files")
    download.add_argument("name", metavar="NAME[:VERSION]")
    fetching.arguments(download)


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.action == "upload":
        return _upload(studio, given, output)
    if given.action == "download":
        return _download(studio, given, output)
    found = [{key: one[key] for key in KEYS} for one in studio.items("datasets")]
    if output.is_json:
        output.json(found)
        return 0
    keys = ("id", "form", "file_count", "size_bytes", "created_at")
    rows = [[one[key] for key in keys] for one in found]
    output.table(["dataset", "form", "files", "bytes", "made"], rows)
    return 0


def _upload(studio: Studio, given: Any, output: Output) -> int:
    # A dataset's paths begin in the folder, a model's with it.
    files = sending.send(studio, given.path, output, with_top=False)
    order = {
        "name": given.name,
        "files": files,
        "create_new_version": True,
        "tags": pairs_of(given.tag, "--tag"),
        "description": given.description or "",
    }
    made = studio.client.post(studio.api("datasets"), order)
    if output.is_json:
        output.json({key: made[key] for key in KEYS})
    else:
        output.line(made["id"])
    return 0


def _download(studio: Studio, given: Any, output: Output) -> int:
    name, _, version = given.name.partition(":")
    facts = studio.get("datasets/" + quoted(name), version=version or None)
    base = studio.api("datasets/{}/{}/files".format(quoted(name), facts["version"]))
    listed: Any = studio.client.items(base, count=FILES_AT_ONCE)
    files = [fetching.File(one[0], file_path(base, one[0]), int(one[1])) for one in listed]
    return fetching.fetch(studio, files, given, output)
