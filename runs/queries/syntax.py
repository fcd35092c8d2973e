"""Text becomes a query as data; what cannot be read is said with its place and the way out."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from runs.queries.errors import QueryError, quoted
from runs.queries.names import unescaped
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

MOST_CHARACTERS = 4000
# As deep as SQLite reads expressions with room to spare; nobody reads deeper ones either.
MOST_DEPTH = 20
MOST_WORDS = 200
RESERVED = ("and", "or", "not")
VALUE = "a field, a number or a text"
# In the order in which they are said.
WORDS = {
    "_AND": '"and"', "_OR": '"or"', "COMPARE": "a comparison (= != < <= > >= ~)", "COLON": '":"',
    "_IN": '"in"', "_IS": '"is"', "NOTHING": '"null" or "nan"',
    "WORD": VALUE, "TEXT": VALUE, "FIELD": VALUE, "TIME": VALUE, "AGO": VALUE, "_NOT": '"not"',
    "_HAS": '"has(…)"', "LPAR": '"("', "COMMA": '","', "RPAR": '")"', "$END": "the end",
}  # fmt: skip


@cache
def language() -> Lark:
    """The grammar, made ready once for each process."""
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


@cache
def _reader() -> Lark:
    """The same, which makes terms while it reads: no tree is walked, however deep."""
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False, transformer=_Terms())


def read_to(text: str) -> tuple[list[Token], set[str]] | None:
    """The words of a text and which kinds of them may follow; None where it cannot be read."""
    reader = language().parse_interactive(text)
    try:
        tokens = list(reader.exhaust_lexer())
    except UnexpectedInput:
        return None
    return tokens, set(reader.accepts())  # type: ignore[no-untyped-call]


def parse(text: str) -> Node | None:
    """Return the query as data, None for an empty one. Raises QueryError."""
    check_size(text)
    if not text.strip():
        return None
    try:
        found: Any = _reader().parse(text)
    except UnexpectedInput as error:
        raise _trouble(text, error) from None
    return found  # type: ignore[no-any-return]


def check_size(text: str) -> None:
    """Refuse what is too long, too deep, or holds what no database keeps. Raises QueryError."""
    if len(text) > MOST_CHARACTERS:
        raise QueryError(
            f"the query has {len(text):,} characters; {MOST_CHARACTERS:,} at most",
            MOST_CHARACTERS,
            len(text),
        )
    for position, character in enumerate(text):
        if character == "\0" or 0xD800 <= ord(character) <= 0xDFFF:
            raise QueryError(
                f"character {position + 1} cannot be searched for (NUL or half a surrogate pair);"
                " take it out",
                position,
            )
    depth = words = 0
    for token in _tokens(text):
        depth = _depth_after(depth, token)
        words += token.type in ("WORD", "TEXT", "FIELD", "TIME", "AGO")
        if depth > MOST_DEPTH or words > MOST_WORDS:
            too_much = (
                f"brackets and not stand {MOST_DEPTH} deep at most"
                if depth > MOST_DEPTH
                else f"a query has {MOST_WORDS} names and values at most"
            )
            start = token.start_pos or 0
            raise QueryError(f"{too_much}; take a part of it out", start, token.end_pos)


def _depth_after(depth: int, token: Token) -> int:
    if token.type == "RPAR":
        return max(0, depth - 1)
    return depth + (token.type == "LPAR")


def _tokens(text: str) -> Iterable[Token]:
    """The text's words as the language has them, up to where it has none."""
    try:
        yield from language().lex(text, dont_ignore=False)
    except UnexpectedInput:
        return


