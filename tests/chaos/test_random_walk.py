"""Thousands of random steps of several workers, zombies among them, against what must always be true."""

import random
import time
import uuid
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from dramatiq import get_broker

from askpro.queues import Batch, chain, interventions
from askpro.queues.chores import promotion
from askpro.queues.ledger import guards
from askpro.queues.ledger.claim import Claim, Who, by_age, by_ids
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.outcome import BACK, COMPLETED, Outcome, decide, released
from askpro.queues.ledger.recover import Death, recover, recover_lost
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Attempt, Job, Lock, Worker
from askpro.queues.models import Batch as BatchRow
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 400
MOVING = ("queued", "scheduled", "retrying", "released")


class Walk:
    """Workers as dictionaries of claims; a stolen claim stays with its old holder, which is then a zombie."""

    def __init__(self, seed: int, *, with_batches: bool = False) -> None:
        self.random = random.Random(seed)
        self.with_batches = with_batches
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
        kind = self.random.randrange(8)
        if kind == 0:
            chain(self.links()).send()
        elif kind == 1:
            actors.alone.send(key=self.random.choice("abc"))
        elif kind == 2:
            actors.ordered.send(key=self.random.choice("abc"), number=1)
        elif kind == 3:
            actors.two_at_once.send(company_id=self.random.randint(1, 2), number=1)
        elif kind == 4:
            actors.unique.send(company_id=self.random.randint(1, 2))
        elif kind == 5 and self.with_batches:
            self.send_batch()
        else:
            actors.nothing.send_with_options(
                args=(1,), max_retries=self.random.randint(0, 2), delay=self.random.choice([None, 1])
            )

    def links(self) -> list[Any]:
        return [actors.step.message(name=str(number)) for number in range(self.random.randint(1, 4))]

    def send_batch(self) -> None:
        members = [self.random.choice([actors.nothing.message(1), self.links()]) for _ in range(4)]
        called = {name: actors.step.message(name=name) for name in ("on_success", "on_failure", "on_finish")}
        Batch(members, allow_failures=self.random.random() < 0.5, **called).send()

    def claim(self) -> None:
        worker = self.random.choice(list(self.workers))
        if self.random.random() < 0.5:
            ids = [str(pk) for pk in Job.objects.order_by("?").values_list("pk", flat=True)[:6]]
            claims = by_ids(self.who(worker), ids) if ids else []
        else:
            claims = by_age(self.who(worker), self.random.randint(1, 6))
        self.begin(worker, claims)

    def begin(self, worker: int, claims: list[Claim]) -> None:
        may, refused = guards.sort_out(self.database, claims)
        assert self.settle(worker, refused) == {claim.id for claim, _ in refused}
        self.spent.update(claim.id for claim, outcome in refused if outcome.spends_try)
        for claim in may:
            claim.started = time.monotonic()
            self.workers[worker][claim.id] = claim

    def who(self, worker: int) -> Who:
        return self.database, worker, "default", get_broker().actors

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
        # All of it may arrive again, much later.
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
        """The forker saw the worker end, and which jobs it had started."""
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
        for pk in Job.objects.order_by("?").values_list("pk", flat=True)[:1]:
            interventions.cancel(pk)

    def retry(self) -> None:
        for pk in Job.objects.order_by("?").values_list("pk", flat=True)[:5]:
            interventions.retry(pk)

    def do_chores(self) -> None:
        promotion.promote(self.database)
        promotion.free_locks(self.database)

    def settle(self, worker: int, items: list[tuple[Claim, Outcome]]) -> set[str]:
        if not items:
            return set()
        now = time.monotonic()
        return settle(self.database, worker, "walk", [Item(claim, outcome, now) for claim, outcome in items]).ids

    def check(self) -> None:
        held = {job_id for claims in self.workers.values() for job_id in claims}
        processing = set(map(str, Job.objects.filter(status="processing").values_list("pk", flat=True)))
        assert processing == held, "what PostgreSQL thinks is held is not what is held"
        done = set(map(str, Job.objects.filter(status="completed").values_list("pk", flat=True)))
        assert done == self.completed, "a completed job changed"
        for pk, spent in Job.objects.values_list("pk", "tries_spent"):
            assert spent == self.spent[str(pk)], "a try was paid that was not spent"
        self.check_keys()
        for batch in BatchRow.objects.all():
            self.check_batch(batch)

    def check_keys(self) -> None:
        claims = [claim for held in self.workers.values() for claim in held.values()]
        alone = {(claim.feature("lock"), claim.id) for claim in claims if claim.feature("lock")}
        locks = {(key, str(job_id)) for key, job_id in Lock.objects.values_list("key", "job_id")}
        assert alone <= locks, "a job runs without its key"
        places = Counter(claim.feature("share") for claim in claims if claim.feature("share"))
        assert max(places.values(), default=0) <= 2, "too many run at once"
        for key, job_id in locks - alone:
            status, in_order = Job.objects.values_list("status", "in_order").get(pk=job_id)
            unfinished = in_order and status not in Job.FINAL
            assert "#" in key or unfinished, f"{key} is kept by a job that is {status}"

    def check_batch(self, batch: BatchRow) -> None:
        members: dict[Any, list[str]] = {}
        for pk, chain_id, status in batch_jobs(batch):
            members.setdefault(chain_id or pk, []).append(status)
        # A retried step runs although a later one is cancelled: the chain is over when none of its steps can run.
        over = [m for m in members.values() if not {*MOVING, "processing"} & set(m)]
        failed = [m for m in over if {"dead", "cancelled"} & set(m)]
        completed = [m for m in over if set(m) == {"completed"}]
        story = (batch.pk, batch.generation, batch.allow_failures, members)
        assert batch.failed == len(failed), ("failures are miscounted", batch.failed, story)
        assert batch.pending == 4 - len(failed) - len(completed), ("the rest is miscounted", batch.pending, story)
        assert (batch.pending == 0) == (batch.status == "finished"), story

    def come_to_rest(self) -> None:
        for worker, held in self.workers.items():
            self.settle(worker, [(claim, COMPLETED) for claim in held.values()])
            held.clear()
        worker = next(iter(self.workers))
        for _ in range(300):
            self.do_chores()
            self.begin(worker, by_age(self.who(worker), 50))
            held = self.workers[worker]
            self.settle(worker, [(claim, COMPLETED) for claim in held.values()])
            if not held and not Job.objects.filter(status__in=MOVING).exists():
                return
            held.clear()
        moving = Job.objects.filter(status__in=MOVING)
        raise AssertionError(f"it does not come to rest: {moving.values_list()[:3]}; {Lock.objects.values_list()}")


