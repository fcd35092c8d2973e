"""A page of a table: its columns, its order, where it goes on, and how much it asks for."""

import random

import pytest
from django.http import QueryDict
from django.utils.timezone import now

from runs import tables
from runs.models import Run
from runs.states import State
from runs.tables import Asked
from runs.tables.ordering import Place
from runs.tables.selection import select
from studio.errors import BadInput
from tests.factories import make_cluster, make_experiment, make_tree, make_user, make_workspace
from tests.runs.rows import make_measured

NAN = float("nan")


@pytest.fixture
def experiment(db):
    return make_experiment(workspace=make_workspace(), name="digits")


@pytest.fixture
def make(experiment):
    """Runs of the experiment that share what costs time to make."""
    shared = {
        "user": make_user(username="anna"),
        "snapshot": make_tree(),
        "cluster": make_cluster(workspace=experiment.workspace),
    }

    def make_one(**fields):
        return make_measured(experiment, **{**shared, **fields})

    return make_one


def numbers(page):
    return [row.run.number for row in page.rows]


def everything(experiment, asked):
    """All pages of a table, by following its cursor."""
    found, cursor = [], ""
    while cursor is not None:
        page = tables.page(experiment, Asked(**{**asked, "cursor": cursor}))
        found += numbers(page)
        cursor = page.following
    return found


def test_what_has_no_value_comes_last_both_ways(experiment, make):
    for loss in (0.3, None, NAN, 0.1, 0.3):
        make(metrics={} if loss is None else {"loss": loss})
    sort = "metrics.loss"
    assert numbers(tables.page(experiment, Asked(sort=sort))) == [4, 5, 1, 3, 2]
    assert numbers(tables.page(experiment, Asked(sort=f"-{sort}"))) == [5, 1, 4, 3, 2]
    assert everything(experiment, {"sort": f"-{sort}", "size": 1}) == [5, 1, 4, 3, 2]


def test_parameters_sort_as_numbers_then_as_texts(experiment, make):
    for text in ("10", "9", "auto", None, "-1e-3", "all"):
        make(arguments=[] if text is None else [f"--batch={text}"])
    assert everything(experiment, {"sort": "params.batch", "size": 2}) == [5, 2, 1, 6, 3, 4]
    assert everything(experiment, {"sort": "-params.batch", "size": 2}) == [1, 2, 5, 3, 6, 4]


@pytest.mark.parametrize(
    "fact",
    [
        *("name", "state", "number", "duration", "submitted", "started", "by", "cluster"),
        *("environment", "script"),
    ],
)
def test_every_fact_sorts_and_pages(experiment, make, fact):
    names = ("delta", "alpha", "charlie", "bravo", "alpha")
    for number, name in enumerate(names):
        ended = {"state": State.FAILED, "duration_s": 5.0 - number}
        started = {"started_at": now()} if number % 2 else {}
        make(name=name, created_at=now(), **(ended if number % 3 else {}), **started)
    whole = numbers(tables.page(experiment, Asked(sort=fact)))
    assert everything(experiment, {"sort": fact, "size": 2}) == whole
    assert sorted(whole) == [1, 2, 3, 4, 5]
    downwards = everything(experiment, {"sort": f"-{fact}", "size": 1})
    assert sorted(downwards) == sorted(whole)
    if fact == "name":
        assert (whole, downwards) == ([5, 2, 4, 3, 1], [1, 3, 4, 5, 2])
    if fact == "duration":
        assert (whole, downwards) == ([5, 3, 2, 4, 1], [2, 3, 5, 4, 1])


@pytest.mark.parametrize("query", ["", "metrics.acc > 0.2"])
@pytest.mark.parametrize("sort", ["", "-metrics.acc", "metrics.acc.min", "name"])
def test_runs_that_come_meanwhile_shift_nothing(experiment, make, query, sort):
    dice = random.Random(3)
    for number in range(12):
        make(name=f"run {number:02}", metrics={"acc": dice.choice((0.25, 0.5, 0.75))})
    before = numbers(tables.page(experiment, Asked(query=query, sort=sort, size=50)))
    assert len(before) == 12
    seen, cursor = [], ""
    while cursor is not None:
        page = tables.page(experiment, Asked(query=query, sort=sort, size=5, cursor=cursor))
        assert page.count >= 12
        seen += numbers(page)
        cursor = page.following
        make(name="run 00", metrics={"acc": 0.5})
    assert [number for number in seen if number <= 12] == before
    assert len(seen) == len(set(seen))


