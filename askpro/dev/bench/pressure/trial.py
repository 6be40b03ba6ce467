"""One side's run: its capacity, then phase by phase."""

import time
from collections.abc import Callable
from dataclasses import replace

from askpro.dev.bench.pressure.disturbances import Disturbance, Stage
from askpro.dev.bench.pressure.gauges import Watch
from askpro.dev.bench.pressure.marks import Marks
from askpro.dev.bench.pressure.offer import Offer
from askpro.dev.bench.pressure.phases import CLEAN, Phase
from askpro.dev.bench.pressure.recording import Recording
from askpro.dev.bench.pressure.server import OwnServer
from askpro.dev.bench.pressure.side import Side
from askpro.dev.bench.pressure.verdict import IN_A_ROW, Back, Measured, Second, by_second, clean_after, usual_second
from askpro.dev.up.failure import Failure

# Seconds at the offer before anything counts.
WARM_UP = 5.0
# Jobs a second that are offered first to measure the capacity, and how the offer is raised while this share is done.
FIRST_OFFER = 400.0
RAISED = 1.25
SATISFIED = 0.9
# Seconds at an offer before those that count, and those.
BEFORE_CAPACITY, CAPACITY = 4.0, 6.0
# Seconds between two looks at the tables.
LOOK_EVERY = 5
# The longest waits in seconds: for a backlog to be worked off, or as long as a longer phase, and for clean seconds.
LONGEST_DRAIN = 300.0
LONGEST_RECOVERY = 60
# Fewer unfinished jobs are no backlog, nor is what is offered in so many seconds before a phase begins.
IDLE = 50
LATE = 0.5


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
        self._marks.listen(WARM_UP)

    def capacity(self, share: float) -> float:
        """The most jobs a second that are done at any offer, with a `share` of the usual effort.

        Offers are raised step by step: far above the capacity fewer are done, since sending them takes the processors.
        Nor is it what is done of a standing backlog: in the end, all of that would be jobs of the slowest queue.
        """
        asked, most = FIRST_OFFER * share, 0.0
        while (done := self._done_of(asked, share)) > SATISFIED * asked:
            asked, most = asked * RAISED, max(most, done)
        return max(most, done)

    def take(self, phase: Phase, seconds: float, rate: float, capacity: float) -> Measured:
        """Measure one phase at the usual `rate`, or above the capacity, and the recovery from it."""
        if self._backlog() > rate * LATE:
            self._settle(phase, rate)
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

    def _settle(self, phase: Phase, rate: float) -> None:
        """Work off what the phase before has left, so that each is measured by itself."""
        self._say(f"{self._side.name}: backlog before {phase.name}")
        self._offer.rate(0)
        self._drain(LONGEST_DRAIN)
        self.warm_up(rate)

    def _done_of(self, asked: float, share: float) -> float:
        """Jobs a second that are done of what is asked for, once all processes that may be there are there."""
        self._say(f"{self._side.name}: capacity, {asked:,.0f} jobs/s offered")
        self._offer.rate(asked)
        self._marks.listen(BEFORE_CAPACITY * share)
        began, before = time.monotonic(), self._marks.starts.count
        self._marks.listen(CAPACITY * share)
        done = (self._marks.starts.count - before) / (time.monotonic() - began)
        self._offer.rate(0)
        if self._drain(LONGEST_DRAIN) is None:
            raise Failure(f"{self._side.name} did not work off a backlog within {LONGEST_DRAIN:.0f} s.")
        return done

    def _disturb(self, disturbance: Disturbance, recording: Recording, seconds: float) -> None:
        disturbance.begin()
        try:
            for second in range(1, int(seconds) + 1):
                self._marks.listen(recording.began + second - time.monotonic())
                disturbance.tick(second)
                if second % LOOK_EVERY == 0:
                    recording.look()
            self._marks.listen(recording.began + seconds - time.monotonic())
            recording.end()
        finally:
            disturbance.end()

    def _recover(self, phase: Phase, rate: float, seconds: float) -> Back:
        """After an overload nothing is offered until the backlog is gone, since clean seconds need an idle engine."""
        drained: float | None = 0.0
        if phase.overload:
            self._offer.rate(0)
            drained = self._drain(max(LONGEST_DRAIN, seconds))
            self._offer.rate(rate)
        began = time.monotonic()
        for second in range(IN_A_ROW, LONGEST_RECOVERY):
            self._marks.listen(began + second - time.monotonic())
            now = time.monotonic()
            since = by_second(self._marks.starts.between(began, now), began, now)
            if (clean := clean_after(since, self._usual)) is not None:
                return Back(drained, clean)
        return Back(drained, None)

    def _drain(self, seconds: float) -> float | None:
        """Seconds until there is no backlog; None when there still is."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if self._backlog() < IDLE:
                return passed
            self._marks.listen(0.5)
        return None

    def _backlog(self) -> int:
        unfinished = self._side.unfinished()
        return self._marks.starts.backlog if unfinished is None else unfinished
