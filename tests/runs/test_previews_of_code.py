"""Source code: its colours, search in it, and how it differs from another run's."""

import time

import pytest

from runs.comparing import sides, texts
from runs.models import Run
from studio.previewing import highlighting

SOURCE = '''import os


@cache
def f(x: int = 3) -> str:
    """D𝒟."""
    return "a" + b  # why
'''
# What rules that go back and forth stumble over, again and again in one line.
REPEATED = (
    "a", "(", '"', "'", "\\", "/*", "<", "{", "[", "a ", " \t", "#", "\n ", "$(", "@a.", "1e", "*",
    "`",
)  # fmt: skip


def roles(text: str, language: str) -> dict[str, str]:
    """Each coloured part of the text → its role."""
    found, at = {}, 0
    marks = highlighting.marks(text, language)
    wide = text.encode("utf-16-le")
    for length, role in zip(marks[::2], marks[1::2], strict=True):
        part = wide[2 * at : 2 * (at + length)].decode("utf-16-le")
        found[part.strip()] = highlighting.ROLES[role]
        at += length
    assert 2 * at == len(wide), "the marks are not of the whole text"
    return found


def test_python_is_coloured_by_what_its_parts_are():
    found = roles(SOURCE, "python")
    assert found["import"] == found["def"] == "keyword"
    assert found["# why"] == "comment"
    assert found['"""D𝒟."""'] == "string"
    assert (found["f"], found["@cache"], found["3"]) == ("name", "decorator", "number")


@pytest.mark.parametrize("language", sorted({*highlighting.LANGUAGES.values(), "docker", "make"}))
def test_no_text_takes_long_to_colour(language, monkeypatch):
    """Patterns that make a bad rule take minutes; the bound is far more than they take."""
    monkeypatch.setattr(highlighting, "MOST_SECONDS", 0.7)
    for part in REPEATED:
        began = time.monotonic()
        text = f"{part * (3900 // len(part))}\n" * 3
        marks = highlighting.marks(text, language)
        assert sum(marks[::2]) in (0, len(text))
        assert time.monotonic() - began < 30, f"{language}: {part!r}"


def search(caller, run_id: str, text: str, **query):
    return caller.get(f"/api/v1/runs/{run_id}/snapshot/search", text=text, **query)


def test_a_search_names_file_line_and_place(caller):
    files = {"a.py": "x = 1\nlearning_rate = 2\n", "b/c.txt": "LEARNING\n" + "z" * 900 + "learn\n"}
    run_id = caller.submit(files, script="a.py").json()["run_id"]
    answer = search(caller, run_id, "learn").json()
    places = [(match["path"], match["line"]) for match in answer["matches"]]
    assert places == [("a.py", 2), ("b/c.txt", 1), ("b/c.txt", 2)]
    for match in answer["matches"]:
        assert match["text"][match["start"] : match["end"]].lower() == "learn"
        assert len(match["text"]) <= 200
    exact = search(caller, run_id, "learn", case="1").json()["matches"]
    assert [match["path"] for match in exact] == ["a.py", "b/c.txt"]
    found = search(caller, run_id, r"^\w+_rate\s*=", regex="1").json()["matches"]
    assert [match["line"] for match in found] == [2]
    assert search(caller, run_id, r"\w+_", regex="0").json()["matches"] == []
    refused = search(caller, run_id, "(", regex="1")
    assert "no regular expression" in refused.json()["error"]["message"]
    assert refused.status_code == 400


def test_a_search_ends_whatever_is_asked(caller):
    run_id = caller.submit({"a.py": "a" * 50_000 + "\n" + "b\n" * 900}, script="a.py").json()[
        "run_id"
    ]
    began = time.monotonic()
    assert search(caller, run_id, "(a*)*$|(a|a)*b", regex="1").status_code == 200
    assert time.monotonic() - began < 60
    assert len(search(caller, run_id, "b").json()["matches"]) == 50


@pytest.fixture
def two(caller, client):
    """Two runs whose code differs, and the pages of who may see them."""
    old = "def f(size=64):\n    return size\n\n\nprint(f())\n"
    files = {"train.py": old, "gone.py": "1\n", "same.py": "2\n"}
    first = caller.submit(files).json()["run_id"]
    new = {"train.py": old.replace("64", "128"), "new.py": "3\n", "same.py": "2\n"}
    second = caller.submit(new).json()["run_id"]
    again = caller.submit(files).json()["run_id"]
    client.force_login(caller.user)
    return first, second, again


def test_the_page_says_which_runs_had_the_same_code(two, client):
    first, second, again = two
    page = client.get(f"/runs/{first}/code/").content.decode()
    name = Run.objects.get(run_id=again).name
    assert f">{name}</a>" in page.partition("Same code as")[2][:300]
    assert f'<option value="{second}"' in page and f'<option value="{again}"' not in page
    assert "Same code as" not in client.get(f"/runs/{second}/code/").content.decode()


def test_changes_are_listed_and_a_file_is_shown_in_one_or_two_columns(two, client):
    first, second, _ = two
    listed = client.get(f"/runs/{second}/code/_changes/", {"against": first}).content.decode()
    for words in ("1 changed, 1 added, 1 removed", "gone.py", "new.py", "train.py", "1 the same"):
        assert words in listed
    asked = {"against": first, "path": "train.py"}
    one = client.get(f"/runs/{second}/code/_difference/", asked).content.decode()
    assert "<mark>64</mark>" in one and "<mark>128</mark>" in one and 'class="one"' in one
    both = client.get(f"/runs/{second}/code/_difference/", {**asked, "look": "split"})
    assert 'class="two"' in both.content.decode()
    missing = client.get(f"/runs/{second}/code/_difference/", {"against": first, "path": "no.py"})
    assert missing.status_code == 404


def test_code_of_another_workspace_is_not_compared_with(two, client, stranger):
    first, _, _ = two
    theirs = stranger.submit().json()["run_id"]
    for path in ("_changes", "_difference"):
        asked = {"against": theirs, "path": "train.py"}
        assert client.get(f"/runs/{first}/code/{path}/", asked).status_code == 404
    assert client.get(f"/runs/{first}/code/", {"against": theirs}).status_code == 200


def test_lines_stand_beside_what_came_for_them():
    old = "a\nkeep = 1\nlong words here = 5\nz\n"
    new = "a\nkeep = 2\nlong words here = 6\nand more\nz\n"
    rows = sides.rows(texts.compare(old, new))
    assert [row.where for row in rows if row.where]
    pairs = [(row.left, row.right) for row in rows if row.right and row.right.kind == "added"]
    assert [(left and left.number, right.number) for left, right in pairs] == [
        (2, 2),
        (3, 3),
        (None, 4),
    ]
    left, right = pairs[0]
    assert [text for text, is_marked in left.parts if is_marked] == ["1"]
    assert "".join(text for text, _ in right.parts) == "keep = 2"
    kinds = [half.kind if half else "where" for half, _, _ in sides.in_one(rows)]
    assert kinds == ["where", "", "removed", "removed", "added", "added", "added", ""]


def test_words_of_lines_with_little_in_common_are_not_marked():
    before, after = sides.marked("import os", "class Model(Base):")
    assert before == [("import os", False)] and after == [("class Model(Base):", False)]
