"""Strangers' pages: what they are answered with, what is left out, and notebooks in pieces."""

import base64
import json
import time

import pytest

from studio.previewing import frames
from tests.runs.previewing import ask, kept, problem, shown

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


HTML = ["<b>", "x</b><script>y</script>"]


def framed(caller, run, name, **query):
    return caller.get(f"/api/v1/runs/{run.run_id}/preview/frame", path=f"outputs/{name}", **query)


def notebook(*cells, **more) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": cells, **more}).encode()


def code(source, *outputs) -> dict:
    return {"cell_type": "code", "execution_count": 1, "source": source, "outputs": list(outputs)}


@pytest.mark.parametrize("name", ["a.html", "a.svg"])
def test_a_page_is_answered_for_a_frame_that_may_nothing(caller, name):
    run = kept(caller, **{name: b"<svg><script>x</script><circle r='1'/></svg>"})
    reply = framed(caller, run, name)
    assert reply.status_code == 200
    parts = reply["Content-Security-Policy"].split(";")
    policy = dict(part.strip().partition(" ")[::2] for part in parts)
    assert policy == {
        "sandbox": "", "default-src": "'none'", "style-src": "'unsafe-inline'",
        "img-src": "data:", "form-action": "'none'", "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }  # fmt: skip
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply["X-Frame-Options"] == "SAMEORIGIN"
    assert reply.content == b'<!doctype html><meta charset="utf-8"><svg><circle r="1"/></svg>'


def test_only_pages_are_framed(caller):
    run = kept(caller, a__txt=b"<p>x", big__html=b"<p>" + b"x" * 2**20)
    assert framed(caller, run, "a.txt").status_code == 404
    assert "larger than 1 MiB" in problem(framed(caller, run, "big.html"))
    assert shown(caller, run, "big.html")["kind"] == "text"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("<p onclick=x() id=a>b</p>", '<p id="a">b</p>'),
        ("<input autofocus name=a>", '<input name="a">'),
        ("<script>if (a < b) c('</p>')</script>d", "d"),
        ("<iframe srcdoc='<b>'>in</iframe>d", "d"),
        ("<a href='https://a.example/'>a</a><a href='#b'>b</a>", '<a>a</a><a href="#b">b</a>'),
        ("<img src=//a.example/x><img src='data:image/png;base64,AA'>",
         '<img><img src="data:image/png;base64,AA">'),
        ("<a href=' javascript:x()'>a</a>", "<a>a</a>"),
        ("<link rel=preconnect href=//a><base href=//b/><meta http-equiv=refresh content=0>x", "x"),
        ("<style>@import url(//a/b.css); p{background:url('//a/x.png')} q{fill:url(#g)}</style>",
         "<style>  p{background:url()} q{fill:url(#g)}</style>"),
        ("<style>p{background:\\75 r\\l(//a)} @\\69mport '//b'; q{content:'\\201c\\a'}</style>",
         "<style>p{background:url()}   q{content:'\\201c\\a'}</style>"),
        ("<style>p{background:image-set('//a' 1x)} @imp@import x;ort '//b'</style>",
         "<style>p{background:none('//a' 1x)} @imp ort '//b'</style>"),
        ("<svg><style>&#64;import '//a';<img src=//b>p{}</style></svg>",
         "<svg><style>  img src=//b>p{}</style></svg>"),
        ("<svg><path clip-path='url(//a#b)' marker-end='url(#c)'/></svg>",
         '<svg><path clip-path="url()" marker-end="url(#c)"/></svg>'),
        ("<p style='background:url(//a/x)'>", '<p style="background:url()">'),
        ("<form action=//a target=_top><input name=q></form>", '<input name="q">'),
        ("a &amp; b &#60; c &lt;script&gt;", "a &amp; b &#60; c &lt;script&gt;"),
        ("<svg viewBox='0 0 1 1'><use xlink:href='//a/b#c'/></svg>",
         '<svg viewbox="0 0 1 1"><use/></svg>'),
        ("<object data=x><p>inside</p></object>after", "after"),
        ("<p title='\"&lt;b>'>", '<p title="&quot;&lt;b&gt;">'),
    ],
)  # fmt: skip
def test_what_would_be_refused_in_the_frame_is_left_out_of_it(given, left):
    assert frames.harmless(given) == f'<!doctype html><meta charset="utf-8">{left}'


@pytest.mark.parametrize(
    "piece", ["<a ", "<a x='", "<a/", "<!--", "<![", "</", "<?", "&", "<style>url(", "<p>x"]
)
@pytest.mark.parametrize("end", ["", ">", "'>"])
def test_a_page_that_holds_up_others_takes_linear_time(piece, end):
    page = (piece * 2**18)[: 2**18] + end
    began = time.thread_time()
    assert frames.harmless(page).startswith("<!doctype html>")
    assert time.thread_time() - began < 20, "as its square it would be minutes"


@pytest.mark.parametrize("style", ["url(" + " " * 2**18, "url(//a/" * 2**15, "url( //a/x"])
def test_a_style_takes_linear_time_and_an_address_without_end_goes(style):
    began = time.thread_time()
    assert "//a" not in frames.harmless(f"<style>{style}</style>")
    assert time.thread_time() - began < 20


