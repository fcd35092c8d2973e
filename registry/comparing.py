"""Two environment versions beside each other: what was written, and the packages it came to."""

import difflib
import json
from typing import Any

from compute.building import locks
from compute.building.locks import Difference
from compute.building.masking import without_secrets
from compute.models import ImageBuild
from compute.states import ImageKind
from registry.models import Version

TEXTS = ("conda", "pip", "dockerfile")


def packages(a: Version, b: Version) -> tuple[Difference, str]:
    """Return what the lock of `b` has more, less and otherwise than that of `a`, and a remark.

    Locks of the same kind of image are compared. Where there are none, the difference is empty and
    the remark says which version is not solved yet.
    """
    known = _locks(a, b)
    digests = [version.environment.recipe_digest for version in (a, b)]
    for kind in ImageKind.values:
        old, new = (known.get((digest, kind), "") for digest in digests)
        if old and new:
            return locks.compare(old, new), ""
    solved = {digest for digest, _ in known}
    missing = [str(v) for v in (a, b) if v.environment.recipe_digest not in solved]
    if not missing:
        return Difference(), "one is solved for this machine, the other for Docker: build both once"
    verb = "is" if len(missing) == 1 else "are"
    names = " and ".join(missing)
    return Difference(), f"{names} {verb} not solved yet; build to see the exact packages"


def _locks(a: Version, b: Version) -> dict[tuple[str, str], str]:
    digests = {version.environment.recipe_digest for version in (a, b)}
    builds = ImageBuild.objects.filter(recipe_digest__in=digests).exclude(lock="")
    return {
        (digest, kind): without_secrets(lock)
        for digest, kind, lock in builds.values_list("recipe_digest", "kind", "lock")
    }


def definitions(a: Version, b: Version) -> list[str]:
    """Return the lines of a unified diff from the definition of `a` to that of `b`."""
    old, new = (lines_of(version.environment.definition) for version in (a, b))
    return list(difflib.unified_diff(old, new, str(a), str(b), lineterm=""))


def lines_of(definition: dict[str, Any]) -> list[str]:
    """Say a definition as lines: each text below its name, everything else as `name: value`."""
    lines: list[str] = []
    for key in TEXTS:
        if key in definition:
            lines += [f"# {key}", *str(definition[key]).splitlines()]
    for name, entries in sorted((definition.get("packages") or {}).items()):
        lines += [f"# {name} packages", *(str(entry) for entry in entries or [])]
    for key, value in sorted(definition.items()):
        if key not in (*TEXTS, "packages", "variables"):
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    variables = definition.get("variables") or {}
    return [*lines, *(f"{name}={value}" for name, value in sorted(variables.items()))]
