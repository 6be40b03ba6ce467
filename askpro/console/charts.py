"""Small charts as inline SVG, in the colours of the page: nothing is fetched, and dark mode is the style sheet's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from askpro.console import display

WIDTH, HEIGHT, BASE, TOP = 600, 120, 104, 14
Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, its class in the style sheet, its points in order of time."""

    name: str
    tone: str
    points: Points


def bars(points: Points, unit: str) -> SafeString:
    """One bar for each moment; each tells its number on hover."""
    most = max((value for _, value in points), default=0.0)
    step = WIDTH / max(len(points), 1)
    parts = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"><title>{}: {} {}</title></rect>',
        (
            (
                _n(place * step),
                _n(_y(value, most)),
                _n(max(step - 2, 1)),
                _n(BASE - _y(value, most)),
                _at(at),
                _say(value),
                unit,
            )
            for place, (at, value) in enumerate(points)
        ),
    )
    return _frame(parts, points, most, unit)


def lines(curves: Sequence[Line], unit: str, limit: float | None = None) -> SafeString:
    """Curves over the same time; `limit` is drawn as a dashed line, such as a promise."""
    points = max((curve.points for curve in curves), key=len, default=())
    most = max([value for curve in curves for _, value in curve.points] + ([limit] if limit else []), default=0.0)
    drawn = format_html_join(
        "", '<polyline class="ap-line-{}" points="{}"/>', ((c.tone, _path(c.points, most)) for c in curves)
    )
    dashed = ""
    if limit and most:
        y = _n(_y(limit, most))
        dashed = format_html(
            '<line class="ap-limit" x1="0" x2="{}" y1="{}" y2="{}"><title>promised: {} {}</title></line>',
            WIDTH,
            y,
            y,
            _say(limit),
            unit,
        )
    return _frame(format_html("{}{}{}", dashed, drawn, _hovers(curves, unit)), points, most, unit)


def _hovers(curves: Sequence[Line], unit: str) -> SafeString:
    """Invisible columns that tell all values of their moment."""
    longest = max((curve.points for curve in curves), key=len, default=())
    step = WIDTH / max(len(longest), 1)
    rows = []
    for place, (at, _) in enumerate(longest):
        values = ", ".join(f"{c.name} {_say(c.points[place][1])}" for c in curves if place < len(c.points))
        rows.append((_n(place * step), TOP, _n(step), BASE - TOP, _at(at), values, unit))
    return format_html_join(
        "", '<rect class="ap-hover" x="{}" y="{}" width="{}" height="{}"><title>{}: {} {}</title></rect>', rows
    )


def _frame(parts: SafeString, points: Points, most: float, unit: str) -> SafeString:
    first, last = (_at(points[0][0]), _at(points[-1][0])) if points else ("", "")
    return format_html(
        '<svg class="ap-chart" viewBox="0 0 {w} {h}" role="img" aria-label="{unit}, at most {most}">'
        '<line class="ap-axis" x1="0" x2="{w}" y1="{base}" y2="{base}"/>{parts}'
        '<text x="0" y="10">{most} {unit}</text><text x="0" y="{h}">{first}</text>'
        '<text x="{w}" y="{h}" text-anchor="end">{last}</text></svg>',
        w=WIDTH,
        h=HEIGHT,
        base=BASE,
        parts=parts,
        most=_say(most),
        unit=unit,
        first=first,
        last=last,
    )


def _path(points: Points, most: float) -> str:
    step = WIDTH / max(len(points), 1)
    return " ".join(f"{_n((place + 0.5) * step)},{_n(_y(value, most))}" for place, (_, value) in enumerate(points))


def _y(value: float, most: float) -> float:
    return BASE - (BASE - TOP) * value / most if most else BASE


def _at(at: datetime) -> str:
    return display.local(at, "j M, H:i")


def _n(number: float) -> str:
    return f"{number:.1f}"


def _say(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
