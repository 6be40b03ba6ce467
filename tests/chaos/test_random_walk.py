"""Thousands of random steps of several workers, zombies among them, against what must always be true."""

import random
import time
from collections import Counter

import pytest
from django.db import connection
from dramatiq import get_broker

from askpro.queues import chain, chores, jobs, locks
from askpro.queues.claim import Claim, by_age, by_ids
from askpro.queues.database import EngineConnection
from askpro.queues.models import Attempt, Job, Lock, Worker
from askpro.queues.outcome import COMPLETED, Outcome, decide, released
from askpro.queues.recover import Death, recover, recover_lost
from askpro.queues.settle import Item, settle
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 600
MOVING = ("queued", "scheduled", "retrying", "released")
BLOCKED = Outcome("released", None, reason="waits for its lock")
BACK = Outcome("queued", None)


class Walk:
    """Workers as dictionaries of claims; a stolen claim stays with its old holder, who is a zombie from then on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.database = EngineConnection()
        self.workers: dict[int, dict[str, Claim]] = {}
        self.zombies: list[tuple[int, Claim]] = []
        self.completed: set[str] = set()
        self.spent: Counter[str] = Counter()
        for _ in range(3):
            self.hire()

    def hire(self) -> None:
        self.workers[Worker.objects.create(pool="walk", host="here", pid=1).pk] = {}

    def step(self) -> None:
        steps = (
            (self.send, 6),
            (self.claim, 8),
            (self.finish, 12),
            (self.haunt, 4),
            (self.die, 1),
            (self.vanish, 1),
            (self.give_back, 2),
            (self.cancel, 1),
            (self.retry, 2),
            (self.do_chores, 4),
        )
        step = self.random.choices([step for step, _ in steps], [weight for _, weight in steps])[0]
        step()

    def send(self) -> None:
        kind = self.random.randrange(5)
        if kind == 0:
            chain([actors.step.message(name=str(number)) for number in range(self.random.randint(1, 4))]).send()
        elif kind < 3:
            actors.alone.send(key=self.random.choice("abc"))
        else:
            actors.nothing.send_with_options(
                args=(1,), max_retries=self.random.randint(0, 2), delay=self.random.choice([None, 1])
            )

    def claim(self) -> None:
        worker = self.random.choice(list(self.workers))
        known = get_broker().actors
        if self.random.random() < 0.5:
            ids = [str(pk) for pk in Job.objects.order_by("?").values_list("pk", flat=True)[:6]]
            claims = by_ids(self.database, worker, "default", known, ids) if ids else []
        else:
            claims = by_age(self.database, worker, "default", known, self.random.randint(1, 6))
        free, blocked = locks.acquire(self.database, claims)
        assert self.settle(worker, [(claim, BLOCKED) for claim in blocked]) == {claim.id for claim in blocked}
        for claim in free:
            claim.started = time.monotonic()
            self.workers[worker][claim.id] = claim

    def finish(self) -> None:
        worker, held = self.random.choice(list(self.workers.items()))
        some = self.random.sample(sorted(held), min(len(held), self.random.randint(1, 4)))
        items = [(held.pop(job_id), self.outcome()) for job_id in some]
        settled = self.settle(worker, items)
        assert settled == set(some), "a holder lost its job"
        for claim, outcome in items:
            self.spent[claim.id] += outcome.spends_try
            if outcome is COMPLETED:
                assert claim.id not in self.completed, "a completed job ran again"
                self.completed.add(claim.id)
        # It may all arrive once more, much later.
        self.zombies.extend((worker, claim) for claim, _ in items)

    def outcome(self) -> Outcome:
        error = ValueError("no")
        return self.random.choice(
            [
                COMPLETED,
                COMPLETED,
                COMPLETED,
                released(0.0, "not now"),
                decide(error, tries_left=1, tries_spent=0, backoff=(0,)),
                decide(error, tries_left=0, tries_spent=0, backoff=(0,)),
            ]
        )

    def haunt(self) -> None:
        """A zombie reports what it did."""
        if self.zombies:
            worker, claim = self.zombies.pop(self.random.randrange(len(self.zombies)))
            assert self.settle(worker, [(claim, self.outcome())]) == set(), "a zombie's result was taken"

    def die(self) -> None:
        """The forker saw the worker's end, and what it had started."""
        worker, held = self.random.choice(list(self.workers.items()))
        started = [claim for claim in held.values() if self.random.random() < 0.5]
        recover(self.database, Death(worker, [(claim.id, claim.claim_no, 0.1) for claim in started]))
        self.spent.update(claim.id for claim in started)
        self.bury(worker)

    def vanish(self) -> None:
        """The worker's host fell silent."""
        worker = self.random.choice(list(self.workers))
        recover_lost(self.database, worker)
        self.bury(worker)

    def bury(self, worker: int) -> None:
        self.zombies.extend((worker, claim) for claim in self.workers.pop(worker).values())
        self.hire()

    def give_back(self) -> None:
        worker, held = self.random.choice(list(self.workers.items()))
        assert self.settle(worker, [(claim, BACK) for claim in held.values()]) == set(held)
        held.clear()

    def cancel(self) -> None:
        for pk in Job.objects.filter(chain_id=None).order_by("?").values_list("pk", flat=True)[:1]:
            jobs.cancel(pk)

    def retry(self) -> None:
        for pk in Job.objects.order_by("?").values_list("pk", flat=True)[:5]:
            jobs.retry(pk)

    def do_chores(self) -> None:
        chores.promote(self.database)
        chores.free_locks(self.database)

    def settle(self, worker: int, items: list[tuple[Claim, Outcome]]) -> set[str]:
        if not items:
            return set()
        now = time.monotonic()
        return settle(self.database, worker, "walk", [Item(claim, outcome, now) for claim, outcome in items]).ids

    def check(self) -> None:
        held = {job_id for claims in self.workers.values() for job_id in claims}
        processing = set(map(str, Job.objects.filter(status="processing").values_list("pk", flat=True)))
        assert processing == held, "what PostgreSQL thinks is held is not what is held"
        claims = [claim for held in self.workers.values() for claim in held.values()]
        keys = {(claim.lock_key, claim.id) for claim in claims if claim.lock_key}
        assert {(key, str(job_id)) for key, job_id in Lock.objects.values_list("key", "job_id")} == keys, (
            "the keys are not with those who run"
        )
        done = set(map(str, Job.objects.filter(status="completed").values_list("pk", flat=True)))
        assert done == self.completed, "a completed job changed"
        for pk, spent in Job.objects.values_list("pk", "tries_spent"):
            assert spent == self.spent[str(pk)], "a try was paid that was not spent"

    def come_to_rest(self) -> None:
        for worker, held in self.workers.items():
            self.settle(worker, [(claim, COMPLETED) for claim in held.values()])
            held.clear()
        for _ in range(3000):
            self.do_chores()
            worker = next(iter(self.workers))
            claims = by_age(self.database, worker, "default", get_broker().actors, 50)
            free, blocked = locks.acquire(self.database, claims)
            self.settle(worker, [(claim, BLOCKED) for claim in blocked] + [(claim, COMPLETED) for claim in free])
            if (
                not claims
                and not Job.objects.filter(status__in=["queued", "scheduled", "retrying", "released"]).exists()
            ):
                return
        raise AssertionError("it does not come to rest")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_walk_never_breaks_a_promise(seed, transactional_db):
    walk = Walk(seed)
    for number in range(STEPS):
        walk.step()
        if number % 10 == 0:
            walk.check()
    walk.check()
    walk.come_to_rest()
    left = Job.objects.filter(status__in=Job.LIVE)
    halted = Job.objects.filter(chain_id__in=left.values("chain_id"), status__in=["dead", "cancelled"])
    assert set(left.values_list("status", flat=True)) <= {"waiting"}
    assert set(left.values_list("chain_id", flat=True)) <= set(halted.values_list("chain_id", flat=True))
    assert not Lock.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_id FROM queues_attempt WHERE outcome = 'completed' GROUP BY 1 HAVING count(*) > 1")
        assert cursor.fetchall() == []
    assert Attempt.objects.count() > 50
    walk.database.close()
