"""What may grow while everything runs: memory, connections and dead rows; looked at every few seconds."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

import psutil

from askpro.dev.bench.pressure.gauges import Watch
from askpro.dev.bench.sides.program import Program

EVERY = 5.0
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)
# What the last third of a run may have more than the second third, and the least that counts.
SHARE, MEGABYTES, SESSIONS, ROWS = 0.10, 30.0, 5.0, 20_000.0


@dataclass(frozen=True, slots=True)
class Look:
    """Megabytes that belong to each program's processes alone, sessions, rows that nobody sees any more, bytes."""

    memory: dict[str, float]
    connections: int
    dead_rows: int
    size: int


class Growth:
    """Looks in a thread of its own until `stop`."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.looks: list[Look] = []
        self._programs = programs
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        watch = Watch("public.%", "public.queues_job%")
        try:
            while not self._over.wait(EVERY):
                ((connections,),) = watch.rows(CONNECTIONS)
                gauges = watch.look()
                memory = {each.name: _megabytes(each) for each in self._programs}
                self.looks.append(Look(memory, connections, gauges.dead_rows, gauges.size))
        finally:
            watch.close()


def _megabytes(program: Program) -> float:
    found = 0.0
    for process in program.processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found += process.memory_full_info().uss / 1e6
    return found


def grown(looks: Sequence[Look]) -> list[str]:
    """What has more in the last third than in the second, in words; the first third is for filling up."""
    third = len(looks) // 3
    if not third:
        return ["it was too short to see what grows"]
    before, after = looks[third : 2 * third], looks[2 * third :]

    def more(what: str, of: Callable[[Look], float], least: float) -> list[str]:
        then, now = median(map(of, before)), median(map(of, after))
        return [f"{what}: {then:,.0f} → {now:,.0f}"] if now - then > max(least, SHARE * then) else []

    found = more("sessions", lambda look: look.connections, SESSIONS)
    found += more("dead rows", lambda look: look.dead_rows, ROWS)
    for name in looks[0].memory:
        found += more(f"memory of {name}, MB", lambda look, name=name: look.memory[name], MEGABYTES)  # type: ignore[misc]
    return found
