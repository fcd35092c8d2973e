"""What two runs differ in: command, files of their code, environment."""

import random
import time

import pytest

from runs.comparing import code, texts
from runs.models import Run
from tests.factories import make_experiment, make_run, make_tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(caller):
    return make_experiment(workspace=caller.workspace)


def pair(experiment, old: dict[str, str], new: dict[str, str], **fields) -> tuple[Run, Run]:
    trees = (make_tree(**files) for files in (old, new))
    return tuple(make_run(experiment=experiment, snapshot=tree, **fields) for tree in trees)


def test_only_files_with_other_contents_are_told(experiment):
    a, b = pair(
        experiment,
        {"train__py": "a\n", "same__py": "x\n", "old__py": "1\n"},
        {"train__py": "ab\n", "same__py": "x\n", "new__py": ""},
    )
    found = code.files(a, b)
    assert found.changes == [
        code.FileChange("new.py", "added", None, 0),
        code.FileChange("old.py", "removed", 2, None),
        code.FileChange("train.py", "changed", 2, 3),
    ]
    assert found.counts == {"changed": 1, "added": 1, "removed": 1}
    assert found.same == 1
    assert code.files(a, a).changes == []


def test_a_file_is_shown_line_by_line_with_its_numbers(experiment):
    old = "".join(f"line {number}\n" for number in range(1, 21))
    a, b = pair(experiment, {"f__py": old}, {"f__py": old.replace("line 10\n", "line ten\nmore\n")})
    lines = code.file(a, b, "f.py").lines
    assert lines is not None
    assert (lines.added, lines.removed, lines.cut, lines.is_rough) == (2, 1, 0, False)
    assert lines.lines[0] == ("where", 0, 0, "@@ lines 7–13 → lines 7–14 @@")
    assert [line[:3] for line in lines.lines if line.kind] == [
        ("where", 0, 0), ("removed", 10, 0), ("added", 0, 10), ("added", 0, 11),
    ]  # fmt: skip
    assert lines.lines[-1] == ("", 13, 14, "line 13")


def test_an_added_and_a_removed_file_are_shown_whole(experiment):
    a, b = pair(experiment, {"a__py": "1\n2\n"}, {"b__py": "3\n"})
    assert [line.kind for line in code.file(a, b, "a.py").lines.lines] == [
        "where", "removed", "removed",
    ]  # fmt: skip
    assert [line.text for line in code.file(a, b, "b.py").lines.lines[1:]] == ["3"]


def test_what_is_no_text_or_too_large_is_said(experiment):
    a, b = pair(experiment, {"m__bin": "a\0b"}, {"m__bin": "a\0c"})
    assert code.file(a, b, "m.bin").lines is None
    assert "no text" in code.file(a, b, "m.bin").remark
    large = "x\n" * (code.MOST_BYTES // 2 + 1)
    a, b = pair(experiment, {"l__txt": large}, {"l__txt": large + "y"})
    assert "larger than 1 MiB" in code.file(a, b, "l.txt").remark


def applied(old: list[str], new: list[str], codes) -> list[str]:
    """What the opcodes make of `old`."""
    made = []
    for tag, i, j, k, n in codes:
        made += old[i:j] if tag == "equal" else new[k:n]
    return made


def test_any_two_texts_are_aligned_so_that_one_becomes_the_other():
    chance = random.Random(5)
    for _ in range(200):
        old = [chance.choice("abcdef") for _ in range(chance.randrange(40))]
        new = [chance.choice("abcdef") for _ in range(chance.randrange(40))]
        codes, is_rough = texts.opcodes(old, new)
        assert not is_rough
        assert applied(old, new, codes) == new
        shown = texts.compare("\n".join(old), "\n".join(new)).lines
        assert sum(line.kind == "removed" for line in shown) == len(old) - sum(
            code[2] - code[1] for code in codes if code[0] == "equal"
        )


def worst(kind: str) -> tuple[list[str], list[str]]:
    chance = random.Random(1)
    if kind == "alike":  # pairs of equal lines without end
        return ["x", "y"] * 60_000, ["y", "x", "x"] * 50_000
    if kind == "often":  # each line just seldom enough to be looked at
        words = [str(number) for number in range(150)]
        return chance.choices(words, k=60_000), chance.choices(words, k=60_000)
    lines = [str(number) for number in range(80_000)]
    return lines, chance.sample(lines, len(lines))


@pytest.mark.parametrize("kind", ["alike", "often", "shuffled"])
def test_texts_that_would_take_minutes_are_answered_in_time(kind):
    old, new = worst(kind)
    before = time.monotonic()
    codes, is_rough = texts.opcodes(old, new)
    assert time.monotonic() - before < 60
    assert applied(old, new, codes) == new
    assert is_rough or kind != "often"
    shown = texts.compare("\n".join(old), "\n".join(new), seconds=0)
    assert len(shown.lines) == texts.MOST_SHOWN
    assert shown.cut > 0


def test_commands_are_compared_word_by_word(experiment):
    a = make_run(experiment=experiment, arguments=["--lr", "0.1", "--fast"])
    b = make_run(experiment=experiment, arguments=["--lr", "0.2", "--fast"])
    assert [tuple(word) for word in code.arguments(a, b)] == [
        ("", "train.py"), ("", "--lr"), ("removed", "0.1"), ("added", "0.2"), ("", "--fast"),
    ]  # fmt: skip


def test_definitions_of_environments_are_compared(experiment):
    a = make_run(experiment=experiment, definition={"pip": "six\nnumpy==1\n"})
    b = make_run(experiment=experiment, definition={"pip": "six\nnumpy==2\n"})
    marked = [(line.kind, line.text) for line in code.definitions(a, b).lines if line.kind]
    assert marked[1:] == [("removed", "numpy==1"), ("added", "numpy==2")]
    changes, remark = code.packages(a, b)
    assert changes.changed == []
    assert remark.startswith(f"{a.name} and {b.name} have no lock")


def test_the_page_shows_them_and_refuses_what_is_not_its_own(as_user, caller, stranger, experiment):
    a, b = pair(experiment, {"f__py": "<b>1</b>\n"}, {"f__py": "2\n"}, arguments=["--x"])
    browser = as_user(caller.user)
    home = f"/w/{caller.workspace.name}/compare/"
    two = {"a": a.run_id, "b": b.run_id}
    page = browser.get(f"{home}_code/", two)
    assert page.status_code == 200
    assert "1 changed, 0 added, 0 removed, 0 the same" in page.content.decode()
    shown = browser.get(f"{home}_file/", {**two, "path": "f.py"}).content.decode()
    assert "&lt;b&gt;1&lt;/b&gt;" in shown
    assert browser.get(f"{home}_file/", {**two, "path": "no.py"}).status_code == 404
    assert browser.get(f"{home}_code/", {"a": a.run_id}).status_code == 400
    foreign = make_run(experiment=make_experiment(workspace=stranger.workspace))
    two["b"] = foreign.run_id
    assert browser.get(f"{home}_code/", two).status_code == 404
    assert as_user(stranger.user).get(f"{home}_code/", two).status_code == 404
