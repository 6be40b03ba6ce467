"""pgqueuer: `python -m askpro.dev.bench.peers.pgqueuer_tasks install`, or `work` with the number of jobs at once."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from askpro.dev.bench.ear import tell_start
from askpro.dev.bench.pressure import marks

# Seconds between two looks when no notification comes.
LOOK_EVERY = 1.0


def insert(entrypoint: str, arguments: Sequence[Mapping[str, int]] = ({},)) -> None:
    """A job for each of the `arguments`, in one statement on Django's connection, which is their transaction."""
    from django.db import connection
    from pgqueuer.db import SyncPsycopgDriver
    from pgqueuer.queries import SyncQueries

    payloads = [json.dumps(each).encode() for each in arguments]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        queries = SyncQueries(SyncPsycopgDriver(connection.connection))
        queries.enqueue([entrypoint] * len(payloads), payloads, [0] * len(payloads))


def send_many(count: int) -> None:
    """Empty jobs. Its driver refuses a connection that is in a transaction."""
    insert("empty", [{}] * count)


send = {"start": lambda: insert("start")}


async def install() -> None:
    from pgqueuer.queries import Queries

    await Queries(await _driver()).install()


async def work(at_once: int) -> None:
    """Work on jobs of all three kinds until the process is ended."""
    from pgqueuer import PgQueuer

    queuer: Any = PgQueuer(await _driver())

    @queuer.entrypoint("empty")
    async def empty(job: Any) -> None: ...

    @queuer.entrypoint("start")
    async def start(job: Any) -> None:
        tell_start()

    @queuer.entrypoint("pressed")
    async def pressed(job: Any) -> None:
        arguments = json.loads(job.payload)
        marks.tell_start(arguments["sent"])
        await asyncio.sleep(arguments["milliseconds"] / 1000)

    await queuer.run(
        batch_size=at_once,
        max_concurrent_tasks=2 * at_once,
        dequeue_timeout=timedelta(seconds=LOOK_EVERY),
        shutdown_on_listener_failure=True,
    )


async def _driver() -> Any:
    import asyncpg
    from pgqueuer.db import AsyncpgDriver

    return AsyncpgDriver(await asyncpg.connect(os.environ["DATABASE_URL"]))


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[2])) if sys.argv[1] == "work" else install())
