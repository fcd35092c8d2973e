"""Columns out of paths, as previews and profiles read them."""

import time
from datetime import datetime

import pyarrow as pa
import pytest

from registry.tabling.partitions import Columns
from registry.tabling.sources import Unreadable


def columns(form: str, path: str) -> dict[str, object]:
    rows = pa.RecordBatch.from_pydict({"x": [1]})
    found = Columns({"partition_format": form}, path).in_front_of(rows).to_pylist()
    return {name: value for name, value in found[0].items() if name != "x"}


def test_names_times_and_stars():
    found = columns("/{state}/{at:yyyy/MM/dd}/*.csv", "data/.Bavaria (south)/2024/02/29/a+b.csv")
    assert found == {"state": ".Bavaria (south)", "at": datetime(2024, 2, 29)}  # noqa: DTZ001
    assert columns("/a.b-{day}/x.csv", "a.b-7/x.csv") == {"day": "7"}


@pytest.mark.parametrize("path", ["axb-7/x.csv", "a.b-7/y.csv", "x.csv"])
def test_another_path_is_refused(path):
    with pytest.raises(Unreadable, match="not like"):
        columns("/a.b-{day}/x.csv", path)


@pytest.mark.parametrize("form", ["".join(f"{{k{n}}}" for n in range(20)), "{k}" + "*a" * 60])
def test_a_hostile_format_takes_no_time(form):
    began = time.thread_time()
    with pytest.raises(Unreadable):
        columns(f"{form}!", "a" * 200)
    assert time.thread_time() - began < 10
