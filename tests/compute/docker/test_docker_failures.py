"""What goes wrong in the engine is said in a sentence, and nothing goes on running there."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from compute.building import docker as docker_images
from compute.building.engine import EngineAway
from compute.building.faults import BuildFault
from compute.models import Image
from tests.compute.docker.conftest import Ask, Build, comes, runs_in_the_engine
from tests.compute.packages import make_source, make_wheel


def steps_of(tag: str) -> str:
    """What an image of the engine was made of; nothing of one that is gone again."""
    asked = ["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", tag]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


class Ended(Exception):
    """Somebody wants the build no more."""


@pytest.mark.parametrize(
    ("requirements", "guilty", "message"),
    [
        ("alpha==9", "alpha==9", "alpha==9: the package index has no such version"),
        ("broken", "broken", "its source could not be built: ZeroDivisionError"),
        ("nothing_such", "nothing_such", "has no package of this name"),
    ],
)
def test_the_guilty_requirement_reaches_the_page(docker: Ask, shelf, requirements, guilty, message):
    make_wheel(shelf, "alpha")
    # Solving must not build it: what fails here is the step in the engine.
    make_source(shelf, "broken", before="if os.path.exists('/opt/trainyard/build'): 1 / 0")
    with pytest.raises(BuildFault) as raised:
        docker(requirements)
    assert raised.value.guilty == guilty
    assert message in raised.value.message
    assert raised.value.__notes__[0].count("Failed: ") == 1


def test_a_build_that_nobody_wants_ends_in_the_engine_too(docker: Ask, base):
    nap = f"150.{os.getpid()}"
    ran = []

    def end(build: Build) -> None:
        if runs_in_the_engine(nap):
            ran.append(build.log)
            raise Ended

    with pytest.raises(Ended):
        docker(dockerfile=f"FROM {base}\nRUN sleep {nap}\n", on_tick=end)
    assert "Step 2: RUN sleep" in ran[0]
    assert comes(lambda: not runs_in_the_engine(nap))


def test_a_build_is_held_while_the_engine_is_silent(docker: Ask, base):
    ticks = []
    docker(
        dockerfile=f"FROM {base}\nRUN sleep 3 # {time.time()}\n",
        on_tick=lambda build: ticks.append(build.log.rstrip().rpartition("\n")[2]),
    )
    # Many would come in three seconds; one alone might be of its beginning, and one of its end.
    assert sum("RUN sleep 3" in line for line in ticks) > 3, ticks


def test_a_build_that_takes_too_long_is_ended(docker: Ask, base):
    nap = f"151.{os.getpid()}"
    with pytest.raises(BuildFault, match="longer than 3 s and was ended"):
        docker(dockerfile=f"FROM {base}\nRUN sleep {nap}\n", seconds=3)
    assert comes(lambda: not runs_in_the_engine(nap))


def test_a_builder_that_is_killed_leaves_nothing_running_and_no_image(base, tmp_path):
    nap = f"152.{os.getpid()}"
    code = textwrap.dedent(f"""
        import os, django
        django.setup()
        from compute.building.base import Steps
        from compute.building.docker import DockerBuilder
        steps = Steps(lambda _: None, lambda: None, lambda _: None, 60)
        text = "FROM {base}\\nRUN sleep {nap}\\n"
        DockerBuilder(steps).solve({{"dockerfile": text, "as_is": True, "python": None}}, "")
    """)
    before = set(docker_images.stored())
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert comes(lambda: runs_in_the_engine(f"sleep\0{nap}"))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert comes(lambda: not runs_in_the_engine(f"sleep\0{nap}"))
    # Other tests build in this engine meanwhile; what this one made would have its step.
    made = [tag for digest, tag in docker_images.stored().items() if digest not in before]
    assert not [tag for tag in made if f"sleep {nap}" in steps_of(tag)]


def test_an_engine_that_is_not_running_is_named_with_the_way_out(docker: Ask, settings, tmp_path):
    settings.DOCKER_URL = f"unix://{tmp_path}/docker.sock"
    with pytest.raises(EngineAway) as raised:
        docker(pip="")
    where = f"the Docker engine at unix://{tmp_path}/docker.sock does not answer"
    assert raised.value.message.startswith(f"{where}: there is no such socket")
    assert "STUDIO_DOCKER_URL" in raised.value.message
    assert raised.value.guilty == ""
    image = Image(kind="docker", digest="d", place="trainyard/env:d")
    assert docker_images.is_there(image)  # one cannot know; nothing is built again for it
    docker_images.remove(image)
    docker_images.sweep()
    assert docker_images.stored() == {}


def test_a_socket_that_one_may_not_use_is_said_so(tmp_path):
    """As the engine's own: root in the group docker; here a user asks who is in no group."""
    code = textwrap.dedent(f"""
        import os, django
        os.environ["STUDIO_HOME"] = {str(tmp_path / "home")!r}
        os.makedirs({str(tmp_path / "home" / "uploads")!r})
        django.setup()
        from django.conf import settings
        from compute.building.engine import Engine, EngineAway
        settings.DOCKER_URL = "unix://{tmp_path}/shut/docker.sock"
        os.mkdir({str(tmp_path / "shut")!r}, 0o700)
        if os.geteuid() == 0:
            os.setuid(65534)
        else:
            os.chmod({str(tmp_path / "shut")!r}, 0)
        try:
            Engine().image("x")
        except EngineAway as away:
            print(away.message)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "may not use the Docker engine" in done.stdout, done.stderr
    assert "usually docker" in done.stdout
