"""awa: `python -m askpro.dev.bench.pressure.peers.awa install` or `work`."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from askpro.dev.bench.pressure import marks
from askpro.dev.bench.pressure.mix import Spec, jobs
from askpro.dev.bench.pressure.peers.kind import Kind

KIND = Kind(
    name="awa",
    setting="2 processes, 32 jobs at once",
    processes=2,
    tables=r"awa%.%",
    job_tables=r"awa%.%",
)
QUEUE = "default"
AT_ONCE = 32


@dataclass
class Pressed:
    """The arguments of a job."""

    milliseconds: int
    sent: int


def send(specs: Sequence[Spec], moment: int) -> None:
    """In one transaction of Django's."""
    from awa.bridge import insert_job_sync
    from django.db import connection, transaction

    with transaction.atomic():
        for spec, sent in jobs(specs, moment):
            insert_job_sync(connection, Pressed(spec.milliseconds, sent), queue=QUEUE)


async def install() -> None:
    from awa import AsyncClient

    await AsyncClient(os.environ["DATABASE_URL"]).migrate()


async def work() -> None:
    from awa import AsyncClient

    client: Any = AsyncClient(os.environ["DATABASE_URL"])

    @client.task(Pressed, queue=QUEUE)
    async def pressed(job: Any) -> None:
        marks.tell_start(job.args.sent)
        await asyncio.sleep(job.args.milliseconds / 1000)

    await client.start([(QUEUE, AT_ONCE)])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"install": install, "work": work}[sys.argv[1]]())
