"""What an image stands on: the studio's own base, a named one, or somebody's Dockerfile."""

import json
import re
import subprocess
import time

import pytest

from compute import recipes
from compute.building import dockerfiles
from compute.building.bases import default_name
from compute.building.engine import Engine
from compute.building.faults import BuildFault
from compute.building.own_dockerfiles import needed_images
from tests.compute.docker.conftest import Ask, says
from tests.compute.packages import make_source, make_wheel

# A build script that writes down what it sees of the context.
NOSY = """
_files = sorted(os.listdir('/opt/trainyard/build')) if os.path.exists('/opt/trainyard') else []
_write = zipfile.ZipFile.writestr
def _also(self, name, text):
    if name == "nosy.py":
        _write(self, "nosy_saw.py", f"seen = {_files!r}")
    _write(self, name, text)
zipfile.ZipFile.writestr = _also
"""


def build_unchecked(docker: Ask, monkeypatch, **recipe: str) -> None:
    """Build a recipe that no definition gives any more."""
    old = recipes.Recipe(**recipe, as_is=True)
    monkeypatch.setattr(recipes, "from_definition", lambda _: old)
    docker()


def test_a_dockerfile_of_ones_own_is_built_and_packages_put_on_it(docker: Ask, base, shelf):
    make_wheel(shelf, "alpha")
    fresh = f"# {time.time()}"  # or the engine knows the steps, and runs none
    text = f"FROM {base}\nRUN echo 'from below' > /said {fresh}\nRUN cat /said\nUSER 4711\n"
    build = docker("alpha", dockerfile=text)
    assert says(build.made.place, "import alpha; print(open('/said').read())") == "from below"
    facts = subprocess.run(["docker", "inspect", build.made.place], capture_output=True, check=True)
    assert json.loads(facts.stdout)[0]["Config"]["User"] == "4711"  # the base's stays
    for line in ("Step 2: RUN echo", "Step 3: RUN cat /said", "  from below"):
        assert line in build.log


