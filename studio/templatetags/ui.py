"""What templates show the same everywhere: state badges, durations, sizes, times, icons.

static/studio/clock.js says times that pass in the same words.
"""

import json
import math
import re
import shlex
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now as clock

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
ICONS = {
    "home": "M2 7l6-5 6 5v7H9v-4H7v4H2z",
    "experiments": "M6 2h4M7 2v4L3 13h10L9 6V2",
    "models": "M8 1l6 3.5v7L8 15l-6-3.5v-7zM2 4.5L8 8l6-3.5M8 8v7",
    "data": "M2.5 4c0-1.4 2.5-2.5 5.5-2.5s5.5 1.1 5.5 2.5S11 6.5 8 6.5 2.5 5.4 2.5 4z"
    "M2.5 4v8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5V4M2.5 8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5",
    "environments": "M2 3h12v10H2zM5 6l2 2-2 2M8 10h3",
    "compute": "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.1M4.5 11h.1",
    "settings": "M8 5.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4"
    "M11.6 11.6L13 13M3 13l1.4-1.4M11.6 4.4L13 3",
    "collapse": "M2 3h12v10H2zM6 3v10M11 6L9 8l2 2",
    "find": "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3L14 14",
    "leave": "M6 2H2v12h4M10 5l3 3-3 3M13 8H6",
    "keys": "M1.5 4h13v8h-13zM4 6.5h.1M7 6.5h.1M10 6.5h.1M12 6.5h.1M5 9.5h6",
    "add": "M8 3v10M3 8h10",
    "download": "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
    "file": "M4 1.5h5l3 3v10H4zM9 1.5v3h3",
    "run": "M5 3l8 5-8 5z",
}
# Build states are shown with the shapes of the run states that mean the same.
SAME_SHAPE = {
    "waiting": "queued",
    "solving": "preparing",
    "installing": "preparing",
    "ready": "completed",
}
UNITS = ("KiB", "MiB", "GiB", "TiB")


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon that is only an ornament: the words beside it say what it means."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>',
        ICONS[name],
    )


@register.simple_tag
def mark() -> SafeString:
    """The studio's own mark."""
    return mark_safe(
        '<svg viewBox="0 0 22 22" aria-hidden="true">'
        '<path d="M8 2L3 20M14 2l5 18M7 6h8M6 11h10M4.6 16h12.8"/></svg>'
    )


@register.simple_tag(name="state")
def state_badge(state: str) -> SafeString:
    """The badge of a run's or an image build's state: shape, word and colour."""
    shape = re.sub(r"(?<!^)(?=[A-Z])", "-", str(state)).lower()
    return format_html('<span class="state {}">{}</span>', SAME_SHAPE.get(shape, shape), state)


@register.filter
def duration(seconds: float | None) -> str:
    """192 → "3 m 12 s"; 4.21 → "4.2 s"; nothing → "–"."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds) if seconds < MINUTE - 0.5 else int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} m {whole % MINUTE:02d} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} m"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


@register.simple_tag
def lasting(since: datetime | None, until: datetime | None = None) -> str | SafeString:
    """How long it took, or takes: without an end it goes on by itself on the page."""
    if since is None:
        return "–"
    if until is not None:
        return duration((until - since).total_seconds())
    so_far = (clock() - since).total_seconds()
    return format_html(
        '<span data-since="{}">{}</span>', since.isoformat(), duration(max(so_far, 0))
    )


@register.filter(name="bytes")
def size(size_bytes: int | None) -> str:
    """3250585 → "3.1 MiB"."""
    if size_bytes is None:
        return "–"
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value, unit = size_bytes / 1024, 0
    while value >= 1023.95 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if value < 99.95 else f"{value:.0f} {UNITS[unit]}"


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """How long ago, as "4 min ago", with the exact time on hover."""
    if moment is None:
        return "–"
    return format_html(
        '<time data-ago datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S}",
        _past_words((clock() - moment).total_seconds(), moment),
    )


def _past_words(seconds: float, moment: datetime) -> str:
    if seconds < 10:
        return "just now"
    if seconds < MINUTE:
        return f"{int(seconds)} s ago"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    days = int(seconds // DAY)
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days < 31 else f"{moment:%Y-%m-%d}"


@register.filter
def thousands(number: int | None) -> str:
    """1284 → "1,284"."""
    return "–" if number is None else f"{number:,}"


@register.filter
def figure(value: Any) -> str:
    """A metric's value as people read it: four significant digits, "–" for none."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) and abs(value) < 10**9:
        return f"{value:,}"
    number = float(value)
    if not math.isfinite(number):
        return {"inf": "∞", "-inf": "−∞"}.get(str(number), "NaN")
    text = f"{number:.4g}"
    return text if "e" in text or "." in text or abs(number) < 1000 else f"{number:,.0f}"


@register.filter
def as_field(field: BoundField) -> SafeString:
    """A form's field in the look of the studio."""
    wrong = {"aria-invalid": "true"} if field.errors else {}
    return field.as_widget(attrs={"class": "field", **wrong})


@register.filter
def shell(arguments: list[Any]) -> str:
    """A list of arguments as one shell line."""
    return shlex.join(str(argument) for argument in arguments)


@register.simple_tag(takes_context=True)
def import_map(context: Context) -> SafeString:
    """Every script module of ours under its bare name, e.g. "studio/live" and "runs/new/upload".

    Modules import each other by these names, so hashed file names change nothing in them.
    It is the one inline script, let through by the policy's nonce.
    """
    nonce = getattr(context.get("request"), "csp_nonce", "")
    # Names and addresses of our own files; nothing a person typed.
    modules = SafeString(_modules().replace("<", "\\u003c"))
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, modules)


def _modules() -> str:
    folder = Path(settings.STATICFILES_DIRS[0])
    names = _names(folder) if not settings.DEBUG else _names.__wrapped__(folder)
    return json.dumps({"imports": {name: static(f"{name}.js") for name in names}})


@lru_cache
def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.js")
    )
