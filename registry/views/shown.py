"""What the pages show of an environment version's images: builds, stages, what failed."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from compute import images
from compute.building import locks
from compute.models import Image, ImageBuild
from compute.states import BUILD_ENDED, BuildState, ImageKind
from registry.models import Version
from registry.texts import blamed_in, kind_of
from studio import streams

KINDS = {ImageKind.LOCAL: "On this machine", ImageKind.DOCKER: "For Docker"}
IN_A_SENTENCE = {ImageKind.LOCAL: "local", ImageKind.DOCKER: "Docker"}
OF_RUNS = "Canceled when no run waits for it"
# The first words of a log, long enough to hold what the solver says.
LOG_START_BYTES = 64 * 1024
SOLVED = re.compile(r"^\[ *(\d+\.\d) s\] +(?:Solved|Nothing to solve)", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """One stage of a build: `seconds` when it is over, `since` while it lasts."""

    name: str
    status: str = ""
    seconds: float | None = None
    since: datetime | None = None


NOT_BEGUN = [Stage(name) for name in ("Waiting", "Solving", "Installing")]


@dataclass(frozen=True)
class Build:
    """The image of one kind, of one version: its build's row, None when nobody asked for it."""

    kind: str
    title: str
    row: ImageBuild | None
    is_possible: bool
    stages: list[Stage] = field(default_factory=lambda: list(NOT_BEGUN))

    @property
    def is_running(self) -> bool:
        return self.row is not None and self.row.state not in BUILD_ENDED

    @property
    def name(self) -> str:
        """The kind as a sentence says it: "the local image", "the Docker image"."""
        return IN_A_SENTENCE[ImageKind(self.kind)]

    @property
    def words(self) -> str:
        """What it does now, or why it ended."""
        if self.row is None:
            return ""
        return self.row.error or images.doing(self.row)

    @property
    def said(self) -> str:
        """One sentence about a build that has left no image."""
        if self.is_of_runs:
            return f"{OF_RUNS} · {self.words}"
        if self.row is None:
            return "Nobody has asked for it yet." if self.is_possible else "Only Docker can use it."
        return self.words or "The image is gone; it is made again when it is needed."

    @property
    def is_wanted(self) -> bool:
        """Whether a person asked for it by itself and may take that back: it goes on."""
        return self.row is not None and self.row.is_wanted and self.is_running

    @property
    def is_of_runs(self) -> bool:
        """Whether it goes on for runs that wait for it alone."""
        return self.is_running and not self.is_wanted

    @property
    def of_runs(self) -> str:
        """What stands where the button stood that cancels it."""
        return OF_RUNS if self.is_of_runs else ""

    @property
    def image(self) -> Image | None:
        """The image that is there."""
        return self.row.image if self.row else None

    @property
    def verb(self) -> str:
        """What the button says that asks for it."""
        return "Build again" if self.row else "Build"

    @property
    def offer(self) -> str:
        """What the menu says that asks for it."""
        return f"{self.title}, again" if self.has_failed else self.title

    @property
    def has_failed(self) -> bool:
        return self.row is not None and self.row.state == BuildState.FAILED


def builds_of(versions: list[Version]) -> dict[tuple[str, str], ImageBuild]:
    """(Recipe digest, kind) → its build, for those of `versions` that were ever asked for."""
    digests = {version.environment.recipe_digest for version in versions}
    found = ImageBuild.objects.filter(recipe_digest__in=digests).select_related("image", "log")
    return {(build.recipe_digest, build.kind): build for build in found}


def with_builds(versions: list[Version]) -> list[tuple[Version, list[ImageBuild]]]:
    """Each version with its builds, for rows: local before Docker."""
    known = builds_of(versions)
    return [
        (
            version,
            [
                known[version.environment.recipe_digest, kind]
                for kind in KINDS
                if (version.environment.recipe_digest, kind) in known
            ],
        )
        for version in versions
    ]


