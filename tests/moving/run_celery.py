"""Runs the shop on the real Celery, in a process of its own: `python -m tests.moving.run_celery NOTES` until so many
notes are written, or for 20 s."""

import sys
import time

from celery.contrib.testing.worker import start_worker

from tests.moving import on_celery, shop


def main(notes: int) -> None:
    with start_worker(on_celery.app, pool="threads", concurrency=2, perform_ping_check=False, loglevel="ERROR"):
        on_celery.place(1)
        on_celery.place(2)
        on_celery.mail(7, [11, 12, 13])
        until = time.monotonic() + 20
        while len(shop.noted()) < notes and time.monotonic() < until:
            time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]))
