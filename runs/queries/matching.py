"""A query becomes a condition on runs: sets of their keys, each read from one index.

What a run has not does not match, whatever is asked of it; `not` of that matches then.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Q
from django.utils.timezone import now as clock

from runs.models import MetricSeries, Run, RunValue
from runs.queries import values
from runs.queries.errors import QueryError, quoted
from runs.queries.names import FACTS, Key
from runs.queries.scope import Scope, key_in, side_of, unknown
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

LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "exact"}
PARTS = {"last": "last_value", "min": "least", "max": "greatest"}


def matching(node: Node, scope: Scope, *, to: Literal["pk", "run"] = "pk") -> Q:
    """Return the condition: on runs (to = "pk"), or on rows that have a run (to = "run").

    Raises QueryError for fields that no run has, and values that are none of the field's.
    """
    return _Matcher(scope, to, clock()).of(node)


@dataclass(frozen=True)
class _Matcher:
    scope: Scope
    to: str
    now: datetime

    def of(self, node: Node) -> Q:
        match node:
            case All():
                return self._joined([self.of(part) for part in node.parts], Q.AND)
            case Some():
                return self._joined([self.of(part) for part in node.parts], Q.OR)
            case Not():
                return ~self.of(node.part)
            case Named():
                named = Q()
                for word in node.words:
                    named &= Q(name__icontains=_in_name(word))
                return self._own(named)
            case Compare():
                return self._compare(node)
            case Between():
                return self._between(node)
            case OneOf():
                terms = [Compare(node.field, "=", value) for value in node.values]
                return self._joined([self._compare(term) for term in terms], Q.OR)
            case Has():
                return self._has(self._key(node.field), node.field)
            case IsNan():
                return self._is_nan(node.field)

    @staticmethod
    def _joined(parts: list[Q], how: str) -> Q:
        return Q(*parts, _connector=how)

    def _key(self, word: Word) -> Key:
        key = key_in(word)
        if key is None:
            raise unknown(self.scope.experiment, word)
        return key

    def _compare(self, term: Compare) -> Q:
        key, field, value, operator = side_of(term)
        if key is None:
            raise unknown(self.scope.experiment, field)
        if operator == "has":
            return self._has(key, field)
        if operator == ":":
            operator = "~" if key.kind == "own" and key.name in ("name", "script") else "="
        if operator in ("!=", "!~"):
            same = self._compare(Compare(field, operator[1:], value))
            return self._has(key, field) & ~same
        if key.kind == "own":
            return self._own(self._of_fact(key, operator, value))
        if key.kind == "metric":
            return self._of_metric(key, field, (operator, value))
        return self._of_value(key, field, (operator, value))

    def _between(self, term: Between) -> Q:
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        low, high = (turned[term.first], term.low), (term.second, term.high)
        key = self._key(term.field)
        if key.kind == "own":
            return self._own(self._of_fact(key, *low) & self._of_fact(key, *high))
        if key.kind == "metric":
            return self._of_metric(key, term.field, low, high)
        return self._of_value(key, term.field, low, high)

    def _own(self, condition: Q) -> Q:
        """A condition on a run's own columns."""
        if self.to == "pk":
            return condition
        of = Run.objects.filter(condition, experiment=self.scope.experiment)
        return Q(run__in=of.order_by().values("pk"))

    def _rows(self, rows: Any) -> Q:
        return Q(**{f"{self.to}__in": rows.order_by().values("run")})

    def _has(self, key: Key, word: Word) -> Q:
        if key.kind == "own":
            fact = FACTS[key.name]
            if fact.is_nullable:
                return self._own(Q(**{f"{fact.lookup}__isnull": False}))
            return self._own(~Q(**{fact.lookup: ""}) if fact.kind == "text" else Q(pk__gt=0))
        field = self.scope.need(key, word)
        model = MetricSeries if key.kind == "metric" else RunValue
        return self._rows(model.objects.filter(field=field))

    def _is_nan(self, word: Word) -> Q:
        key = self._key(word)
        if key.kind != "metric":
            raise QueryError(f"only metrics can be nan; {word.text} is none", word.start, word.end)
        field = self.scope.need(key, word)
        return self._rows(MetricSeries.objects.filter(field=field, nan_count__gt=0))

    def _of_metric(self, key: Key, word: Word, *asked: tuple[str, Word]) -> Q:
        rows = MetricSeries.objects.filter(field=self.scope.need(key, word))
        for operator, value in asked:
            is_text = value.is_quoted or values.number_of(value.text) is None
            if operator == "~":
                rows = rows.filter(last__icontains=value.text)
            elif operator == "=" and is_text and value.text.lower() not in (*values.TRUTH, "nan"):
                rows = rows.filter(last=json.dumps(value.text)[:255])
            else:
                number = values.number(value, str(key))
                rows = rows.filter(**{f"{PARTS[key.part]}__{LOOKUPS[operator]}": number})
        return self._rows(rows)

    def _of_value(self, key: Key, word: Word, *asked: tuple[str, Word]) -> Q:
        rows = RunValue.objects.filter(field=self.scope.need(key, word))
        for operator, value in asked:
            if operator == "~":
                rows = rows.filter(text__icontains=value.text)
            elif operator == "=":
                same = Q(text=value.text[:255])
                number = None if value.is_quoted else values.number_of(value.text)
                rows = rows.filter(same if number is None else same | Q(number=number))
            else:
                limit = values.number(value, str(key))
                rows = rows.filter(**{f"number__{LOOKUPS[operator]}": limit})
        return self._rows(rows)

    def _of_fact(self, key: Key, operator: str, value: Word) -> Q:
        fact = FACTS[key.name]
        if fact.kind in ("text", "state"):
            return self._of_text(key, operator, value)
        if operator == "~":
            raise QueryError(
                f"{key.name} is no text, so nothing is in it: compare it with = != < <= > >=",
                value.start,
                value.end,
            )
        if fact.kind == "time":
            return self._of_time(key, operator, value)
        read = values.seconds if fact.kind == "seconds" else values.number
        return Q(**{f"{fact.lookup}__{LOOKUPS[operator]}": read(value, key.name)})

    def _of_text(self, key: Key, operator: str, value: Word) -> Q:
        fact = FACTS[key.name]
        if operator == "~":
            return Q(**{f"{fact.lookup}__icontains": value.text})
        if operator != "=":
            raise QueryError(
                f"{key.name} is a text, which {operator} {quoted(value.text)} does not order: use"
                " = != ~ or in (…)",
                value.start,
                value.end,
            )
        if fact.kind == "state":
            return Q(state=values.state(value))
        return Q(**{f"{fact.lookup}__iexact": value.text})

    def _of_time(self, key: Key, operator: str, value: Word) -> Q:
        """A day is whole: `> 2026-11-01` begins when it is over, `<=` ends there."""
        start, end = values.span(value, key.name, self.now)
        lookup = FACTS[key.name].lookup
        is_day = start != end
        if operator == "=":
            after = Q(**{f"{lookup}__gte": start})
            return after & Q(**{f"{lookup}__{'lt' if is_day else 'lte'}": end})
        if operator in ("<", ">="):
            return Q(**{f"{lookup}__{LOOKUPS[operator]}": start})
        how = {"<=": "lt", ">": "gte"}[operator] if is_day else LOOKUPS[operator]
        return Q(**{f"{lookup}__{how}": end})


def _in_name(word: Word) -> str:
    """What to look for in names. Raises QueryError for a field of which nothing is asked."""
    key = key_in(word)
    if key is not None and key.kind != "own":
        raise QueryError(
            f"say what of {quoted(word.text)}: has({key}), or {key} with a comparison (< > = …)",
            word.start,
            word.end,
        )
    return word.text