def test_a_dockerfile_as_it_is_needs_no_packages(docker: Ask, base):
    build = docker(dockerfile=f"FROM {base}\nENV GREETING=hello\n")
    assert build.made.python == "/usr/bin/python3.11"
    assert build.made.packages == 0
    done = subprocess.run(
        ["docker", "run", "--rm", build.made.place, build.made.python, "-c",
         "import os; print(os.environ['GREETING'])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "hello\n"


def test_a_base_as_it_is_keeps_its_python(docker: Ask, base):
    assert docker(base_image=base).made.python == "/usr/bin/python3.11"


def test_the_step_of_a_dockerfile_that_fails_is_named(docker: Ask, base):
    text = f"FROM {base}\nRUN true\nRUN echo so far; \\\n    exit 7\n"
    with pytest.raises(BuildFault) as raised:
        docker(dockerfile=text)
    assert raised.value.guilty == "RUN echo so far; exit 7"
    assert raised.value.message == (
        "step 3 of the Dockerfile failed: RUN echo so far; exit 7: exit code 7"
    )
    assert "so far" in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("definition", "guilty"),
    [
        ({"base_image": "localhost:1/no/such:1"}, "localhost:1/no/such:1"),
        ({"dockerfile": "FROM localhost:1/no/such:1\nRUN true\n"}, "FROM localhost:1/no/such:1"),
    ],
    ids=["base image", "Dockerfile"],
)
def test_a_base_that_does_not_exist_is_named(docker: Ask, definition, guilty):
    with pytest.raises(BuildFault, match="localhost:1/no/such:1 cannot be fetched: ") as raised:
        docker(**definition)
    assert raised.value.guilty == guilty


def test_a_base_without_a_fitting_python_says_what_it_has(docker: Ask):
    with pytest.raises(BuildFault, match=r"no Python 3\.99 in the base image; found: 3\.11"):
        docker(pip="", python="3.99")


@pytest.mark.parametrize("more", [{}, {"pip": "six"}], ids=["as it is", "with packages"])
def test_a_base_without_python_is_named_as_it_was_written(docker: Ask, base, more):
    with pytest.raises(BuildFault, match=r"has no Python 3\.6 or newer, which runs need") as raised:
        docker(dockerfile=f"FROM {base}\nRUN rm /usr/bin/python3*\n", **more)
    assert raised.value.message.startswith(f"the image of the Dockerfile (FROM {base}) has no")
    assert "such as python:3.11-slim, or ask for conda's Python" in raised.value.message
    assert raised.value.guilty == f"FROM {base}"


@pytest.mark.parametrize("name", ["train\\\nyard-uv", "trainyard-uv"])
def test_a_cache_of_the_studio_is_not_for_dockerfiles(docker: Ask, base, monkeypatch, name):
    """Nor where it was registered before that was a rule: the build looks again."""
    text = f"FROM {base}\nRUN --mount=type=cache,target=/c,id={name} touch /c/x\n"
    with pytest.raises(BuildFault, match="mounts a cache that is not its own") as raised:
        build_unchecked(docker, monkeypatch, dockerfile=text)
    assert raised.value.guilty.startswith("RUN --mount=type=cache,target=/c,id=trainyard-uv")


def test_the_cache_of_a_build_cannot_be_named(settings):
    one, other = dockerfiles.cache_of("sha256:1"), dockerfiles.cache_of("sha256:2")
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one != other  # what writes there is the base's own Python
    settings.SECRET_KEY = "another studio's"
    assert dockerfiles.cache_of("sha256:1") != one


def test_no_package_and_no_reader_sees_the_name_of_the_cache(docker: Ask, shelf, base):
    make_source(shelf, "nosy", before=NOSY)
    build = docker("nosy")
    name = dockerfiles.cache_of(Engine().image(base).id)
    # What a source package can see of the context, and what people are shown.
    seen = says(build.made.place, "import nosy_saw; print(nosy_saw.seen)")
    assert "job.json" in seen
    assert "Dockerfile" not in seen
    assert name not in build.made.dockerfile + build.log + build.lock
    assert "type=cache" in build.made.dockerfile


@pytest.fixture
def with_trigger(base):
    """An image with ONBUILD, as a registry may hold it."""
    name = "trainyard-test-trigger"
    trigger = "ONBUILD RUN --mount=type=bind,target=/c cat /c/build/job.json"
    subprocess.run(
        f"docker create {base} true | xargs -I@ sh -c 'docker commit -c \"{trigger}\" @ {name};"
        " docker rm @'",
        shell=True, check=True, capture_output=True,
    )  # fmt: skip
    yield name
    subprocess.run(["docker", "rmi", "-f", name], check=True, capture_output=True)


def test_a_base_that_brings_triggers_is_refused(docker: Ask, with_trigger):
    for definition, guilty in (
        ({"base_image": with_trigger, "pip": ""}, with_trigger),
        ({"dockerfile": f"FROM {with_trigger}\n"}, f"FROM {with_trigger}"),
    ):
        with pytest.raises(BuildFault, match=rf"{with_trigger} brings steps of its own") as raised:
            docker(**definition)
        assert raised.value.guilty == guilty
        assert "take the variant without" in raised.value.message


def test_an_image_of_the_engine_is_not_had_by_its_id(docker: Ask, base, monkeypatch):
    image = Engine().image(base).id
    for name in (image, image[7:], image[7:19], image[7:15]):
        with pytest.raises(BuildFault, match=r"is the id of an image|cannot be fetched"):
            build_unchecked(docker, monkeypatch, base=name)
    with pytest.raises(BuildFault, match="is an image that the studio made"):
        build_unchecked(docker, monkeypatch, base="trainyard/env:1")


@pytest.mark.parametrize(
    ("text", "guilty", "said"),
    [
        ("RUN true\nRUN <<EOF\necho hi\nEOF\n", "RUN <<EOF", "here-documents need Docker 23"),
        ("RUN true\nRUN --security=insecure \\\n true\n", "RUN --security=insecure true",
         "does not know --security; leave it out"),
        ("RUN --network=none true\n", "RUN --network=none true", "does not know --network"),
    ],
)  # fmt: skip
def test_what_the_engine_is_too_old_for_names_the_step(docker: Ask, base, text, guilty, said):
    with pytest.raises(BuildFault) as raised:
        docker(dockerfile=f"FROM {base}\n{text}")
    assert raised.value.guilty == guilty
    assert said in raised.value.message
    assert raised.value.message.startswith(f"{guilty}: ")


def test_lines_that_end_as_on_windows_and_steps_are_said_once(docker: Ask, base):
    text = f"FROM {base}\nRUN printf 'one\\r\\ntwo\\rthree\\n' # {time.time()}\n"
    log = docker(dockerfile=text).log
    assert "  one\n" in log
    assert "  three\n" in log
    assert log.count("Step 1: FROM") == 1
    assert "Sending 0 KiB" not in log


def test_what_a_dockerfile_needs_is_found():
    text = (
        "ARG X=1\nFROM --platform=linux/amd64 one:1 AS first\nFROM first\nCOPY --from=two:2 /a /b\n"
        "COPY --from=0 /a /b\nFROM scratch\nFROM python:$X\n"
        "RUN --mount=type=bind,from=three:3,target=/x \\\n  true\n"
    )
    found = [name for name, _ in needed_images(text)]
    assert found == ["one:1", "two:2", "python:1", "three:3"]


@pytest.mark.parametrize(
    ("asked", "family"), [("3.6", "3.6"), ("3.8.10", "3.8"), (">=3.7,<3.10", "3.9")]
)
def test_the_base_is_chosen_by_the_python_that_is_asked_for(settings, asked, family):
    settings.DOCKER_BASE_IMAGE = "python:{python}-slim-bookworm"
    assert default_name(asked) == f"python:{family}-slim-bookworm"
