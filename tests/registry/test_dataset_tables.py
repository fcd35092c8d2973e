"""Looks into datasets by the API: pages of rows and of pictures, and what is in columns."""

import pytest

from registry import profiling
from registry.tabling import answers
from tests.factories import make_blob

pytestmark = pytest.mark.django_db(transaction=True)
READING = {"format": "delimited"}


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.TABLES = tmp_path / "tables"


@pytest.fixture
def caller(api):
    return Caller(api())


class Caller:
    def __init__(self, api):
        self.api, self.root = api, f"workspaces/{api.workspace.name}/datasets"

    def add(self, name, files, **words):
        pairs = [[path, make_blob(content).sha256] for path, content in files.items()]
        made = self.api.post(self.root, {"name": name, "files": pairs, **words})
        assert made.status_code == 201, made.json()

    def get(self, path, /, **query):
        return self.api.get(f"{self.root}/{path}", **query)


def test_rows_of_a_table_by_the_page(caller):
    caller.add("t", {"a.csv": b"a,b\n1,x\n2,y\n3,z\n"}, form="tabular", reading=READING)
    found = caller.get("t/1/preview", **{"from": 1, "count": 1}).json()
    assert (found["kind"], found["rows"], found["next"]) == ("table", [[2, "y"]], 2)
    assert caller.get("t").json()["reading"] == {"format": "delimited", "encoding": "utf8"}
    assert caller.get("t/1/preview", **{"from": "x"}).status_code == 400


def test_a_table_among_files_is_read_by_its_name(caller):
    caller.add("f", {"a.csv": b"a\n1\n", "b.tsv": b"a\tb\n1\t2\n", "c.bin": b"x"})
    assert caller.get("f/1/preview", path="b.tsv").json()["rows"] == [[1, 2]]
    refused = caller.get("f/1/preview", path="c.bin")
    assert (refused.status_code, "no table by its name" in refused.json()["error"]["message"]) == (
        400,
        True,
    )
    assert caller.get("f/1/preview", path="nothing.csv").status_code == 404


def test_pictures_by_the_page(caller):
    files = {f"p/{n:02d}.{'PNG' if n % 2 else 'jpeg'}": b"%d" % n for n in range(7)}
    caller.add("p", {**files, "readme.txt": b"x"})
    first = caller.get("p/1/preview", count=5).json()
    assert (first["kind"], first["count"], first["next"]) == ("pictures", 7, 5)
    assert [item[0] for item in first["items"]] == sorted(files)[:5]
    rest = caller.get("p/1/preview", **{"from": 5}).json()
    assert ([item[0] for item in rest["items"]], rest["next"]) == (sorted(files)[5:], None)


def test_a_profile_counts_what_is_in_the_columns(caller):
    text = "n,name,score\n1,a,0.5\n2,b,\n3,a,1.5\n"
    caller.add("t", {"a.csv": text.encode()}, form="tabular", reading=READING)
    said = caller.get("t/1/profile").json()
    assert (said["state"], said["row_count"], said["is_whole"]) == ("Completed", 3, True)
    number, name, score = said["columns"]
    assert (number["least"], number["greatest"], number["mean"]) == (1, 3, 2.0)
    assert (name["distinct"], name["values"][0]) == (2, ["a", 2])
    assert (score["count"], score["missing"], score["mean"]) == (2, 1, 1.0)
    assert (score["kind"], name["kind"]) == ("number", "text")


def test_a_large_profile_is_made_by_the_worker_and_once(caller, workers, monkeypatch):
    monkeypatch.setattr(profiling, "SMALL_BYTES", 0)
    caller.add("t", {"a.csv": b"n\n1\n2\n"}, form="tabular", reading=READING)
    assert caller.get("t/1/profile").json() == {"state": "Running"}
    assert caller.get("t/1/profile").json()["state"] in ("Running", "Completed")
    workers.join("profiles")
    said = caller.get("t/1/profile").json()
    assert (said["state"], said["row_count"]) == ("Completed", 2)


def test_a_profile_of_what_cannot_be_read_says_so_and_files_have_none(caller):
    caller.add("t", {"a.parquet": b"no parquet"}, form="tabular", reading={"format": "parquet"})
    said = caller.get("t/1/profile").json()
    assert (said["state"], "no Parquet file" in said["error"]) == ("Failed", True)
    caller.add("f", {"a": b""})
    assert caller.get("f/1/profile").status_code == 400


def test_distinct_values_are_told_apart_up_to_a_bound(caller):
    rows = "\n".join(f"{n},{n % 3}" for n in range(30_000))
    content = f"many,few\n{rows}\n".encode()
    caller.add("t", {"a.csv": content}, form="tabular", reading=READING)
    many, few = caller.get("t/1/profile").json()["columns"]
    assert (many["distinct"], many["distinct_most"], many["values"]) == (None, 10_000, [])
    assert (few["distinct"], few["values"]) == (3, [[0, 10_000], [1, 10_000], [2, 10_000]])
    assert (many["least"], many["greatest"]) == (0, 29_999)


@pytest.mark.parametrize(("rows", "is_whole"), [(1000, True), (2500, False)])
def test_a_table_that_was_read_to_its_end_is_whole_however_long_that_took(tmp_path, rows, is_whole):
    """Rows come a thousand at a time; the time is over at once."""
    table = tmp_path / "a.jsonl"
    table.write_text("".join(f'{{"n": {row}}}\n' for row in range(rows)))
    asked = {"do": "profile", "seconds": 0, "files": [{"path": str(table), "name": "a.jsonl"}]}
    request = {**asked, "reading": {"format": "json_lines", "encoding": "utf8"}}
    said = answers.answer(request)["answer"]
    assert (said["row_count"], said["is_whole"]) == (1000, is_whole)
