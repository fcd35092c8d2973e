"""Somebody with a workspace who calls the API about environments, by a personal token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from studio.models import Role
from tests.compute.conftest import shelf
from tests.factories import make_member
from tests.fixtures.requests import Api

__all__ = ["shelf"]  # a fixture


@dataclass(frozen=True)
class Registry:
    """Calls below `workspaces/<workspace>/environments`."""

    api: Api

    def path(self, rest: str = "") -> str:
        return f"workspaces/{self.api.workspace.name}/environments{rest}"

    def get(self, rest: str = "", /, **query: Any) -> Any:
        return self.api.get(self.path(rest), **query)

    def post(self, rest: str = "", words: Any = None) -> Any:
        return self.api.post(self.path(rest), words)

    def patch(self, rest: str, words: Any) -> Any:
        return self.api.patch(self.path(rest), words)

    def add(self, name: str, pip: str = "six", **words: Any) -> Any:
        return self.post("", {"name": name, "definition": {"pip": pip}, **words})

    def check(self, **definition: Any) -> Any:
        return self.post("/check", {"definition": definition}).json()

    def names(self, **query: Any) -> list[str]:
        return [item["name"] for item in self.get(**query).json()["items"]]


@pytest.fixture
def lab(api: Callable[..., Api]) -> Registry:
    """An owner of a workspace."""
    return Registry(api())


@pytest.fixture
def reader(api: Callable[..., Api], lab: Registry) -> Registry:
    """Somebody who may only read the same workspace."""
    member = make_member(workspace=lab.api.workspace, role=Role.READER)
    return Registry(api(member.user, lab.api.workspace))


@pytest.fixture
def elsewhere(api: Callable[..., Api]) -> Registry:
    """An owner of another workspace."""
    return Registry(api())
