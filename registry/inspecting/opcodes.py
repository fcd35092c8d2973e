"""A pickle read as the list of opcodes that it is. Nothing is imported, called or built.

`pickletools.genops` splits the bytes; here they move plain records: a name of a class is a
`Name`, a call is a `Call` that is never made.
"""

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registry.inspecting.reading import Unreadable

MOST_OPCODES = 600_000
MOST_BYTES = 8 * 2**20
MOST_NAMES = 1_000


@dataclass(frozen=True, slots=True)
class Name:
    """Something of a module that loading the pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Call:
    """What loading the pickle would call, or make an object of. items, state: set on it later."""

    of: Any
    arguments: Any
    items: list[tuple[Any, Any]] = field(default_factory=list)
    state: Any = None


@dataclass(slots=True)
class Map:
    items: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A value that lies elsewhere, by what the pickle says of it."""

    id: Any


@dataclass(slots=True)
class Pickle:
    """What was read: the value (None where it stopped before its end), and what it imports.

    end: where the bytes of the pickle end, when it is whole.
    """

    value: Any = None
    names: list[Name] = field(default_factory=list)
    is_whole: bool = False
    problem: str = ""
    end: int = 0


class Machine:
    """The stack that opcodes work on."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.names: dict[Name, None] = {}

    def pop(self) -> Any:
        return self.stack.pop()

    def popped_to_mark(self) -> list[Any]:
        at = self.marks.pop()
        found = self.stack[at:]
        del self.stack[at:]
        return found

    def named(self, module: Any, name: Any) -> Name:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Unreadable("it names what it imports by something that is no text")
        found = Name(module[:200], name[:200])
        if len(self.names) < MOST_NAMES:
            self.names[found] = None
        return found

    def extend(self, values: list[Any]) -> None:
        """Append to the list on top; other things are made longer by calls nobody makes."""
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        if isinstance(self.stack[-1], Map | Call):
            self.stack[-1].items.extend(zip(values[::2], values[1::2], strict=False))

    def call(self, count: int) -> None:
        """Note a call of what lies below `count` arguments."""
        arguments = [self.pop() for _ in range(count)][::-1]
        self.stack.append(Call(self.pop(), arguments[0] if arguments else ()))


def _build(machine: Machine, argument: Any) -> None:
    state = machine.pop()
    if isinstance(machine.stack[-1], Call):
        machine.stack[-1].state = state


def _instance(machine: Machine, argument: Any) -> None:
    module, _, name = str(argument).partition(" ")
    arguments = tuple(machine.popped_to_mark())
    machine.stack.append(Call(machine.named(module, name), arguments))


def _object(machine: Machine, argument: Any) -> None:
    of, *arguments = machine.popped_to_mark()
    machine.stack.append(Call(of, tuple(arguments)))


def _global(machine: Machine, argument: Any) -> None:
    module, _, name = str(argument).partition(" ")
    machine.stack.append(machine.named(module, name))


def _stack_global(machine: Machine, argument: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.stack.append(machine.named(module, name))


def _tuple(count: int) -> Callable[[Machine, Any], None]:
    def make(machine: Machine, argument: Any) -> None:
        found = tuple(machine.stack[len(machine.stack) - count :])
        if len(found) != count:
            raise IndexError
        del machine.stack[len(machine.stack) - count :]
        machine.stack.append(found)

    return make


def _constant(value: Any) -> Callable[[Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(value)


def _from_mark(make: Callable[[list[Any]], Any]) -> Callable[[Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(make(machine.popped_to_mark()))


def _pairs(values: list[Any]) -> Map:
    return Map(list(zip(values[::2], values[1::2], strict=False)))


def _pop(machine: Machine, argument: Any) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _put(machine: Machine, argument: Any) -> None:
    machine.memo[len(machine.memo) if argument is None else argument] = machine.stack[-1]


def _literal(machine: Machine, argument: Any) -> None:
    machine.stack.append(argument)


MOVES: dict[str, Callable[[Machine, Any], Any]] = {
    "PROTO": lambda machine, argument: None,
    "FRAME": lambda machine, argument: None,
    "MARK": lambda machine, argument: machine.marks.append(len(machine.stack)),
    "POP": _pop,
    "POP_MARK": lambda machine, argument: machine.popped_to_mark(),
    "DUP": lambda machine, argument: machine.stack.append(machine.stack[-1]),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_LIST": lambda machine, argument: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, argument: machine.stack.append(Map()),
    "EMPTY_SET": lambda machine, argument: machine.stack.append([]),
    "TUPLE": _from_mark(tuple),
    "LIST": _from_mark(list),
    "FROZENSET": _from_mark(list),
    "DICT": _from_mark(_pairs),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda machine, argument: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, argument: machine.extend(machine.popped_to_mark()),
    "ADDITEMS": lambda machine, argument: machine.extend(machine.popped_to_mark()),
    "SETITEM": lambda machine, argument: machine.set_items([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, argument: machine.set_items(machine.popped_to_mark()),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": lambda machine, argument: machine.call(1),
    "NEWOBJ": lambda machine, argument: machine.call(1),
    "NEWOBJ_EX": lambda machine, argument: machine.call(2),
    "INST": _instance,
    "OBJ": _object,
    "BUILD": _build,
    "BINPERSID": lambda machine, argument: machine.stack.append(Stored(machine.pop())),
    "PERSID": lambda machine, argument: machine.stack.append(Stored(argument)),
    "MEMOIZE": _put,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(
        ("GET", "BINGET", "LONG_BINGET"),
        lambda machine, argument: machine.stack.append(machine.memo[argument]),
    ),
    **dict.fromkeys(
        (
            "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
            "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
            "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
        ),
        _literal,
    ),
}  # fmt: skip


def read(content: bytes) -> Pickle:
    """Read a pickle, or as much of it as can be read: what stops it is in `problem`."""
    machine, found = Machine(), Pickle()
    try:
        for number, (opcode, argument, at) in enumerate(pickletools.genops(io.BytesIO(content))):
            if number >= MOST_OPCODES:
                raise Unreadable(f"it has more than {MOST_OPCODES:,} instructions")
            if opcode.name == "STOP":
                found.value, found.is_whole, found.end = machine.pop(), True, (at or 0) + 1
                break
            move = MOVES.get(opcode.name)
            if move is None:
                raise Unreadable(f"its instruction {opcode.name} is not known here")
            move(machine, argument)
    except Unreadable as trouble:
        found.problem = str(trouble)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, SyntaxError):
        found.problem = "its instructions are not those of a whole pickle"
    found.names = list(machine.names)
    return found
