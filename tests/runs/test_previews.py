"""What is shown of a kept file: by what it is, in pieces that together are the file."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from tests.runs.previewing import ask, kept, problem, shown

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
HEAVY = "é" * 100 + "\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.txt", b"words\n", "text"),
        ("noname", b"words\n", "text"),
        ("a.yaml", b"a: 1\n", "text"),
        ("a.json", b"[1]", "json"),
        ("big.json", b"[" + b"1," * 600_000 + b"1]", "text"),
        ("a.csv", b"a,b\n1,2\n", "table"),
        ("a.md", b"# A\n", "markdown"),
        ("a.html", b"<p>a", "page"),
        ("a.svg", b"<svg/>", "page"),
        ("a.png", PNG, "image"),
        ("text.png", b"no picture", "text"),
        ("pretends.png", bytes(20), "hex"),
        ("a.mp3", b"ID3\0\0", "audio"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "video"),
        ("a.pdf", b"%PDF-1.4\n\xff\xff", "pdf"),
        ("a.bin", bytes(range(256)), "hex"),
        ("a.csv.gz", b"\x1f\x8b\x08\0", "hex"),
        ("nothing.csv", b"", "empty"),
        ("cut.txt", (HEAVY * 100).encode(), "text"),
        ("latin.txt", "caf\xe9 d'or".encode("latin-1"), "hex"),
    ],
)
def test_a_file_is_shown_as_what_it_is(caller, name, data, kind):
    run = kept(caller, **{name: data})
    answer = shown(caller, run, name)
    assert (answer["kind"], answer["size_bytes"]) == (kind, len(data))
    for look in answer["also"]:
        if look in ("text", "hex"):
            assert shown(caller, run, name, look=look)["kind"] == look


def test_pieces_of_a_text_are_the_text(caller):
    text = "".join(f"{number} {'é' * (number % 90)}\n" for number in range(20_000)) + "the end"
    run = kept(caller, a__txt=text.encode(), one__txt=("日" * 300_000).encode())
    for name, whole in (("a.txt", text), ("one.txt", "日" * 300_000)):
        found, offset = "", 0
        while offset is not None:
            piece = shown(caller, run, name, offset=offset)
            found += piece["text"]
            offset = piece["next_offset"]
        assert found == whole


def test_pages_of_a_table_are_its_rows(caller):
    rows = [[str(number), f'quoted "{number}",\nof two lines', "é"] for number in range(1234)]
    quoted = "".join(
        ",".join('"{}"'.format(cell.replace('"', '""')) for cell in row) + "\r\n" for row in rows
    )
    run = kept(caller, a__csv=("\ufeffid,words,letter\r\n" + quoted).encode())
    found, where = [], {}
    while where is not None:
        page = shown(caller, run, "a.csv", **where)
        assert [column["name"] for column in page["columns"]] == ["id", "words", "letter"]
        assert page["row"] == len(found)
        found += page["rows"]
        where = page["next"]
    assert found == [[cell.replace("\r\n", "\n") for cell in row] for row in rows]
    assert page["row_count"] == 1234


def test_odd_tables_are_shown_as_far_as_they_are_tables(caller):
    wide = ",".join(f"c{number}" for number in range(3000))
    run = kept(
        caller,
        semi__csv=b"a;b\n1;2,5\n",
        a__tsv=b"a\tb\n1\t2\n",
        wide__csv=f"{wide}\n{wide}\n".encode(),
        ragged__csv=b"a,b\n1\n1,2,3\n\n4,5\n",
        open__csv=b'a,b\n"never closed,' + b"x" * 400_000,
        long__csv=b"a\n" + b"x" * 5000 + b"\n",
    )
    assert shown(caller, run, "semi.csv")["rows"] == [["1", "2,5"]]
    assert shown(caller, run, "a.tsv")["rows"] == [["1", "2"]]
    page = shown(caller, run, "wide.csv")
    assert (len(page["columns"]), page["column_count"], len(page["rows"][0])) == (200, 3000, 200)
    assert shown(caller, run, "ragged.csv")["rows"] == [["1"], ["1", "2", "3"], ["4", "5"]]
    assert len(shown(caller, run, "long.csv")["rows"][0][0]) == 301
    assert "look at it as text" in problem(ask(caller, run, "open.csv"))
    assert shown(caller, run, "open.csv", look="text")["text"].startswith('a,b\n"never')


def test_a_parquet_file_is_read_in_pages(caller, settings, tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    settings.TABLES = tmp_path / "tables"
    table = pa.table({"id": list(range(250)), "word": ["é" * 400, None] * 125})
    made = io.BytesIO()
    pq.write_table(table, made)
    run = kept(caller, a__parquet=made.getvalue(), bad__parquet=b"PAR1" + b"\xff" * 200 + b"PAR1")
    page = shown(caller, run, "a.parquet")
    assert page["columns"][0] == {"name": "id", "type": "int64"}
    assert (page["row_count"], page["rows"][1]) == (250, ["1", ""])
    assert page["rows"][0][1] == "é" * 300 + "…"
    last = shown(caller, run, "a.parquet", row=200)
    assert (len(last["rows"]), last["rows"][-1][0], last["next"]) == (50, "249", None)
    assert "cannot be read" in problem(ask(caller, run, "bad.parquet"))


class Trap:
    """Loading it would say so."""

    def __reduce__(self):
        return (pytest.fail, ("an object was unpickled",))


def array(value, **how) -> bytes:
    made = io.BytesIO()
    np.save(made, value, **how)
    return made.getvalue()


def test_arrays_show_shape_type_and_first_values(caller):
    cube = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    zipped = io.BytesIO()
    np.savez_compressed(zipped, first=np.arange(100), second=np.array(7.5))
    run = kept(
        caller,
        c__npy=array(cube), f__npy=array(np.asfortranarray(cube)), flat__npy=array(np.arange(1000)),
        odd__npy=array(np.array([1e-9, np.nan, -np.inf, 0.5])), a__npz=zipped.getvalue(),
        empty__npy=array(np.zeros((0, 3))), text__npy=array(np.array(["a", "bé"])),
        record__npy=array(np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])),
    )  # fmt: skip
    for name, order in (("c.npy", "C"), ("f.npy", "Fortran")):
        (told,) = shown(caller, run, name)["arrays"]
        assert (told["shape"], told["dtype"], told["order"]) == ([2, 3, 4], "float32", order)
        assert told["corner"] == [
            ["0", "1", "2", "3"],
            ["4", "5", "6", "7"],
            ["8", "9", "10", "11"],
        ]
    (flat,) = shown(caller, run, "flat.npy")["arrays"]
    assert flat["values"] == [str(number) for number in range(60)]
    assert shown(caller, run, "odd.npy")["arrays"][0]["values"] == ["1e-09", "nan", "-inf", "0.5"]
    first, second = shown(caller, run, "a.npz")["arrays"]
    assert (first["name"], first["shape"], second["shape"], second["values"]) == (
        "first", [100], [], ["7.5"],
    )  # fmt: skip
    assert shown(caller, run, "empty.npy")["arrays"][0]["shape"] == [0, 3]
    assert shown(caller, run, "text.npy")["arrays"][0]["values"] == ["a", "bé"]
    assert shown(caller, run, "record.npy")["arrays"][0]["values"] == ["(1, 2.5)"]


def test_objects_in_arrays_are_never_brought_back(caller):
    trap = array(np.array([Trap()], dtype=object), allow_pickle=True)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("trap.npy", trap)
    run = kept(caller, a__npy=trap, a__npz=zipped.getvalue(), a__pkl=pickle.dumps(Trap()))
    for name in ("a.npy", "a.npz"):
        (told,) = shown(caller, run, name)["arrays"]
        assert "Python objects" in told["remark"] and "values" not in told
    assert "pickle" in shown(caller, run, "a.pkl")["seems"]


def headed(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape})}}".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + b"\0" * 800


@pytest.mark.parametrize(
    "data",
    [
        b"\x93NUMPY\x01\x00\xff\xff{", b"\x93NUMPY\x09\x00", b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\x10\x00__import__('os')", b"\x93NUMPY\x01\x00\x04\x00((((",
        headed("-1,"), headed(f"3, {2**62}"), b"PK\x03\x04\0 and no more",
    ],
)  # fmt: skip
def test_a_damaged_array_is_refused_in_words_and_its_bytes_are_shown(caller, data):
    run = kept(caller, a__npz=data)
    assert "no array that can be read" in problem(ask(caller, run, "a.npz"))
    assert shown(caller, run, "a.npz", look="hex")["bytes"] == data.hex()


def test_markdown_is_elements_and_its_html_is_text(caller):
    text = "# A *b*\n\n- [x](https://a.example/) <b>c</b>\n\n![p](//x/y.png)\n\n|a|\n|-|\n|1|\n"
    run = kept(caller, a__md=text.encode(), deep__md=b"> " * 5000 + b"a")
    tree = shown(caller, run, "a.md")["tree"]
    assert tree[0] == ["h1", {}, "A ", ["em", {}, "b"]]
    said = json.dumps(tree)
    assert '" <b>c</b>"' in said and '["a", {"href": "https://a.example/"}, "x"]' in said
    assert '["img", {"href": "//x/y.png", "alt": "p"}]' in said and '["td", {}, "1"]' in said
    shown(caller, run, "deep.md")


def test_bytes_say_what_they_seem_to_be(caller):
    torch = io.BytesIO()
    with zipfile.ZipFile(torch, "w") as archive:
        archive.writestr("model/data.pkl", b"x")
    head = json.dumps({"w": {"dtype": "F32"}}).encode()
    run = kept(
        caller, a__pt=torch.getvalue(), b__h5=b"\x89HDF\r\n\x1a\n\0", c__bin=b"\0\1" * 5000,
        d__safetensors=len(head).to_bytes(8, "little") + head,
    )  # fmt: skip
    found = {name: shown(caller, run, name)["seems"] for name in ("a.pt", "b.h5", "d.safetensors")}
    assert "PyTorch" in found["a.pt"] and "HDF5" in found["b.h5"]
    assert found["d.safetensors"] == "a safetensors file"
    assert len(shown(caller, run, "c.bin")["bytes"]) == 2 * 4096


def test_what_is_not_there_or_not_so_is_said(caller):
    run = kept(caller, a__txt=b"x")
    assert ask(caller, run, "b.txt").status_code == 404
    other = kept(caller, b__bin=b"\0")
    assert "it can as hex" in problem(ask(caller, other, "b.bin", look="text"))
    assert ask(caller, run, "a.txt", look="table").status_code == 400
    assert ask(caller, run, "a.txt", offset=-1).status_code == 400
