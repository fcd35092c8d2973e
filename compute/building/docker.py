"""Images of the Docker engine: a lock becomes layers on a base, under a tag put on last."""

import contextlib
import json
import logging
import re
import secrets
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from compute.building import bases, buildkit, dockerfiles, inside, kept_wheels, locks
from compute.building.base import BuilderKilled, Made, Steps
from compute.building.bases import Base, Bases
from compute.building.dockerfiles import Context, Ground
from compute.building.engine import Engine, EngineFault, proxies, sentence, went_away
from compute.building.faults import BuildFault
from compute.building.following import Following, Line
from compute.building.local import Program, job_settings
from compute.building.log import size
from compute.models import Image

logger = logging.getLogger(__name__)
REPOSITORY = "trainyard/env"
PYTHON = f"{dockerfiles.ENVIRONMENT}/bin/python"
AS_IS = "# as it is"
BASE_LINE = re.compile(r"^# base (\S+) (\S+)$", re.MULTILINE)
UNUSED_BASE_S = 7 * 24 * 3600


class DockerBuilder:
    """Makes one image of the engine; see `base.Builder`."""

    version = "docker-1"

    def __init__(self, steps: Steps):
        self._steps = steps
        self._engine = Engine()
        self._following = Following(steps, _secrets())
        self._bases = Bases(self._engine, self._following)
        # By way of the same log, which lets no password through.
        self._program = Program(
            Steps(
                on_output=self._following.heard,
                on_tick=self._following.flush,
                on_progress=self._following.progress,
                seconds=steps.seconds,
            )
        )

    def solve(self, recipe: dict[str, Any], prefer: str) -> str:
        """Return the lock of `recipe` for its base image. Raises BuildFault."""
        base = self._bases.of(recipe)
        self._following.say(f"The base is {base.name}, {_pythons(base)}")
        self._following.flush()
        head = f"{base.name} {base.image.id}"
        if recipe.get("as_is"):
            version = _python_of(base).version
            return locks.write(version, f"{AS_IS}\n", options=[], base=head)
        if not base.glibc and base.pythons:
            raise BuildFault(
                f"{base.written} has no GNU C library, which the builder needs; take one on Debian"
                " or Ubuntu instead of Alpine",
                base.guilty,
            )
        if not recipe.get("conda"):
            _python_of(base)
        target = {
            "pythons": [{"path": one.path, "version": one.version} for one in base.pythons],
            "glibc": base.glibc or None,
            "cuda": self._bases.cuda(base),
            "base": head,
        }
        try:
            solved = self._program.run("solve", recipe=recipe, prefer=prefer, target=target)
        except BuildFault as fault:
            raise BuildFault(self._following.clean(fault.message), fault.guilty) from None
        finally:
            self._following.end_of_step()
        return str(solved["lock"])

    def install(self, recipe: dict[str, Any], lock: str, digest: str) -> Made:
        """Make the image `digest`, or find it in the engine. Raises BuildFault, BuilderKilled."""
        tag = f"{REPOSITORY}:{digest[:16]}"
        began = time.monotonic()
        found = BASE_LINE.search(lock)
        if found is None:
            raise BuildFault("this lock was made for no Docker image; ask for newer packages")
        base = self._bases.again(recipe, found[1], found[2])
        ground = None if AS_IS in lock else self._ground(base, lock)
        text = shown = _dockerfile(base, ground, dockerfiles.labels_of(recipe, lock, digest), lock)
        text = dockerfiles.with_cache(text, base.image.id)
        reused = _is_made(self._engine, tag, digest)
        if not reused:
            context = Context(text)
            with kept_wheels.beside(lock) as wheels:
                if ground:
                    job = {**_job(recipe, base, ground), "digest": digest, "own_wheels": wheels}
                    # It reads what is sent from local folders to compare its hashes: gigabytes,
                    # maybe.
                    send = partial(Context.of_lock, text, job, lock)
                    context = self._following.wait_for(send)
                _Build(self._engine, self._following).run(context, tag)
        image = self._engine.image(tag)
        if image is None:
            raise BuilderKilled(f"the engine has no image {tag} after it was built")
        own_bytes = image.size_bytes - (base.image.size_bytes if ground else 0)
        return Made(
            place=tag,
            python=PYTHON if ground else _python_of(base).path,
            size_bytes=max(own_bytes, 0),
            seconds=round(time.monotonic() - began, 3),
            packages=locks.count(lock),
            built_at=image.created,
            reused=reused,
            dockerfile=shown,
        )

    def _ground(self, base: Base, lock: str) -> Ground:
        has_conda = bool(locks.conda_packages(lock))
        return self._bases.ground(base, locks.python_of(lock), has_conda=has_conda)


def is_there(image: Image) -> bool:
    """Whether the engine has the image. One that does not answer is believed to have it.

    Else an engine that is down for a minute would have everything built again.
    """
    try:
        return _is_made(Engine(), image.place, image.digest)
    except EngineFault as fault:
        logger.warning("%s may be there or not: %s", image, fault.message)
        return True


def remove(image: Image) -> None:
    """Take an image out of the engine, unless a container uses it. Safe to repeat."""
    try:
        if not Engine().remove(image.place):
            logger.info("%s stays: a container uses it", image)
    except EngineFault as fault:
        logger.warning("%s could not be removed: %s", image, fault.message)


