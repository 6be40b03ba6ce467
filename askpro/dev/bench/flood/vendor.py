"""The vendor, a process of its own: `python -m askpro.dev.bench.flood.vendor PORT CERTIFICATE COUNT RATE KEY`.

It posts signed calls at an even pace, whether the earlier ones were answered or not, as vendors do. The time of one
runs from the moment at which it was due.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import Counter

from askpro.dev.bench import posts
from askpro.dev.bench.flood.wire import Connection, written
from askpro.dev.sandbox.courier import retell_signature

CONNECTIONS = 8
PATH = "/webhooks/retell/"


async def send(port: int, trust: ssl.SSLContext, count: int, rate: float, key: str) -> tuple[list[float], Counter[str]]:
    """Seconds of each, and how many there were of each answer."""
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    seconds: list[float] = []
    statuses: Counter[str] = Counter()

    async def work() -> None:
        connection = Connection(port, trust)
        while True:
            due, body = await queue.get()
            signed = {"Content_Type": "application/json", "X_Retell_Signature": retell_signature(key, body)}
            statuses[await connection.status(written("POST", PATH, body, **signed))] += 1
            seconds.append(time.perf_counter() - due)
            queue.task_done()

    workers = [asyncio.create_task(work()) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for number, post in enumerate(posts.many(count)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queue.put_nowait((due, post.body))
    await queue.join()
    for worker in workers:
        worker.cancel()
    return seconds, statuses


def main(port: str, certificate: str, count: str, rate: str, key: str) -> None:
    trust = ssl.create_default_context(cafile=certificate)
    seconds, statuses = asyncio.run(send(int(port), trust, int(count), float(rate), key))
    print(json.dumps({"seconds": seconds, "statuses": statuses}))


if __name__ == "__main__":
    main(*sys.argv[1:])
