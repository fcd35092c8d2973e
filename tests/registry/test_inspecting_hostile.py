"""Files made to harm whoever looks into them end in a sentence, in bounded time and memory."""

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from registry.inspecting import looking, opcodes, reading
from registry.inspecting.reading import Source, Unreadable, source_in

MOST_BYTES = 160 * 2**20


def look(name, content):
    """What is said of a file; whoever needs more memory than a few files would fails here."""
    tracemalloc.start()
    try:
        found = looking.look(name, source_in(content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    return found


def said(name, content):
    found = look(name, content)
    assert found.problem
    return found.problem


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(shape, start=0, end=4, dtype="F32"):
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends in the middle"),
        (b"\xff" * 8, "its header says that it has 18,446,744,073,709,551,615 bytes"),
        ((9 * 2**20).to_bytes(8, "little") + bytes(9 * 2**20), "at most 8,388,608 are looked at"),
        (safetensors(b"{" * 100_000), "not JSON"),
        (safetensors(b"[" * 5_000 + b"]" * 5_000), "not JSON"),
        (safetensors(b"[]"), "no JSON object"),
        (safetensors({"w": 3}), "says nothing of w"),
        (safetensors(entry([-1])), "a shape that is none"),
        (safetensors(entry([True])), "a shape that is none"),
        (safetensors(entry([2**40, 2**40])), "larger than any file"),
        (safetensors(entry([10**400])), "a shape that is none"),
        (safetensors(entry([1] * 65)), "a shape that is none"),
        (safetensors(entry([1], "0", 4)), "does not say where"),
    ],
)
def test_headers_of_safetensors_that_lie(content, words):
    assert words in said("m.safetensors", content)


@pytest.mark.parametrize(
    ("shape", "end", "words"),
    [([3], 4, "does not fit its 4 bytes"), ([1], 400, "outside of the file")],
)
def test_an_array_that_is_not_where_it_is_said_is_marked(shape, end, words):
    found = look("m.safetensors", safetensors(entry(shape, end=end), bytes(8)))
    assert words in found.tensors[0].remark


def npy(text, version=1):
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text


@pytest.mark.parametrize(
    "content",
    [
        b"\x93NUMPY",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        npy(b"__import__('os').abort()"),
        npy(b"{'descr': '<f4', 'shape': (" + b"9" * 20_000 + b",), }"),
        npy(b"{'descr': '<f4', 'shape': (" + b"9" * 40 + b",), }"),
        npy(b"{'descr': '<f4', 'shape': (" + b"1," * 70 + b"), }"),
        npy(b"(" * 60_000, 2),
    ],
)
def test_headers_of_numpy_that_lie(content):
    said("a.npy", content)


def test_a_dtype_is_no_language_here():
    found = look("a.npy", npy(b"{'descr': 'f4,(999999,999999)i8', 'shape': (1,), }"))
    assert found.tensors[0].dtype == "f4,(999999,999999)i8"


