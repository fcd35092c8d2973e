"""Say what is known of a run: its state, why it waits or failed, what it runs and where."""

from typing import Any, List, Tuple

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._remote_run import PIPELINE_RUN


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id")


def run(studio: Studio, given: Any, output: Output) -> int:
    facts = studio.run(given.run)
    if output.is_json:
        output.json(facts)
        return 0
    if facts.get("type") == PIPELINE_RUN:
        output.facts(_of_pipeline(facts))
        rows = [[one["name"], one["state"], one["run_id"] or "", one["text"]] for one in
                facts["steps"]]  # fmt: skip
        output.table(["step", "state", "run", "why"], rows)
        return 0
    named = facts["environment"]
    environment = named["name"] + (":{}".format(named["version"]) if named["version"] else "")
    error = facts["error"]
    output.facts(
        [
            ("run", facts["run_id"]),
            ("name", "{} (number {})".format(facts["name"], facts["number"])),
            ("experiment", facts["experiment"]),
            ("step", facts.get("step_name")),
            ("state", _state(facts)),
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


def _of_pipeline(facts: Any) -> List[Tuple[str, Any]]:
    """Say what is known of a pipeline's run besides its steps."""
    return [
        ("run", facts["run_id"]),
        ("name", "{} (number {})".format(facts["name"], facts["number"])),
        ("experiment", facts["experiment"]),
        ("state", _state(facts)),
        ("error", facts["error"].get("message")),
        ("parameters", facts["parameters"]),
        ("tags", facts["tags"]),
        ("submitted", "{} by {}".format(facts["created_at"], facts["created_by"])),
        ("ended", facts["ended_at"]),
        ("page", facts["url"]),
    ]


def _state(facts: Any) -> str:
    return str(facts["state"]) + (", {}".format(facts["reason"]) if facts["reason"] else "")


def _filled(one: Any) -> str:
    """Say of an output which dataset it became, or where in the store it goes."""
    return "{} ({})".format(one["name"], one["dataset"] or one["destination"] or "/")
