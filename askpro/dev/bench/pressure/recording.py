"""What is read while a phase lasts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from askpro.dev.bench.pressure.gauges import Gauges, Watch
from askpro.dev.bench.pressure.marks import Marks, Starts
from askpro.dev.bench.pressure.phases import Phase
from askpro.dev.bench.pressure.side import Side
from askpro.dev.bench.pressure.verdict import Measured, Second, by_second, pick_up
from askpro.dev.bench.sides.meter import Cost, Meter


class Recording:
    """Begins when it is made; `end` it before the disturbance is over."""

    def __init__(self, side: Side, watch: Watch, marks: Marks) -> None:
        self._side, self._watch, self._marks = side, watch, marks
        self._costs: list[Cost] = []
        self._outages: list[tuple[float, float]] = []
        # Every phase begins right after a checkpoint, so that each writes its full pages anew.
        watch.run("CHECKPOINT")
        self._first = self._last = watch.look()
        self._dead_rows = self._first.dead_rows
        marks.forget()
        self._sent, self._started = marks.starts.sent, marks.starts.count
        side.begin()
        self._meter = Meter(side.program)
        self.began = self.ended = time.monotonic()
        self._done = 0
        self._claims: float | None = None
        self._heard = Starts()

    def look(self) -> None:
        """Read how many dead rows there are now; the most of them are told."""
        self._last = self._watch.look()
        self._dead_rows = max(self._dead_rows, self._last.dead_rows)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """PostgreSQL is away inside. Its processor time is read before, since it ends with its processes."""
        self._costs.append(self._meter.read())
        self._watch.close()
        connection.close()
        gone = time.monotonic()
        yield
        self._outages.append((gone, time.monotonic()))
        self._meter = Meter(self._side.program)

    def end(self) -> None:
        self.ended = time.monotonic()
        self._costs.append(self._meter.read())
        done, self._claims = self._side.counted()
        self.look()
        self._heard = self._marks.forget()
        self._sent = self._heard.sent - self._sent
        self._done = self._heard.count - self._started if done is None else done

    def seconds(self) -> list[Second]:
        """The starts second by second."""
        return by_second(self._starts(), self.began, self.ended)

    def measured(self, phase: Phase, offered: float) -> Measured:
        """`offered` is what was asked of the sender, in jobs a second. It counts even when fewer could be sent."""
        first, last = self._first, self._last
        away = sum(back - gone for gone, back in self._outages)
        ran, jobs = self.ended - self.began - away, max(1, self._done)
        return Measured(
            phase=phase,
            seconds=self.ended - self.began,
            away=away,
            offered=max(offered, self._sent / ran),
            done=self._done / ran,
            pick_up=pick_up(self._starts(), self.began, self.ended),
            dead_rows=self._dead_rows,
            size=last.size,
            wal=(last.wal - first.wal) / jobs,
            workers=sum(cost.workers for cost in self._costs) / jobs,
            postgres=_sum([cost.postgres for cost in self._costs], jobs),
            updates=(last.updates - first.updates) / jobs,
            hot=_share(first, last),
            claims=self._claims,
            strangers=max(cost.strangers for cost in self._costs),
        )

    def _starts(self) -> list[tuple[float, float]]:
        """Without those that were sent before an outage and started after it."""
        return [start for start in self._heard.between(self.began, self.ended) if not self._met_outage(*start)]

    def _met_outage(self, at: float, waited: float) -> bool:
        return any(at > gone and at - waited / 1000 < back for gone, back in self._outages)


def _sum(seconds: list[float | None], jobs: int) -> float | None:
    known = [each for each in seconds if each is not None]
    return sum(known) / jobs if len(known) == len(seconds) else None


def _share(first: Gauges, last: Gauges) -> float:
    """Of the updates, those that touched no index."""
    updates = last.updates - first.updates
    return (last.hot_updates - first.hot_updates) / updates if updates else 0.0
