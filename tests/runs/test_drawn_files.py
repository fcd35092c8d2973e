"""Images of a run: which file belongs to which step, and what a page may load of it."""

import struct

import pytest

from runs.drawn import files
from runs.models import Run
from studio.previewing import pictures
from tests.factories import make_experiment, make_run
from tests.runs.drawing import address, keep, log, png

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller) -> Run:
    return make_run(experiment=make_experiment(workspace=caller.workspace), user=caller.user)


def items(caller, run, **query):
    answer = caller.get(f"/api/v1/runs/{run.run_id}/drawn/items", **{"name": "cats", **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_each_step_has_its_picture_and_its_size(caller, run):
    for step in (10, 20, 30):
        keep(run, f"cats_{step}.png", png(3, 5, step))
        log(run, "cats", "image", [address(run, f"cats_{step}.png")], first=step)
    found = items(caller, run)
    assert found["count"] == 3
    assert [item["step"] for item in found["items"]] == [10, 20, 30]
    first = found["items"][0]
    assert (first["width"], first["height"], first["is_shown"]) == (3, 5, True)
    assert first["size_bytes"] == len(png(3, 5, 10))
    assert len({item["version"] for item in found["items"]}) == 3
    assert not first["problem"]
    # It is loaded from the run's files, as what it is and nothing else.
    served = caller.get(f"/api/v1/runs/{run.run_id}/files/{first['path']}", v=first["version"])
    assert served["Content-Type"] == "image/png"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]


def test_a_picture_that_is_on_its_way_is_waited_for(caller, run):
    log(run, "cats", "image", [address(run, "cats_1.png")])
    item = items(caller, run)["items"][0]
    assert (item["path"], item["size_bytes"], item["is_shown"]) == ("cats_1.png", None, False)
    assert not item["problem"]
    keep(run, "cats_1.png", png())
    assert items(caller, run)["items"][0]["is_shown"]


def test_a_step_is_found_among_many(caller, run):
    log(run, "cats", "image", [address(run, f"{at}.png") for at in range(50)], first=100)
    found = items(caller, run, step=133, limit=20)
    assert (found["number"], found["after"]) == (33, 20)
    assert found["items"][13]["step"] == 133
    assert items(caller, run, step=5000)["number"] == 49
    assert items(caller, run, step=-1)["number"] == 0
    assert len(items(caller, run, after=45)["items"]) == 5


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("cats.svg", b"<svg><script>alert(1)</script></svg>", "no PNG"),
        ("cats.png", b"<html><script>alert(1)</script></html>", "no PNG"),
        ("cats.html", png(), "name does not end"),
        ("cats.png", png(1, 1)[:16] + struct.pack(">II", 60_000, 60_000) + b"\0" * 9, "pixels"),
    ],
    ids=["svg", "a page called png", "a picture called page", "bomb"],
)
def test_what_is_no_safe_picture_is_linked_not_loaded(caller, run, path, content, words):
    keep(run, path, content)
    log(run, "cats", "image", [address(run, path)])
    item = items(caller, run)["items"][0]
    assert not item["is_shown"]
    assert words in item["problem"]
    assert item["size_bytes"] == len(content)


def test_a_large_picture_is_linked_not_loaded(caller, run, monkeypatch):
    monkeypatch.setattr(files, "MOST_PICTURE_BYTES", 10)
    keep(run, "cats.png", png())
    log(run, "cats", "image", [address(run, "cats.png")])
    assert "too large" in items(caller, run)["items"][0]["problem"].lower()


def test_a_value_that_names_no_file_of_this_run_says_so(caller, run):
    other = make_run(experiment=run.experiment)
    keep(other, "secret.png", png())
    log(run, "cats", "image", [address(other, "secret.png"), "cats.png"])
    for item in items(caller, run)["items"]:
        assert "no address of a file of this run" in item["problem"]
        assert item["size_bytes"] is None


def test_a_file_that_a_later_step_wrote_over_is_told(caller, run):
    keep(run, "cats.png", png())
    log(run, "cats", "image", [address(run, "cats.png")] * 2)
    assert [item["replaced"] for item in items(caller, run)["items"]] == [True, False]


def test_who_may_not_see_the_run_sees_nothing_of_it(caller, stranger, run):
    log(run, "cats", "image", [address(run, "cats.png")])
    for what in ("", "/items?name=cats", "/chart?name=cats&number=0", "/csv?name=cats"):
        assert stranger.get(f"/api/v1/runs/{run.run_id}/drawn{what}").status_code == 404


def test_what_does_not_fit_is_refused_with_its_reason(caller, run):
    place = f"/api/v1/runs/{run.run_id}/drawn"
    log(run, "cats", "image", [address(run, "cats.png")])
    for what, status in (
        ("/items?name=dogs", 404), ("/items?name=cats&limit=0", 400), ("/items", 400),
        ("/columns?name=cats", 400), ("/chart?name=cats&number=7", 404),
        ("/items?name=cats&step=1e3", 400), ("/items?name=cats&after=-1", 400),
    ):  # fmt: skip
        assert caller.get(place + what).status_code == status, what


# The heads of a picture of 5 × 7 pixels, without what follows.
WEBP = b"RIFF\0\0\0\0WEBP"
HEADS = [
    ("image/gif", b"GIF89a\x05\0\x07\0"),
    ("image/jpeg", b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc0\0\x0b\x08\0\x07\0\x05"),
    ("image/webp", WEBP + b"VP8X\x0a\0\0\0\0\0\0\0\x04\0\0\x06\0\0"),
    ("image/webp", WEBP + b"VP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x05\0\x07\0"),
    ("image/webp", WEBP + b"VP8L\0\0\0\0\x2f\x04\x80\x01\0\0\0\0\0\0"),
]
OTHERS = [
    b"",
    b"BM\0\0",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"\xff\xd8\xff\xe0\0",
    b"\xff\xd8\xff\xe0\0\0" * 9,
]


@pytest.mark.parametrize(("kind", "head"), HEADS)
def test_a_picture_is_known_by_its_head(kind, head):
    assert pictures.of_bytes(head) == pictures.Picture(kind, 5, 7)


@pytest.mark.parametrize("head", OTHERS)
def test_what_is_no_picture_or_half_of_one_is_none(head):
    assert pictures.of_bytes(head) is None
