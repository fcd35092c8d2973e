"""The files of the project, as the house's rules read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# An app imports only what stands to its right.
APPS = ("runs", "registry", "compute", "studio")
WIRING = {"studio/settings.py", "studio/urls.py", "studio/asgi.py"}


def python_files(*folders: str) -> list[Path]:
    """Every Python file below `folders`, without migrations: those are written by Django."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [p for p in found if "migrations" not in p.parts and "__pycache__" not in p.parts]


def files(folder: str, ending: str) -> list[Path]:
    return sorted((ROOT / folder).rglob(f"*{ending}"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (module, line) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno
