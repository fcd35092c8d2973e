"""Which files of an output a pattern names: as a regular expression would say, without its cost."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from trainyard._driver.globs import Glob

PIECES = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
HOSTILE = "*a*a*a*a*a*a*a*a*.csv"


def is_named(pattern, path):
    """The same by backtracking."""
    words = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.lstrip("/"))
    expression = "".join(PIECES.get(word, re.escape(word)) for word in words)
    return re.fullmatch(expression, path, re.DOTALL) is not None


patterns = some.lists(some.sampled_from(["*", "**", "**/", "?", "/", "a", "b", "ab", "."])).map(
    lambda pieces: "".join(pieces[:8])
)


@given(patterns, some.text("ab./", max_size=10))
def test_it_names_what_an_expression_names(pattern, path):
    assert Glob(pattern).match(path) == is_named(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "named", "not_named"),
    [
        ("*.csv", ["a.csv", ".csv"], ["deep/a.csv", "a.csv.gz", "a.CSV"]),
        ("**/*.csv", ["a.csv", "deep/a.csv", "deep/er/a.csv"], ["a.txt", "a.csv/b"]),
        ("**.csv", ["a.csv", "deep/a.csv"], ["a.csv2"]),
        ("deep/**", ["deep/a", "deep/er/a"], ["deep", "deeper/a"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["a/bz", "az"]),
        ("**", ["a", "a/b"], []),
        ("part-???.csv", ["part-001.csv"], ["part-1.csv", "part-0/1.csv"]),
        ("/top.csv", ["top.csv"], ["a/top.csv"]),
        ("[a].c+v", ["[a].c+v"], ["a.ccv"]),
        ("", [""], ["a"]),
        ("*", ["two\nlines", "é"], ["a/b"]),
    ],
)
def test_what_the_pieces_stand_for(pattern, named, not_named):
    glob = Glob(pattern)
    assert [path for path in named + not_named if glob.match(path)] == named


@pytest.mark.parametrize("pattern", [HOSTILE, HOSTILE.replace("*", "**"), "**/*a" * 9 + "?.csv"])
def test_no_pattern_takes_long(pattern):
    glob, paths = Glob(pattern), ["a" * 60, "a/" * 30 + "a", "ab" * 500]
    began = time.thread_time()
    assert not any(glob.match(path) for path in paths)
    assert time.thread_time() - began < 10
    assert glob.match(paths[0] + "b.csv")
