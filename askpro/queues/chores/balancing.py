"""Measures what the queues need, and decides how many processes each group of this host gets."""

import json
import time
from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from askpro.queues.chores import autoscaler
from askpro.queues.chores.autoscaler import Counts, Load
from askpro.queues.config import Pool, promise
from askpro.queues.fleet.backlog import Backlog, Floors, backlogs
from askpro.queues.fleet.state import SILENT_AFTER, Bounds, Rate, State
from askpro.queues.ledger.database import Connection
from askpro.queues.ledger.floors import Floor

# Seconds over which rates and run times are measured.
WINDOW = 10.0
# The living supervisors, with what each has measured. One silent for longer gets no share of the work.
FLEET = """
SELECT id, pools, jsonb_build_object('rates', coalesce(state -> 'rates', '{}'))::text FROM queues_supervisor
 WHERE status = 'running' AND beat_at > clock_timestamp() - %s * interval '1 second' ORDER BY id
"""

Totals = Mapping[str, Sequence[float]]


class Rates:
    """Runs per second and seconds per run of each queue here, from the forker's tallies of the last seconds."""

    def __init__(self) -> None:
        self._tallies: deque[tuple[float, Totals]] = deque()
        self._run_times: dict[str, float] = {}

    def add(self, done: Totals, running: Totals) -> None:
        now = time.monotonic()
        self._tallies.append((now, done))
        while now - self._tallies[0][0] > WINDOW:
            self._tallies.popleft()
        for queue in {*done, *running}:
            runs, took = self._since(queue, done)
            count, age = running.get(queue, (0, 0.0))
            if runs + count:
                # Running jobs count with their age: jobs that hang never end, and would not be measured otherwise.
                self._run_times[queue] = (took + age) / (runs + count)

    def now(self) -> dict[str, Rate]:
        """Each queue's."""
        if len(self._tallies) < 2:
            return {}
        (first, _), (last, done) = self._tallies[0], self._tallies[-1]
        return {
            queue: Rate(self._since(queue, done)[0] / max(last - first, 0.1), run_time)
            for queue, run_time in self._run_times.items()
        }

    def _since(self, queue: str, done: Totals) -> tuple[float, float]:
        runs, took = done.get(queue, (0, 0.0))
        runs_before, took_before = self._tallies[0][1].get(queue, (0, 0.0))
        return runs - runs_before, took - took_before


class Balancer:
    """One supervisor's share of what the fleet needs."""

    def __init__(self, supervisor_id: int, pools: Sequence[Pool]) -> None:
        self._supervisor_id = supervisor_id
        self._pools = {pool.name: pool for pool in pools}
        self._due = dict.fromkeys(self._pools, 0.0)
        self._ready_before: dict[str, tuple[float, int]] = {}
        self._floors: Floors = defaultdict(Floor)
        self._paused: Collection[tuple[str, str]] = frozenset()
        self.scaled: dict[str, int] = {}

    def look(
        self, database: Connection, paused: Collection[tuple[str, str]], processes: Mapping[str, Sequence[int]]
    ) -> Counts:
        """The new number of processes of each group that has to change; `processes` are [working, all] of each now."""
        now = time.monotonic()
        due = [pool for name, pool in self._pools.items() if now >= self._due[name]] if processes else []
        self._due |= {pool.name: now + pool.cooldown for pool in due}
        scaled = [self._as_scaled(pool) for pool in due]
        open_ones = [pool for pool in scaled if not _is_fixed(pool)]
        counts = {group: pool.min_processes for pool in scaled if _is_fixed(pool) for group in pool.groups}
        if open_ones:
            fleet = database.rows(FLEET, (SILENT_AFTER,))
            if paused != self._paused:
                # Jobs that are counted again are as old as they are.
                self._paused, self._floors = paused, defaultdict(Floor)
            measured = backlogs(database, paused, self._floors)
            loads = self._loads(measured, [State.from_json(json.loads(state)) for *_, state in fleet])
            for pool in open_ones:
                hosts = [supervisor_id for supervisor_id, pools, _ in fleet if pool.name in pools]
                counts |= self._balance(pool, loads, hosts, processes)
        return {group: count for group, count in counts.items() if count != processes[group][0]}

    def bounds(self, pool: Pool) -> Bounds:
        """The least and the most processes that a pool may have here now, and what sets them."""
        scaled = self._as_scaled(pool)
        how = "by hand" if scaled is not pool else pool.strategy
        return Bounds(scaled.min_processes * len(pool.groups), scaled.max_processes, how)

    def _as_scaled(self, pool: Pool) -> Pool:
        count = self.scaled.get(pool.name)
        if count is None:
            return pool
        each = max(1, count // len(pool.groups))
        return replace(pool, min_processes=each, max_processes=max(count, each * len(pool.groups)), max_shift=count)

    def _balance(
        self, pool: Pool, loads: Mapping[str, Load], hosts: list[int], processes: Mapping[str, Sequence[int]]
    ) -> Counts:
        by_queue = {queues[0]: group for group, queues in pool.groups.items()}
        rank = hosts.index(self._supervisor_id) if self._supervisor_id in hosts else 0
        wanted = autoscaler.targets(pool, [loads[queue] for queue in by_queue], rank, max(1, len(hosts)))
        current = {queue: processes[group][0] for queue, group in by_queue.items()}
        leaving = sum(processes[group][1] - processes[group][0] for group in pool.groups)
        counts = autoscaler.step(pool, current, wanted, leaving)
        return {by_queue[queue]: count for queue, count in counts.items()}

    def _loads(self, measured: Mapping[str, Backlog], states: Sequence[State]) -> dict[str, Load]:
        rates = {queue: [state.rates[queue] for state in states if queue in state.rates] for queue in measured}
        return {queue: self._load(queue, backlog, rates[queue]) for queue, backlog in measured.items()}

    def _load(self, queue: str, backlog: Backlog, rates: Sequence[Rate]) -> Load:
        now = time.monotonic()
        rate = sum(rate for rate, _ in rates)
        before, ready_before = self._ready_before.get(queue, (now, backlog.ready))
        self._ready_before[queue] = now, backlog.ready
        growth = (backlog.ready - ready_before) / (now - before) if now > before else 0.0
        longest = max((each for _, each in rates), default=0.0)
        run_time = sum(rate * each for rate, each in rates) / rate if rate else longest
        return Load(queue, promise(queue), backlog.ready, backlog.oldest, max(0.0, rate + growth), run_time)


def _is_fixed(pool: Pool) -> bool:
    return pool.min_processes * len(pool.groups) >= pool.max_processes
