"""The chores process: heartbeat, promotion, recovery of the dead; beside it, in a thread, the apps' sweepers."""

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from django.conf import settings
from psycopg2.errors import LockNotAvailable

from askpro.queues.chores import promotion, watch
from askpro.queues.chores.balancing import Balancer, Rates
from askpro.queues.chores.questions import Questions
from askpro.queues.chores.reload import CodeWatch
from askpro.queues.chores.rhythm import Rhythm
from askpro.queues.chores.sweeping import Sweeping
from askpro.queues.config import Pool
from askpro.queues.fleet import commands, events, heartbeat, pauses
from askpro.queues.fleet.host import hostname
from askpro.queues.ledger import gates, history
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection, chores_name, limit_lock_waits
from askpro.queues.ledger.floors import Floor
from askpro.queues.ledger.recover import Death, recover
from askpro.queues.models import FleetCommand, FleetEvent
from askpro.queues.processes import named
from askpro.queues.processes.child import become_child
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.link import (
    WORDS,
    Died,
    Farewell,
    Link,
    Recall,
    Recovered,
    Recycled,
    Report,
    Restart,
    Restarted,
    RestartTrouble,
    Scale,
    Stacks,
    Trouble,
    Well,
    Word,
)

log = logging.getLogger(__name__)

# Seconds between two runs of each chore.
PROMOTE_EVERY = 0.2
FREE_LOCKS_EVERY = 1.0
ADMIT_EVERY = 0.2
BEAT_EVERY = 2.0
WATCH_EVERY = 1.0
PUT_AWAY_EVERY = 1.0
LATE_EVERY = 5.0
UNIQUE_EVERY = 10.0
COMMANDS_EVERY = 0.5
BALANCE_EVERY = 1.0
CODE_EVERY = 0.5
DAYS_EVERY = 600.0
# The most of the time that those take which look at all claims, keys or waiting jobs. While an old snapshot keeps dead
# rows, that is more and more work; all that they find is there because something went wrong.
REPAIR_SHARE = 0.02
# Seconds after the forker's end within which the last deaths are recovered.
LAST_RECOVERY = 8.0
# Bites of finished jobs that are put away before the other chores have their turn again.
MOST_BITES = 5


