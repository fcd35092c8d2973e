"""Tables in datasets: rows by the page, read in a program beside the studio; hostile files too."""

import gzip
import io
import json
import resource

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry import apart, tables
from studio.errors import BadInput
from studio.files import blobs, trees

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.TABLES = tmp_path / "tables"


def tree_of(**files):
    made = (
        (path.replace("__", "."), blobs.put([content]).sha256) for path, content in files.items()
    )
    return trees.make(made)


def page(tree, reading=None, *, path="", start=0, count=100):
    how = tables.checked_reading("tabular", reading or {"format": "delimited"})
    return tables.page(tree, how, path=path, start=start, count=count)


def csv(text, **reading):
    content = text if isinstance(text, bytes) else text.encode()
    return page(tree_of(a__csv=content), {"format": "delimited", **reading})


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def test_rows_of_a_csv_have_names_types_and_values():
    found = csv("id,name,score,at,ok\n1,ä,0.5,2026-11-21,true\n2,,,,\n")
    kinds = [(column["name"], column["kind"]) for column in found["columns"]]
    assert kinds == [
        ("id", "integer"), ("name", "text"), ("score", "number"), ("at", "time"), ("ok", "boolean"),
    ]  # fmt: skip
    assert found["rows"] == [[1, "ä", 0.5, "2026-11-21", True], [2, None, None, None, None]]
    assert (found["row_count"], found["next"], found["skipped"]) == (2, None, 0)


def test_separators_headers_and_encodings_are_as_they_are_said():
    found = csv("1;2\n3;4\n", separator=";", header=False)
    assert found["rows"] == [[1, 2], [3, 4]]
    assert csv("a\n\xe4\n".encode("latin1"), encoding="iso88591")["rows"] == [["ä"]]
    assert csv("a\n\u20ac\n".encode("cp1252"), encoding="windows1252")["rows"] == [["€"]]
    assert csv("a,b\nä,1\n".encode("utf-16"), encoding="utf16")["rows"] == [["ä", 1]]
    quoted = 'a,b\n"x\ny",1\n'
    assert csv(quoted, multiline=True)["rows"] == [["x\ny", 1]]


def test_a_page_begins_where_it_is_asked_for_and_files_follow_each_other():
    lines = ["n"] + [str(n) for n in range(5000)]
    tree = tree_of(a__csv="\n".join(lines).encode(), b__csv=b"n\n5000\n5001\n")
    seen, start = [], 0
    while start is not None:
        found = page(tree, start=start, count=500)
        seen += [row[0] for row in found["rows"]]
        start = found["next"]
    assert seen == list(range(5002))
    assert page(tree, path="b.csv")["row_count"] == 2
    assert page(tree, start=10**9)["rows"] == []


def test_parquet_pages_come_out_of_their_row_groups():
    table = pa.table(
        {
            "n": list(range(10_000)),
            "text": [f"t{n}" for n in range(10_000)],
            "list": [[n] for n in range(10_000)],
            "big": [2**60] * 10_000,
            "nan": [float("nan")] * 10_000,
            "bytes": [b"\0" * 100] * 10_000,
            "at": pa.array([0] * 10_000, pa.timestamp("ns", tz="UTC")),
        }
    )
    tree = tree_of(a__parquet=parquet(table, row_group_size=1000))
    found = page(tree, {"format": "parquet"}, start=5_500, count=3)
    assert [row[0] for row in found["rows"]] == [5500, 5501, 5502]
    assert (found["row_count"], found["next"]) == (10_000, 5503)
    first = found["rows"][0]
    assert first[1:5] == ["t5500", "[5500]", str(2**60), "nan"]
    assert first[5].startswith("100 bytes: ")
    assert first[6].startswith("1970-01-01")
    last = page(tree, {"format": "parquet"}, start=9_999, count=3)
    assert (len(last["rows"]), last["next"]) == (1, None)


def test_json_lines_and_packed_files():
    lines = [{"a": 1, "b": {"c": [1]}}, {"a": "x", "d": None}, {"b": 2**70}]
    text = "\n".join(map(json.dumps, lines)).encode()
    found = page(tree_of(a__jsonl=text), {"format": "json_lines"})
    assert [column["name"] for column in found["columns"]] == ["a", "b", "d"]
    assert found["rows"][1] == ["x", None, None]
    packed = page(tree_of(a__csv__gz=gzip.compress(b"a\n1\n2\n")))
    assert packed["rows"] == [[1], [2]]


