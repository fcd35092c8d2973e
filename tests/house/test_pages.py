"""Templates, scripts and styles: nothing inline, no colour outside the tokens, nothing remote."""

import re

import pytest

from tests.house.reading import ROOT, files, name_of

TEMPLATES = files("templates", ".html")
SCRIPTS = files("static", ".js")
SHEETS = files("static", ".css")
TOKENS = "static/studio/tokens.css"
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch|lab)\(")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def found_in(paths, pattern):
    return [
        f"{name_of(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize(
    "pattern",
    [r"\sstyle\s*=", r"\son[a-z]+\s*=\s*[\"']", r"javascript:", r"hx-on"],
    ids=["style", "handler", "address", "htmx"],
)
def test_templates_hold_nothing_inline(pattern):
    assert not found_in(TEMPLATES, pattern)


def test_a_script_in_a_page_comes_from_a_file_or_has_the_nonce():
    tags = [
        (name_of(path), tag)
        for path in TEMPLATES
        for tag in re.findall(r"<script\b[^>]*>", path.read_text(encoding="utf-8"))
    ]
    allowed = ("src=", "nonce=", "application/json")
    assert not [(name, tag) for name, tag in tags if not any(word in tag for word in allowed)]


def test_pages_load_nothing_from_elsewhere():
    elsewhere = r"(?:src|href|url|import|from|fetch)\s*[=(]?\s*[\"'(]\s*(?:https?:)?//"
    assert not found_in([*TEMPLATES, *SCRIPTS, *SHEETS], elsewhere)


def test_colours_stand_in_the_tokens_only():
    wrong = []
    for path in [*SHEETS, *files("templates", ".html")]:
        text = COMMENT.sub("", path.read_text(encoding="utf-8"))
        if path.suffix == ".html":
            text = re.sub(r"""(?:href|id|data-[\w-]+|xlink:href)="[^"]*"|&#\w+;""", "", text)
        if name_of(path) != TOKENS:
            wrong += [f"{name_of(path)}: {colour}" for colour in COLOUR.findall(text)]
    assert not wrong


def test_no_style_is_forced():
    assert not found_in(SHEETS, r"!important")


def test_every_script_named_in_a_template_exists():
    names = {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% static [\"']([^\"']+)[\"']", path.read_text(encoding="utf-8"))
    }
    ours = {n for n in names if n.split("/")[0] in ("studio", "runs", "registry", "compute")}
    assert not [name for name in ours if not (ROOT / "static" / name).exists()]
