"""HTML and SVG of strangers, for a frame that can do nothing but be looked at.

The frame's own attribute and this answer's policy both say so, each alone would do: no script, no
form, nothing loaded from anywhere, an origin that is nobody's, no way to the page around it.
What could only make the browser complain or look up a name is left out before it is sent.
"""

import re
from html import escape, unescape
from html.parser import HTMLParser

from django.http import HttpResponse

from studio.errors import BadInput, NotFound
from studio.previewing import notebooks, texts
from studio.previewing.sources import Source

POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'"
)
# With all that stands inside them.
LEFT_OUT = {"script", "noscript", "iframe", "object", "template"}
# Only they themselves: links name servers to be looked up, the others go elsewhere.
LEFT_OUT_ALONE = {"link", "base", "meta", "embed", "frame", "source", "track", "form"}
ADDRESSES = {
    "href", "xlink:href", "src", "srcset", "poster", "background", "data", "action", "formaction",
    "ping", "target", "manifest", "cite", "longdesc",
}  # fmt: skip
# Whose values are read as style.
STYLED = {
    "style", "fill", "stroke", "filter", "mask", "clip-path", "cursor",
    "marker", "marker-start", "marker-mid", "marker-end",
}  # fmt: skip
PLAIN_NAME = re.compile(r"[a-z_:][\w:.-]*")
IMPORT = re.compile(r"@import[^;]*;?", re.IGNORECASE)
# Up to the end where nothing closes it: each is looked at once, however many there are.
ADDRESS = re.compile(r"url\(([^)]*)\)?", re.IGNORECASE)
# An escaped letter is that letter to a browser: \75 rl(…) is an address.
ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\r\n\f])?|([g-z@(:/-]))", re.IGNORECASE)
NAMED = re.compile(r"[a-z@(:/-]", re.IGNORECASE)
# It takes addresses as plain strings.
IMAGE_SET = re.compile(r"image-set\(", re.IGNORECASE)
# In a drawing, elements can begin in the middle of a style.
ELEMENT = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)


def answer(source: Source, *, cell: int | None = None, output: int = 0) -> HttpResponse:
    """The document of a file, or of one output of a notebook. Raises NotFound, BadInput."""
    if cell is not None:
        data, kind = notebooks.part(source, cell, output)
    elif source.ending in ("html", "htm", "svg"):
        if source.size_bytes > texts.WHOLE_BYTES:
            raise BadInput(f"{source.path} is larger than 1 MiB; download it, or look at its text")
        data = source.read(0, texts.WHOLE_BYTES)
        kind = "image/svg+xml" if source.ending == "svg" else "text/html"
    else:
        raise NotFound(f"{source.path} is no page; its bytes are at its own address")
    if kind in notebooks.FRAMED:
        data = harmless(data.decode(errors="replace")).encode()
        # An SVG stands in a page: by itself it would have to be XML without a fault.
        kind = "text/html; charset=utf-8"
    response = HttpResponse(data, content_type=kind)
    response["Content-Security-Policy"] = POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-DNS-Prefetch-Control"] = "off"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-cache"
    return response


def harmless(text: str) -> str:
    """Return an HTML text without what its frame would refuse anyway."""
    filtering = _Filter()
    filtering.feed(text)
    filtering.end()
    return "".join(["<!doctype html>", '<meta charset="utf-8">', *filtering.kept])


class _Filter(HTMLParser):
    """Hands on what it reads, without the elements and attributes that are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self.inside = ""
        self.depth = 0

    def end(self) -> None:
        """Keep what is left as text. The reader's own end tries it anew at each character."""
        if not self.rawdata.startswith(("<!", "<?")) and not self.cdata_elem:
            self._keep(escape(self.rawdata, quote=False))

    def parse_html_declaration(self, i: int) -> int:
        """Read over `<!…`: what is no declaration is a comment to browsers, and here no error."""
        known = self.rawdata[i : i + 4] == "<!--"
        found: int = self.parse_comment(i) if known else self.parse_bogus_comment(i)
        return found

    def _keep(self, text: str) -> None:
        if not self.inside:
            self.kept.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.inside:
            self.depth += tag == self.inside
        elif tag in LEFT_OUT:
            self.inside, self.depth = tag, 1
        elif tag not in LEFT_OUT_ALONE:
            self.kept.append(f"<{tag}{_attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in LEFT_OUT | LEFT_OUT_ALONE:
            self._keep(f"<{tag}{_attributes(attrs)}/>")

    def handle_endtag(self, tag: str) -> None:
        if self.inside:
            self.depth -= tag == self.inside
            if not self.depth:
                self.inside = ""
        elif tag not in LEFT_OUT | LEFT_OUT_ALONE:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(_sheet(data) if self.cdata_elem == "style" else data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")


def _attributes(given: list[tuple[str, str | None]]) -> str:
    """An element's attributes, without handlers and addresses other than its own page's."""
    kept = []
    for name, value in given:
        is_act = name.startswith("on") or name == "autofocus"
        if is_act or not PLAIN_NAME.fullmatch(name):
            continue
        text = (value or "").strip()
        if name in ADDRESSES and not text.lower().startswith(("#", "data:image/")):
            continue
        text = _local(value or "") if name in STYLED else value or ""
        kept.append(f' {name}="{escape(text)}"')
    return "".join(kept)


def _sheet(text: str) -> str:
    """A <style>; entities are read in it in a drawing, and mean nothing in a page."""
    return _local(ELEMENT.sub(" ", unescape(text)))


def _local(style: str) -> str:
    """A style without what it would load."""
    plain = IMPORT.sub(" ", ESCAPE.sub(_named, style))
    return ADDRESS.sub(_own, IMAGE_SET.sub("none(", plain))


def _named(found: re.Match[str]) -> str:
    """What an escape stands for, where names are written with it; others stay as they are."""
    code = int(found[1], 16) if found[1] else ord(found[2])
    letter = chr(code) if 0 < code < 128 else ""
    return letter if NAMED.fullmatch(letter) else found[0]


def _own(found: re.Match[str]) -> str:
    """An address in a style, empty unless it is within the page."""
    is_own = found[1].lstrip(" \t\r\n\f\"'").lower().startswith(("data:", "#"))
    return found[0] if is_own else "url()"
