"""Sends jobs at a steady rate, from a process of its own: `python -m askpro.dev.bench.pressure.sender MODULE`.

It obeys lines on standard input: `rate 800` from now on, `send 500` at once in addition. While PostgreSQL is away
nothing is offered: what would have been due meanwhile is left out.
"""

import importlib
import os
import select
import sys
import time
from collections.abc import Callable, Sequence

import django

django.setup()

from django.db import DatabaseError, connection  # noqa: E402

from askpro.dev.bench.pressure.marks import tell_sent  # noqa: E402
from askpro.dev.bench.pressure.mix import Spec, specs, total  # noqa: E402
from askpro.dev.bench.pressure.schedule import Schedule  # noqa: E402

# Seconds between two transactions.
TICK = 0.005
MOST_AT_ONCE = 200
# Seconds before another try when PostgreSQL is away.
PAUSE = 0.1
Send = Callable[[Sequence[Spec], int], None]


def main(module: str) -> None:
    send: Send = importlib.import_module(module).send
    schedule = Schedule()
    number = 0
    while _obey(schedule):
        now = time.monotonic()
        if (due := int(min(schedule.due(now), MOST_AT_ONCE))) < 1:
            continue
        chosen = list(specs(number, due))
        number += len(chosen)
        try:
            send(chosen, time.monotonic_ns())
        except DatabaseError:
            connection.close()
            time.sleep(PAUSE)
            schedule.skip(time.monotonic())
            continue
        schedule.sent(total(chosen))
        tell_sent(total(chosen))


def _obey(schedule: Schedule) -> bool:
    """Wait a tick and do what was asked meanwhile; False when standard input has ended."""
    time.sleep(TICK)
    while select.select([sys.stdin.fileno()], [], [], 0)[0]:
        lines = os.read(sys.stdin.fileno(), 4096).decode("ascii")
        if not lines:
            return False
        for line in lines.splitlines():
            word, value = line.split()
            if word == "rate":
                schedule.set_rate(float(value), time.monotonic())
            else:
                schedule.add(int(value))
    return True


if __name__ == "__main__":
    main(sys.argv[1])
