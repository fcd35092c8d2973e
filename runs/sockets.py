"""Who may listen to what: a topic's name → the group that carries it."""

from registry import sockets
from runs import lifecycle, metrics
from runs.access import run_for
from studio import live, streams
from studio.access import Person, workspace_for
from studio.errors import StudioError
from studio.texts import kept


def group_for(user: Person, topic: str) -> str | None:
    """Return the live group of `topic`, None where it is unknown or not this user's.

    Topics: `workspace:<name>`, `run:<run_id>`, `run:<run_id>:metrics`, `run:<run_id>:monitoring`,
    `run:<run_id>:log:<path>`, and those of `registry.sockets`.
    """
    if kept(topic, len(topic)) != topic:  # no name holds it, and databases fail on it
        return None
    kind, _, rest = topic.partition(":")
    try:
        if kind == "workspace":
            return live.workspace_group(workspace_for(user, rest).pk)
        if kind != "run":
            return sockets.group_for(user, topic)
        run_id, _, part = rest.partition(":")
        run = run_for(user, run_id)
    except StudioError:
        return None
    if part.startswith("log:"):
        log = run.logs.filter(path=part.removeprefix("log:")).first()
        return streams.group(log.stream_id) if log else None
    groups = {"": lifecycle.group, "metrics": metrics.group, "monitoring": metrics.monitoring_group}
    return groups[part](run) if part in groups else None
