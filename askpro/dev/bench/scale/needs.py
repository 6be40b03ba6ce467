"""What so many jobs or calls a second need, and what breaks first."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from askpro.dev.bench.scale.costs import Cost

# The share of a processor that is used when nobody waits for it: above, p99 grows steeply (the simulation shows it).
USED: Final = 0.7
# Days that completed jobs are kept (`RETENTION`).
DAYS: Final = 30
# What one server is taken to give; assumed, not measured. Commits and bytes of log a second (commits share a flush, and
# a replica must follow), processors, bytes of disk, connections; commands a second of one Redis.
COMMITS_OF_ONE_SERVER: Final = 20_000
LOG_OF_ONE_SERVER: Final = 150e6
CORES_OF_ONE_SERVER: Final = 64
DISK_OF_ONE_SERVER: Final = 16e12
CONNECTIONS_OF_ONE_SERVER: Final = 500
COMMANDS_OF_ONE_REDIS: Final = 100_000
# Seconds that a job takes in all, most of it waiting for somebody outside, and connections of one process.
OF_A_JOB: Final = 0.25
CONNECTIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Needs:
    """Of an installation: processors, processes, connections, bytes of log a second, bytes kept, commits and commands
    of Redis a second."""

    rate: float
    workers: float
    postgres: float
    web: float
    processes: int
    connections: int
    log: float
    kept: float
    commits: float
    commands: float


def needs(rate: float, cost: Cost, jobs: float = 1.0) -> Needs:
    """For `rate` a second, of which each is so many jobs."""
    processes = ceil(rate * jobs * OF_A_JOB / USED)
    return Needs(
        rate=rate,
        workers=rate * cost.workers / USED,
        postgres=rate * cost.postgres / USED,
        web=rate * cost.web / USED,
        processes=processes,
        connections=processes * CONNECTIONS,
        log=rate * cost.log,
        kept=rate * cost.kept * 86_400 * DAYS,
        commits=rate * cost.commits,
        commands=rate * cost.hints * 3,
    )


def breaks(needed: Needs) -> Iterator[str]:
    """What one server of PostgreSQL and one of Redis cannot give, the first to break at the top."""
    limits = (
        ("connections", needed.connections / CONNECTIONS_OF_ONE_SERVER),
        ("commits", needed.commits / COMMITS_OF_ONE_SERVER),
        ("processors of PostgreSQL", needed.postgres / CORES_OF_ONE_SERVER),
        ("log", needed.log / LOG_OF_ONE_SERVER),
        ("disk", needed.kept / DISK_OF_ONE_SERVER),
        ("Redis", needed.commands / COMMANDS_OF_ONE_REDIS),
    )
    for name, share in sorted(limits, key=lambda limit: -limit[1]):
        if share > 1:
            yield name