def test_archived_runs_are_shown_where_they_are_asked_for(experiment, make):
    for loss in (1.0, 2.0, 3.0):
        make(metrics={"loss": loss}, state=State.COMPLETED)
    Run.objects.filter(number=2).update(archived_at=now())
    for asked in ({}, {"sort": "metrics.loss"}, {"query": "metrics.loss > 1"}):
        page = tables.page(experiment, Asked(**asked))
        assert 2 not in numbers(page)
        assert (page.count, page.all_count, page.archived_count) == (len(page.rows), 2, 1)
        page = tables.page(experiment, Asked(**asked, archived=True))
        assert 2 in numbers(page)
        assert (page.count, page.all_count) == (len(page.rows), 3)


def test_cells_are_what_was_logged(experiment, make):
    make(
        metrics={"loss": (0.1, 0.2, 9.0), "nan": NAN, "note": "warm"},
        arguments=["--lr", "1e-3", "--model", "net"],
        tags={"stage": "final"},
    )
    keys = (
        *("metrics.loss", "metrics.loss.min", "metrics.loss.max", "metrics.nan", "metrics.note"),
        *("metrics.none", "params.lr", "params.model", "tags.stage", "by", "duration"),
    )
    [row] = tables.page(experiment, Asked(columns=keys)).rows
    values = [cell and (cell.value, cell.kind) for cell in row.cells]
    assert values == [
        (0.2, "float"), (0.1, "float"), (9.0, "float"), ("NaN", "float"), ("warm", "text"),
        None, ("1e-3", "float"), ("net", "text"), ("final", "text"), ("anna", "text"), None,
    ]  # fmt: skip
    assert (row.cells[3].nan_count, row.cells[3].first_nan_step) == (1, 0)


def test_usual_columns_are_those_of_the_newest_runs(experiment, make):
    make(metrics={f"old {number}": 1.0 for number in range(6)})
    for _ in range(20):
        make(metrics={"loss": 1.0, "note": "text"}, arguments=["--lr", "1"], tags={"a": "b"})
    page = tables.page(experiment, Asked())
    assert [column.key for column in page.columns] == [
        "state", "name", "metrics.loss", "params.lr", "tags.a",
        "duration", "submitted", "by", "cluster",
    ]  # fmt: skip
    offered = {column.key: column.is_default for column in tables.columns_of(experiment)}
    assert offered['metrics."old 3".max'] is offered["metrics.loss.min"] is False
    assert [key for key, usual in offered.items() if usual and "." in key] == [
        "metrics.loss", "params.lr", "tags.a",
    ]  # fmt: skip


def test_a_query_that_cannot_be_read_leaves_all_rows(experiment, make):
    make(metrics={"loss": 1.0})
    make()
    page = tables.page(experiment, Asked(query="metrics.lost < 3", sort="-metrics.loss"))
    assert (numbers(page), page.count) == ([2, 1], 2)
    assert page.error is not None
    assert (page.error.position, page.error.end) == (0, 12)
    assert page.asked.query == "metrics.lost < 3"
    assert page.error.expected == ("metrics.loss",)
    page = tables.page(experiment, Asked(sort="sideways"))
    assert page.error is not None and '"sideways"' in page.error.message


def test_the_best_run_is_by_what_the_name_says(experiment, make):
    for loss, acc in ((0.5, 0.1), (0.2, 0.9), (NAN, NAN)):
        make(metrics={"val/loss": loss, "trainAccuracy": acc})
    assert tables.best(experiment, "val/loss").run.number == 2
    assert tables.best(experiment, "val/loss", "max").value == 0.5
    assert tables.best(experiment, "trainAccuracy").goal == "max"
    assert tables.best(experiment, "nothing") is None
    goals = {
        "val_rmse": "min",
        "f1": "max",
        "Perplexity": "min",
        "top1_error": "min",
        "glossy": "max",
    }
    assert {name: tables.goal_of(name) for name in goals} == goals


def test_a_name_says_which_way_is_better_or_says_nothing():
    said = {
        "val_loss": "min", "TrainError": "min", "top5_acc": "max", "val/mAP": "max", "f1": "max",
        "learning_rate": None, "lr-group0": None, "epoch": None, "grad_norm": None, "glossy": None,
        "accelerate": None,
    }  # fmt: skip
    assert {name: tables.direction_of(name) for name in said} == said


