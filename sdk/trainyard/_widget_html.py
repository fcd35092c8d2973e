"""The widget of a run as HTML: a heading, small charts, the end of the log; everything escaped.

The notebook is saved with it and may be shown anywhere: there is no script and no token in it.
"""

import math
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from trainyard._notebook import escaped, link

WIDTH, HEIGHT = 240, 72
MOST_LINE_CHARACTERS = 240
MOST_LOG_LINES = 16
ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
# Of what no terminal shows. Tabs and line breaks stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# The colours are those of the notebook's theme, or of the browser where it has none.
STYLE = """<style>
.ty-run { border: 1px solid var(--jp-border-color2, GrayText); border-radius: 4px;
  padding: 10px 12px; max-width: 860px; font-size: 13px; line-height: 1.4; }
.ty-run .ty-head, .ty-run .ty-charts { display: flex; flex-wrap: wrap; gap: 6px 18px;
  align-items: baseline; }
.ty-run .ty-head b { font-size: 15px; }
.ty-run .ty-quiet { opacity: .72; }
.ty-run .ty-state { border: 1px solid currentColor; border-radius: 10px; padding: 0 9px; }
.ty-run .ty-charts { gap: 10px 18px; margin-top: 10px; }
.ty-run figure { margin: 0; }
.ty-run figcaption { display: flex; justify-content: space-between; gap: 8px; max-width: 240px; }
.ty-run figcaption span:first-child { overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.ty-run svg { display: block; width: 240px; height: 72px; border-bottom: 1px solid currentColor;
  border-left: 1px solid currentColor; }
.ty-run polyline { fill: none; stroke: var(--jp-brand-color1, LinkText); stroke-width: 1.5;
  vector-effect: non-scaling-stroke; }
.ty-run circle { fill: var(--jp-brand-color1, LinkText); }
.ty-run pre { margin: 4px 0 0; padding: 6px 8px; overflow-x: auto; font-size: 12px;
  line-height: 1.35; border: 1px solid var(--jp-border-color2, GrayText); border-radius: 3px; }
.ty-run .ty-part { margin-top: 10px; }
</style>"""

Series = NamedTuple(
    "Series",
    [("name", str), ("count", int), ("last", Any), ("steps", List[Any]), ("values", List[Any])],
)
Seen = NamedTuple(
    "Seen",
    [
        ("facts", Dict[str, Any]),
        ("experiment", str),
        ("url", str),
        ("elapsed_s", Optional[float]),
        ("series", List[Series]),
        ("more_series", int),
        ("log_path", str),
        ("log_text", str),
        ("note", str),
    ],
)


def widget(seen: Seen) -> str:
    """Return a run as it was seen, as HTML."""
    facts = seen.facts
    head = [
        "<b>{} {}</b>".format(escaped(seen.experiment), escaped(facts.get("name") or "")),
        '<span class="ty-state">{}</span>'.format(escaped(facts["state"])),
        "<span>{}</span>".format(elapsed(seen.elapsed_s)),
        link(seen.url, "Open in the studio"),
    ]
    lines = ['<span class="ty-quiet">{}</span>'.format(escaped(facts["run_id"]))]
    if facts.get("waits_for"):
        lines.append("<span>{}</span>".format(escaped(facts["waits_for"])))
    trouble = (facts.get("error") or {}).get("message")
    parts = [_row(head), _row(lines)]
    if trouble:
        parts.append(_part("<b>Error</b> " + escaped(_short(trouble, 600))))
    if seen.note:
        parts.append(_part(escaped(seen.note)))
    if facts.get("steps"):
        parts.append(_part(steps(facts["steps"])))
    if seen.series:
        charts = "".join(chart(one) for one in seen.series)
        parts.append('<div class="ty-charts">{}</div>'.format(charts))
        if seen.more_series:
            more = "{} more metrics are on the run's page".format(seen.more_series)
            parts.append('<div class="ty-quiet">{}</div>'.format(more))
    if seen.log_text:
        text = "\n".join(log_lines(seen.log_text))
        parts.append(
            _part(
                '<span class="ty-quiet">{}</span><pre>{}</pre>'.format(
                    escaped(seen.log_path), escaped(text)
                )
            )
        )
    return '{}<div class="ty-run">{}</div>'.format(STYLE, "".join(parts))


