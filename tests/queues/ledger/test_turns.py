"""Tenants take turns: which jobs a claim takes, with real rows, against a model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from dramatiq import get_broker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues.ledger import floors, turns
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.floors import ALWAYS, Floor
from askpro.queues.models import Job, Pause, Supervisor, Worker
from tests.locks import somebody_holds
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]

QUEUE = "default"


@dataclass(slots=True)
class Tenant:
    """So many of its jobs run; those that wait have these ages in seconds."""

    running: int = 0
    waiting: list[int] = field(default_factory=list)


World = dict[str | None, Tenant]
# A tenant and the age of its job.
Taken = tuple[str | None, int]


def write(world: World, **words: Any) -> None:
    now = timezone.now()
    common = {"actor_name": "nothing", "queue_name": QUEUE, **words}
    for key, tenant in world.items():
        ran = {"status": "processing", "worker_id": 9, "ready_at": now - timedelta(minutes=5)}
        running = [Job(**common, fair_key=key, **ran) for _ in range(tenant.running)]
        waiting = [
            Job(**common, fair_key=key, status="queued", ready_at=now - timedelta(seconds=age), args=[age])
            for age in tenant.waiting
        ]
        Job.objects.bulk_create([*running, *waiting])


class Claimer:
    """Claims in turn, like a process of the engine."""

    def __init__(self, database: EngineConnection) -> None:
        self._database = database
        self.next_tenant = turns.FIRST

    def take(self, limit: int, worker_id: int = 1, names: list[str] | None = None, begin: str = "") -> list[Taken]:
        """What a claim takes, the oldest first."""
        known = list(get_broker().actors) if names is None else names
        claims, self.next_tenant = turns.by_turn((self._database, worker_id, QUEUE, known), limit, begin)
        tenants = dict(Job.objects.filter(pk__in=[claim.id for claim in claims]).values_list("pk", "fair_key"))
        return sorted(((tenants[UUID(claim.id)], claim.args[0]) for claim in claims), key=lambda job: -job[1])

    def rows_read(self, limit: int) -> int:
        """How many rows of jobs a claim looks at."""
        self.take(0)
        params = QUEUE, list(get_broker().actors), 1, limit, limit + turns.SPARE, "", ALWAYS, ALWAYS
        ((plan,),) = self._database.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + turns.EXECUTION, params)
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in _nodes(plan[0]["Plan"])
            if node.get("Relation Name", "").startswith("queues_job") and "Scan" in node["Node Type"]
        )


@pytest.fixture
def claimer(database: EngineConnection) -> Claimer:
    return Claimer(database)


def in_turn(world: World, limit: int) -> list[Taken]:
    """What the word says: each time the tenant with the least running, of these the one that has waited longest."""
    running = {key: tenant.running for key, tenant in world.items()}
    waiting = {key: sorted(tenant.waiting) for key, tenant in world.items()}
    taken: list[Taken] = []
    while len(taken) < limit and (able := [key for key in world if waiting[key]]):
        key = min(able, key=lambda key: (running[key], -waiting[key][-1]))
        running[key] += 1
        taken.append((key, waiting[key].pop()))
    return sorted(taken, key=lambda job: -job[1])


class TestWhoseTurnItIs:
    @pytest.mark.parametrize(
        ("world", "limit", "taken"),
        [
            ({"a": Tenant(0, [9, 8, 7]), "b": Tenant(0, [1])}, 1, [("a", 9)]),
            ({"a": Tenant(1, [9, 8, 7]), "b": Tenant(0, [1])}, 1, [("b", 1)]),
            ({"a": Tenant(1, [9, 8, 7]), "b": Tenant(1, [1])}, 1, [("a", 9)]),
            ({"a": Tenant(0, [9, 8, 7]), "b": Tenant(0, [1])}, 2, [("a", 9), ("b", 1)]),
            ({"a": Tenant(0, [9, 8, 7]), "b": Tenant(0, [1])}, 3, [("a", 9), ("a", 8), ("b", 1)]),
            ({"a": Tenant(2, [9, 8]), "b": Tenant(0, [5, 4, 3, 2])}, 3, [("a", 9), ("b", 5), ("b", 4)]),
            ({"a": Tenant(5, [9, 8]), "b": Tenant(0, [5, 4, 3, 2])}, 3, [("b", 5), ("b", 4), ("b", 3)]),
            ({"a": Tenant(0, [9]), "b": Tenant(0, [8]), "c": Tenant(0, [7])}, 2, [("a", 9), ("b", 8)]),
            ({"a": Tenant(9, []), "b": Tenant(3, [2, 1])}, 9, [("b", 2), ("b", 1)]),
            ({"a": Tenant(9, [])}, 9, []),
        ],
        ids=str,
    )
    def test_the_least_running_goes_first_and_then_the_longest_waiting(self, claimer, world, limit, taken):
        assert in_turn(world, limit) == taken
        write(world)
        assert claimer.take(limit) == taken

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        running=st.lists(st.integers(0, 4), min_size=1, max_size=6),
        owners=st.lists(st.integers(0, 5), max_size=60),
        limits=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    )
    def test_every_claim_is_the_models(self, claimer, running, owners, limits):
        world: World = {f"t{number}": Tenant(count) for number, count in enumerate(running)}
        for age, owner in enumerate(owners, 1):
            world[f"t{owner % len(running)}"].waiting.append(age)
        Job.objects.all().delete()
        write(world)
        for limit in limits:
            taken = claimer.take(limit)
            assert taken == in_turn(world, len(taken))
            assert bool(taken) == any(tenant.waiting for tenant in world.values())
            for key, age in taken:
                world[key].running += 1
                world[key].waiting.remove(age)

    def test_jobs_that_name_no_tenant_are_one_tenant_together(self, claimer):
        for _ in range(3):
            actors.nothing.send(1)
        write({"a": Tenant(0, [1])})
        assert dict(claimer.take(2)).keys() == {"a", turns.NOBODY}

    def test_rows_of_an_earlier_release_are_found_by_their_age(self, claimer):
        write({None: Tenant(0, [9, 8, 7])})
        assert claimer.take(2) == [(None, 9), (None, 8)]

    def test_what_runs_in_another_queue_does_not_count(self, claimer):
        write({"a": Tenant(0, [9]), "b": Tenant(0, [1])})
        write({"a": Tenant(3)}, queue_name="low")
        assert claimer.take(1) == [("a", 9)]


class TestManyTenants:
    def test_a_claim_looks_at_some_of_them_and_the_next_at_those_that_follow(self, claimer):
        names = [f"t{number:04}" for number in range(turns.MOST_TENANTS + 50)]
        write({name: Tenant(1, [9]) for name in names} | {"u": Tenant(0, [1])})
        assert ("u", 1) in [claimer.take(1, begin=claimer.next_tenant)[0] for _ in range(3)]

    def test_the_walk_goes_on_from_the_last_to_the_first(self, claimer):
        names = [f"t{number:04}" for number in range(turns.MOST_TENANTS + 50)]
        write({name: Tenant(1, [9]) for name in names} | {"a": Tenant(0, [1])})
        assert claimer.take(1, begin="t0200") == [("a", 1)]
        assert claimer.take(1, begin="t0010") != [("a", 1)]

    def test_all_are_claimed_in_the_end(self, claimer):
        count = turns.MOST_TENANTS + 50
        write({f"t{number:04}": Tenant(0, [9, 8]) for number in range(count)})
        taken = 0
        while some := claimer.take(100, begin=claimer.next_tenant):
            taken += len(some)
        assert taken == 2 * count

    @pytest.mark.parametrize("status", ["queued", "completed"])
    def test_a_claim_reads_few_rows_however_many_wait_and_whatever_the_statistics_say(self, claimer, status):
        write({"a": Tenant(0, [*range(10, 1010)]), "b": Tenant(0, [1])} | {f"t{n}": Tenant(1, [2]) for n in range(50)})
        waiting = Job.objects.filter(status="queued")
        ids = list(waiting.values_list("pk", flat=True))
        waiting.update(status=status)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE queues_job_live")
        Job.objects.filter(pk__in=ids).update(status="queued")
        assert claimer.rows_read(5) < 500


class TestWhatMayNotBeTaken:
    def test_a_job_that_somebody_holds_is_passed_over_and_not_waited_for(self, claimer):
        write({"a": Tenant(0, [9, 8]), "b": Tenant(0, [5])})
        with somebody_holds("SELECT 1 FROM queues_job WHERE fair_key = 'b' OR args = '[9]' FOR UPDATE"):
            assert claimer.take(2) == [("a", 8)]
        assert claimer.take(2) == [("a", 9), ("b", 5)]

    def test_many_that_others_are_claiming_do_not_hide_the_rest(self, claimer):
        write({"a": Tenant(0, list(range(1, 100)))})
        oldest = "SELECT id FROM queues_job ORDER BY ready_at LIMIT 30"
        with somebody_holds(f"SELECT 1 FROM queues_job WHERE id IN ({oldest}) FOR UPDATE"):
            assert claimer.take(3) == [("a", 69), ("a", 68), ("a", 67)]

    def test_actors_that_are_paused_or_not_known_here_are_left(self, claimer):
        write({"a": Tenant(0, [9]), "b": Tenant(0, [8])})
        write({"a": Tenant(0, [3]), "c": Tenant(0, [2])}, actor_name="gives")
        Pause.objects.create(kind="actor", name="nothing")
        assert claimer.take(9) == [("a", 3), ("c", 2)]
        Pause.objects.all().delete()
        assert claimer.take(9, names=["gives"]) == []
        assert claimer.take(9, names=["nothing"]) == [("a", 9), ("b", 8)]

    def test_a_paused_queue_is_left(self, claimer):
        write({"a": Tenant(0, [9])})
        Pause.objects.create(kind="queue", name=QUEUE)
        assert claimer.take(9) == []

    def test_a_worker_marked_dead_claims_nothing(self, claimer):
        write({"a": Tenant(0, [9])})
        host = Supervisor.objects.create(host="h", pid=1, process_started_at=0.0)
        dead = Worker.objects.create(supervisor=host, pool="all", host="h", pid=2, status="dead")
        assert claimer.take(9, worker_id=dead.pk) == []
        assert claimer.take(9, worker_id=dead.pk + 1) == [("a", 9)]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


class TestTheFloor:
    def test_it_is_the_time_of_the_oldest_job_of_all_tenants(self, database, monkeypatch):
        monkeypatch.setattr(floors, "CHEAP", -1_000_000_000)
        floor = Floor()
        write({"a": Tenant(0, [90, 80, 70]), "b": Tenant(5, [99, 98])})
        who = database, 1, QUEUE, list(get_broker().actors)
        assert [len(turns.by_turn(who, limit, floor=floor)[0]) for limit in (1, 1, 5)] == [1, 1, 3]
        assert turns.by_turn(who, 5, floor=floor)[0] == []

    def test_with_more_tenants_than_one_claim_looks_at_it_stays_where_it_was(self, database, monkeypatch):
        monkeypatch.setattr(floors, "CHEAP", -1_000_000_000)
        floor = Floor()
        write({f"t{number:04}": Tenant(0, [9]) for number in range(turns.MOST_TENANTS)} | {"z": Tenant(0, [90])})
        who = database, 1, QUEUE, list(get_broker().actors)
        begin, seen = turns.FIRST, 0
        for _ in range(40):
            claims, begin = turns.by_turn(who, 10, begin, floor)
            seen += len(claims)
        assert seen == turns.MOST_TENANTS + 1
