"""Definitions that are only there to be slow or to break something: one sentence, at once."""

import itertools
import json
import time

import pytest

from compute.recipes import from_definition
from studio.errors import BadInput

MANY = 250_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n" for before, name in itertools.pairwise(LETTERS)
)
WRONG = {
    "five megabytes": ({"conda": "a" * 5_000_000}, "5,000,000 characters; 262,144 at most"),
    "brackets": ({"conda": "[" * MANY}, "column 21: .*nested too deeply"),
    "dashes": ({"conda": "- " * (MANY // 2)}, "nested too deeply"),
    "maps": ({"conda": "{a: " * 60_000}, "nested too deeply"),
    "keys": ({"conda": "? " * 100_000}, "nested too deeply"),
    "laughs": ({"conda": LAUGHS}, r"line 2, column 8: \*a repeats another part, .* write it out"),
    "a loop": ({"conda": "dependencies: &a\n- pip: *a\n"}, "repeats another part"),
    "many keys": ({"conda": "a: 1\n" * 40_000}, "longer than any conda file"),
    "many packages": ({"conda": "dependencies:\n" + "- six\n" * 4000}, "line 2002: .*2,000"),
    "an object": ({"conda": "!!python/object/apply:os.system [id]"}, "begins with keys"),
    "a list as key": ({"conda": "? [a, b]\n: c\n"}, "line 1, column 3: a key must be one word"),
    "NUL": ({"conda": "name: \0"}, "line 1, column 7: this is not YAML"),
    "half a character": ({"conda": "name: \ud800"}, "line 1, column 7: this is not YAML"),
    "NUL in pip": ({"pip": "six\n# \0\n"}, "line 2, column 3: pip holds a character"),
    "a long word": ({"pip": "a" * MANY}, "250,000 characters long; is a line break missing?"),
    "a long line": ({"pip": "a " * (MANY // 2)}, "is a line break missing?"),
    "many lines": ({"pip": "six\n" * 60_000}, "line 2001: a definition has at most 2,000"),
    "many options": ({"pip": "--pre\n" * 40_000}, "line 2001: a definition has at most 2,000"),
    "parentheses": ({"pip": "a; " + "(" * 400}, "is not a pip requirement"),
    "an option": ({"pip": "--a" * 5_000}, "is not known"),
    "brackets of conda": (
        {"conda": f"dependencies: ['x[{'a' * 200_000}]']"}, "is a line break missing?",
    ),
    "a version": ({"pip": "", "python": "1" * 100_000}, "is not a Python version"),
    "a version of many parts": ({"pip": "", "python": f"1{'rc' * 29}!"}, "is not a Python version"),
    "separators": ({"pip": "", "python": f"1{'a_' * 28}!"}, "is not a Python version"),
    "many entries": ({"packages": {"pip": ["six"] * 100_000}}, "at most 2,000 requirements"),
    "a base": ({"base_image": "a-" * 100_000}, "names no Docker image"),
    "stages": ({"dockerfile": "FROM a\n" * 30_000}, "at most 1,000 lines"),
    "a variable": ({"pip": "", "variables": {"A": "x" * 10**6}}, "8,192 at most"),
    "a variable's name": ({"pip": "", "variables": {"A" * 10**6: "x"}}, "cannot name an"),
    "variables": ({"pip": "", "variables": {f"A{n}": "" for n in range(5000)}}, "at most 200"),
    "a key": ({"a" * 10**6: 1}, "a definition has no aaa"),
}  # fmt: skip
SLOW_BUT_RIGHT = {
    "line breaks": {"pip": "\n" * MANY},
    "continuations": {"pip": "\\\n" * (MANY // 2)},
    "comments": {"pip": "# x\n" * (MANY // 4)},
    "a comment of conda": {"conda": "#" * MANY},
    "requirements": {"pip": "".join(f"p{n}[a]>=1,<2; python_version>'3.6'\n" for n in range(2000))},
    "heredocs": {"dockerfile": "FROM a\nRUN " + "<<a " * 50_000},
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_in_one_short_sentence_and_at_once(name):
    definition, said = WRONG[name]
    began = time.thread_time()
    with pytest.raises(BadInput, match=said) as caught:
        from_definition(definition)
    # Mostly a few milliseconds; anything quadratic takes minutes.
    assert time.thread_time() - began < 10
    assert len(caught.value.message) < 600
    assert "\n" not in caught.value.message
    json.dumps(caught.value.as_dict()).encode()


@pytest.mark.parametrize("name", SLOW_BUT_RIGHT)
def test_what_is_only_long_is_read_at_once_as_well(name):
    began = time.thread_time()
    from_definition(SLOW_BUT_RIGHT[name])
    assert time.thread_time() - began < 10
