"""Which Python an environment gets."""

from __future__ import annotations

import re
import sys

from packaging.specifiers import SpecifierSet

from compute.building.interpreters import HERE, Interpreter, NoInterpreter


def choose(
    asked: str | None, found: list[Interpreter], *, where: tuple[str, str] = HERE
) -> tuple[Interpreter, str]:
    """Return the interpreter for `asked` (as in Recipe.python) and a remark, empty when it fits.

    Nothing asked: the version that runs the studio, else its next of kin, else the newest.
    `3.6.2` takes another 3.6 and remarks on it. Raises NoInterpreter, which says where and a way
    out in the words of `where`.
    """
    own = ".".join(map(str, sys.version_info[:3]))
    plain = re.fullmatch(r"\d+(\.\d+)*", asked or "")
    wishes = [f"=={asked}.*" if plain else str(asked)]
    if not asked:
        wishes = [f"=={own}", f"=={own.rpartition('.')[0]}.*", ">=3.6"]
    fitting = next(filter(None, (_fitting(wish, found) for wish in wishes)), [])
    if not fitting and asked and plain and asked.count(".") == 2:
        family = asked.rpartition(".")[0]
        if others := _fitting(f"=={family}.*", found):
            here = others[0]
            return here, f"Python {asked} was asked for; {here.version} is here and is used"
    if not fitting:
        raise NoInterpreter(f"Python {asked}" if asked else "Python 3", found, where)
    return next((one for one in fitting if one.version == own), fitting[0]), ""


def _fitting(specifier: str, found: list[Interpreter]) -> list[Interpreter]:
    return [one for one in found if SpecifierSet(specifier).contains(one.version)]