def _row(cells: List[str]) -> str:
    return '<div class="ty-head">{}</div>'.format("".join(cells))


def _part(html: str) -> str:
    return '<div class="ty-part">{}</div>'.format(html)


def steps(told: List[Dict[str, Any]]) -> str:
    """Return the steps of a pipeline's run as a table: number, name, state, why it is so."""
    rows = []
    for one in told:
        words = (str(one["number"] + 1), one["name"], one["state"], _short(one["text"] or "", 200))
        rows.append("".join("<td>{}</td>".format(escaped(word)) for word in words))
    head = "".join("<th>{}</th>".format(word) for word in ("", "Step", "State", ""))
    body = "".join("<tr>{}</tr>".format(row) for row in rows)
    return "<table><tr>{}</tr>{}</table>".format(head, body)


def elapsed(seconds: Optional[float]) -> str:
    """Return a duration as people read it: 42 s, 3 min 05 s, 2 h 07 min."""
    if seconds is None:
        return ""
    whole = int(max(seconds, 0))
    if whole < 60:
        return "{} s".format(whole)
    if whole < 3600:
        return "{} min {:02d} s".format(whole // 60, whole % 60)
    return "{} h {:02d} min".format(whole // 3600, whole // 60 % 60)


def log_lines(text: str) -> List[str]:
    """Return the last lines of a log as a terminal shows them: no colours, bars as they ended."""
    found = []
    for line in ANSI.sub("", text.replace("\r\n", "\n")).rstrip("\n").split("\n"):
        drawn = [part for part in map(_visible, line.split("\r")) if part]
        found.append(_short(drawn[-1] if drawn else "", MOST_LINE_CHARACTERS))
    return found[-MOST_LOG_LINES:]


def _visible(text: str) -> str:
    return CONTROL.sub("", text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# --- charts --------------------------------------------------------------------------------------


def chart(series: Series) -> str:
    """Return one metric as a small line; where a value is no number, the line has a gap."""
    points = [
        (float(x), float(y)) if _is_number(y) else None for x, y in zip(series.steps, series.values)
    ]
    drawn = [point for point in points if point is not None]
    last = series.last if isinstance(series.last, str) else "{:.6g}".format(float(series.last))
    caption = '<span title="{0}">{0}</span><b>{1}</b>'.format(escaped(series.name), escaped(last))
    words = "{}: {} points, last {}".format(series.name, series.count, last)
    shapes = "".join(_shapes(points, *_spans(drawn))) if drawn else ""
    return (
        '<figure><figcaption>{}</figcaption><svg viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' role="img" aria-label="{}">{}</svg></figure>'
    ).format(caption, WIDTH, HEIGHT, escaped(words), shapes)


Span = Tuple[float, float]
Point = Optional[Tuple[float, float]]


def _spans(points: List[Tuple[float, float]]) -> Tuple[Span, Span]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), max(xs)), (min(ys), max(ys))


def _shapes(points: List[Point], xs: Span, ys: Span) -> List[str]:
    """Return SVG of the stretches between gaps; a point alone is a dot."""
    shapes: List[str] = []
    stretch: List[str] = []
    for point in points + [None]:
        if point is not None:
            x, y = _share(point[0], xs), _share(point[1], ys)
            stretch.append("{:.1f},{:.1f}".format(x * WIDTH, 4 + (1 - y) * (HEIGHT - 8)))
            continue
        if len(stretch) == 1:
            x_text, y_text = stretch[0].split(",")
            shapes.append('<circle cx="{}" cy="{}" r="2.5"/>'.format(x_text, y_text))
        elif stretch:
            shapes.append('<polyline points="{}"/>'.format(" ".join(stretch)))
        stretch = []
    return shapes


def _share(value: float, span: Span) -> float:
    """Return where a value lies between two, 0 to 1; in the middle where they are one."""
    width = span[1] / 2 - span[0] / 2  # halves: the difference of two large numbers is no number
    return (value / 2 - span[0] / 2) / width if width else 0.5


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
