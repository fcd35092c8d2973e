"""Registering: a name, numbers that count up, content that never changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from compute import images, recipes
from registry import environments
from registry.models import Version
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_versions_count_up_and_the_same_content_is_the_same_version(lab):
    first = lab.add("train", "six==1.16.0", description="for a start", tags={"team": "a"})
    assert first.status_code == 201, first.json()
    assert first.json()["version"] == 1
    assert (first.json()["description"], first.json()["tags"]) == ("for a start", {"team": "a"})
    assert first.json()["created_by"] == lab.api.user.username
    assert lab.add("train", "six==1.17.0").json()["version"] == 2
    assert lab.add("train", "six==1.16.0").json()["version"] == 1
    assert lab.get("/train").json()["version"] == 2
    assert lab.get("/train", version=1).json()["definition"] == {"pip": "six==1.16.0"}
    assert lab.get("/train", version="latest").json()["version"] == 2
    numbers = [item["version"] for item in lab.get("/train/versions").json()["items"]]
    assert numbers == [2, 1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AzureML-mine", 'kept for ready environments; call it "my-AzureML-mine"'),
        ("microsoft-x", "kept for ready environments"),
        ("check", 'cannot be called "check"'),
        ("a b", "letters, numbers, dashes"),
        ("-x", "beginning with a letter or number"),
        ("", "blank"),
        ("x" * 256, "255"),
    ],
)
def test_a_name_that_is_not_allowed_is_refused_with_the_way_out(lab, name, said):
    reply = lab.add(name)
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]
    assert not Version.objects.exists()


def test_a_wrong_definition_is_refused_with_its_line(lab):
    error = lab.add("train", "six\nnumpy=1.2\n").json()["error"]
    assert error["message"].startswith(
        'line 2: "numpy=1.2" is not a pip requirement: write numpy=='
    )
    assert (error["code"], error["line"]) == ("bad_input", 2)
    assert "pip" in error["fields"]
    assert lab.add("train", "six", tags=["a"]).status_code == 400
    assert not Version.objects.exists()


def test_description_and_tags_change_and_nothing_else_does(lab):
    lab.add("train", tags={"a": "1", "b": "2"})
    changed = lab.patch("/train/versions/1", {"description": "new", "tags": {"a": None, "c": "3"}})
    assert changed.json()["tags"] == {"b": "2", "c": "3"}
    assert lab.get("/train").json()["description"] == "new"
    refused = lab.patch("/train/versions/1", {"definition": {"pip": "numpy"}})
    assert refused.status_code == 400
    assert "what can be: description, tags" in refused.json()["error"]["message"]
    refused = lab.patch("/train", {"archived": True, "name": "x"})
    assert refused.status_code == 400
    assert (
        "name cannot be changed here; what can be: archived" in refused.json()["error"]["message"]
    )
    assert lab.patch("/train", [1]).status_code == 400
    assert lab.get("/train").json()["definition"] == {"pip": "six"}
    assert lab.patch("/train/versions/9", {}).status_code == 404
    assert lab.patch("/train/versions/1", {"tags": {"a": "\0"}}).status_code == 400


def test_tags_are_names_and_texts_blank_ones_too(lab):
    for wrong in ({"a": {"b": 1}}, {"a": ["b"]}, ["a"], "a"):
        for reply in (
            lab.add("train", tags=wrong),
            lab.add("other").json() and lab.patch("/other/versions/1", {"tags": wrong}),
        ):
            assert reply.status_code == 400, reply.json()
            assert "tag" in reply.json()["error"]["message"]
    made = lab.add("train", tags={"k": None, "blank": "", "number": 1, "flag": True})
    assert made.json()["tags"] == {"blank": "", "number": "1", "flag": "True"}
    changed = lab.patch("/train/versions/1", {"tags": {"blank": None, "number": "", "n": 2}})
    assert changed.json()["tags"] == {"number": "", "flag": "True", "n": "2"}


def test_asking_for_newer_packages_makes_a_version_that_is_solved_anew(lab):
    lab.add("train", "six", description="d")
    newer = lab.post("/train/versions/1/update")
    assert newer.status_code == 201, newer.json()
    assert newer.json()["version"] == 2
    assert newer.json()["definition"] == {"pip": "six", "edition": 2}
    assert newer.json()["description"] == "d"
    assert lab.post("/train/versions/1/update").json()["definition"]["edition"] == 3
    digests = Version.objects.values_list("environment__recipe_digest", flat=True)
    assert len(set(digests)) == 3


def test_newer_packages_are_none_that_somebody_elsewhere_chose_before(lab):
    """Builds are shared by content: their second edition may be months old."""
    lab.add("train", "six")
    theirs = recipes.from_definition({"pip": "six", "edition": 2})
    images.ensure(theirs)
    assert lab.post("/train/versions/1/update").json()["definition"]["edition"] == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_register_the_same_at_once_get_one_version():
    member = make_member()

    def register(text):
        try:
            definition = {"pip": text}
            return environments.register(
                member.workspace, member.user, name="train", definition=definition
            ).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(register, ["six", "six", "six", "numpy"] * 4))
    assert sorted(set(numbers)) == [1, 2]
    assert Version.objects.count() == 2
