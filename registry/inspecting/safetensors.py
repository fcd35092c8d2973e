"""safetensors: eight bytes of length, a JSON header, then the arrays as they are."""

import json
import math
from typing import Any

from registry.inspecting.found import MOST_TENSORS, Inside, Tensor, shape_of, shown
from registry.inspecting.reading import MOST_AT_ONCE_BYTES, Source, Unreadable

ITEM_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
METADATA = "__metadata__"
MOST_FACTS = 50


def read(source: Source) -> Inside:
    """Say what a safetensors file holds. Raises Unreadable where its header lies."""
    header, data_at = _header(source)
    found = Inside("safetensors")
    metadata = header.pop(METADATA, {})
    if isinstance(metadata, dict):
        items = list(metadata.items())[:MOST_FACTS]
        found.facts = [(shown(str(name)), shown(str(text))) for name, text in items]
    if len(header) > MOST_TENSORS:
        raise Unreadable(f"it lists {len(header):,} arrays; at most {MOST_TENSORS:,} are looked at")
    data_bytes = source.size_bytes - data_at
    found.tensors = [_tensor(name, entry, data_bytes) for name, entry in header.items()]
    return found


def _header(source: Source) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(source.exactly(8), "little")
    if length > source.size_bytes - 8:
        raise Unreadable(
            f"its header says that it has {length:,} bytes, and the file has"
            f" {source.size_bytes:,}: it was cut off, or is something else"
        )
    if length > MOST_AT_ONCE_BYTES:
        raise Unreadable(
            f"its header has {length:,} bytes; at most {MOST_AT_ONCE_BYTES:,} are looked at"
        )
    try:
        header = json.loads(source.exactly(length))
    except (ValueError, RecursionError):
        raise Unreadable("its header is not JSON") from None
    if not isinstance(header, dict):
        raise Unreadable("its header is no JSON object")
    return header, 8 + length


def _tensor(name: str, entry: Any, data_bytes: int) -> Tensor:
    if not isinstance(entry, dict):
        raise Unreadable(f"its header says nothing of {shown(name)}")
    dtype, shape = str(entry.get("dtype"))[:20], shape_of(entry.get("shape"), name)
    offsets = entry.get("data_offsets")
    if not isinstance(offsets, list) or [type(offset) for offset in offsets] != [int, int]:
        raise Unreadable(f"its header does not say where {shown(name)} lies")
    start, end = offsets
    remark = ""
    if not 0 <= start <= end <= data_bytes:
        remark = "it lies outside of the file"
    elif dtype not in ITEM_BITS:
        remark = "a dtype that is not known here"
    elif (math.prod(shape) * ITEM_BITS[dtype] + 7) // 8 != end - start:
        remark = f"its shape does not fit its {end - start:,} bytes"
    return Tensor(shown(name), shown(dtype), shape, max(0, end - start), remark)
