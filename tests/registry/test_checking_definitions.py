"""Checking a definition as somebody types it: what is wrong is an answer, with its place."""

import pytest

from compute import images, recipes

pytestmark = pytest.mark.django_db


def test_what_a_definition_comes_to(lab):
    text = "dependencies:\n- python=3.9\n- numpy\n- pip: [azureml-defaults, six==1.17.0]\n"
    answer = lab.check(conda=text)
    assert answer == {
        "problem": None,
        "line": None,
        "column": None,
        "python": "3.9",
        "packages": ["numpy", "six==1.17.0"],
        "provided": ["azureml-defaults"],
        "summary": "Python 3.9, numpy, six==1.17.0, azureml-defaults",
        "builds": {},
    }


def test_whether_its_image_is_there_already(lab):
    images.ensure(recipes.from_definition({"pip": "six"}))
    assert lab.check(pip="# the same\nsix\n")["builds"] == {"local": "Waiting"}


@pytest.mark.parametrize(
    ("definition", "line", "column", "said"),
    [
        ({"conda": "dependencies:\n\t- six"}, 2, 1, "indent with spaces, not tabs"),
        ({"conda": "name: a\nname: b"}, 2, 1, '"name" is written twice'),
        ({"pip": "six\n\nnumpy=1"}, 3, None, "write numpy==1"),
        ({"dockerfile": "FROM a\nCOPY . /x"}, 2, None, "no files beside this text"),
        ({"base_image": "no tag!"}, None, None, "names no Docker image"),
        ({"packages": {"pip": ["six", "a b"]}}, None, None, "pip, entry 2:"),
        ({}, None, None, 'either "conda"'),
    ],
)
def test_what_is_wrong_stands_in_the_answer(lab, definition, line, column, said):
    answer = lab.check(**definition)
    assert said in answer["problem"]
    assert (answer["line"], answer["column"]) == (line, column)
    assert answer["packages"] == []


@pytest.mark.parametrize("body", [[], {}, {"definition": None}])
def test_a_body_that_holds_no_definition_is_an_error(lab, body):
    assert lab.post("/check", body).status_code == 400


def test_a_definition_of_five_megabytes_is_answered(lab):
    assert "262,144 at most" in lab.check(conda="a" * 5_000_000)["problem"]
