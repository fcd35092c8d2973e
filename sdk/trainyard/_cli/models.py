"""List models, show one, register files as one, download one.

trainyard models
trainyard models show digits:3
trainyard models register digits outputs/model.pkl --run RUN
trainyard models register digits ./model --tag team=vision
trainyard models download digits:3 -o here
"""

from typing import Any, Dict

from trainyard import _errors
from trainyard._cli import fetching, sending
from trainyard._cli.output import Output, pairs_of
from trainyard._cli.studio import Studio
from trainyard._client import file_path
from trainyard._transport import quoted

KEYS = ("name", "version", "id", "description", "tags", "properties", "framework", "aliases",
        "size_bytes", "run_id", "created_at", "created_by")  # fmt: skip


def arguments(parser: Any, common: Any) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", parents=[common], help="all models (without ACTION too)")
    listed.add_argument("--all-versions", action="store_true", help="not the newest alone")
    listed.add_argument("--find", metavar="WORDS")
    show = actions.add_parser("show", parents=[common], help="one version and its files")
    show.add_argument("name", metavar="NAME[:VERSION or alias]")
    register = actions.add_parser("register", parents=[common], help="make the next version")
    register.add_argument("name", metavar="NAME")
    register.add_argument("path", help="a file or folder here, or with --run of the run")
    register.add_argument("--run", metavar="RUN", help="take the run's file or folder")
    register.add_argument("--description")
    register.add_argument("-t", "--tag", action="append", metavar="NAME=VALUE")
    download = actions.add_parser("download", parents=[common], help="its files")
    download.add_argument("name", metavar="NAME[:VERSION or alias]")
    download.add_argument("paths", nargs="*", metavar="PATH", help="a file or folder of it")
    fetching.arguments(download)


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.action == "show":
        return _show(studio, given, output)
    if given.action == "register":
        return _register(studio, given, output)
    if given.action == "download":
        return _download(studio, given, output)
    query = {"latest": 0 if getattr(given, "all_versions", False) else 1}
    found = [
        {key: one.get(key) for key in KEYS}
        for one in studio.items("models", q=getattr(given, "find", None), **query)
    ]
    if output.is_json:
        output.json(found)
        return 0
    keys = ("id", "framework", "aliases", "size_bytes", "run_id", "created_at")
    rows = [[one[key] or None for key in keys] for one in found]
    output.table(["model", "framework", "aliases", "bytes", "run", "made"], rows)
    return 0


def _version(studio: Studio, words: str) -> Dict[str, Any]:
    name, _, version = words.partition(":")
    return studio.get("models/" + quoted(name), version=version or None)


def _show(studio: Studio, given: Any, output: Output) -> int:
    facts = _version(studio, given.name)
    if output.is_json:
        output.json(facts)
        return 0
    names = ("id", "description", "framework", "aliases", "tags", "properties", "run_id",
             "size_bytes", "created_at", "created_by")  # fmt: skip
    output.facts([(name, facts.get(name)) for name in names])
    output.line("")
    output.table(["file", "bytes"], [[one[0], one[1]] for one in facts["files"]])
    return 0


def _register(studio: Studio, given: Any, output: Output) -> int:
    order: Dict[str, Any] = {"name": given.name, "tags": pairs_of(given.tag, "--tag")}
    if given.description:
        order["description"] = given.description
    if given.run:
        order["path"] = given.path
        path = "runs/{}/models".format(quoted(given.run))
    else:
        order["files"] = sending.send(studio, given.path, output)
        path = studio.api("models")
    made = studio.client.post(path, order, repeatable=False)
    if output.is_json:
        output.json({key: made.get(key) for key in KEYS})
    else:
        output.line(made["id"])
    return 0


def _download(studio: Studio, given: Any, output: Output) -> int:
    facts = _version(studio, given.name)
    base = studio.api("models/{}/versions/{}/files".format(quoted(facts["name"]), facts["version"]))
    files = [fetching.File(one[0], file_path(base, one[0]), int(one[1])) for one in facts["files"]]
    if not files:
        raise _errors.NotFound("model {} has no files".format(facts["id"]), 404)
    chosen = fetching.chosen(files, given.paths, "model {}".format(facts["id"]))
    return fetching.fetch(studio, chosen, given, output)
