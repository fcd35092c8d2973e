"""A run's log by its lines, what is found in it, and the end of one that is too long."""

import pytest

from runs import logs
from runs.models import Run
from tests.factories import make_workspace
from tests.runs.conftest import make_caller, on_its_nodes
from tests.runs.test_driver_calls import LOG, log

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller) -> Run:
    return on_its_nodes(caller)


@pytest.fixture
def driver(run, driver_of):
    return driver_of(run)


def lines(caller, run, **query):
    return caller.get(f"/api/v1/runs/{run.run_id}/log/lines", path=LOG, **query)


def found(caller, run, **query):
    return caller.get(f"/api/v1/runs/{run.run_id}/log/find", path=LOG, **query)


def test_lines_come_by_their_numbers_and_from_the_end(driver, caller, run):
    log(driver, 0, b"".join(b"line %d\n" % n for n in range(100)) + b"open")
    answer = lines(caller, run, **{"from": 40, "count": 2}).json()
    assert answer["lines"] == ["line 40", "line 41"]
    assert (answer["from"], answer["line_count"], answer["is_cut"]) == (40, 101, False)
    end = lines(caller, run, **{"from": -2}).json()
    assert (end["from"], end["lines"], end["is_open"]) == (99, ["line 99", "open"], True)
    assert (end["next_offset"], end["is_complete"]) == (end["size_bytes"], False)
    assert lines(caller, run, count=2001).status_code == 400


def test_the_rest_of_a_long_line_is_at_its_offset(driver, caller, run):
    log(driver, 0, b"x" * 70_000 + b"END\nnext\n")
    answer = lines(caller, run).json()
    [rest] = answer["rests"]
    assert (rest["line"], len(answer["lines"][0]), rest["offset"]) == (0, 65_536, 65_536)
    more = caller.get(
        f"/api/v1/runs/{run.run_id}/log",
        path=LOG, offset=rest["offset"], limit=rest["end"] - rest["offset"],
    ).json()  # fmt: skip
    assert more["text"] == "x" * (70_000 - 65_536) + "END"


def test_what_is_found_says_where_and_where_to_go_on(driver, caller, run):
    log(driver, 0, b"loss 1\nLoss 2\nnothing\nloss 3 loss\n")
    every = found(caller, run, text="loss").json()
    assert [hit["line"] for hit in every["matches"]] == [0, 1, 3, 3]
    assert (every["next"], every["count"]) == (None, 4)
    back = found(caller, run, text="loss", back=1, case=1, limit=1).json()
    assert back["matches"][0] == {"line": 3, "start": 7, "end": 11}
    assert back["next"] is not None
    again = found(caller, run, text="loss", back=1, case=1, **{"from": back["next"]}).json()
    assert [hit["line"] for hit in again["matches"]] == [0]
    assert found(caller, run, text=r"^\w+ \d$", regex=1).json()["count"] == 2


def test_a_bad_pattern_is_refused_with_the_reason(driver, caller, run):
    log(driver, 0, b"a\n")
    refused = found(caller, run, text="(a", regex=1)
    assert refused.status_code == 400
    assert "“(a” is no valid pattern: missing )" in refused.json()["error"]["message"]
    assert found(caller, run, text="").status_code == 400


def test_nobody_else_reads_or_searches_it(driver, caller, run):
    log(driver, 0, b"secret\n")
    stranger = make_caller("stranger", make_workspace())
    assert lines(stranger, run).status_code == 404
    assert found(stranger, run, text="secret").status_code == 404


def test_the_same_log_of_other_ranks_is_named(driver, caller, run):
    for rank in (0, 10, 2):
        log(driver, 0, b"x\n", f"azureml-logs/70_driver_log_{rank}.txt")
    log(driver, 0, b"x\n", "logs/other_3.txt")
    answer = caller.get(
        f"/api/v1/runs/{run.run_id}/log/lines", path="azureml-logs/70_driver_log_2.txt", ranks=1
    ).json()
    assert answer["ranks"] == [[n, f"azureml-logs/70_driver_log_{n}.txt"] for n in (0, 2, 10)]
    assert logs.ranks_of(run, "logs/other_3.txt") == []


def test_a_driver_is_not_held_up_by_a_log_that_is_full(driver, caller, run, settings):
    settings.LOG_MAX_BYTES = 2**20
    line = b"0123456789 abcdefg\n"
    many = line * 40_000
    assert log(driver, 0, many).json() == {"at": len(many), "is_cut": False}
    assert log(driver, len(many), many).json() == {"at": 2 * len(many), "is_cut": False}
    # From then on it need not send what nobody keeps.
    assert log(driver, 2 * len(many), many).json() == {"at": 3 * len(many), "is_cut": True}
    answer = lines(caller, run, **{"from": -1}).json()
    assert answer["is_cut"]
    assert answer["lines"] == [
        "… the log has reached its limit of 1 MB; what the script writes after this is not kept"
    ]
    assert answer["size_bytes"] < 2**20 + 200