def test_a_column_that_changes_its_type_later_is_read_as_text():
    """The first rows are whole numbers; far behind them stands a word."""
    rows = ["a,b"] + [f"{n},{n}" for n in range(900_000)] + ["word,1"]
    found = page(tree_of(a__csv="\n".join(rows).encode()), start=899_999, count=10)
    assert found["rows"] == [["899999", 899999], ["word", 1]]


def test_lines_that_do_not_fit_are_counted_and_shown():
    found = csv("a,b\n1,2\n1,2,3\n4,5\n")
    assert found["rows"] == [[1, 2], [4, 5]]
    assert (found["skipped"], "1,2,3" in found["skipped_text"]) == (1, True)


def test_columns_that_differ_between_files_are_named():
    tree = tree_of(a__csv=b"a,b\n1,2\n", b__csv=b"b,c\n3,4\n")
    found = page(tree)
    assert found["rows"] == [[1, 2], [None, 3]]
    assert found["other_columns"] == ["c"]


def bomb():
    """A few kilobytes of Parquet: a thousand rows that all are the same 64 MiB."""
    value = pa.array([b"\0" * 2**26], pa.binary())
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), value)
    return parquet(
        pa.table({"a": column}),
        compression="gzip",
        store_schema=False,
        dictionary_pagesize_limit=2**30,
    )


def wide():
    return ",".join(f"c{n}" for n in range(3000)).encode() + b"\n"


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("empty.csv", b"", "delimited"),
        ("binary.csv", bytes(range(256)) * 1000, "delimited"),
        ("line.csv", b"x" * (20 * 2**20), "delimited"),
        ("wide.csv", wide(), "delimited"),
        ("cut.csv.gz", gzip.compress(b"a\n1\n" * 100_000)[:50], "delimited"),
        ("no.csv.gz", b"a,b\n1,2\n", "delimited"),
        ("empty.parquet", b"", "parquet"),
        ("text.parquet", b"a,b\n1,2\n" * 10, "parquet"),
        ("cut.parquet", parquet(pa.table({"a": [1, 2]}))[:-20], "parquet"),
        ("lies.parquet", b"PAR1" + b"x" * 100 + b"\xff\xff\xff\x7fPAR1", "parquet"),
        ("noise.parquet", b"PAR1" + b"\x15\xff" * 500 + b"\xe8\x03\0\0PAR1", "parquet"),
        ("text.jsonl", b"no json\n", "json_lines"),
        ("list.jsonl", b"[1]\n", "json_lines"),
        ("deep.jsonl", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "json_lines"),
        ("line.jsonl", b'{"a": "' + b"x" * (20 * 2**20) + b'"}\n', "json_lines"),
        ("latin.jsonl", b'{"a": "\xe4"}\n', "json_lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_such_table_ends_in_words(name, content, form):
    tree = trees.make([(name, blobs.put([content]).sha256)])
    if name == "binary.csv":
        # Whatever its bytes come to, it is an answer or words, and no reader breaks.
        with_words = False
        try:
            page(tree, {"format": form})
        except BadInput:
            with_words = True
        assert with_words in (True, False)
        return
    with pytest.raises(BadInput, match="this table cannot be read: ") as caught:
        page(tree, {"format": form})
    assert len(caught.value.message) < 600


def test_a_parquet_bomb_ends_its_reader_and_not_the_studio():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match="memory"):
        page(tree_of(a__parquet=bomb()), {"format": "parquet"})
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 512 * 1024  # kilobytes
    assert csv("a\n1\n")["rows"] == [[1]]


def test_an_endless_gzip_ends_in_words(monkeypatch):
    monkeypatch.setattr(tables, "PAGE_SECONDS", 1)
    monkeypatch.setattr(apart, "START_S", 1)
    packed = gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n" * 2**20) * 300
    with pytest.raises(BadInput, match=r"not read within 1 s|memory or time"):
        page(tree_of(a__csv__gz=packed), start=10**11)


def test_an_answer_is_kept_by_content(monkeypatch):
    tree = tree_of(a__csv=b"a\n1\n")
    first = page(tree)
    monkeypatch.setattr(tables, "_ask", None)
    assert page(tree) == first


