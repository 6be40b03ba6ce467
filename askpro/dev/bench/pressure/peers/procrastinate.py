"""procrastinate: `python -m askpro.dev.bench.pressure.peers.procrastinate install` or `work`."""

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line
from django.db import transaction

from askpro.dev.bench.pressure.mix import COMPANIES, Spec, jobs
from askpro.dev.bench.pressure.peers.kind import Kind

KIND = Kind(
    name="procrastinate",
    setting="2 processes × 8",
    processes=2,
    tables=r"public.procrastinate\_%",
    job_tables=r"public.procrastinate\_jobs",
)
COMMANDS = {"install": ("migrate", "procrastinate", "--verbosity", "0"), "work": ("procrastinate", "worker")}
CONCURRENCY = ("--concurrency", "8")


def send(specs: Sequence[Spec], moment: int) -> None:
    """Its keys are locks: of one lock, one job runs at a time."""
    from askpro.dev.bench.peers.procrastinate_tasks import pressed

    with transaction.atomic():
        for spec, sent in jobs(specs, moment):
            lock = f"company:{spec.number % COMPANIES}" if spec.is_keyed else None
            pressed.configure(queue=spec.queue, lock=lock).defer(milliseconds=spec.milliseconds, sent=sent)


if __name__ == "__main__":
    command = sys.argv[1]
    execute_from_command_line(["django", *COMMANDS[command], *(CONCURRENCY if command == "work" else ())])
