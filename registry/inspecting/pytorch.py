"""What torch.save writes: a zip with a pickle of names and shapes, and each array as a file."""

import math
import re
import zipfile
from typing import Any

from registry.inspecting import opcodes, zips
from registry.inspecting.found import MOST_TENSORS, Inside, Table, Tensor, shape_of, shown
from registry.inspecting.opcodes import Call, Map, Name, Pickle, Stored
from registry.inspecting.reading import Unreadable

# The storage that an array lies in → its dtype and bytes an item.
STORAGES = {
    "DoubleStorage": ("float64", 8), "FloatStorage": ("float32", 4), "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2), "LongStorage": ("int64", 8), "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2), "CharStorage": ("int8", 1), "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1), "ComplexFloatStorage": ("complex64", 8),
    "ComplexDoubleStorage": ("complex128", 16), "QInt8Storage": ("qint8", 1),
    "QUInt8Storage": ("quint8", 1), "QInt32Storage": ("qint32", 4),
}  # fmt: skip
ITEM_BYTES = dict(STORAGES.values()) | {
    "uint16": 2, "uint32": 4, "uint64": 8, "float8_e4m3fn": 1, "float8_e5m2": 1,
}  # fmt: skip
# Parts of a path that a module's own bookkeeping adds.
BOOKKEEPING = frozenset({"_parameters", "_modules", "_buffers"})
MOST_DEPTH = 60
MOST_VISITED = 200_000
MOST_PATH_CHARACTERS = 300
# What a state dict needs; whatever else it names, loading it would import and call.
EXPECTED = re.compile(
    r"torch\._utils\._rebuild_\w+|torch(\.storage)?\.\w*Storage|torch\.(Size|device|(b?float|u?int"
    r"|complex|q?u?int)\d\w*|bool)|torch\.serialization\._get_layout|collections\.OrderedDict"
    r"|torch\.nn\.parameter\.Parameter|torch\.per_(tensor|channel)_affine|_codecs\.encode"
    r"|numpy(\._?core)?\.(multiarray\.(_reconstruct|scalar)|ndarray|dtype)|(__builtin__|builtins)\.set"
)
WARNING = (
    "Loading this file with torch.load(weights_only=False) imports and calls what its pickle names:"
    " {names}. Load it only from people you trust, or with weights_only=True."
)