@pytest.mark.parametrize(
    "reading",
    [
        {}, [], "x", {"format": "excel"}, {"format": "delimited", "separator": ""},
        {"format": "delimited", "separator": "ab"}, {"format": "delimited", "separator": '"'},
        {"format": "delimited", "encoding": "rot13"}, {"format": "delimited", "header": "yes"},
        {"format": "delimited", "x": "y" * 30_000},
    ],
)  # fmt: skip
def test_a_reading_that_cannot_be_is_refused(reading):
    with pytest.raises(BadInput, match="reading"):
        tables.checked_reading("tabular", reading)


def test_a_reader_knows_nothing_of_the_studio(monkeypatch, tmp_path):
    """Its environment holds no secret: what breaks it has nothing to take."""
    seen = {}

    class Watched(tables.subprocess.Popen):
        def __init__(self, *args, **options):
            seen.update(options["env"])
            super().__init__(*args, **options)

    monkeypatch.setattr(tables.subprocess, "Popen", Watched)
    monkeypatch.setenv("STUDIO_SECRET", "secret")
    assert csv("a\n1\n")["rows"] == [[1]]
    assert not [name for name in seen if name.startswith(("STUDIO", "DJANGO", "SSH", "HOME"))]


def test_columns_stand_in_front_that_the_paths_say():
    contents = {"a/2026-01/x.csv": b"n\n1\n2\n", "b/2026-02/x.csv": b"n\n3\n"}
    tree = trees.make((path, blobs.put([text]).sha256) for path, text in contents.items())
    form = {"partition_format": "/{who}/{at:yyyy-MM}/*.csv"}
    found = page(tree, {"format": "delimited", **form})
    assert [column["name"] for column in found["columns"]] == ["who", "at", "n"]
    assert found["rows"][2] == ["b", "2026-02-01 00:00:00", 3]
    out = {f"{who}/2026-01/x.csv": parquet(pa.table({"n": [who]})) for who in "xy"}
    tree = trees.make((path, blobs.put([content]).sha256) for path, content in out.items())
    found = page(tree, {"format": "parquet", **form}, start=1)
    assert found["rows"] == [["y", "2026-01-01 00:00:00", "y"]] and found["row_count"] == 2
    for wrong in ("/{a}/{b}/{c}/{d}/x.csv", "{a:yyyy}/x.csv", "x", "{a}" * 30):
        with pytest.raises(BadInput, match="partition_format"):
            page(tree, {"format": "parquet", "partition_format": wrong})


def test_a_column_that_is_said_to_be_text_stays_one():
    kinds = {"zip": {"to": "string"}, "n": {"to": "long"}}
    found = csv("zip,n\n02134,1\n", types=kinds)
    assert found["rows"] == [["02134", 1]]
    found = csv("02134,1\n", header=False, types={"Column1": {"to": "string"}})
    assert found["rows"] == [["02134", 1]]
    assert csv("a\n1\n", types="x")["rows"] == [[1]]


def idx(shape, values):
    magic = 2051 if len(shape) == 3 else 2049
    return b"".join(number.to_bytes(4) for number in (magic, *shape)) + bytes(values)


def test_pictures_and_their_labels_are_a_table():
    names = ("t-images-idx3-ubyte", "t-labels-idx1-ubyte")
    good = idx((3, 2, 1), [1, 2, 3, 4, 5, 6]), idx((3,), [7, 8, 9])
    how = {"format": "idx"}

    def of(*contents):
        pairs = zip(names, contents, strict=False)
        return trees.make((path, blobs.put([content]).sha256) for path, content in pairs)

    found = page(of(*good), how, start=1)
    assert [column["name"] for column in found["columns"]] == ["0", "1", "label"]
    assert found["rows"] == [[3, 4, 8], [5, 6, 9]]
    for wrong, words in (
        ((good[0],), "come in pairs"),
        ((good[0], idx((2,), [1, 2])), "different numbers"),
        ((good[0], good[0]), "no IDX file"),
        ((good[0][:-1], good[1]), "cut off"),
        ((b"", good[1]), "cannot be read as IDX"),
        ((idx((1, 3000, 1), []), idx((1,), [1])), "3,001 columns"),
    ):
        with pytest.raises(BadInput, match=words):
            page(of(*wrong), how)
