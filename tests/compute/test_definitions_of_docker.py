"""What lies underneath: a Docker image by name, a Dockerfile of one's own."""

import pytest

from compute.recipes import Recipe, from_definition, summary
from studio.errors import BadInput

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG TAG=12
FROM debian:${TAG} AS build
RUN apt-get update && \\
    # a comment between
    apt-get install -y git
RUN <<EOF
COPY is only a word here
EOF
FROM debian:12
COPY --from=build /usr/bin/git /usr/bin/git
ADD https://example.com/data.tar /data
"""


@pytest.mark.parametrize(
    "name",
    ["ubuntu", "ubuntu:22.04", "a/b/c:1.0-rc_1", "host.example.com:5000/x/y", "localhost:5000/x",
     "x@sha256:" + "0" * 64, "ubuntu:22.04 "],
)  # fmt: skip
def test_an_image_alone_is_used_as_it_is(name):
    assert from_definition({"base_image": name}) == Recipe(base=name.strip(), as_is=True)


def test_packages_or_a_python_are_installed_on_the_image():
    on_base = from_definition({"base_image": "ubuntu:22.04", "pip": "six"})
    assert (on_base.base, on_base.pip, on_base.as_is) == ("ubuntu:22.04", ("six",), False)
    assert not from_definition({"base_image": "ubuntu:22.04", "python": "3.11"}).as_is
    assert not from_definition({"base_image": "ubuntu:22.04", "conda": ""}).as_is


@pytest.mark.parametrize("more", [{}, {"pip": ""}])
def test_azures_own_images_mean_the_studios_base(more):
    name = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest"
    assert from_definition({"base_image": name, **more}) == Recipe()


def test_a_dockerfile_is_kept_as_it_was_written():
    recipe = from_definition({"dockerfile": DOCKERFILE})
    assert (recipe.dockerfile, recipe.as_is, recipe.base) == (DOCKERFILE, True, "")
    windows = {"dockerfile": DOCKERFILE.replace("\n", "\r\n")}
    assert from_definition(windows).digest == recipe.digest
    assert not from_definition({"dockerfile": DOCKERFILE, "pip": "six"}).as_is


@pytest.mark.parametrize(
    "name", ["", " ", "no tag!", "Ubuntu", "ubuntu:", ":22.04", "a//b", "-x", "x@sha256:12",
             "a" * 300, "http://x/y", "ubuntu:22.04\nRUN x"],
)  # fmt: skip
def test_what_names_no_image_is_refused(name):
    with pytest.raises(BadInput, match=r"names no Docker image: .* such as ubuntu:22.04") as caught:
        from_definition({"base_image": name})
    assert "base_image" in caught.value.fields


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "names the image it begins with; add a line such as FROM"),
        ("# nothing\n", None, "names the image it begins with"),
        ("ARG A\n", None, "names the image it begins with"),
        ("RUN true\n", 1, "a Dockerfile begins with FROM, not with RUN"),
        ("FROM\n", 1, "FROM needs the name of an image"),
        ("FROM a\n\nCOPY . /app\n", 3, "COPY . /app: there are no files beside this text"),
        ('FROM a\nADD ["x", "/x"]\n', 2, "there are no files beside this text"),
        ("FROM a\nONBUILD RUN x\n", 2, "ONBUILD would run in the builds of those who stand on"),
        ("FROM a\nRUN x \\\n  y\nINSTAL z\n", 4, "INSTAL is no instruction of a Dockerfile"),
        ("FROM a\nRUN \0\n", 2, "a character that cannot be kept"),
        ("FROM a\n" + "RUN x\n" * 2000, None, "at most 1,000 lines"),
    ],
)
def test_a_wrong_dockerfile_names_the_line_and_the_way_out(text, line, said):
    with pytest.raises(BadInput) as caught:
        from_definition({"dockerfile": text})
    assert said in caught.value.message
    assert caught.value.facts.get("line") == line
    assert "dockerfile" in caught.value.fields


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"pip": ""}, "Python only"),
        ({"base_image": "ubuntu:22.04"}, "on ubuntu:22.04"),
        ({"base_image": "ubuntu", "pip": "six"}, "six, on ubuntu"),
        ({"dockerfile": "FROM a"}, "a Dockerfile"),
        ({"pip": "b\na\nc\nd\ne\nf\ng\nh", "python": ">=3.9,<3.12"},
         "Python >=3.9,<3.12, a, b, c, d, e, f and 2 more"),
        ({"pip": "x @ https://u:secret@h/x.whl --hash=sha256:12"}, "x @ https://h/x.whl"),
    ],
)  # fmt: skip
def test_a_recipe_is_said_in_a_few_words(definition, words):
    assert summary(from_definition(definition)) == words


def test_both_an_image_and_a_dockerfile_are_refused():
    with pytest.raises(BadInput, match='"base_image" or a "dockerfile", not both'):
        from_definition({"base_image": "a", "dockerfile": "FROM a"})


TAKEN = "is an image that the studio made"


@pytest.mark.parametrize(
    "name",
    ["trainyard/env:41d035c1e5d43813", "docker.io/trainyard/env:x", "index.docker.io/trainyard/x",
     "trainyard/base@sha256:" + "0" * 64],
)  # fmt: skip
def test_images_of_the_studio_are_no_bases(name):
    with pytest.raises(BadInput, match=TAKEN):
        from_definition({"base_image": name})


@pytest.mark.parametrize("name", ["sha256:" + "0" * 64, "0" * 64, "75a994b57b81"])
def test_ids_are_no_names_of_images(name):
    for definition in ({"base_image": name}, {"dockerfile": f"FROM {name}\n"}):
        with pytest.raises(BadInput, match="is the id of an image; name it as a registry does"):
            from_definition(definition)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("FROM trainyard/env:x\n", 1, TAKEN),
        ("FROM Docker.io/trainyard/env:x\n", 1, TAKEN),
        ("FROM train\\\n# no part of it\n\nyard/env:x\n", 1, TAKEN),
        ("# syntax=x\n# escape=`\nFROM train`\nyard/env:x\n", 3, TAKEN),
        ("# a\n# escape=`\nFROM a\n", 2, "stands alone in the first line"),
        ('ARG A="train"\nARG B=${A}yard/x\nFROM $B\n', 3, TAKEN),
        ("FROM ${A:-trainyard/x}\n", 1, TAKEN),
        ("FROM debian:$TAG\n", 1, "give the variable a plain value in an ARG"),
        ("ARG A=tra'in'\nFROM ${A}yard/x\n", 2, "give the variable a plain value"),
        ("ARG HTTP_PROXY=debian\nFROM $HTTP_PROXY\n", 2, "give the variable a plain value"),
        ('FROM "trainyard/x"\n', 1, "cannot be told which image this is"),
        ("FROM a\nCOPY --from=trainyard/x /a /b\n", 2, TAKEN),
        ('FROM a\nADD https://x.org/y /y\nCOPY --from="trainyard/x" /a /b\n', 3, "without quotes"),
        ("FROM a\nRUN --mount=type=bind,target=/x,from=trainyard/x ls\n", 2, TAKEN),
        ("FROM a\nRUN --mo\\unt=from=trainyard/x,target=/x ls\n", 2, "without quotes"),
        ("FROM a\nRUN --mount=target=/x\u2003,from=trainyard/x ls\n", 2, "plain blanks"),
        ("FROM a\nRUN --mount=target=/x\x1f,from=trainyard/x ls\n", 2, "cannot be kept"),
        ("FROM a\nRUN --mount=target=/x,from=$B ls\n", 2, "variables"),
        ("FROM a\nRUN --mount=type=cache,target=/c,id=train\\\nyard-uv true\n", 2, "not its own"),
        ("FROM a\nRUN --mount=type=cache,target=/opt/trainyard/cache true\n", 2, "not its own"),
        ("FROM a\nRUN cat <<ENTRYPOINT\nFROM trainyard/x\nENTRYPOINT\n", 3, TAKEN),
        ("FROM a\nRUN x <<'E\\'\nRUN y\nE\\\nFROM trainyard/x\n", 4, "is no instruction"),
        ("FROM a\nRUN x <<'RUN z\\'\nRUN y\nRUN z\\\nFROM trainyard/x\n", 5, TAKEN),
        ("FROM a\nRUN echo \\\\\nFROM trainyard/x\n", 2, "at the end of a line"),
    ],
)  # fmt: skip
def test_a_dockerfile_reaches_nothing_that_is_not_its_own(text, line, said):
    with pytest.raises(BadInput) as caught:
        from_definition({"dockerfile": text})
    assert said in caught.value.message
    assert caught.value.facts.get("line") == line


@pytest.mark.parametrize(
    "text",
    [
        "ARG TAG=12\nFROM debian:${TAG}-slim AS one\nFROM one\nCOPY --from=one /a /b\n",
        "FROM --platform=$BUILDPLATFORM a\nCOPY --from=0 --chown=$USER:1 /a /b\n",
        "FROM a\nRUN --mount=type=cache,target=/root/.cache/pip pip install x\n",
        'FROM a\nRUN cat <<"END"\nany words\nEND\nRUN echo $((1<<3)) "$HOME"\n',
        "FROM registry.example.com/trainyard/x\n",
    ],
)
def test_ones_own_stages_caches_and_variables_stay_fine(text):
    assert from_definition({"dockerfile": text}).dockerfile == text
