"""How a dataset is read, on its page: columns of paths, types, steps, conditions, in words."""

import pytest

from registry import datasets, reading_words, tables
from studio.errors import BadInput
from tests.factories import make_member, make_tree

FILTER = ["filter", ["and", [">", ["column", "x"], 5], ["starts_with", ["column", "name"], "a"]]]


def words(*steps, is_table=True, **more):
    return reading_words.words({**more, "steps": list(steps)}, is_table=is_table)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (FILTER, ("Rows where", '(x > 5) and (name starts with "a")')),
        (["filter", ["not", ["is_null", ["column", "x"]]]], ("Rows where", "not (x is missing)")),
        (
            ["filter", ["<", ["column", "x"], ["time", "2026-01-01T00:00:00+00:00"]]],
            ("Rows where", "x < 2026-01-01"),
        ),
        (
            ["filter", ["==", ["length", ["column", "x"]], ["time", "2026-01-01T02:00:00+00:00"]]],
            ("Rows where", "(length of (x)) == 2026-01-01T02:00:00 UTC"),
        ),
        (
            ["filter", ["and", ["and", ["column", "a"], ["column", "b"]], ["or", True, None]]],
            ("Rows where", "a and b and (true or null)"),
        ),
        (["keep_columns", ["a", "b"]], ("Columns", "only a, b")),
        (["drop_columns", ["c"]], ("Columns", "without c")),
        (["take", 1000], ("First", "1,000 rows")),
        (["skip", 2], ("Without", "the first 2 rows")),
        (["split", 0.8, 7, False], ("Random part", "20% of the rows")),
        (["timestamps", "at", None], ("Times", "at")),
        (["time", "at", "2026", None, True], ("Rows", "with at from 2026")),
        (["time", "at", "1", "2", False], ("Rows", "with at from 1 to 2, without the ends")),
        (["of another age", 1], ("Step", '["of another age", 1]')),
        (["filter", [[1], 2]], ("Step", '["filter", [[1], 2]]')),
        (7, ("Step", "7")),
    ],
)
def test_a_step_is_said_in_words(step, said):
    assert words(step) == [said]


def test_columns_of_paths_and_types_are_said():
    found = words(
        ["filter", [">", ["metadata", "Size"], 10]],
        is_table=False,
        partition_format="/{state}/{at:yyyy}/x",
        types={"a": {"to": "long"}, "b": {"to": "datetime"}},
        invalid_lines="drop",
    )
    assert found == [
        ("Columns of paths", "state, at (/{state}/{at:yyyy}/x)"),
        ("Types", "a: whole number, b: time"),
        ("Lines", "those that hold no JSON object are left out"),
        ("Files where", "Size > 10"),
    ]
    deep: list = ["column", "x"]
    for _ in range(5000):
        deep = ["not", deep]
    with pytest.raises(RecursionError):
        reading_words.condition(deep)
    assert reading_words.words({"steps": "x", "types": 3}, is_table=True) == []


def test_the_page_of_a_version_says_them(db, as_user):
    member = make_member()
    table = {"format": "delimited", "steps": [FILTER], "partition_format": "/{day}.csv"}
    datasets.register(
        member.workspace, member.user, name="t", tree=make_tree(), form="tabular", reading=table
    )
    client = as_user(member.user)
    page = client.get(f"/w/{member.workspace.name}/data/t/1/").content.decode()
    assert "<dt>Rows where</dt><dd>(x &gt; 5) and (name starts with &quot;a&quot;)</dd>" in page
    assert "<dt>Columns of paths</dt><dd>day (/{day}.csv)</dd>" in page
    assert "These are the rows of the files" in page
    profile = client.get(f"/w/{member.workspace.name}/data/t/1/?tab=profile").content.decode()
    assert "This is of all rows of the files" in profile


def test_of_files_the_columns_of_paths_count_and_the_steps_do_not(db):
    member = make_member()
    tree = make_tree(a="1")

    def register(**reading):
        known = tables.checked_reading("file", reading)
        return datasets.register(
            member.workspace, member.user, name="f", tree=tree, reading=known,
            create_new_version=True,
        )[0]  # fmt: skip

    first = register(steps=[["take", 1]])
    assert register().number == register(steps=[["skip", 1]], format="csv").number == 1
    assert first.dataset.reading == {"steps": [["take", 1]]}
    other = register(partition_format="/{a}")
    assert (other.number, other.dataset.reading) == (2, {"partition_format": "/{a}"})
    for wrong in ({"steps": "x"}, {"partition_format": ["/{a}"]}, {"steps": ["x" * 30_000]}, []):
        with pytest.raises(BadInput, match="reading"):
            tables.checked_reading("file", wrong)
