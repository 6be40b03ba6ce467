"""One side's run: its capacity, then phase by phase."""

import time
from collections.abc import Callable
from dataclasses import replace

from askpro.dev.bench.pressure.disturbances import Disturbance, Side, Stage
from askpro.dev.bench.pressure.gauges import Watch
from askpro.dev.bench.pressure.marks import Marks, Starts
from askpro.dev.bench.pressure.offer import Offer
from askpro.dev.bench.pressure.phases import CLEAN, Phase
from askpro.dev.bench.pressure.recording import Recording
from askpro.dev.bench.pressure.server import OwnServer
from askpro.dev.bench.pressure.verdict import IN_A_ROW, Back, Measured, Second, by_second, clean_after, usual_second

# Seconds at the offer before anything counts.
WARM_UP = 5.0
# Seconds at a standing backlog before those that count, and those; the backlog in jobs.
BEFORE_CAPACITY, CAPACITY = 5.0, 10.0
BACKLOG = 1_500
# Seconds between two reads of the marks.
READ_EVERY = 0.02
# Seconds between two looks at the tables.
LOOK_EVERY = 5
# The longest wait for a backlog to be worked off, as a multiple of the phase, and the seconds for all else.
LONGEST_DRAIN = 5.0
LONGEST_RECOVERY = 60
# Fewer unfinished jobs are no backlog.
IDLE = 50


class Trial:
    """Measures a side. `say` shows what happens next."""

    def __init__(
        self, side: Side, offer: Offer, marks: Marks, server: OwnServer | None, say: Callable[[str], None]
    ) -> None:
        self._side = side
        self._offer = offer
        self._marks = marks
        self._server = server
        self._say = say
        self._watch = Watch(side.tables, side.job_tables)
        # What a second after a phase must reach.
        self._usual = Second(0, None)

    def warm_up(self, rate: float) -> None:
        self._say(f"{self._side.name}: warm-up")
        self._offer.rate(rate)
        self._wait(WARM_UP)

    def capacity(self, share: float) -> float:
        """Jobs a second that are done while there are always more to do, with a `share` of the usual effort."""
        self._say(f"{self._side.name}: capacity")
        self._offer.rate(0)
        self._drain(LONGEST_RECOVERY)
        refill = Refill(self._offer, self._marks.starts, round(BACKLOG * share))
        self._wait(BEFORE_CAPACITY * share, refill.act)
        began, before = time.monotonic(), self._marks.starts.count
        self._wait(CAPACITY * share, refill.act)
        done = (self._marks.starts.count - before) / (time.monotonic() - began)
        self._drain(LONGEST_RECOVERY)
        return done

    def take(self, phase: Phase, seconds: float, rate: float, capacity: float) -> Measured:
        """Measure one phase at the usual `rate`, or above the capacity, and the recovery from it."""
        self._say(f"{self._side.name}: {phase.name}")
        offered = capacity * phase.overload or rate
        recording = Recording(self._side, self._watch, self._marks)
        stage = Stage(self._side, self._offer, self._watch, self._server, rate, seconds, recording.outage)
        self._offer.rate(offered)
        self._disturb(phase.disturbance(stage), recording, seconds)
        measured = recording.measured(phase, offered)
        if phase is CLEAN:
            self._usual = usual_second(recording.seconds())
            return measured
        self._say(f"{self._side.name}: recovery from {phase.name}")
        return replace(measured, back=self._recover(phase, rate, seconds))

    def close(self) -> None:
        self._watch.close()

    def _disturb(self, disturbance: Disturbance, recording: Recording, seconds: float) -> None:
        disturbance.begin()
        try:
            for second in range(1, int(seconds) + 1):
                self._wait(recording.began + second - time.monotonic())
                disturbance.tick(second)
                if second % LOOK_EVERY == 0:
                    recording.look()
            self._wait(recording.began + seconds - time.monotonic())
            recording.end()
        finally:
            disturbance.end()

    def _recover(self, phase: Phase, rate: float, seconds: float) -> Back:
        """After an overload nothing is offered until the backlog is gone, since clean seconds need an idle engine."""
        drained: float | None = 0.0
        if phase.overload:
            self._offer.rate(0)
            drained = self._drain(seconds * LONGEST_DRAIN)
            self._offer.rate(rate)
        began = time.monotonic()
        for second in range(IN_A_ROW, LONGEST_RECOVERY):
            self._wait(began + second - time.monotonic())
            now = time.monotonic()
            since = by_second(self._marks.starts.between(began, now), began, now)
            if (clean := clean_after(since, self._usual)) is not None:
                return Back(drained, clean)
        return Back(drained, None)

    def _drain(self, seconds: float) -> float | None:
        """Seconds until there is no backlog; None when there still is."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if self._side.unfinished() < IDLE:
                return passed
            self._wait(0.5)
        return None

    def _wait(self, seconds: float, act: Callable[[], None] = lambda: None) -> None:
        """Let time pass, reading the marks and calling `act` all the time."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            act()
            self._marks.read()
            time.sleep(min(left, READ_EVERY))


class Refill:
    """Keeps so many jobs waiting. What was asked for counts, since the sender may take a while to send it."""

    def __init__(self, offer: Offer, starts: Starts, backlog: int) -> None:
        self._offer, self._starts, self._backlog = offer, starts, backlog
        self._asked, self._before = 0, starts.count

    def act(self) -> None:
        started = self._starts.count - self._before
        if (missing := self._backlog - (self._asked - started)) > 0:
            self._offer.send(missing)
            self._asked += missing