@pytest.mark.parametrize(
    ("given", "left"),
    [("a <b", "a &lt;b"), ("a<!-- b", "a"), ("<![x]>y<!z>", "y"), ("A&T", "A&amp;T")],
)
def test_what_is_never_closed_is_text_or_goes(given, left):
    assert frames.harmless(given) == f'<!doctype html><meta charset="utf-8">{left}'


def test_a_notebook_is_cells_with_what_they_put_out(caller):
    data = notebook(
        {"cell_type": "markdown", "source": ["# A\n", "b"]},
        code("print(1)", {"output_type": "stream", "name": "stdout", "text": ["1\n"]}),
        code("x", {"output_type": "error", "traceback": ["\x1b[31mbad\x1b[0m", "line"]}),
        code("p", {"output_type": "display_data", "data": {"image/png": PIXEL}}),
        code("t", {"output_type": "execute_result", "data": {"text/html": HTML}}),
        {"cell_type": "raw", "source": "as is"},
    )
    run = kept(caller, a__ipynb=data)
    answer = shown(caller, run, "a.ipynb")
    cells = answer["cells"]
    assert [cell["kind"] for cell in cells] == ["markdown", "code", "code", "code", "code", "raw"]
    assert cells[0]["tree"][0] == ["h1", {}, "A"]
    assert cells[1]["outputs"] == [{"kind": "text", "text": "1\n"}]
    assert sum(cells[1]["marks"][::2]) == len("print(1)")
    assert cells[2]["outputs"][0] == {"kind": "error", "text": "\x1b[31mbad\x1b[0m\nline"}
    assert cells[3]["outputs"][0]["kind"] == "image"
    picture = framed(caller, run, "a.ipynb", cell=3, output=0)
    assert (picture["Content-Type"], picture.content) == ("image/png", base64.b64decode(PIXEL))
    page = framed(caller, run, "a.ipynb", cell=4, output=0)
    assert page.content.endswith(b"<b>x</b>") and page["Content-Security-Policy"] == frames.POLICY
    for cell, output in ((0, 0), (3, 1), (99, 0), (1, 0)):
        assert framed(caller, run, "a.ipynb", cell=cell, output=output).status_code == 404


def test_pages_of_a_long_notebook_are_all_of_it(caller):
    loud = {"output_type": "stream", "name": "stdout", "text": "y" * 21_000}
    cells = [code(f"cell {number}", *([loud] * 3)) for number in range(100)]
    run = kept(caller, a__ipynb=notebook(*cells))
    found, where = [], 0
    while where is not None:
        page = shown(caller, run, "a.ipynb", cell=where)
        found += [cell["text"] for cell in page["cells"]]
        assert "more characters" in page["cells"][0]["outputs"][0]["text"]
        where = page["next"]
    assert found == [f"cell {number}" for number in range(100)]


@pytest.mark.parametrize(
    "data",
    [
        b"{}", b"[]", b"nonsense", b'{"nbformat": 3, "cells": []}', b'{"nbformat": 4, "cells": 7}',
        b'{"nbformat": 4, "cells": [7]}', b"[" * 200_000, b'{"nbformat": "4", "cells": []}',
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_said(caller, data):
    run = kept(caller, a__ipynb=data)
    assert "no notebook of version 4" in problem(ask(caller, run, "a.ipynb"))
    assert shown(caller, run, "a.ipynb", look="text")["kind"] == "text"


def test_odd_cells_do_no_harm(caller):
    odd = [
        {}, {"cell_type": 7}, {"cell_type": "code", "source": {"a": 1}, "outputs": 5},
        code(None, None, 7, {"output_type": "display_data", "data": [1]}, {"output_type": None}),
        code(["a", 1], {"output_type": "display_data", "data": {"image/png": "no base64 !"}}),
        code("x", *[{"output_type": "stream", "text": "z"}] * 80),
    ]  # fmt: skip
    run = kept(caller, a__ipynb=notebook(*odd))
    cells = shown(caller, run, "a.ipynb")["cells"]
    assert len(cells) == len(odd)
    assert cells[-1]["more_outputs"] == 30
    assert framed(caller, run, "a.ipynb", cell=4, output=0).status_code in (200, 404)


def test_halves_of_characters_in_a_notebook_are_shown_as_what_they_are(caller):
    half = r"\ud800"
    outputs = [
        {"output_type": "stream", "text": "HALF"},
        {"output_type": "display_data", "data": {"text/html": "<b>HALF</b>"}},
        {"output_type": "display_data", "data": {"image/png": "HALF"}},
    ]
    cells = notebook(code("HALF", *outputs), {"cell_type": "markdown", "source": "HALF"})
    run = kept(caller, a__ipynb=cells.replace(b"HALF", half.encode()))
    assert shown(caller, run, "a.ipynb")["cells"][0]["text"] == "?"
    assert framed(caller, run, "a.ipynb", cell=0, output=1).content.endswith(b"<b>?</b>")
    assert framed(caller, run, "a.ipynb", cell=0, output=2).status_code == 404
