"""Files that mean harm to whoever looks at them: named, or refused in words, and quickly."""

import base64
import io
import json
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from tests.runs.previewing import ask, kept, problem, shown

MIB = 2**20
pytestmark = pytest.mark.django_db


def png(width: int, height: int) -> bytes:
    """The head of a PNG of that size; nobody draws it here."""
    head = struct.pack(">II5B", width, height, 8, 6, 0, 0, 0)
    body = b"IHDR" + head
    crc = struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + crc


def bmp(width: int, height: int) -> bytes:
    return b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, width, height) + b"\x01\x00\xff" * 20


def test_a_picture_that_would_fill_the_browsers_memory_is_only_named(caller):
    run = kept(
        caller,
        bomb__png=png(60_000, 60_000),
        small__png=png(40, 30),
        bomb__bmp=bmp(30_000, -30_000),
    )
    told = shown(caller, run, "bomb.png")
    assert (told["kind"], told["width"], told["is_too_large"]) == ("image", 60_000, True)
    assert shown(caller, run, "bomb.bmp")["is_too_large"]
    small = shown(caller, run, "small.png")
    assert (small["width"], small["height"], small["is_too_large"]) == (40, 30, False)


def test_such_a_picture_in_a_notebook_is_words(caller):
    def output(data: bytes):
        return {
            "output_type": "display_data",
            "data": {"image/png": base64.b64encode(data).decode()},
        }

    outputs = [output(png(60_000, 60_000)), output(png(4, 3))]
    cells = [{"cell_type": "code", "source": "x", "outputs": outputs}]
    book = json.dumps({"nbformat": 4, "cells": cells}).encode()
    (cell,) = shown(caller, kept(caller, a__ipynb=book), "a.ipynb")["cells"]
    assert [one["kind"] for one in cell["outputs"]] == ["text", "image"]
    assert "60,000 × 60,000 pixels" in cell["outputs"][0]["text"]


def zipped(data: bytes, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as archive:
        archive.writestr("a.npy", data)
    return made.getvalue()


def headed(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape})}}".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


@pytest.mark.parametrize(
    ("name", "data"),
    [
        # A header of 200 MiB, as it says, which is 200 kB packed.
        ("a.npz", zipped(b"\x93NUMPY\x02\x00" + struct.pack("<I", 200 * MIB) + b" " * 200 * MIB)),
        ("a.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b" " * 4 * MIB),
        ("a.npy", headed(", ".join(["9" * 4000] * 2))),
        ("a.npy", headed("9, " * 900)),
        ("a.npz", zipped(b"\x93NUMPY", zipfile.ZIP_LZMA)),
    ],
    ids=["packed header", "long header", "long axes", "many axes", "other packing"],
)
def test_an_array_that_lies_takes_no_memory(caller, name, data):
    run = kept(caller, **{name.replace(".", "__"): data})
    tracemalloc.start()
    try:
        assert "no array that can be read" in problem(ask(caller, run, name))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 64 * MIB


def test_an_array_larger_than_its_file_shows_what_is_there(caller):
    data = headed(f"{2**40}, {2**20}") + np.arange(5.0).tobytes()
    (told,) = shown(caller, kept(caller, a__npy=data), "a.npy")["arrays"]
    assert told["shape"] == [2**40, 2**20]
    assert told["corner"][0][:5] == ["0", "1", "2", "3", "4"]


def test_one_line_of_many_megabytes(caller):
    """As a table, as JSON and as text: a bounded piece of it, or the word that it is no table."""
    line = b"x," * (20 * MIB)
    run = kept(caller, a__csv=line, b__csv=b"y" * 20 * MIB, c__json=b"[" * 2 * MIB, d__txt=line)
    for name in ("a.csv", "b.csv"):
        assert "longer than 128 KiB" in problem(ask(caller, run, name))
    assert len(shown(caller, run, "b.csv", look="text")["text"]) == 256 * 1024
    assert shown(caller, run, "c.json")["kind"] == "text"
    assert len(shown(caller, run, "d.txt")["text"]) == 256 * 1024


def test_names_that_would_confuse_are_found_by_them(caller):
    names = ["a b#c?d&e=f%20.txt", "\u202egpj.exe", "...", "e\u0301.txt", "😀.txt", "-rf"]
    run = kept(caller, **dict.fromkeys(names, b"hello"))
    for name in names:
        assert shown(caller, run, name)["path"] == f"outputs/{name}"
