"""List environments, show one, build one.

trainyard environments
trainyard environments show sklearn:2
trainyard environments build sklearn --kind docker
"""

import sys
import time
from typing import Any, Tuple

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._following import PIECE_BYTES, Screen
from trainyard._transport import quoted

ENDED = ("Ready", "Failed", "Canceled")
PAUSE_S = 0.5
KEYS = ("name", "version", "id", "summary", "curated", "archived", "description", "tags",
        "created_at", "created_by", "image", "builds")  # fmt: skip


def arguments(parser: Any, common: Any) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", parents=[common], help="all environments (without ACTION too)")
    show = actions.add_parser("show", parents=[common], help="one, and what it is made of")
    show.add_argument("name", metavar="NAME[:VERSION]")
    build = actions.add_parser(
        "build", parents=[common], help="have its image made; prints the log"
    )
    build.add_argument("name", metavar="NAME[:VERSION]")
    build.add_argument("--kind", choices=("local", "docker"), default="local")
    build.add_argument("--no-wait", action="store_true", help="ask for it, and return at once")


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.action == "show":
        return _show(studio, given, output)
    if given.action == "build":
        return _build(studio, given, output)
    found = [{key: one[key] for key in KEYS} for one in studio.items("environments")]
    if output.is_json:
        output.json(found)
        return 0
    rows = [[one["id"], one["summary"], one["image"] or "not built"] for one in found]
    output.table(["environment", "packages", "image"], rows)
    return 0


def _version(studio: Studio, words: str) -> Tuple[str, Any]:
    name, _, version = words.partition(":")
    facts = studio.get("environments/" + quoted(name), version=version or None)
    return studio.api("environments/{}/versions/{}".format(quoted(name), facts["version"])), facts


def _show(studio: Studio, given: Any, output: Output) -> int:
    _, facts = _version(studio, given.name)
    if output.is_json:
        output.json(facts)
        return 0
    output.facts(
        [
            ("environment", facts["id"]),
            ("packages", facts["summary"]),
            ("description", facts["description"]),
            ("tags", facts["tags"]),
            ("images", facts["builds"]),
            ("made", "{} by {}".format(facts["created_at"], facts["created_by"] or "the studio")),
        ]
    )
    for key in ("conda", "pip", "dockerfile"):
        if facts["definition"].get(key):
            output.line("\n" + facts["definition"][key].rstrip())
    return 0


def _build(studio: Studio, given: Any, output: Output) -> int:
    base, _ = _version(studio, given.name)
    query = "?kind=" + given.kind
    build = studio.client.post(base + "/build" + query, {})
    screen, at = Screen(sys.stderr), 0
    while not given.no_wait:
        build = studio.client.get(base + "/build", kind=given.kind)
        if not output.is_json:
            at = _print_log(studio, base, given.kind, screen, at)
        if build["state"] in ENDED:
            break
        time.sleep(PAUSE_S)
    if output.is_json:
        output.json(build)
    else:
        output.line(build["state"] + (": " + build["error"] if build["error"] else ""))
    return 1 if build["state"] in ("Failed", "Canceled") else 0


def _print_log(studio: Studio, base: str, kind: str, screen: Screen, at: int) -> int:
    """Print the build's log from `at` on; return where it ends now."""
    while True:
        piece = studio.client.get(base + "/build/log", kind=kind, offset=at, limit=PIECE_BYTES)
        if piece["next_offset"] <= at:
            return at
        screen.write(piece["text"])
        at = piece["next_offset"]
