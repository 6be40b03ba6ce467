"""pgqueuer: `python -m askpro.dev.bench.pressure.peers.pgqueuer install` or `work`."""

import asyncio
import sys
from collections.abc import Sequence

from askpro.dev.bench.peers import pgqueuer_tasks
from askpro.dev.bench.pressure.mix import Spec, jobs
from askpro.dev.bench.pressure.peers.kind import Kind

KIND = Kind(
    name="pgqueuer",
    setting="2 processes, asyncpg, 32 jobs at once",
    processes=2,
    tables=r"public.pgqueuer%",
    job_tables="public.pgqueuer",
)
AT_ONCE = 32


def send(specs: Sequence[Spec], moment: int) -> None:
    """All in one statement, which is their transaction."""
    arguments = [{"milliseconds": spec.milliseconds, "sent": sent} for spec, sent in jobs(specs, moment)]
    pgqueuer_tasks.insert("pressed", arguments)


if __name__ == "__main__":
    asyncio.run(pgqueuer_tasks.work(AT_ONCE) if sys.argv[1] == "work" else pgqueuer_tasks.install())
