"""The language in which people ask for runs: read, matched against rows, completed while typed."""

from runs.queries.completing import complete, trouble_in
from runs.queries.errors import QueryError
from runs.queries.matching import matching
from runs.queries.names import FACTS, Key, key_of, split_key
from runs.queries.scope import Scope
from runs.queries.syntax import MOST_CHARACTERS, parse

__all__ = [
    "FACTS",
    "MOST_CHARACTERS",
    "Key",
    "QueryError",
    "Scope",
    "complete",
    "key_of",
    "matching",
    "parse",
    "split_key",
    "trouble_in",
]