def test_ids_are_limited_and_sorted(experiment, make):
    made = [make(metrics={"loss": float(number)}).run_id for number in range(4)]
    assert tables.ids_of(experiment, "metrics.loss > 0", most=2) == [made[3], made[2]]
    assert tables.ids_of(experiment, "metrics.loss > 0", sort="metrics.loss") == made[1:]
    assert [run.run_id for run in tables.runs_of(experiment, "", most=1)] == [made[3]]


def test_a_table_is_a_fixed_number_of_queries(experiment, make, django_assert_max_num_queries):
    for number in range(60):
        make(
            metrics={f"group/metric {name}": number / (name + 1) for name in range(300)},
            arguments=[f"--lr={number}"],
        )
    first, last = 'metrics."group/metric 0"', 'metrics."group/metric 299"'
    with django_assert_max_num_queries(9):
        page = tables.page(experiment, Asked())
    assert (len(page.rows), page.count, page.rows[0].run.number) == (50, 60, 60)
    asked = Asked(
        query=f"{first} >= 10 and not ({last} > 0.1 or params.lr = 12)",
        sort=f"-{last}",
        columns=(first, last, f"{last}.min", "params.lr", "name"),
        size=10,
    )
    with django_assert_max_num_queries(8):
        page = tables.page(experiment, asked)
    assert numbers(page) == [31, 30, 29, 28, 27, 26, 25, 24, 23, 22]
    assert page.count == 20
    assert [cell.value for cell in page.rows[0].cells[:2]] == [30.0, 30 / 300]
    following = Asked(**{**vars(asked), "cursor": page.following})
    with django_assert_max_num_queries(8):
        page = tables.page(experiment, following)
    assert (numbers(page), page.count) == ([21, 20, 19, 18, 17, 16, 15, 14, 12, 11], 20)
    with django_assert_max_num_queries(2):
        assert len(tables.columns_of(experiment)) == 10 + 3 * 300 + 1


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "bnVsbA", "WzAsMSwyLDNd" * 9, "é", "\0", "WzksbnVsbCwxLDFd"]
)
def test_a_cursor_that_no_table_gave_is_refused(experiment, make, cursor):
    make()
    asked = Asked.read(QueryDict(mutable=True) | {"cursor": cursor})
    try:
        page = tables.page(experiment, asked)
    except BadInput as error:
        assert "cursor" in error.fields
    else:
        assert numbers(page) == []  # a place behind all there is


@pytest.mark.parametrize("sort", ["name", "submitted", "number", "metrics.loss", "params.lr"])
@pytest.mark.parametrize("value", ["text", 5, 1e308, True, 2**70])
def test_a_cursor_of_another_order_harms_nothing(experiment, make, sort, value):
    make(metrics={"loss": 1.0}, arguments=["--lr", "1"])
    place = Place(0, value, 1)
    try:
        tables.page(experiment, Asked(sort=sort, cursor=place.written()))
    except BadInput as error:
        assert "cursor" in error.fields


def test_an_address_is_read_and_written(experiment):
    text = 'q=a+%26+b&sort=-metrics."x.min"&columns=name,metrics."a,b".max,no,PARAMS.lr&archived=1'
    asked = Asked.read(QueryDict(text + "&size=500&cursor=abc"))
    assert asked.columns == ("name", 'metrics."a,b".max', "params.lr")
    assert (asked.query, asked.sort) == ("a & b", '-metrics."x.min"')
    assert (asked.archived, asked.size, asked.cursor) == (True, 200, "abc")
    assert Asked.read(QueryDict(asked.address())) == asked
    assert Asked.read(QueryDict(asked.address(cursor="", sort=""))).sort == ""
    odd = Asked.read(QueryDict("size=-1&sort=%00&columns=%22,,%22&q=%00&cursor=%00"))
    assert (odd.size, odd.columns) == (50, ())


@pytest.mark.parametrize(("query", "count"), [("number < -1e30", 0), ("not number < 1e308", 0)])
def test_a_number_that_no_column_can_hold_is_asked_for(experiment, make, query, count):
    make(metrics={"loss": 0.5})
    page = tables.page(experiment, Asked(query=query, sort="metrics.loss"))
    assert (page.error, page.count, len(page.rows)) == (None, count, 0)
    assert tables.page(experiment, Asked(query="number < 1e30")).count == 1


def test_another_statement_between_those_of_a_page_is_left_as_it_is(experiment, make):
    make(metrics={"loss": 0.5})
    with select(experiment, "metrics.loss < 1").once() as meant:
        assert Run.objects.filter(name__contains="%").count() == 0
        assert meant.runs.count() == 1
