"""Say what is known of a run: its state, why it waits or failed, what it runs and where."""

from typing import Any

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id")


def run(studio: Studio, given: Any, output: Output) -> int:
    facts = studio.run(given.run)
    if output.is_json:
        output.json(facts)
        return 0
    named = facts["environment"]
    environment = named["name"] + (":{}".format(named["version"]) if named["version"] else "")
    error = facts["error"]
    output.facts(
        [
            ("run", facts["run_id"]),
            ("name", "{} (number {})".format(facts["name"], facts["number"])),
            ("experiment", facts["experiment"]),
            ("state", facts["state"] + (", {}".format(facts["reason"]) if facts["reason"] else "")),
            ("waits for", facts["waits_for"]),
            ("error", error.get("message")),
            ("exit code", error.get("exit_code")),
            ("script", " ".join([facts["script"]] + list(facts["arguments"]))),
            ("environment", environment),
            ("cluster", facts["cluster"]),
            ("inputs", ["{name} ({dataset})".format(**one) for one in facts["inputs"]]),
            ("fills", [_filled(one) for one in facts.get("output_datasets") or ()]),
            ("tags", facts["tags"]),
            ("submitted", "{} by {}".format(facts["created_at"], facts["created_by"])),
            ("started", facts["started_at"]),
            ("ended", facts["ended_at"]),
            ("page", facts["url"]),
        ]
    )
    return 0


def _filled(one: Any) -> str:
    """Say of an output which dataset it became, or where in the store it goes."""
    return "{} ({})".format(one["name"], one["dataset"] or one["destination"] or "/")
