"""Which names a query uses, and which rows of an experiment they are."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Q

from runs.models import Experiment, Field
from runs.queries.errors import QueryError, quoted
from runs.queries.names import FACTS, PREFIXES, Key, key_of, split_key
from runs.queries.terms import (
    All,
    Between,
    Compare,
    Has,
    IsNan,
    Named,
    Node,
    Not,
    OneOf,
    Some,
    Word,
)  # fmt: skip

MOST_NEAR = 3
MOST_NAMES = 5000


@dataclass(frozen=True)
class Scope:
    """An experiment with those of its fields that somebody asked for, read in one query."""

    experiment: Experiment
    fields: dict[tuple[str, str], Field] = field(default_factory=dict)

    @staticmethod
    def of(experiment: Experiment, keys: Iterable[Key]) -> "Scope":
        """Find the fields of these keys; those that no run has are left out."""
        wanted: dict[str, set[str]] = {}
        for key in keys:
            if key.kind != "own":
                wanted.setdefault(key.kind, set()).add(key.name)
        if not wanted:
            return Scope(experiment)
        asked = Q()
        for kind, names in wanted.items():
            asked |= Q(kind=kind, name__in=names)
        found = Field.objects.filter(asked, experiment=experiment)
        return Scope(experiment, {(row.kind, row.name): row for row in found})

    def find(self, key: Key) -> Field | None:
        return self.fields.get((key.kind, key.name))

    def need(self, key: Key, word: Word) -> Field:
        """Return the field. Raises QueryError with the nearest names for one that no run has."""
        found = self.find(key)
        if found is None:
            raise unknown(self.experiment, word)
        return found


def key_in(word: Word) -> Key | None:
    """The field that `word` names, None for a mere value."""
    return None if word.is_quoted or word.is_ago else split_key(word.text)


def side_of(term: Compare) -> tuple[Key | None, Word, Word, str]:
    """Which of both sides is the field: its key and word, the value, the operator for that order.

    `tag:baseline` names its field by both.
    """
    prefix = PREFIXES.get(term.left.text.lower())
    if term.operator == ":" and prefix and not term.left.is_quoted:
        named = Key(prefix, term.right.text, "last" if prefix == "metric" else "")
        return named, term.right, term.right, "has"
    left, right = key_in(term.left), key_in(term.right)
    if left is None and right is not None and term.operator not in (":", "~", "!~"):
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        return right, term.right, term.left, turned.get(term.operator, term.operator)
    return left, term.left, term.right, term.operator


def keys_in(node: Node | None) -> Iterator[Key]:
    """All fields that the query names."""
    match node:
        case Compare():
            key = side_of(node)[0]
            yield from [key] if key else []
        case Between() | OneOf() | Has() | IsNan():
            key = key_in(node.field)
            yield from [key] if key else []
        case Not():
            yield from keys_in(node.part)
        case All() | Some():
            for part in node.parts:
                yield from keys_in(part)
        case Named() | None:
            return


def unknown(experiment: Experiment, word: Word) -> QueryError:
    """The error for a name that no run has: it says which are near."""
    near = _near(experiment, word)
    way_out = (
        f"; do you mean {' or '.join(near)}?"
        if near
        else f"; fields are metrics.…, params.…, tags.…, {', '.join(FACTS)}"
    )
    message = f"no run of this experiment has {quoted(word.text, 100)}{way_out}"
    return QueryError(message, word.start, word.end, near)


def _near(experiment: Experiment, word: Word) -> list[str]:
    key = key_in(word)
    asked = (key.name if key else word.text).lower()
    names = Field.objects.filter(experiment=experiment).order_by("id")
    rows = names.values_list("kind", "name")[:MOST_NAMES]
    keys: dict[str, list[str]] = {fact: [fact] for fact in FACTS}
    for kind, name in rows:
        keys.setdefault(name.lower(), []).append(key_of(kind, name))
    # The same name of another kind first, then names that resemble it, then those it is part of.
    alike = difflib.get_close_matches(asked[:100], keys, n=MOST_NEAR, cutoff=0.6)
    holding = [name for name in keys if asked in name] if asked else []
    found = dict.fromkeys([*keys.get(asked, ()), *(k for n in [*alike, *holding] for k in keys[n])])
    return list(found)[:MOST_NEAR]