class Chores:
    """One supervisor's chores. The forker reports deaths over the link, and is answered when one is recovered."""

    def __init__(
        self, supervisor_id: int, pools: Sequence[Pool], link: Link, empty_looks: EmptyLooks | None = None
    ) -> None:
        self._database = EngineConnection()
        self._watch = watch.Watch(supervisor_id)
        self._supervisor_id = supervisor_id
        self._pools = pools
        self._link = link
        self._balancer = Balancer(supervisor_id, pools)
        self._due, self._over = Floor(), Floor()
        self._empty_looks = empty_looks or EmptyLooks()
        self._rates = Rates()
        self._questions = Questions(self._database, supervisor_id, link)
        self._paused: frozenset[tuple[str, str]] = frozenset()
        self._processes: Mapping[str, Sequence[int]] = {}
        self._wanted: Mapping[str, int] = {}
        self._workers: dict[str, Any] = {}
        self._dead: dict[int, Died] = {}
        self._notes: deque[tuple[FleetEvent.Kind, str, str]] = deque()
        self._must_stop_at = inf
        self._is_over = False
        self._code = CodeWatch() if settings.DEBUG else None
        self._rhythms = [
            Rhythm(BEAT_EVERY, self._beat),
            Rhythm(COMMANDS_EVERY, self._obey),
            Rhythm(COMMANDS_EVERY, self._questions.take),
            Rhythm(PROMOTE_EVERY, self._promote),
            Rhythm(FREE_LOCKS_EVERY, lambda: promotion.free_locks(self._database), REPAIR_SHARE),
            Rhythm(ADMIT_EVERY, lambda: gates.admit(self._database)),
            Rhythm(WATCH_EVERY, lambda: self._watch.look(self._database)),
            Rhythm(WATCH_EVERY, lambda: self._watch.free_left_jobs(self._database), REPAIR_SHARE),
            Rhythm(DAYS_EVERY, self._prepare_days),
            Rhythm(PUT_AWAY_EVERY, self._put_away),
            Rhythm(LATE_EVERY, self._free_late_claims, REPAIR_SHARE),
            Rhythm(BALANCE_EVERY, self._balance),
            Rhythm(UNIQUE_EVERY, lambda: promotion.sweep_unique_keys(self._database), REPAIR_SHARE),
            Rhythm(CODE_EVERY, self._look_for_new_code),
        ]

    def run(self) -> None:
        """Run until the forker closes its end of the link and every death is recovered, or PostgreSQL stays away."""
        is_started = False
        while not self._link.is_closed or (self._dead and time.monotonic() < self._must_stop_at):
            try:
                if not is_started:
                    self._start()
                    is_started = True
                # The heartbeat comes first: a slow chore must not make this supervisor look dead.
                for rhythm in self._rhythms:
                    rhythm.run_if_due()
                self._recover()
                self._questions.answer()
            except CONNECTION_ERRORS as error:
                self._watch.forget()
                log.warning("Chores wait for PostgreSQL: %s", type(error).__name__, extra={"cause": error})
                time.sleep(0.5)
            self._listen()
        # Without a farewell, the forker was killed, or another chores process has taken over.
        if self._is_over:
            self._leave()

    def _start(self) -> None:
        named.remove_old()
        self._balancer.scaled = commands.scales(self._database, self._supervisor_id)
        names = [pool.name for pool in self._pools]
        heartbeat.describe(self._database, self._supervisor_id, settings.CODE_VERSION, names)

    def _beat(self) -> None:
        heartbeat.beat(self._database, self._supervisor_id, self._state(), self._living)
        while self._notes:
            kind, text, about = self._notes[0]
            events.note(self._database, kind, text, self._supervisor_id, about)
            self._notes.popleft()

    def _state(self) -> dict[str, Any]:
        # Read by `fleet.state.State.from_json`, of this release and of those before and after it.
        return {
            "processes": self._processes,
            "queues": {group: queues for pool in self._pools for group, queues in pool.groups.items()},
            "rates": self._rates.now(),
            "wanted": self._wanted,
            "workers": self._workers,
            "pools": {pool.name: self._balancer.bounds(pool) for pool in self._pools},
        }

    def _obey(self) -> None:
        paused = pauses.paused(self._database)
        if paused - self._paused:
            self._link.send(Recall())
        if self._paused - paused:
            self._empty_looks.forget_floors()
        self._paused = paused
        for command in commands.take(self._database, self._supervisor_id):
            if command.kind not in FleetCommand.Kind:
                log.warning("Another release sent a command that this one does not know: %s", command.kind)
            elif command.kind != FleetCommand.Kind.SCALE:
                self._link.send(WORDS[command.kind]())
            elif command.processes is None:
                self._balancer.scaled.pop(command.pool, None)
            else:
                self._balancer.scaled[command.pool] = command.processes

    def _promote(self) -> None:
        while promotion.promote(self._database, self._due) == promotion.AT_ONCE:
            pass

    def _prepare_days(self) -> None:
        try:
            history.prepare_days(self._database)
        except LockNotAvailable:
            log.info("Another process changes the tables of days; the next ones are made later")

    def _put_away(self) -> None:
        for _ in range(MOST_BITES):
            if history.put_away(self._database, self._over) < history.AT_ONCE:
                return

    def _balance(self) -> None:
        for group, count in self._balancer.look(self._database, self._paused, self._processes).items():
            self._link.send(Scale(group, count))

    def _free_late_claims(self) -> None:
        # Not before the forker has reported its workers: until then, any worker may be alive.
        if self._processes:
            being_recovered = [report.worker_id for report in self._dead.values()]
            self._watch.free_late_claims(self._database, [*self._living, *being_recovered])

    @property
    def _living(self) -> list[int]:
        """The workers that the forker sees, even if other supervisors consider them dead."""
        return [int(worker_id) for worker_id in self._workers]

    def _look_for_new_code(self) -> None:
        if self._code is not None and self._code.has_changed():
            self._link.send(Restart())

    def _recover(self) -> None:
        for number, report in list(self._dead.items()):
            death = Death(report.worker_id, report.started, report.cause, report.stacks, report.culprits)
            try:
                count = recover(self._database, death)
            except LockNotAvailable:
                log.warning("The jobs of worker %d are locked by another transaction; trying again", death.worker_id)
                continue
            del self._dead[number]
            if count:
                self._empty_looks.forget_floors()
            self._link.send(Recovered(number))
            if count or death.started or death.cause:
                log.warning("Worker %d died: %d jobs are ready again", death.worker_id, count)
                kind = FleetEvent.Kind.WORKER_STUCK if death.cause == "stuck" else FleetEvent.Kind.WORKER_DEAD
                text = f"Worker {death.worker_id} of {report.pool} died; {count} jobs are ready again."
                self._note(kind, text, report.pool)
            named.remove(heartbeat.page_name(self._database, death.worker_id))

    def _listen(self) -> None:
        if self._link.is_closed:
            return
        for said in self._link.receive(PROMOTE_EVERY / 2):
            self._hear(said)
        if self._link.is_closed:
            self._must_stop_at = time.monotonic() + LAST_RECOVERY

    def _hear(self, said: Word) -> None:
        match said:
            case Died():
                self._dead[said.number] = said
                self._workers.pop(str(said.worker_id), None)
            case Report():
                self._processes, self._wanted, self._workers = said.processes, said.wanted, dict(said.workers)
                self._rates.add(said.done, said.running)
            case Stacks():
                self._questions.hear(said)
            case Farewell():
                self._is_over = True
            case Trouble(group, text):
                text = f"A worker of {group} on {hostname()} cannot start: {text}."
                self._note(FleetEvent.Kind.START_TROUBLE, text, group)
            case Well(group):
                self._note(FleetEvent.Kind.START_WELL, f"Workers of {group} on {hostname()} start again.", group)
            case Restarted():
                text = f"{hostname()} restarted with version {settings.CODE_VERSION}."
                self._note(FleetEvent.Kind.RESTARTED, text)
            case RestartTrouble(text):
                text = f"The new code on {hostname()} does not start: {text}; the old code keeps running."
                self._note(FleetEvent.Kind.RESTART_TROUBLE, text)
            case Recycled(group, text):
                text = f"A worker of {group} on {hostname()} was recycled: {text}."
                self._note(FleetEvent.Kind.RECYCLED, text, group)

    def _note(self, kind: FleetEvent.Kind, text: str, group: str = "") -> None:
        # Written with the next beat, so that no event is lost while PostgreSQL is away.
        self._notes.append((kind, text, f"{group} on {hostname()}" if group else hostname()))

    def _leave(self) -> None:
        try:
            heartbeat.leave(self._database, self._supervisor_id)
        except CONNECTION_ERRORS as error:
            # A later supervisor on this host sees that the process is gone; others see that it is silent.
            log.warning("Left without signing off: %s", type(error).__name__)


def run_chores(supervisor_id: int, pools: Sequence[Pool], link: Link, empty_looks: EmptyLooks, parent: int) -> None:
    """The main function of the chores process. It ends when the forker closes the link: until then, deaths may come."""
    become_child("askpro chores", parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # libpq reads this at every connect.
    os.environ["PGAPPNAME"] = chores_name(supervisor_id)
    # A sweeper that waited for an app's transaction would delay all the others, the schedule among them.
    limit_lock_waits()
    Sweeping().start()
    Chores(supervisor_id, pools, link, empty_looks).run()
