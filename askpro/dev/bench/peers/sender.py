"""Sends a peer's jobs, from a process of its own: `python -m askpro.dev.bench.peers.sender MODULE COUNT [pick-up]`.

Empty jobs are sent in one transaction, or by the peer's own `send_many`. For pick-up each is sent alone and reports its
start; the milliseconds of each go to standard output as JSON.
"""

import importlib
import json
import sys
from contextlib import closing

import django

django.setup()

from django.db import transaction  # noqa: E402

from askpro.dev.bench.ear import Ear  # noqa: E402

# Sends before the first that counts.
SETTLED = 10


def main(module: str, count: int, *, wants_pick_up: bool) -> list[float]:
    tasks = importlib.import_module(module)
    send = tasks.send
    if wants_pick_up:
        with closing(Ear()) as ear:
            return [ear.wait_for(send["start"]) for _ in range(SETTLED + count)][SETTLED:]
    if hasattr(tasks, "send_many"):
        tasks.send_many(count)
        return []
    with transaction.atomic():
        for _ in range(count):
            send["empty"]()
    return []


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), wants_pick_up=len(sys.argv) > 3)))