class _Terms(Transformer[Token, Any]):
    """From the grammar's rules to terms."""

    def start(self, parts: list[Node]) -> Node:
        return parts[0]

    def either(self, parts: list[Node]) -> Node:
        return Some(tuple(parts))

    def both(self, parts: list[Node]) -> Node:
        return All(tuple(parts))

    def negated(self, parts: list[Node]) -> Node:
        # Two of them are none: a thousand of them cost no depth.
        return parts[0].part if isinstance(parts[0], Not) else Not(parts[0])

    def operand(self, tokens: list[Token]) -> Word:
        [token] = tokens
        start, end = token.start_pos or 0, token.end_pos or 0
        if token.type == "WORD" and token.lower() in RESERVED:
            raise QueryError(
                f"{quoted(token)} cannot stand here: put {VALUE} before and after it, or put it in"
                " quotes where it is meant as a text",
                start,
                end,
            )
        if token.type == "TEXT":
            return Word(unescaped(token[1:-1]), start, end, is_quoted=True)
        return Word(str(token), start, end, is_ago=token.type == "AGO")

    def compare(self, parts: list[Any]) -> Node:
        left, operator, right = parts
        return Compare(left, "=" if operator == "==" else str(operator), right)

    def between(self, parts: list[Any]) -> Node:
        low, first, field, second, high = parts
        first_sign, second_sign = str(first), str(second)
        if first_sign[0] != second_sign[0] or first_sign[0] not in "<>" or "~" in first_sign:
            raise QueryError(
                f"a range is written 0.1 <= params.lr < 1, both signs the same way; here they are"
                f" {first_sign} and {second_sign}",
                first.start_pos or 0,
                second.end_pos,
            )
        return Between(low, first_sign, field, second_sign, high)

    def colon(self, parts: list[Any]) -> Node:
        return Compare(parts[0], ":", parts[2])

    def one_of(self, parts: list[Any]) -> Node:
        return OneOf(parts[0], tuple(parts[1]))

    def none_of(self, parts: list[Any]) -> Node:
        return All((Has(parts[0]), Not(OneOf(parts[0], tuple(parts[1])))))

    def values(self, parts: list[Word]) -> list[Word]:
        return parts

    def has(self, parts: list[Word]) -> Node:
        return Has(parts[0])

    def is_what(self, parts: list[Any]) -> Node:
        field, what = parts
        return IsNan(field) if what.lower() == "nan" else Not(Has(field))

    def is_not_what(self, parts: list[Any]) -> Node:
        field, what = parts
        return Not(IsNan(field)) if what.lower() == "nan" else Has(field)

    def words(self, parts: list[Word]) -> Node:
        return Named(tuple(parts))


def _trouble(text: str, error: UnexpectedInput) -> QueryError:
    if isinstance(error, UnexpectedCharacters):
        return _unreadable(text, error.pos_in_stream or 0)
    assert isinstance(error, UnexpectedToken)
    is_end = error.token.type == "$END"
    start = len(text.rstrip()) if is_end else error.token.start_pos or 0
    end = start if is_end else error.token.end_pos or len(text)
    before = read_to(text[:start])
    accepted = before[1] if before else error.expected
    expected = tuple(dict.fromkeys(words for name, words in WORDS.items() if name in accepted))
    listed = ", ".join(expected[:-1]) + " or " + expected[-1] if expected[1:] else expected[0]
    opened = [t.start_pos or 0 for t in before[0] if t.type == "LPAR"] if before else []
    if is_end and "RPAR" in accepted and opened:
        message = f'the "(" at character {opened[0] + 1} is not closed: a ")" is missing at the end'
    elif is_end:
        message = f"the query stops too early: {listed} is missing at its end"
    elif error.token.type == "RPAR" and before and "RPAR" not in accepted and "_AND" in accepted:
        message = (
            f'the ")" at character {start + 1} closes nothing: take it out, or open a "(" before'
        )
    else:
        words = text[:start].split()
        place = f"after {quoted(words[-1])}" if words else "at the beginning"
        message = f"{quoted(text[start:end])} cannot stand {place}: put {listed} there"
    return QueryError(message, start, end, expected)


def _unreadable(text: str, position: int) -> QueryError:
    if text[position] in "\"'":
        return QueryError(
            f"the quote at character {position + 1} is never closed; end it with {text[position]}",
            position,
            len(text),
        )
    return QueryError(
        f"{quoted(text[position])} at character {position + 1} means nothing here; put names and"
        " texts that hold it in quotes",
        position,
    )
