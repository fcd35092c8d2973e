"""What runs have to do with the building of their images: ask, wait, go on, let go.

compute knows no run. So who waits for a build is asked here, and what it does now is put into the
words of those who wait. Whoever ends a build that nobody waits for may be wrong by a moment: a
run that finds its build canceled asks for it again.
"""

from datetime import datetime

from django.conf import settings

from compute import image_pruning, images, recipes
from compute.actors import build_image
from compute.building.kinds import KINDS
from compute.models import ImageBuild
from compute.states import BUILD_ENDED, BuildState
from runs import lifecycle, logs
from runs.models import Run, RunLog, RunQuerySet
from runs.states import ACTIVE, Reason, State
from studio import queue
from studio.errors import BadInput


def prepare(run: Run) -> None:
    """See that the run's image is there: go on to Queued, wait for the build, or fail with it."""
    build, is_reused = run.image_build, False
    if build is None or build.state == BuildState.CANCELED:
        try:
            build = _ask(run)
        except BadInput as error:
            words = {"type": "BadInput", "message": error.message}
            lifecycle.end(run, Reason.ENVIRONMENT_FAILED, error=words)
            return
        is_reused = build.state == BuildState.READY
    if not is_reused:  # users know the build log as that of a build which this run waited for
        logs.attach(run, logs.BUILD, build.log)
    if build.state == BuildState.READY:
        lifecycle.move(run, State.QUEUED, closing=_image_words(run, build))
    elif build.state == BuildState.FAILED:
        lifecycle.end(run, Reason.ENVIRONMENT_FAILED, error=_build_error(build))
    else:
        lifecycle.wait(run, words_of(build))
        if build.state == BuildState.WAITING:
            queue.send(build_image, build.pk)


def _ask(run: Run) -> ImageBuild:
    recipe = recipes.from_definition(run.definition)
    build = images.ensure(recipe, images.kind_for(run.cluster.backend))
    Run.objects.filter(pk=run.pk).update(image_build=build)
    # Whoever looked for runs that wait, and ended the build, may have looked before this.
    build.refresh_from_db()
    run.image_build = build
    return build


def _image_words(run: Run, build: ImageBuild) -> str:
    if build.ended_at is None or build.ended_at < run.created_at:
        return "image reused"
    seconds = (build.ended_at - (build.started_at or build.ended_at)).total_seconds()
    return f"image built in {seconds:.1f} s"


def words_of(build: ImageBuild) -> str:
    """Say what a run waits for whose image is not there yet."""
    is_waiting = build.state not in (BuildState.SOLVING, BuildState.INSTALLING)
    begins = "Waiting for its image" if is_waiting else "Building its image"
    return f"{begins}: {images.doing(build) or 'it is asked for again'}"


def _build_error(build: ImageBuild) -> dict[str, object]:
    return {
        "type": "EnvironmentFailed",
        "message": build.error or "the image could not be built",
        "guilty": build.guilty,
        "log": logs.BUILD,
    }


def waiting_for(build_pk: int) -> RunQuerySet:
    """The runs that wait for a build."""
    return Run.objects.filter(image_build=build_pk, state=State.PREPARING)


def let_go(build: ImageBuild | None) -> None:
    """End a build when the last run that waited for it is gone; one that was wanted goes on."""
    if build is not None and not waiting_for(build.pk).exists():
        images.give_up(build)


def let_go_of_unwanted(before: datetime) -> None:
    """End the builds, asked for before then, that no run waits for and nobody wants any more."""
    unwanted = images.unwanted(before)
    if not unwanted:
        return
    waiting = Run.objects.filter(state=State.PREPARING, image_build__in=unwanted)
    needed = set(waiting.values_list("image_build", flat=True))
    for build in unwanted:
        if build.pk not in needed:
            images.give_up(build)


def tell_progress() -> None:
    """Say to all runs that wait for images what their builds do now, where that changed.

    One update for each build, however many runs wait for it.
    """
    waiting = Run.objects.filter(state=State.PREPARING, image_build__isnull=False)
    builds = ImageBuild.objects.filter(pk__in=waiting.values("image_build"))
    for build in builds.exclude(state__in=BUILD_ENDED):
        lifecycle.wait_all(waiting_for(build.pk), words_of(build))
        # One that was asked for again, before those who waited saw it fail, has a log of its own.
        shown = RunLog.objects.filter(path=logs.BUILD, stream=build.log_id).values("run")
        for run in waiting_for(build.pk).exclude(pk__in=shown):
            logs.attach(run, logs.BUILD, build.log)


def make_room() -> None:
    """Remove the images used longest ago where all take too much; never one that a run needs."""
    needed = Run.objects.filter(state__in=ACTIVE, image_build__image__isnull=False)
    in_use = set(needed.values_list("image_build__image", flat=True))
    for kind in KINDS:
        image_pruning.prune(kind, settings.IMAGES_MAX_GB * 10**9, in_use)
        image_pruning.sweep(kind)
