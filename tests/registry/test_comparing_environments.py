"""Two versions compared: what was written, and the packages that it came to."""

import pytest

from compute.models import ImageBuild
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


def test_the_exact_packages_are_compared(lab, shelf, workers):
    for name, version in (("tiny", "1.0"), ("tiny", "2.0"), ("small", "1.0"), ("little", "3.0")):
        make_wheel(shelf, name, version)
    lab.add("train", "--no-index\ntiny==1.0\nsmall\n")
    lab.add("train", "--no-index\ntiny==2.0\nlittle\n")
    for number in (1, 2):
        lab.post(f"/train/versions/{number}/build")
    workers.join("images")
    found = lab.get("/train/compare", a=1, b=2).json()
    assert found["changed"] == [["tiny", "1.0", "2.0"]]
    assert (found["added"], found["removed"]) == ([["little", "3.0"]], [["small", "1.0"]])
    assert found["remark"] == ""
    assert "-tiny==1.0" in found["definition"]
    assert "+tiny==2.0" in found["definition"]
    back = lab.get("/train/compare", a=2, b=1).json()
    assert back["changed"] == [["tiny", "2.0", "1.0"]]


def test_before_both_are_solved_the_definitions_alone_are_compared(lab):
    lab.add("train", "six")
    lab.add("other", "six\nnumpy", description="two")
    found = lab.get("/train/compare", a=1, b=1, other="other").json()
    assert found["remark"].startswith("train:1 and other:1 are not solved yet")
    assert found["added"] == found["removed"] == found["changed"] == []
    assert found["definition"] == [
        "--- train:1", "+++ other:1", "@@ -1,2 +1,3 @@", " # pip", " six", "+numpy",
    ]  # fmt: skip
    assert ImageBuild.objects.count() == 0


def test_every_part_of_a_definition_is_compared(lab):
    first = {"packages": {"conda": ["numpy"], "pip": ["six"]}, "variables": {"A": "1"}}
    second = {"dockerfile": "FROM a\n", "python": "3.11", "variables": {"A": "2"}}
    lab.post("", {"name": "x", "definition": first})
    lab.post("", {"name": "x", "definition": second})
    changes = lab.get("/x/compare", a=1, b=2).json()["definition"]
    for line in ("-numpy", "-six", "+FROM a", '+python: "3.11"', "-A=1", "+A=2"):
        assert line in changes


def test_what_cannot_be_compared_is_said(lab):
    lab.add("train")
    assert lab.get("/train/compare", a=1).status_code == 400
    assert lab.get("/train/compare", a=1, b=5).status_code == 404
    assert lab.get("/train/compare", a="x", b=1).status_code == 400
    assert lab.get("/train/compare", a=1, b=1, other="nope").status_code == 404
