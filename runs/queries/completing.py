"""What may stand where the cursor is: fields, operators, values that are there, and, or."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from lark import Token

from compute.models import Cluster
from runs.models import Experiment, Field, Run, RunValue
from runs.queries.errors import QueryError
from runs.queries.matching import matching
from runs.queries.names import BARE, FACTS, PREFIXES, WRITTEN, Key, key_of
from runs.queries.scope import Scope, key_in, keys_in
from runs.queries.syntax import MOST_CHARACTERS, parse, read_to
from runs.queries.terms import Word
from runs.states import State

MOST = 50
OPERANDS = ("WORD", "TEXT", "FIELD", "TIME", "AGO")
_REST = re.compile(r"""[^\s()"',<>=!~:]*""")
TIMES = ("today", "yesterday", "1h ago", "1d ago", "7d ago", "30d ago")
DURATIONS = ("1m", "10m", "1h", "1d")
JOINS = {"_AND": "and", "_OR": "or", "RPAR": ")"}


@dataclass(frozen=True)
class Offer:
    """One thing to choose: `insert` takes the place of the characters start to end.

    kind: "field", "operator", "value" or "word".
    """

    insert: str
    label: str
    kind: str


def complete(experiment: Experiment, text: str, at: int) -> list[dict[str, Any]]:
    """Return at most 50 things that may stand at character `at`, best first.

    Each is {insert, label, kind, from, to}. Nothing for what cannot be read before it.
    """
    text = text[:MOST_CHARACTERS].replace("\0", " ")
    at = max(0, min(at, len(text)))
    start = _start_of_typed(text[:at])
    typed = text[start:at]
    rest = _REST.match(text, at)
    end = rest.end() if rest else at
    read = read_to(text[:start])
    if read is None:
        return []
    offers = _offers(experiment, typed, *read)
    found = dict.fromkeys(offer for offer in offers if offer.insert.strip() != text[start:end])
    return [{**asdict(offer), "from": start, "to": end} for offer in list(found)[:MOST]]


def _start_of_typed(before: str) -> int:
    """Where the word begins that ends at the cursor; quotes that are closed are behind it."""
    is_open = before.count('"') - before.count('\\"')
    if is_open % 2:
        quote = before.rindex('"')
        prefix = re.search(r"[a-z]+\.\Z", before[:quote], re.I)
        return prefix.start() if prefix else quote
    found = re.search(r"""[^\s()"',<>=!~:]*\Z""", before)
    return found.start() if found else len(before)


def _offers(
    experiment: Experiment, typed: str, tokens: list[Token], accepted: set[str]
) -> Iterator[Offer]:
    last = tokens[-1].type if tokens else ""
    if last in ("COMPARE", "COLON", "COMMA") or (last == "LPAR" and tokens[-2:-1] and
                                                 tokens[-2].type == "_IN"):  # fmt: skip
        yield from _values(experiment, typed, tokens)
        return
    if last == "_HAS" or (last == "LPAR" and tokens[-2:-1] and tokens[-2].type == "_HAS"):
        yield from _fields(experiment, typed)
        return
    if last in OPERANDS and not typed:
        yield from _operators(tokens[-1], accepted)
    words = [(JOINS[name], "word") for name in JOINS if name in accepted]
    if "NOTHING" in accepted:
        words += [("null", "word"), ("nan", "word"), ("not null", "word")]
    for word, kind in words:
        if word.startswith(typed.lower()):
            yield Offer(word if word == ")" else f"{word} ", word, kind)
    if "_HAS" in accepted and last not in OPERANDS:
        yield from _fields(experiment, typed)
        for word in ("not ", "has("):
            if word.startswith(typed.lower()):
                yield Offer(word, word.strip(), "word")


def _operators(token: Token, accepted: set[str]) -> Iterator[Offer]:
    key = key_in(Word(str(token), 0, 0, is_quoted=token.type == "TEXT"))
    if key is None or "COMPARE" not in accepted:
        return
    is_text = key.kind == "own" and FACTS[key.name].kind in ("text", "state")
    signs = ("=", "!=", "~", "!~") if is_text else ("<", "<=", ">", ">=", "=", "!=", "~")
    for sign in signs:
        yield Offer(f"{sign} ", sign, "operator")
    yield Offer("in (", "in (…)", "operator")
    for words in ("is null", "is not null", *(("is nan",) if key.kind == "metric" else ())):
        yield Offer(f"{words} ", words, "operator")


