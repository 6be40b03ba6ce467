"""Small charts as inline SVG, in the colours of the page: nothing is fetched, and dark mode is the style sheet's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.language.text import Text

# The drawing's own units; the style sheet stretches it to its place, the words stay outside.
WIDTH, HEIGHT = 600, 100
Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, its class in the style sheet, its points in order of time."""

    name: Text
    tone: str
    points: Points


def bars(points: Points, unit: Text) -> SafeString:
    """One bar for each moment; each tells its number on hover."""
    most = max((value for _, value in points), default=0.0)
    step = WIDTH / max(len(points), 1)
    drawn = [
        (_n(place * step), _n(_y(value, most)), _n(max(step - 2, 1)), _n(HEIGHT - _y(value, most)))
        for place, (_, value) in enumerate(points)
    ]
    parts = format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}"/>', drawn)
    return _frame(format_html("{}{}", parts, _hovers([Line("", "", points)], unit)), points, most, unit)


def lines(curves: Sequence[Line], unit: Text, limit: float | None = None) -> SafeString:
    """Curves over the same moments; `limit` is drawn as a dashed line, such as a promise."""
    highest = max([value for curve in curves for _, value in curve.points], default=0.0)
    # A limit far above everything would press the curve flat.
    shows_limit = limit is not None and 0 < limit < highest * 4
    most = max(highest, limit or 0.0) if shows_limit else highest
    rows = ((curve.tone, _path(curve.points, most)) for curve in curves)
    drawn = format_html_join("", '<polyline class="ap-line-{}" points="{}"/>', rows)
    dashed = _dashed(limit or 0.0, most) if shows_limit else ""
    points = curves[0].points if curves else ()
    return _frame(format_html("{}{}{}", dashed, drawn, _hovers(curves, unit)), points, highest, unit)


def sparkline(points: Points) -> SafeString:
    """A curve without words, for a table's cell."""
    most = max((value for _, value in points), default=0.0)
    return format_html(
        '<svg class="ap-spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline class="ap-line-good" points="{}"/></svg>',
        WIDTH,
        HEIGHT,
        _path(points, most),
    )


def _dashed(limit: float, most: float) -> SafeString:
    y = _n(_y(limit, most))
    return format_html('<line class="ap-limit" x1="0" x2="{}" y1="{}" y2="{}"/>', WIDTH, y, y)


def _hovers(curves: Sequence[Line], unit: Text) -> SafeString:
    """Invisible columns that tell all values of their moment."""
    longest = curves[0].points if curves else ()
    step = WIDTH / max(len(longest), 1)
    rows = []
    for place, (at, _value) in enumerate(longest):
        values = ", ".join(f"{curve.name} {_say(curve.points[place][1])}".strip() for curve in curves)
        rows.append((_n(place * step), _n(step), HEIGHT, _at(at), values, unit))
    pattern = '<rect class="ap-hover" x="{}" y="0" width="{}" height="{}"><title>{}: {} {}</title></rect>'
    return format_html_join("", pattern, rows)


def _frame(parts: SafeString, points: Points, most: float, unit: Text) -> SafeString:
    first, last = (_at(points[0][0]), _at(points[-1][0])) if points else ("", "")
    highest = _("%(number)s %(unit)s at most") % {"number": _say(most), "unit": unit}
    return format_html(
        '<div class="ap-chart"><small>{}</small>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
        "<small><span>{}</span><span>{}</span></small></div>",
        highest,
        WIDTH,
        HEIGHT,
        highest,
        parts,
        first,
        last,
    )


def _path(points: Points, most: float) -> str:
    step = WIDTH / max(len(points), 1)
    return " ".join(f"{_n((place + 0.5) * step)},{_n(_y(value, most))}" for place, (_, value) in enumerate(points))


def _y(value: float, most: float) -> float:
    return HEIGHT - (HEIGHT - 2) * value / most if most else HEIGHT


def _at(at: datetime) -> str:
    return _read(at, get_language() or "")


# A page draws many charts over the same moments.
@lru_cache(maxsize=512)
def _read(at: datetime, language: str) -> str:
    return display.local(at, "THIS_YEAR_FORMAT")


def _n(number: float) -> str:
    return f"{number:.1f}"


def _say(value: float) -> str:
    return display.number(value, 0) if value >= 10 or value == int(value) else display.number(Decimal(f"{value:.2g}"))
