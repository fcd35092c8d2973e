"""ONNX: the graph's inputs, outputs, operators and weights, without reading the weights.

Field numbers are those of onnx.proto, https://onnx.ai (ModelProto, GraphProto, TensorProto).
"""

import math
from collections import Counter

from registry.inspecting.found import (
    MOST_DIMENSIONS,
    MOST_TENSORS,
    Inside,
    Table,
    Tensor,
    shape_of,
    shown,
)
from registry.inspecting.protobuf import BYTES, Field, Message
from registry.inspecting.reading import Source, Unreadable

DTYPES = {
    1: ("float32", 32), 2: ("uint8", 8), 3: ("int8", 8), 4: ("uint16", 16), 5: ("int16", 16),
    6: ("int32", 32), 7: ("int64", 64), 8: ("string", 0), 9: ("bool", 8), 10: ("float16", 16),
    11: ("float64", 64), 12: ("uint32", 32), 13: ("uint64", 64), 14: ("complex64", 64),
    15: ("complex128", 128), 16: ("bfloat16", 16), 17: ("float8e4m3fn", 8),
    18: ("float8e4m3fnuz", 8), 19: ("float8e5m2", 8), 20: ("float8e5m2fnuz", 8), 21: ("uint4", 4),
    22: ("int4", 4), 23: ("float4e2m1", 4),
}  # fmt: skip
MODEL_TEXTS = {2: "producer", 3: "producer version", 4: "domain"}
MOST_LISTED = 2_000
RAW_DATA, EXTERNAL = 9, 14


def read(source: Source) -> Inside:
    """Say what an ONNX model holds. Raises Unreadable where it is none."""
    found = Inside("ONNX")
    model = Message(source)
    has_graph = False
    opsets: list[str] = []
    for field in model:
        if field.number == 1 and field.kind != BYTES:
            found.facts.append(("IR version", str(field.value)))
        elif field.number in MODEL_TEXTS and field.kind == BYTES:
            if said := model.text(field):
                found.facts.append((MODEL_TEXTS[field.number], shown(said)))
        elif field.number == 7 and field.kind == BYTES:
            has_graph = True
            _graph(model.inside(field), found)
        elif field.number == 8 and field.kind == BYTES and len(opsets) < 20:
            opsets.append(_opset(model.inside(field)))
    if not has_graph:
        raise Unreadable("it holds no graph: it is no ONNX model, or was cut off")
    found.facts.append(("operator sets", ", ".join(opsets) or "none"))
    return found


def _opset(message: Message) -> str:
    domain, number = "", 0
    for field in message:
        if field.number == 1 and field.kind == BYTES:
            domain = message.text(field, 100)
        elif field.number == 2:
            number = field.value
    return shown(f"{domain or 'ai.onnx'} {number}")


def _graph(graph: Message, found: Inside) -> None:
    operators: Counter[str] = Counter()
    listed: dict[int, list[Tensor]] = {11: [], 12: []}
    node_count = 0
    for field in graph:
        if field.kind != BYTES:
            continue
        if field.number == 1:
            node_count += 1
            operators[_operator(graph.inside(field))] += 1
        elif field.number == 2:
            found.facts.append(("graph", shown(graph.text(field))))
        elif field.number == 5:
            if len(found.tensors) >= MOST_TENSORS:
                raise Unreadable(f"it has more than {MOST_TENSORS:,} weights")
            found.tensors.append(_weight(graph.inside(field)))
        elif field.number in listed and len(listed[field.number]) < MOST_LISTED:
            listed[field.number].append(_value(graph.inside(field)))
    found.facts.append(("nodes", f"{node_count:,}"))
    weights = {tensor.name for tensor in found.tensors}
    inputs = [value for value in listed[11] if value.name not in weights]
    for title, values in (("Inputs", inputs), ("Outputs", listed[12])):
        rows = [(value.name, value.dtype, value.dimensions) for value in values]
        found.tables.append(Table(title, ("Name", "Dtype", "Shape"), rows))
    used = [(name, f"{count:,}") for name, count in operators.most_common(MOST_LISTED)]
    found.tables.append(Table("Operators", ("Operator", "Nodes"), used))


def _operator(node: Message) -> str:
    kind, domain = "?", ""
    for field in node:
        if field.number == 4 and field.kind == BYTES:
            kind = shown(node.text(field, 100))
        elif field.number == 7 and field.kind == BYTES:
            domain = shown(node.text(field, 100))
    return f"{domain}.{kind}" if domain and domain != "ai.onnx" else kind


def _weight(tensor: Message) -> Tensor:
    sizes: list[int] = []
    code, name, raw_bytes, is_elsewhere = 0, "", None, False
    for field in tensor:
        if field.number == 1:
            sizes += tensor.numbers(field, MOST_DIMENSIONS)
            if len(sizes) > MOST_DIMENSIONS:
                raise Unreadable("one of its weights has a shape that is none")
        elif field.number == 2 and field.kind != BYTES:
            code = field.value
        elif field.number == 8 and field.kind == BYTES:
            name = tensor.text(field)
        elif field.number == RAW_DATA:
            raw_bytes = field.end - field.start
        elif field.number == EXTERNAL and field.kind != BYTES:
            is_elsewhere = field.value == 1
    shape = shape_of(sizes, name)
    dtype, bits = DTYPES.get(code, (f"type {code}", 0))
    size = (math.prod(shape) * bits + 7) // 8 if bits else None
    remark = "its numbers lie in a file beside" if is_elsewhere else ""
    if raw_bytes is not None and size is not None and not is_elsewhere and size != raw_bytes:
        remark = f"its shape does not fit its {raw_bytes:,} bytes"
    return Tensor(shown(name), dtype, shape, size, remark)


def _value(value: Message) -> Tensor:
    """An input or output of the graph; dimensions may be names."""
    name, dtype = "", "unknown"
    shape: list[int | str] = []
    for field in value:
        if field.number == 1 and field.kind == BYTES:
            name = value.text(field)
        elif field.number == 2 and field.kind == BYTES:
            dtype, shape = _type(value.inside(field))
    return Tensor(shown(name), dtype, tuple(shape))


def _type(message: Message) -> tuple[str, list[int | str]]:
    for field in message:
        if field.number == 1 and field.kind == BYTES:
            return _tensor_type(message.inside(field))
    return "no tensor", []


def _tensor_type(message: Message) -> tuple[str, list[int | str]]:
    dtype = "unknown"
    shape: list[int | str] = []
    for field in message:
        if field.number == 1 and field.kind != BYTES:
            dtype = DTYPES.get(field.value, (f"type {field.value}", 0))[0]
        elif field.number == 2 and field.kind == BYTES:
            shape = _dimensions(message.inside(field))
    return dtype, shape


def _dimensions(message: Message) -> list[int | str]:
    found: list[int | str] = []
    for field in message:
        if field.number == 1 and field.kind == BYTES and len(found) < MOST_DIMENSIONS:
            found.append(_dimension(message, field))
    return found


def _dimension(message: Message, field: Field) -> int | str:
    inner = message.inside(field)
    for part in inner:
        if part.number == 1 and part.kind != BYTES:
            return part.value
        if part.number == 2 and part.kind == BYTES:
            return shown(inner.text(part, 100)) or "?"
    return "?"
