"""A Dockerfile that a person wrote: what it takes from elsewhere, and building it step by step."""

import re
import secrets
from collections.abc import Iterator

from compute.building import buildkit
from compute.building.dockerfiles import Context
from compute.building.engine import Engine, proxies, sentence, went_away
from compute.building.faults import BuildFault
from compute.building.following import Following, Line
from compute.definitions import dockerfile_trust
from compute.definitions.bases import read_dockerfile
from compute.definitions.dockerfile_lines import has_here_document, steps, without_syntax
from studio.errors import BadInput

DISK_IS_FULL = b"no space left on device"
PARSE_ERROR = re.compile(r"dockerfile parse error (?:on )?line (\d+): *(.*)", re.DOTALL)
UNKNOWN_FLAG = re.compile(r"unknown flag: *-*([\w-]+)", re.IGNORECASE)


def checked(text: str) -> str:
    """Return a Dockerfile as the engine gets it. Raises BuildFault that names the guilty step.

    It was checked when it was registered; by rules that may have been laxer.
    """
    try:
        text = read_dockerfile(text)
    except BadInput as error:
        guilty = _step_at(text, int(error.facts.get("line") or 0))
        raise BuildFault(f"the Dockerfile cannot be built: {error.message}", guilty) from error
    return without_syntax(text)


def needed_images(text: str) -> Iterator[tuple[str, str]]:
    """Yield (image, step) for what a Dockerfile takes from elsewhere."""
    written = {line.number for line, _, _ in steps(text)}
    for line, name in dockerfile_trust.images(text):
        if line.number in written:  # others only may be steps
            yield name, line.text


def last_from(text: str) -> str:
    """Return the step that names what the image of a Dockerfile stands on."""
    return [line.text for line, word, _ in steps(text) if word == "FROM"][-1]


def _step_at(text: str, number: int) -> str:
    """Return the step in which a line stands, "" for no such line."""
    before = [line.text for line, _, _ in steps(text) if 0 < line.number <= number]
    return before[-1] if before else ""


class Dockerfile:
    """Builds a Dockerfile as it is written, with nothing beside it."""

    def __init__(self, engine: Engine, following: Following):
        self._engine = engine
        self._following = following
        self._reader = buildkit.Reader()
        self._made = False
        self._disk_is_full = False
        self._failed: buildkit.Step | None = None
        self._said: set[str] = set()
        self._text = ""

    def build(self, text: str, tag: str) -> None:
        """Build it under `tag`. Raises BuildFault that names the step which failed."""
        build_id = f"trainyard-{secrets.token_hex(8)}"
        context = Context(text)
        self._text = text
        try:
            self._following.all_of(
                lambda: self._engine.build(
                    context.tar(), tag=tag, build_id=build_id, arguments=proxies()
                ),
                self._heard,
                cancel=lambda: self._engine.cancel(build_id),
            )
        finally:
            self._following.end_of_step()
        if not self._made:
            raise went_away(self._engine.url)

    def _heard(self, line: Line) -> None:
        if "error" in line:
            raise self._fault(str(line["error"]))
        self._made = self._made or line.get("id") == "moby.image.id"
        if not isinstance(line.get("aux"), str):
            return
        for event in self._reader.read(line["aux"]):
            if isinstance(event, buildkit.Output):
                self._disk_is_full = self._disk_is_full or DISK_IS_FULL in event.data.lower()
                self._following.heard(event.data)
            elif isinstance(event, buildkit.Step) and event.number:
                self._step(event)

    def _step(self, step: buildkit.Step) -> None:
        words = buildkit.words_of(step.name)
        if step.state == "failed":
            self._failed = step
        elif step.name not in self._said:  # a short one is heard of only when it is done
            self._said.add(step.name)
            known = " (as before)" if step.state == "cached" else ""
            self._following.say(f"Step {step.number}: {words}{known}")
            self._following.progress(f"step {step.number}: {words}"[:200])

    def _fault(self, said: str) -> BuildFault:
        if self._failed is None:
            return self._unreadable(said)
        code = re.search(r"exit code: (\d+)", said)
        why = f"exit code {code[1]}" if code else _bare(self._failed.error)
        if self._disk_is_full:
            why = sentence(DISK_IS_FULL.decode())
        words = buildkit.words_of(self._failed.name)
        message = f"step {self._failed.number} of the Dockerfile failed: {words}: {why}"
        return BuildFault(message, words)

    def _unreadable(self, said: str) -> BuildFault:
        """Say what the engine could not read, by the step that a person wrote."""
        found = PARSE_ERROR.search(said)
        if found is None:
            return BuildFault(f"the Dockerfile cannot be built: {_bare(said)}")
        guilty = _step_at(self._text, int(found[1]))
        why = _bare(found[2])
        if has_here_document(guilty):
            return BuildFault(
                f"{guilty}: here-documents need Docker 23 or newer; the engine is"
                f" {self._engine.version()}. Write the lines with RUN printf or && instead",
                guilty,
            )
        if flag := UNKNOWN_FLAG.search(why):
            return BuildFault(
                f"{guilty}: the Docker engine, {self._engine.version()}, does not know --{flag[1]};"
                " leave it out",
                guilty,
            )
        return BuildFault(f"the Dockerfile cannot be built: {guilty}: {why}", guilty)


def _bare(said: str) -> str:
    said = re.sub(r"^(?:failed to [\w .]+: )+", "", sentence(said))
    return re.sub(r"^rpc error: code = \w+ desc = ", "", said)
