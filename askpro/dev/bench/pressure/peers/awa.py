"""awa: `python -m askpro.dev.bench.pressure.peers.awa install` or `work`."""

import asyncio
import sys
from collections.abc import Sequence

from askpro.dev.bench.peers import awa_tasks
from askpro.dev.bench.pressure.mix import Spec, jobs
from askpro.dev.bench.pressure.peers.kind import Kind

KIND = Kind(
    name="awa",
    setting="2 processes, 32 jobs at once",
    processes=2,
    tables=r"awa%.%",
    job_tables=r"awa%.%",
)
AT_ONCE = 32


def send(specs: Sequence[Spec], moment: int) -> None:
    """In one transaction of Django's."""
    from django.db import transaction

    with transaction.atomic():
        for spec, sent in jobs(specs, moment):
            awa_tasks.insert(awa_tasks.Pressed(spec.milliseconds, sent))


if __name__ == "__main__":
    asyncio.run(awa_tasks.work(AT_ONCE) if sys.argv[1] == "work" else awa_tasks.install())
