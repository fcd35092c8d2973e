"""The lines of a definition that a failed build blames."""

import pytest

from compute.recipes import blamed_in

CONDA = """\
name: x
channels: [conda-forge]
dependencies:
  - python=3.99
  - numpy=1.0      # too old
  - pip:
      - six >= 1,  <2
      - torch==2.13.0 ; python_version > "3"
"""
DOCKERFILE = "FROM debian:12 AS a\nRUN apt-get update && \\\n    apt-get install nosuch\nRUN true\n"


@pytest.mark.parametrize(
    ("guilty", "lines"),
    [
        ("numpy=1.0", [5]),
        ("six >= 1, <2", [7]),
        ("six >= 1, <2, numpy=1.0", [5, 7]),
        ('torch==2.13.0 ; python_version > "3"', [8]),
        ("python=3.99", [4]),
        ("python 3.99", [4]),
        ("python-dateutil", []),
        ("six", []),
        ("", []),
    ],
)
def test_lines_of_a_conda_file(guilty, lines):
    assert blamed_in({"conda": CONDA}, guilty) == ("conda" if lines else "", lines)


def test_lines_of_requirements_and_of_what_goes_on_below():
    text = "# why\nsix==1 \\\n  --hash=sha256:12\n\nnumpy\nnumpy\n"
    assert blamed_in({"pip": text}, "six==1 --hash=sha256:12") == ("pip", [2])
    assert blamed_in({"pip": text}, "numpy") == ("pip", [5, 6])


def test_a_requirement_that_was_cut_for_the_build_is_still_found():
    hashes = "six==1.17.0" + " --hash=sha256:" + "0" * 64 + " --hash=sha256:" + "1" * 64
    long = "\n".join(["numpy", hashes * 1])
    assert blamed_in({"pip": long}, hashes[:150]) == ("pip", [2])


@pytest.mark.parametrize(
    ("guilty", "lines"),
    [
        ("RUN apt-get update &&     apt-get install nosuch", [2]),
        ("RUN true", [4]),
        ("debian:12", [1]),
        ("docker.io/library/debian:12", [1]),
        ("ubuntu:22.04", []),
    ],
)
def test_lines_of_a_dockerfile(guilty, lines):
    definition = {"dockerfile": DOCKERFILE, "pip": "six"}
    assert blamed_in(definition, guilty) == ("dockerfile" if lines else "", lines)
    assert blamed_in(definition, "six") == ("pip", [1])


def test_entries_of_lists():
    packages = {"conda": ["numpy", "pandas"], "pip": ["six", "torch"]}
    assert blamed_in({"packages": packages}, "pandas") == ("list-conda", [2])
    assert blamed_in({"packages": packages}, "torch") == ("list-pip", [2])


def test_a_definition_that_cannot_be_read_any_more_blames_nothing():
    assert blamed_in({"pip": "=="}, "six") == ("", [])