def zipped(files, kind=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_bomb_in_a_zip_is_unpacked_no_further_than_is_looked():
    bomb = bytes(200 * 2**20)
    assert "more than 8,388,608 bytes" in said("m.pt", zipped({"a/data.pkl": bomb}))
    config = zipped({"config.json": bomb, "metadata.json": "{}"})
    assert "more than 8,388,608 bytes" in said("m.keras", config)
    assert "does not begin as" in said("a.npz", zipped({"a.npy": bomb}))


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_unpack_all_at_once_are_not_unpacked(kind):
    assert "not looked into" in said("m.pt", zipped({"a/data.pkl": bytes(10**7)}, kind))


def test_a_zip_cut_off_or_with_a_list_that_lies():
    whole = zipped({"a/data.pkl": b"x" * 1000})
    assert "no whole zip" in said("m.pt", whole[:-30])
    end = whole.rfind(b"PK\x05\x06")
    huge = whole[: end + 12] + (2**31).to_bytes(4, "little") + whole[end + 16 :]
    assert "too much to look at" in said("m.pt", huge)
    wrong = bytearray(whole)
    wrong[40] ^= 255  # in the packed bytes
    said("m.pt", bytes(wrong))


def test_a_zip_of_very_many_files():
    said("m.zip", zipped({f"{number}": b"" for number in range(50_001)}))


def pickled(*instructions):
    return b"\x80\x02" + b"".join(instructions) + b"."


@pytest.mark.parametrize(
    "content",
    [
        pickled(b"(" * 700_000),  # more instructions than are read
        b"\x80\x02]" + b"2" * 700_000,
        pickled(b"X\xff\xff\xff\x7f"),  # a text of 2 GiB that is not there
        pickled(b"\x8e" + b"\xff" * 8),  # bytes of 16 EiB
        pickled(b"L" + b"9" * 100_000 + b"L\n"),  # Python would read a number of so many digits
        pickled(b"0" * 10),  # nothing is there to take away
        pickled(b"h\x07"),  # nothing was kept there
        pickled(b"e"),  # no mark
        b"\x80\x02",
        b"\x80\x02\x93.",
        pickled(b"]]\x93"),  # the name of a class that is a list
        b"\x80\x02\xff",
    ],
)
def test_instructions_that_are_no_whole_pickle(content):
    assert look("m.pkl", content).problem
    assert look("m.pt", zipped({"a/data.pkl": content})).problem


def doubled(times):
    """A pair of a pair of a pair …: written out it has two to the `times` parts."""
    return b"\x80\x04N" + b"2\x86" * times


def test_what_is_small_and_would_be_endless_written_out():
    for content in (doubled(200) + b".", doubled(200) + doubled(200)[2:] + b"\x93."):
        look("m.pkl", content)
        look("m.pt", zipped({"a/data.pkl": content}))
    inside_itself = b"\x80\x02]q\x00h\x00a."
    assert not look("m.pt", zipped({"a/data.pkl": inside_itself})).problem
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    assert not look("m.pt", zipped({"a/data.pkl": deep})).tensors


def test_a_list_named_very_many_times_is_walked_once():
    shared = b"\x80\x02](" + b"K\x01" * 1_000 + b"eq\x00(" + b"h\x00" * 200_000 + b"l."
    look("m.pt", zipped({"a/data.pkl": shared}))


def test_a_packed_pickle_is_unpacked_no_further_than_is_looked():
    packed = zlib.compress(pickle.dumps(bytes(100 * 2**20)))
    assert look("m.joblib", packed).problem


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 20,
        b"\x3a\xff\xff\xff\xff\x0f",  # a graph of 4 GiB that is not there
        b"\x3f",  # a kind of field that does not exist
        part(7, part(5, part(1, b"\x01" * 1_000))),  # a thousand dimensions
        part(7, part(5, part(1, 2**63))),
        part(7, part(5, part(1, 2**40) + part(1, 2**40))),
        part(7, part(1, b"") * 300_001),
        part(7, part(5, b"") * 100_001),
        part(7, part(11, part(2, part(1, part(2, b"\x0a\xff"))))),
    ],
)
def test_graphs_that_lie(content):
    said("m.onnx", content)


def test_nobody_reads_more_of_a_file_than_the_limit():
    asked = []

    def read(start, length):
        asked.append(length)
        return bytes(length)

    source = Source(read, 2**40)
    with pytest.raises(Unreadable, match="more than 64 MiB"):
        for at in range(0, 2**40, 2**20):
            source.seek(at)
            source.exactly(8)
    assert sum(asked) <= reading.MOST_READ_BYTES
    with pytest.raises(Unreadable, match="one part of it"):
        source.read()


def test_every_instruction_of_pickles_is_either_known_or_refused():
    known = set(opcodes.MOVES) | {"STOP"}
    refused = {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
    assert known | refused == {op.name for op in opcodes.pickletools.opcodes}
