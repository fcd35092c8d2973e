"""Imports flow one way, and are seen at the top of a file."""

import ast

import pytest

from tests.house.reading import APPS, ROOT, WIRING, imports_in, name_of, python_files, tree_of


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_what_stands_to_its_right(app):
    forbidden = {*APPS[: APPS.index(app)], "tests", "benchmarks", "trainyard", "azureml"}
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in python_files(app)
        if name_of(path) not in WIRING
        for module, line in imports_in(tree_of(path))
        if module.split(".")[0] in forbidden
    ]
    assert not wrong


def test_the_sdk_imports_nothing_of_the_server_and_nothing_to_install():
    own = {"trainyard", "azureml"}
    server = {*APPS, "django", "rest_framework", "numpy", "yaml", "requests", "tests"}
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in python_files("sdk")
        if "examples" not in path.parts
        for module, line in imports_in(tree_of(path))
        if module.split(".")[0] in server - own
    ]
    assert not wrong


def test_no_import_hides_inside_a_function():
    wrong = []
    for path in python_files(*APPS, "tests", "benchmarks"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [
                    f"{name_of(path)}:{line} imports {module} inside {node.name}()"
                    for module, line in imports_in(node)
                ]
    assert not wrong


def test_nothing_is_imported_for_types_only():
    wrong = [
        name_of(path)
        for path in python_files(*APPS)
        if "TYPE_CHECKING" in path.read_text(encoding="utf-8")
    ]
    assert not wrong


def test_no_third_party_script_lies_in_the_repository():
    large = [
        name_of(path) for path in (ROOT / "static").rglob("*") if path.name.endswith(".min.js")
    ]
    assert not large