def both_builds(version: Version) -> list[Build]:
    """The version's image of each kind, built or not."""
    known = builds_of([version])
    definition = version.environment.definition
    needs_docker = "dockerfile" in definition or kind_of(definition) == "Docker image"
    shown = []
    for kind, title in KINDS.items():
        row = known.get((version.environment.recipe_digest, kind))
        is_possible = kind == ImageKind.DOCKER or not needs_docker
        stages = stages_of(row) if row else NOT_BEGUN
        shown.append(Build(kind, title, row, is_possible, stages))
    return shown


@dataclass(frozen=True)
class Failure:
    """Why images could not be built: in words, what is at fault, and the kind to try again."""

    kind: str
    title: str
    because: str
    message: str


def failure_of(builds: list[Build], asked: str = "", of_what: str = "") -> Failure | None:
    """What failed, the kind `asked` before others; both at once where they failed of the same.

    of_what: what the images are of, where the page does not say it.
    """
    failed = sorted((b for b in builds if b.has_failed), key=lambda b: b.kind != asked)
    if not failed or (row := failed[0].row) is None:
        return None
    names = [b.name for b in builds if b in failed and b.words == row.error]
    title = f"The {' and the '.join(names)} image{'s' * (len(names) > 1)}"
    # A sentence that names what is guilty needs no second one.
    is_named = all(part in row.error for part in row.guilty.split(", "))
    return Failure(
        kind=failed[0].kind,
        title=f"{title} {of_what and f'of {of_what} '}could not be built",
        because="" if is_named else row.guilty,
        message=row.error,
    )


def labels(tags: dict[str, str]) -> list[str]:
    """Tags as people write them: "team=vision", "draft"."""
    return [f"{key}={text}" if text else key for key, text in tags.items()]


def python_words(asked: str | None, builds: list[Build]) -> str:
    """Which Python: the exact one once it is chosen, else what the definition asks for."""
    solved = {
        build.name: locks.python_of(build.row.lock)
        for build in builds
        if build.row and build.row.lock.startswith("# python ")
    }
    if len(set(solved.values())) > 1:
        return f"{solved['local']}, in Docker {solved['Docker']}"
    return next(iter(solved.values()), asked or "the studio's own")


def stages_of(build: ImageBuild) -> list[Stage]:
    """Waiting, Solving, Installing: how long each took, and which one it is in or ended in."""
    spans = _spans(build)
    names = [state.value for state in (BuildState.WAITING, BuildState.SOLVING)]
    names.append(BuildState.INSTALLING.value)
    last = max((number for number, (began, _) in enumerate(spans) if began), default=0)
    end = {BuildState.FAILED: "failed", BuildState.CANCELED: "canceled"}
    stages = []
    for number, (name, (began, ended)) in enumerate(zip(names, spans, strict=True)):
        if began is None:
            stages.append(Stage(name))
        elif ended is None:
            stages.append(Stage(name, "now", since=began))
        else:
            status = end.get(BuildState(build.state), "done") if number == last else "done"
            stages.append(Stage(name, status, (ended - began).total_seconds()))
    return stages


def _spans(build: ImageBuild) -> list[tuple[datetime | None, datetime | None]]:
    if build.started_at is None:
        return [(build.asked_at, build.ended_at), (None, None), (None, None)]
    waiting = (build.asked_at, build.started_at)
    said = SOLVED.search(streams.read(build.log, 0, LOG_START_BYTES).text)
    if build.state == BuildState.SOLVING or (not build.lock and not said):
        return [waiting, (build.started_at, build.ended_at), (None, None)]
    solved_at = build.started_at + timedelta(seconds=float(said[1]) if said else 0)
    if build.ended_at:
        solved_at = min(solved_at, build.ended_at)
    return [waiting, (build.started_at, solved_at), (solved_at, build.ended_at)]


def blamed(version: Version, builds: list[Build]) -> dict[str, list[int]]:
    """As `blamed_in`, for the failed builds of both kinds together."""
    found: dict[str, list[int]] = {}
    for build in builds:
        if build.has_failed and build.row:
            for key, lines in blamed_in(version.environment.definition, build.row.guilty).items():
                found.setdefault(key, []).extend(lines)
    return {key: lines for key, lines in found.items() if lines}
