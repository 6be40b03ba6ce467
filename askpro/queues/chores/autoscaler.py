"""How many processes each queue of a pool gets: pure functions of what was measured.

`promise`  minimums first; then one process at a time to every queue in need, nearest to breaking its promise first
`time`     in proportion to the time that a queue's backlog takes, like Horizon's auto
`size`     in proportion to the number of ready jobs
`simple`   the same number for every queue

With `off` there is nothing to balance: a fixed number of processes, each of which works all the queues.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from askpro.queues.config import Pool

# How long a job is assumed to run, in seconds, until one has been measured.
UNKNOWN_RUN_TIME = 1.0
# The share of its promise within which a queue's backlog is to be cleared; the rest is a reserve.
SPARE = 0.5

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Load:
    """What is known of a queue, over all hosts; times in seconds, `arrivals` per second. `run_time` 0 is unknown."""

    queue: str
    promise: float
    ready: int = 0
    oldest: float = 0.0
    arrivals: float = 0.0
    run_time: float = 0.0


def targets(pool: Pool, loads: Sequence[Load], rank: int = 0, hosts: int = 1) -> Counts:
    """How many processes each queue should have on the host that is number `rank` of `hosts`, which share equally."""
    fleet = replace(pool, min_processes=pool.min_processes * hosts, max_processes=pool.max_processes * hosts)
    wanted = WANTED[pool.strategy](fleet, loads)
    # For each queue, the processes that cannot be divided equally start at another host.
    return {queue: (count + (rank + place) % hosts) // hosts for place, (queue, count) in enumerate(wanted.items())}


def step(pool: Pool, current: Mapping[str, int], wanted: Mapping[str, int], leaving: int = 0) -> Counts:
    """The next counts: towards `wanted`, each queue by at most `max_shift`, all together within the pool's maximum.

    `leaving` processes were told to go and still finish their jobs. They count, as their connections are open.
    """
    counts = {queue: max(count, pool.min_processes) for queue, count in current.items()}
    for queue, count in counts.items():
        lowest = max(wanted[queue], pool.min_processes)
        counts[queue] = max(lowest, count - pool.max_shift) if count > lowest else count
    room = pool.max_processes - leaving - sum(counts.values())
    for queue in sorted(counts, key=lambda queue: wanted[queue]):
        more = max(0, min(wanted[queue] - counts[queue], pool.max_shift, room))
        counts[queue] += more
        room -= more
    return counts


def by_promise(pool: Pool, loads: Sequence[Load]) -> Counts:
    """In rounds of one process each: a queue that needs few gets them, however long the backlog of another is."""
    counts = {load.queue: pool.min_processes for load in loads}
    left = pool.max_processes - sum(counts.values())
    needs = {load.queue: need(load, pool) for load in loads}
    while left > 0 and (needy := [load for load in loads if counts[load.queue] < needs[load.queue]]):
        for load in sorted(needy, key=lambda load: slack(load, counts[load.queue], pool))[:left]:
            counts[load.queue] += 1
            left -= 1
    return counts


def by_time(pool: Pool, loads: Sequence[Load]) -> Counts:
    return _in_proportion(pool, loads, lambda load: load.ready * load.run_time)


def by_size(pool: Pool, loads: Sequence[Load]) -> Counts:
    return _in_proportion(pool, loads, lambda load: float(load.ready))


def alike(pool: Pool, loads: Sequence[Load]) -> Counts:
    return {load.queue: ceil(pool.max_processes / len(loads)) for load in loads}


def need(load: Load, pool: Pool) -> int:
    """Processes that keep up with what arrives and clear the backlog before its oldest job has waited too long."""
    run_time = load.run_time or UNKNOWN_RUN_TIME
    steady = load.arrivals * load.run_time
    # A backlog that is late already has to be cleared within one step.
    left = max(load.promise * SPARE - load.oldest, pool.cooldown, 1.0)
    backlog = load.ready * run_time / left
    return ceil((steady + backlog) / pool.threads)


def slack(load: Load, processes: int, pool: Pool) -> float:
    """Seconds to spare within the promise if the queue keeps this many processes; negative when it will be broken."""
    run_time = load.run_time or UNKNOWN_RUN_TIME
    return load.promise - load.oldest - load.ready * run_time / (processes * pool.threads)


def _in_proportion(pool: Pool, loads: Sequence[Load], weight: Callable[[Load], float]) -> Counts:
    total = sum(map(weight, loads))
    if not total:
        return {load.queue: pool.max_processes if load.ready else pool.min_processes for load in loads}
    return {load.queue: max(pool.min_processes, ceil(pool.max_processes * weight(load) / total)) for load in loads}


WANTED: dict[str, Callable[[Pool, Sequence[Load]], Counts]] = {
    "promise": by_promise,
    "time": by_time,
    "size": by_size,
    "simple": alike,
}
