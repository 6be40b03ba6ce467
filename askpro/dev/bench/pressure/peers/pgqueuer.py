"""pgqueuer: `python -m askpro.dev.bench.pressure.peers.pgqueuer install` or `work`."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from askpro.dev.bench.pressure import marks
from askpro.dev.bench.pressure.mix import Spec, jobs
from askpro.dev.bench.pressure.peers.kind import Kind

KIND = Kind(
    name="pgqueuer",
    setting="2 processes, asyncpg, 32 jobs at once",
    processes=2,
    tables=r"public.pgqueuer%",
    job_tables="public.pgqueuer",
)
ENTRYPOINT = "pressed"
AT_ONCE = 32
# Seconds between two looks when no notification comes.
LOOK_EVERY = 1.0


def send(specs: Sequence[Spec], moment: int) -> None:
    """All in one statement, which is their transaction, on Django's connection."""
    from django.db import connection
    from pgqueuer.db import SyncPsycopgDriver
    from pgqueuer.queries import SyncQueries

    arguments = [{"milliseconds": spec.milliseconds, "sent": sent} for spec, sent in jobs(specs, moment)]
    payloads = [json.dumps(each).encode() for each in arguments]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        queries = SyncQueries(SyncPsycopgDriver(connection.connection))
        queries.enqueue([ENTRYPOINT] * len(payloads), payloads, [0] * len(payloads))


async def install() -> None:
    from pgqueuer.queries import Queries

    await Queries(await _driver()).install()


async def work() -> None:
    from pgqueuer import PgQueuer

    queuer: Any = PgQueuer(await _driver())

    @queuer.entrypoint(ENTRYPOINT)
    async def pressed(job: Any) -> None:
        arguments = json.loads(job.payload)
        marks.tell_start(arguments["sent"])
        await asyncio.sleep(arguments["milliseconds"] / 1000)

    await queuer.run(
        batch_size=AT_ONCE,
        max_concurrent_tasks=2 * AT_ONCE,
        dequeue_timeout=timedelta(seconds=LOOK_EVERY),
        shutdown_on_listener_failure=True,
    )


async def _driver() -> Any:
    import asyncpg
    from pgqueuer.db import AsyncpgDriver

    return AsyncpgDriver(await asyncpg.connect(os.environ["DATABASE_URL"]))


if __name__ == "__main__":
    asyncio.run({"install": install, "work": work}[sys.argv[1]]())