def read(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    """Say what arrays the archive holds, by its pickle; sizes from the zip's own records."""
    path = min((name for name in members if name.endswith("data.pkl")), key=len)
    folder = path.removesuffix("data.pkl")
    is_script = f"{folder}constants.pkl" in members
    found = Inside("TorchScript archive" if is_script else "PyTorch archive")
    pickle = opcodes.read(zips.content(archive, members[path], opcodes.MOST_BYTES))
    found.problem = pickle.problem
    found.warning = _warning(pickle) if not is_script else ""
    stored = {
        name.removeprefix(f"{folder}data/"): member.file_size
        for name, member in members.items()
        if name.startswith(f"{folder}data/")
    }
    walk = _Walk(stored)
    walk.through(pickle.value)
    found.tensors, found.problem = walk.tensors, found.problem or walk.problem
    found.facts = _facts(archive, members, folder, stored)
    rows = [(shown(name.module), shown(name.name)) for name in pickle.names]
    if rows:
        found.tables.append(Table("Named by its pickle", ("Module", "Name"), rows))
    return found


def _facts(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    folder: str,
    stored: dict[str, int],
) -> list[tuple[str, str]]:
    facts = [("stored arrays", f"{len(stored):,}")]
    for name in ("byteorder", "version", ".format_version"):
        if member := members.get(folder + name):
            said = zips.content(archive, member, 1000).decode("utf-8", "replace").strip()
            facts.append((name.strip("."), shown(said)))
    return facts


def _warning(pickle: Pickle) -> str:
    odd = [str(name) for name in pickle.names if not EXPECTED.fullmatch(str(name))]
    if not odd:
        return ""
    names = ", ".join(odd[:5]) + (", …" if len(odd) > 5 else "")
    return WARNING.format(names=shown(names))


class _Walk:
    """Goes through what a pickle describes and gathers arrays by their paths."""

    def __init__(self, stored: dict[str, int]):
        self.stored = stored
        self.tensors: list[Tensor] = []
        self.problem = ""

    def through(self, value: Any) -> None:
        """Depth first, in order; each container once, so that one inside itself ends too."""
        waiting: list[tuple[str, Any, int]] = [("", value, 0)]
        seen: set[int] = set()
        visited = 0
        while waiting:
            path, value, depth = waiting.pop()
            visited += 1
            if visited > MOST_VISITED or len(self.tensors) >= MOST_TENSORS:
                self.problem = "it has more parts than are looked at; these are the first"
                return
            if isinstance(value, Call) and (tensor := self._tensor(path, value)) is not None:
                self.tensors.append(tensor)
                continue
            if not isinstance(value, Call | Map | list | tuple) or depth > MOST_DEPTH:
                continue
            if id(value) in seen:
                continue
            seen.add(id(value))
            # No more are held than are visited: a list of itself, many times over, ends.
            room = MOST_VISITED - visited - len(waiting)
            parts = _parts(value, max(0, room))
            inner = [(_joined(path, key), part, depth + 1) for key, part in parts]
            waiting += reversed(inner)

    def _tensor(self, path: str, call: Call) -> Tensor | None:
        """The array that a call would build, None where it builds something else."""
        if not isinstance(call.of, Name) or not isinstance(call.arguments, tuple):
            return None
        arguments = call.arguments
        if call.of.name in ("_rebuild_parameter", "_rebuild_parameter_with_state") and arguments:
            inner = arguments[0]
            return self._tensor(path, inner) if isinstance(inner, Call) else None
        if not call.of.name.startswith(("_rebuild_tensor", "_rebuild_qtensor")):
            return None
        if len(arguments) < 3 or not isinstance(arguments[0], Stored):
            return None
        dtype, key = _storage(arguments)
        shape = shape_of(arguments[2], path)
        kept = self.stored.get(key)
        return Tensor(
            shown(path), dtype, shape, _size(dtype, shape), _remark(arguments, dtype, kept)
        )


def _parts(value: Any, most: int) -> list[tuple[str, Any]]:
    """What is inside a container, with its key."""
    if isinstance(value, Map):
        return [(_key(key), part) for key, part in value.items[:most]]
    if isinstance(value, Call):
        parts = [(_key(key), part) for key, part in value.items[:most]]
        arguments = value.arguments if isinstance(value.arguments, tuple) else ()
        return [*parts, *(("", part) for part in arguments[:20]), ("", value.state)]
    return [(str(number), part) for number, part in enumerate(value[:most])]


def _key(key: Any) -> str:
    """A key as part of a path. Python writes no numbers of thousands of digits, and nor do we."""
    if isinstance(key, int) and abs(key) < 2**63:
        return str(key)
    return key[:MOST_PATH_CHARACTERS] if isinstance(key, str) else "?"


def _joined(path: str, key: str) -> str:
    if not key or key in BOOKKEEPING:
        return path
    return f"{path}.{key}"[-MOST_PATH_CHARACTERS:] if path else key


def _storage(arguments: tuple[Any, ...]) -> tuple[str, str]:
    """The dtype, and the name of the file that the array lies in."""
    said = arguments[0].id
    if not isinstance(said, tuple) or len(said) < 3 or not isinstance(said[2], str | int):
        raise Unreadable("its pickle does not say where its arrays lie")
    kind = said[1].name if isinstance(said[1], Name) else ""
    dtype = STORAGES.get(kind, ("", 0))[0]
    # Storages without a type: the dtype is an argument of its own, torch.float8_e5m2.
    named = [a.name for a in arguments if isinstance(a, Name) and a.module == "torch"]
    return dtype or (shown(named[0]) if named else "unknown"), _key(said[2])


def _size(dtype: str, shape: tuple[int, ...]) -> int | None:
    return math.prod(shape) * ITEM_BYTES[dtype] if dtype in ITEM_BYTES else None


def _remark(arguments: tuple[Any, ...], dtype: str, kept: int | None) -> str:
    """What does not fit between what the pickle says and the file that the array lies in."""
    if kept is None:
        return "the archive does not hold its numbers"
    offset, shape = arguments[1], arguments[2]
    strides = arguments[3] if len(arguments) > 3 else None
    item = ITEM_BYTES.get(dtype)
    if item is None or not isinstance(offset, int) or 0 in shape:
        return ""
    last = offset + math.prod(shape) - 1
    if isinstance(strides, tuple) and all(isinstance(step, int) for step in strides):
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=False))
    return (
        ""
        if last >= 0 and (last + 1) * item <= kept
        else f"its shape needs more than its {kept:,} bytes"
    )
