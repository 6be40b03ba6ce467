"""What a chart draws, in its own units: the page stretches them to the room there is, so no word is among them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH: Final = 1000.0
HEIGHT: Final = 100.0
# A moment, and its value: None where there is none.
Points = Sequence[tuple[datetime, float | None]]
# The same as places on the drawing.
Places = Sequence[tuple[float, float | None]]


def curve(places: Places) -> str:
    """A path through the middle of the steps; it breaks where there is no value, and a value alone is a dot."""
    stretches = (list(each) for is_known, each in groupby(places, lambda place: place[1] is not None) if is_known)
    return "".join(_stretch([(x, y) for x, y in each if y is not None]) for each in stretches)


def bars(tops: Places, bottoms: Sequence[float], width: float) -> str:
    """One path of all bars of a colour, each from its bottom to its top."""
    return "".join(
        f"M{_n(x)},{_n(bottom)}V{_n(top)}h{_n(width)}V{_n(bottom)}z"
        for (x, top), bottom in zip(tops, bottoms, strict=True)
        if top is not None and top < bottom
    )


def rules(heights: Iterable[float]) -> SafeString:
    """The lines of the axis."""
    pattern = '<line class="ap-rule" x1="0" x2="{}" y1="{}" y2="{}"/>'
    return format_html_join("", pattern, ((_n(WIDTH), _n(y), _n(y)) for y in heights))


def limit(height: float) -> SafeString:
    """A dashed line that a curve should stay below."""
    return format_html('<line class="ap-limit" x1="0" x2="{}" y1="{}" y2="{}"/>', _n(WIDTH), _n(height), _n(height))


def columns(rows: Iterable[tuple[float, float, str]], kind: str) -> SafeString:
    """Full-height columns that say something on hover: from where, how wide, what."""
    pattern = '<rect class="{}" x="{}" y="0" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", pattern, ((kind, _n(x), _n(width), _n(HEIGHT), words) for x, width, words in rows))


def height_of(value: float, top: float) -> float:
    """The place of a value below the top of the axis."""
    return HEIGHT - HEIGHT * value / top if top else HEIGHT


def _stretch(places: Sequence[tuple[float, float]]) -> str:
    points = "L".join(f"{_n(x)},{_n(y)}" for x, y in places)
    # A line of no length, which has round ends.
    return f"M{points}h0" if len(places) == 1 else f"M{points}"


def _n(number: float) -> str:
    return f"{number:.1f}"