def stored() -> dict[str, str]:
    """Return digest → tag of every image that this studio has put into the engine."""
    found = {}
    with contextlib.suppress(EngineFault):
        for one in Engine().tagged(f"{dockerfiles.STUDIO}={dockerfiles.studio()}"):
            for tag in one.get("RepoTags") or ():
                if tag.startswith(f"{REPOSITORY}:"):
                    found[one["Labels"][dockerfiles.DIGEST]] = tag
    return found


def sweep() -> None:
    """Take away what is left of images: bases that none was made on lately, old layer cache.

    A build that is killed leaves nothing: the engine ends it with its connection.
    """
    with contextlib.suppress(EngineFault):
        engine = Engine()
        for one in engine.tagged(dockerfiles.STUDIO, dangling=True):
            engine.remove(one["Id"])
        for tag in engine.tags_older_than((bases.BASE, bases.MADE), UNUSED_BASE_S):
            engine.remove(tag)
        # It only saves time; contexts with wheels in them fill it soon.
        engine.prune_cache(settings.IMAGES_MAX_GB * 2**30)


class _Build:
    """One build of a generated Dockerfile by the engine."""

    def __init__(self, engine: Engine, following: Following):
        self._engine = engine
        self._following = following
        self._reader = buildkit.Reader()
        self._result: dict[str, str] = {}
        self._made = False
        self._rest = ""
        self._is_writing = False

    def run(self, context: Context, tag: str) -> None:
        """Build `context` under `tag`. Raises BuildFault."""
        build_id = f"trainyard-{secrets.token_hex(8)}"
        if context.size_bytes:
            sent = size(context.size_bytes)
            self._following.say(f"Sending {sent} to the Docker engine …")
            self._following.progress(f"sending {sent} to the Docker engine")
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
            self._fail(str(line["error"]))
        self._made = self._made or line.get("id") == "moby.image.id"
        if not isinstance(line.get("aux"), str):
            return
        for event in self._reader.read(line["aux"]):
            if isinstance(event, buildkit.Output):
                self._output(event.data)
            elif isinstance(event, buildkit.Doing):
                self._doing(event.words)
            elif isinstance(event, buildkit.Step) and event.state == "cached":
                self._known(event)

    def _doing(self, words: str) -> None:
        if words == "exporting layers" and not self._is_writing:
            self._is_writing = True
            self._following.say("Writing the image …")
            self._following.progress("writing the image")

    def _known(self, step: buildkit.Step) -> None:
        if inside.__name__.rpartition(".")[2] in step.name:
            self._following.say(f"Step {step.number}: using the engine's cache")

    def _output(self, data: bytes) -> None:
        """Pass output on, but for the result, which is a line of its own."""
        text = self._rest + data.decode(errors="replace")
        head, mark, tail = text.partition(inside.RESULT)
        self._rest = mark + tail
        if head:
            self._following.heard(head.encode())
        if mark and "\n" in tail:
            with contextlib.suppress(ValueError):
                self._result = json.loads(tail.partition("\n")[0])

    def _fail(self, said: str) -> None:
        if self._result:
            why = sentence(self._following.clean(self._result["error"]))
            raise BuildFault(why, self._result["guilty"])
        if re.search(r"exit code: (137|139)", said):
            raise BuilderKilled("the image builder was killed in the engine; is there memory?")
        raise EngineFault(f"the Docker engine could not build it: {sentence(said)}")


def _is_made(engine: Engine, tag: str, digest: str) -> bool:
    image = engine.image(tag)
    return image is not None and image.labels.get(dockerfiles.DIGEST) == digest


def _dockerfile(base: Base, ground: Ground | None, labels: dict[str, str], lock: str) -> str:
    if ground is None:
        return dockerfiles.text_as_is(base.name, base.tag, labels)
    has_conda = bool(locks.conda_packages(lock))
    return dockerfiles.text(base.name, ground, labels, has_conda=has_conda)


def _job(recipe: dict[str, Any], base: Base, ground: Ground) -> dict[str, Any]:
    return {
        **job_settings(),
        "step": "install",
        "recipe": recipe,
        "place": dockerfiles.ENVIRONMENT,
        "prefer": "",
        "program": ground.program,
        "target": {"pythons": [{"path": one.path, "version": one.version} for one in base.pythons]},
    }


def _python_of(base: Base) -> bases.Python:
    if not base.pythons:
        raise BuildFault(
            f"{base.written} has no Python 3.6 or newer, which runs need; name one that has, such"
            " as python:3.11-slim, or ask for conda's Python",
            base.guilty,
        )
    return base.pythons[0]


def _pythons(base: Base) -> str:
    versions = ", ".join(dict.fromkeys(one.version for one in base.pythons))
    libc = f"glibc {base.glibc}" if base.glibc else "no GNU C library"
    return f"with Python {versions}, {libc}" if versions else f"without Python, {libc}"


def _secrets() -> list[str]:
    """Return the passwords in the addresses of settings."""
    addresses = [
        settings.INDEX_URL,
        *settings.EXTRA_INDEX_URLS,
        *settings.FIND_LINKS,
        settings.CONDA_CHANNEL_ALIAS,
        *settings.CONDA_CHANNELS,
        *proxies().values(),
    ]
    found = []
    for address in addresses:
        credentials = urlsplit(address).netloc.rpartition("@")[0]
        found += [credentials, credentials.partition(":")[2]]
    return [one for one in found if len(one) > 3]