def batch_jobs(batch: BatchRow) -> list[tuple[Any, Any, str]]:
    return list(Job.objects.filter(batch_id=batch.pk).order_by("id").values_list("pk", "chain_id", "status"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_walk_never_breaks_a_promise(seed, transactional_db):
    walk = Walk(seed)
    go(walk)
    assert not Lock.objects.exists()
    left = Job.objects.filter(status__in=Job.LIVE)
    halted = Job.objects.filter(chain_id__in=left.values("chain_id"), status__in=["dead", "cancelled"])
    assert set(left.values_list("status", flat=True)) <= {"waiting"}
    assert set(left.values_list("chain_id", flat=True)) <= set(halted.values_list("chain_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job_id FROM queues_attempt_told WHERE outcome = 'completed' GROUP BY 1 HAVING count(*) > 1"
        )
        assert cursor.fetchall() == []
    assert Attempt.objects.count() > 50


@pytest.mark.parametrize("seed", [1, 2])
def test_batches_are_counted_exactly_on_a_random_walk(seed, transactional_db):
    go(Walk(seed, with_batches=True))
    assert not BatchRow.objects.exclude(status="finished").exists()


def go(walk: Walk) -> None:
    try:
        for number in range(STEPS):
            walk.step()
            if number % 10 == 0:
                walk.check()
        walk.check()
        walk.come_to_rest()
    finally:
        walk.database.close()


def settle_together(database: EngineConnection, outcomes: dict[str, Outcome]) -> None:
    """Claim everything and end it in one statement, each job with its actor's outcome."""
    claims = by_age((database, 1, "default", get_broker().actors), 100)
    now = time.monotonic()
    for claim in claims:
        claim.started = now
    settle(database, 1, "v1", [Item(claim, outcomes[claim.actor_name], now) for claim in claims])


def state() -> tuple[str, int, int]:
    row = BatchRow.objects.get()
    return row.status, row.pending, row.failed


def test_the_holder_of_an_ordered_key_and_a_retried_earlier_job_do_not_wait_for_each_other(transactional_db):
    database = EngineConnection()
    dead = decide(ValueError("no"), tries_left=0, tries_spent=0, backoff=(0,))
    again = decide(ValueError("no"), tries_left=1, tries_spent=0, backoff=(0,))
    who = (database, 1, "default", get_broker().actors)

    def run(outcome: Outcome) -> None:
        may, refused = guards.sort_out(database, by_age(who, 100))
        now = time.monotonic()
        settle(database, 1, "v1", [Item(claim, end, now) for claim, end in [*((c, outcome) for c in may), *refused]])

    try:
        first = actors.ordered.send(key="a", number=1).message_id
        run(dead)
        actors.ordered.send(key="a", number=2)
        run(again)
        promotion.promote(database)
        assert interventions.retry(uuid.UUID(first))
        for _ in range(5):
            run(COMPLETED)
            promotion.promote(database)
            promotion.free_locks(database)
        assert set(Job.objects.values_list("status", flat=True)) == {"completed"}
    finally:
        database.close()


def test_a_chain_that_retries_beside_a_failure_is_counted_once(transactional_db):
    database = EngineConnection()
    dead = decide(ValueError("no"), tries_left=0, tries_spent=0, backoff=(0,))
    again = decide(ValueError("no"), tries_left=1, tries_spent=0, backoff=(0,))
    try:
        Batch([actors.last_chance.message(), [actors.nothing.message(1), actors.step.message(name="after")]]).send()
        settle_together(database, {"last_chance": dead, "nothing": again})
        assert state() == ("open", 1, 1)
        promotion.promote(database)
        settle_together(database, {"nothing": COMPLETED})
        assert state() == ("finished", 0, 2)
    finally:
        database.close()


def test_a_chain_whose_later_step_was_cancelled_is_counted_once(transactional_db):
    database = EngineConnection()
    try:
        Batch([actors.nothing.message(1), [actors.nothing.message(1), actors.step.message(name="after")]]).send()
        interventions.cancel(Job.objects.get(chain_step=1).pk)
        while Job.objects.filter(status="queued").exists():
            settle_together(database, {"nothing": COMPLETED})
        # Its cancelled step is the first failure, which cancels the other member.
        assert state() == ("finished", 0, 2)
    finally:
        database.close()
