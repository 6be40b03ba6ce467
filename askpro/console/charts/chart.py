"""A chart: what it shows, and how that is told to whoever cannot see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from askpro.console.charts import clock, drawing, scale
from askpro.console.charts.drawing import HEIGHT, WIDTH, Points
from askpro.console.charts.scale import Scale
from askpro.language.text import Text

# The gap between two bars, as a part of a step.
GAP: Final = 0.15
ONE_STEP: Final = timedelta(hours=1)


class Shape(StrEnum):
    """How values are drawn: bars on top of each other, for what adds up, or curves."""

    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Series:
    """One curve, or the bars of one colour: its name, and its points, which lie at the beginnings of equal steps.

    All series of a chart have the same moments. `tone` is the number of its colour in the style sheet.
    """

    name: Text
    points: Points
    tone: int = 1


@dataclass(frozen=True)
class Chart:
    """`scale` makes the axis of values. `limit` is a value that should not be passed, such as a promise.

    `gap` says what it means that no series has a value at a moment; without it, nothing is said there.
    """

    title: Text
    unit: Text
    shape: Shape
    series: Sequence[Series]
    scale: Callable[[float], Scale] = scale.counts
    limit: float | None = None
    gap: Text = ""

    def __str__(self) -> SafeString:
        return render_to_string("console/chart.html", {"chart": self})

    __html__ = __str__

    @property
    def is_empty(self) -> bool:
        return all(value is None for each in self.series for _at, value in each.points)

    @cached_property
    def moments(self) -> list[datetime]:
        return [at for at, _value in self.series[0].points] if self.series else []

    @cached_property
    def step(self) -> timedelta:
        return self.moments[1] - self.moments[0] if len(self.moments) > 1 else ONE_STEP

    @cached_property
    def axis(self) -> Scale:
        return self.scale(max(self._highest, self._shown_limit))

    @property
    def values(self) -> list[tuple[str, str]]:
        """The labels of the axis of values, each with its place from the top in per cent."""
        return [
            (f"{drawing.height_of(value, self.axis.top):.1f}%", self.axis.write(value)) for value in self.axis.lines
        ]

    @property
    def times(self) -> list[tuple[str, str]]:
        """The labels of the axis of time, each with its place from the left in per cent."""
        if not self.moments:
            return []
        return [(f"{100 * self._x(at) / WIDTH:.1f}%", label) for at, label in self._ticks]

    @property
    def drawn(self) -> SafeString:
        """What lies between the axes."""
        parts = [drawing.rules(drawing.height_of(value, self.axis.top) for value in self.axis.lines)]
        parts.append(drawing.columns(self._gaps, "ap-gap"))
        if self._shown_limit:
            parts.append(drawing.limit(drawing.height_of(self._shown_limit, self.axis.top)))
        return SafeString("".join(parts))

    @property
    def paths(self) -> list[tuple[int, str]]:
        """What each series draws, with its tone; of bars, the one that stands on the others comes first."""
        return self._bars() if self.shape == Shape.BARS else self._curves()

    @property
    def hovers(self) -> SafeString:
        """Columns that say all values of their moment."""
        width = WIDTH / max(len(self.moments), 1)
        rows = [
            (self._x(at), width, f"{self.moment(at)}: {self._said(place)}") for place, at in enumerate(self.moments)
        ]
        return drawing.columns(rows, "ap-hover")

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The numbers as a table: the newest first."""
        return [
            (self.moment(at), [self._written(each.points[place][1]) for each in self.series])
            for place, at in reversed([*enumerate(self.moments)])
        ]

    @property
    def in_words(self) -> str:
        """What a screen reader says in place of the drawing."""
        known = [(value, at) for value, at in zip(self._totals, self.moments, strict=True) if value is not None]
        if not known:
            return _("%(title)s: nothing was measured.") % {"title": self.title}
        value, at = max(known)
        facts = {"title": self.title, "unit": self.unit, "highest": self._written(value), "moment": self.moment(at)}
        return _("%(title)s, %(unit)s: at most %(highest)s (%(moment)s). The numbers are in the table below.") % facts

    def moment(self, at: datetime) -> str:
        return clock.moment(at, self.step)

    @cached_property
    def _totals(self) -> list[float | None]:
        """The height that each moment needs: of bars, that of all together."""
        columns = zip(*([value for _at, value in each.points] for each in self.series), strict=True)
        join = sum if self.shape == Shape.BARS else max
        known = [[value for value in column if value is not None] for column in columns]
        return [float(join(values)) if values else None for values in known]

    @cached_property
    def _highest(self) -> float:
        return max((value for value in self._totals if value is not None), default=0.0)

    @property
    def _ticks(self) -> list[tuple[datetime, str]]:
        if self.step < clock.WHOLE_DAYS:
            return clock.ticks(self.moments[0], self.moments[-1] + self.step)
        # Bars of whole days bear their date in their middle.
        every = -(-len(self.moments) // clock.MOST)
        return [(at + self.step / 2, clock.day(at)) for at in self.moments[::every]]

    @property
    def _gaps(self) -> list[tuple[float, float, str]]:
        if not self.gap:
            return []
        width = WIDTH / max(len(self.moments), 1)
        return [
            (self._x(at), width, f"{self.moment(at)}: {self.gap}")
            for at, value in zip(self.moments, self._totals, strict=True)
            if value is None
        ]

    def _bars(self) -> list[tuple[int, str]]:
        width = WIDTH / max(len(self.moments), 1)
        bottoms, paths = [HEIGHT] * len(self.moments), []
        for each in self.series:
            tops = [
                (self._x(at) + width * GAP / 2, bottom - (HEIGHT - drawing.height_of(value or 0.0, self.axis.top)))
                for (at, value), bottom in zip(each.points, bottoms, strict=True)
            ]
            paths.append((each.tone, drawing.bars(tops, bottoms, width * (1 - GAP))))
            bottoms = [top for _x, top in tops]
        return paths

    def _curves(self) -> list[tuple[int, str]]:
        half = WIDTH / max(len(self.moments), 1) / 2
        top = self.axis.top
        return [
            (
                each.tone,
                drawing.curve(
                    [
                        (self._x(at) + half, None if value is None else drawing.height_of(value, top))
                        for at, value in each.points
                    ]
                ),
            )
            for each in self.series
        ]

    def _x(self, at: datetime) -> float:
        return WIDTH * ((at - self.moments[0]) / (self.step * len(self.moments)))

    def _said(self, place: int) -> str:
        if self._totals[place] is None:
            return str(self.gap or _("nothing"))
        return ", ".join(f"{each.name} {self._written(each.points[place][1])}" for each in self.series)

    def _written(self, value: Any) -> str:
        return "–" if value is None else self.axis.write(value)

    @property
    def _shown_limit(self) -> float:
        """A limit far above everything would press the curve flat, and is left out."""
        return self.limit if self.limit is not None and 0 < self.limit < self._highest * 4 else 0.0
