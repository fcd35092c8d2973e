"""Budgets: a file, a function, a list of imports that one can take in at once."""

import ast

import pytest

from tests.house.reading import APPS, files, imports_in, name_of, python_files, tree_of

OURS = python_files(*APPS, "sdk", "tests", "benchmarks")
Function = ast.FunctionDef | ast.AsyncFunctionDef
MOST_LINES, MOST_FUNCTION_LINES, MOST_IMPORTS, MOST_POSITIONAL, MOST_SCRIPT_LINES = (
    400, 60, 25, 4, 150,
)  # fmt: skip


def lines_of(path):
    return path.read_text(encoding="utf-8").count("\n")


def functions():
    for path in OURS:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, Function):
                yield f"{name_of(path)}:{node.lineno} {node.name}", node


@pytest.mark.parametrize(
    ("paths", "most"), [(OURS, MOST_LINES), (files("static", ".js"), MOST_SCRIPT_LINES)],
    ids=["python", "scripts"],
)  # fmt: skip
def test_files_are_short(paths, most):
    assert not [f"{name_of(p)}: {lines_of(p)}" for p in paths if lines_of(p) > most]


def test_functions_are_short():
    long = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}
    assert not {name: lines for name, lines in long.items() if lines > MOST_FUNCTION_LINES}


def test_files_import_little():
    counts = {
        name_of(path): len({module for module, _ in imports_in(tree_of(path))}) for path in OURS
    }
    assert not {name: count for name, count in counts.items() if count > MOST_IMPORTS}


def test_functions_take_few_positional_arguments():
    """Of ours: the SDK keeps the signatures that its users know, and a view's come from its URL."""
    wrong = {}
    for name, node in functions():
        if name.startswith("sdk/"):
            continue
        given = [*node.args.posonlyargs, *node.args.args]
        named = [arg for arg in given if arg.arg not in ("self", "cls")]
        is_a_view = any(arg.arg == "request" for arg in named[:1])
        if len(named) > MOST_POSITIONAL and not is_a_test(node) and not is_a_view:
            wrong[name] = len(named)
    assert not wrong


def is_a_test(node):
    return node.name.startswith("test_") or any(
        "fixture" in ast.dump(decorator) for decorator in node.decorator_list
    )
