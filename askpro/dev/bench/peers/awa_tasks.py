"""awa: `python -m askpro.dev.bench.peers.awa_tasks install`, or `work` with the number of jobs at once."""

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Any

from askpro.dev.bench.ear import tell_start
from askpro.dev.bench.pressure import marks

QUEUE = "default"


@dataclass
class Empty:
    """A job's kind and arguments, as awa has them."""


@dataclass
class Start:
    """Reports its start."""


@dataclass
class Pressed:
    """Reports its start, and rests."""

    milliseconds: int
    sent: int


def insert(job: Empty | Start | Pressed) -> None:
    """In the transaction of Django's connection."""
    from awa.bridge import insert_job_sync
    from django.db import connection

    insert_job_sync(connection, job, queue=QUEUE)


def send_many(count: int) -> None:
    """Empty jobs, by COPY: one by one, to send them would take far longer than to work on them."""
    from awa import Client

    with Client(os.environ["DATABASE_URL"]) as client:
        client.enqueue_many_copy([Empty()] * count, queue=QUEUE)


send = {"start": lambda: insert(Start())}


async def install() -> None:
    await _client().migrate()


async def work(at_once: int) -> None:
    """Work on jobs of all three kinds until the process is ended."""
    client = _client()

    @client.task(Empty, queue=QUEUE)
    async def empty(job: Any) -> None: ...

    @client.task(Start, queue=QUEUE)
    async def start(job: Any) -> None:
        tell_start()

    @client.task(Pressed, queue=QUEUE)
    async def pressed(job: Any) -> None:
        marks.tell_start(job.args.sent)
        await asyncio.sleep(job.args.milliseconds / 1000)

    await client.start([(QUEUE, at_once)])
    await asyncio.Event().wait()


def _client() -> Any:
    from awa import AsyncClient

    return AsyncClient(os.environ["DATABASE_URL"])


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[2])) if sys.argv[1] == "work" else install())