def _fields(experiment: Experiment, typed: str) -> Iterator[Offer]:
    """Own facts, then the experiment's fields whose name begins with, then those that hold it."""
    prefix, dot, name = typed.partition(".")
    kind = PREFIXES.get(prefix.lower()) if dot else None
    wanted = name.strip('"').replace('\\"', '"') if kind else typed.strip('"')
    if kind is None:
        for fact in FACTS:
            if fact.startswith(wanted.lower()):
                yield Offer(f"{fact} ", fact, "field")
    fields = Field.objects.filter(experiment=experiment).order_by("id")
    for begun, written in WRITTEN.items():
        # "met" is on the way to "metrics.", whatever the metrics are called.
        if kind is None and typed and written.startswith(typed.lower()):
            for row in fields.filter(kind=begun)[:MOST]:
                yield Offer(f"{key_of(row.kind, row.name)} ", key_of(row.kind, row.name), "field")
    found = fields.filter(kind=kind) if kind else fields
    part = name.rpartition(".")[2].lower() if kind == "metric" else ""
    for row in _begun(found, "name", wanted):
        key = key_of(row.kind, row.name)
        yield Offer(f"{key} ", key, "field")
    if part and "." in name:
        for ending in ("min", "max"):
            if ending.startswith(part):
                label = f"{typed.rpartition('.')[0]}.{ending}"
                yield Offer(f"{label} ", label, "field")


def _begun(rows: QuerySet[Any], name: str, typed: str) -> QuerySet[Any]:
    """At most 50 of the rows that hold what was typed, those that begin with it first."""
    if not typed:
        return rows.order_by("id")[:MOST]
    begins = When(**{f"{name}__istartswith": typed}, then=Value(0))
    order = Case(begins, default=Value(1), output_field=IntegerField())
    return rows.filter(**{f"{name}__icontains": typed}).order_by(order, "id")[:MOST]


def _values(experiment: Experiment, typed: str, tokens: list[Token]) -> Iterator[Offer]:
    """What the field before the operator is, among the experiment's runs."""
    field = next(
        (t for t in reversed(tokens) if t.type in ("WORD", "FIELD") and _names_field(t)), None
    )
    if field is None:
        yield from _fields(experiment, typed)
        return
    typed = typed.strip('"')
    if tokens[-1].type == "COLON" and str(field).lower() in PREFIXES:
        kind = PREFIXES[str(field).lower()]
        for row in _begun(Field.objects.filter(experiment=experiment, kind=kind), "name", typed):
            yield _value(row.name)
        return
    key = key_in(Word(str(field), 0, 0))
    for text in _texts(experiment, key, typed) if key else ():
        if typed.lower() in text.lower():
            yield _value(text)


def _names_field(token: Token) -> bool:
    text = str(token)
    return text.lower() in PREFIXES or key_in(Word(text, 0, 0)) is not None


def _value(text: str) -> Offer:
    is_bare = BARE.fullmatch(text) is not None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return Offer(f"{text} " if is_bare else f'"{escaped}" ', text, "value")


def _texts(experiment: Experiment, key: Key, typed: str) -> Iterable[str]:
    if key.kind in ("param", "tag"):
        rows = RunValue.objects.filter(
            field__experiment=experiment, field__kind=key.kind, field__name=key.name
        )
        rows = rows.filter(text__icontains=typed) if typed else rows
        return rows.order_by("text").values_list("text", flat=True).distinct()[:MOST]
    if key.kind != "own":
        return ()
    runs = Run.objects.filter(experiment=experiment).order_by()
    if key.name == "cluster":
        clusters = Cluster.objects.filter(pk__in=runs.values("cluster"))
        return clusters.order_by("name").values_list("name", flat=True)[:MOST]
    if key.name == "by":
        names = runs.order_by("created_by__username").values_list("created_by__username", flat=True)
        return names.distinct()[:MOST]
    if key.name in ("environment", "script"):
        column = FACTS[key.name].lookup
        return runs.order_by(column).values_list(column, flat=True).distinct()[:MOST]
    known = {"state": State.values, "duration": DURATIONS}
    return known.get(key.name, TIMES if FACTS[key.name].kind == "time" else ())


def trouble_in(experiment: Experiment, text: str) -> dict[str, Any] | None:
    """What is wrong with a query: message, position, end, expected; None for nothing."""
    try:
        node = parse(text)
        if node is not None:
            matching(node, Scope.of(experiment, keys_in(node)))
    except QueryError as error:
        return {
            "message": error.message,
            "position": error.position,
            "end": error.end,
            "expected": list(error.expected),
        }
    return None
