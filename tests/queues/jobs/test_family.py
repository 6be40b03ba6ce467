"""Random trees of chains and batches with random ends and acts: every state equals the model's (`family.py`)."""

import os
import time
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from dramatiq import get_broker
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from askpro.queues import Batch, batches, chain, chains, interventions
from askpro.queues.ledger.claim import Claim, by_ids
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import COMPLETED, Outcome
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Batch as BatchRow
from askpro.queues.models import BatchMember
from askpro.queues.models import Job as Row
from tests.queues import actors
from tests.queues.model import family

pytestmark = pytest.mark.django_db

STEPS = 40
IS_LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
CALLED = ("success", "failure", "finish")
OUTCOMES = {
    "completed": COMPLETED,
    "dead": Outcome("dead", "failed", spends_try=True, error_class="E"),
    "cancelled": Outcome("cancelled", "cancelled", error_class="Gone"),
}


class Play:
    """One tree in the database and in the model, to which the same acts are applied."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.jobs: list[family.Job] = []
        self.batches: list[family.Batch] = []
        self.claims: dict[str, Claim] = {}
        self.plant_chain() if random.random() < 0.6 else self.plant_batch().send()

    def message(self) -> Any:
        return actors.nothing.message(1)

    def job(self, message: Any, status: str, **more: Any) -> family.Job:
        self.jobs.append(family.Job(message.message_id, status, **more))
        return self.jobs[-1]

    def plant_chain(self) -> None:
        planted, steps = family.Chain(), []
        catch = self.message() if self.random.random() < 0.7 else None
        for _ in range(self.random.randint(1, 4)):
            if self.random.random() < 0.5:
                steps.append(self.plant_batch(is_waiting=True))
                self.batches[-1].start = family.Job("", "waiting", planted, starts=self.batches[-1])
                planted.steps.append(self.batches[-1].start)
                self.jobs.append(planted.steps[-1])
            else:
                steps.append(self.message())
                planted.steps.append(self.job(steps[-1], "waiting", chain=planted))
            planted.steps[0].status = "queued"
        planted.catch = catch and self.job(catch, "waiting", chain=planted)
        chain(steps, catch=catch).send()
        for batch in self.batches:
            assert batch.start is not None
            batch.start.pk = str(Row.objects.get(kwargs__batch_id=batch.pk).pk)

    def plant_batch(self, is_waiting: bool = False) -> Batch:
        said = {name: self.message() for name in CALLED}
        allow_failures = self.random.random() < 0.5
        members = [self.member() for _ in range(self.random.randint(0, 4))]
        planted = Batch(members, allow_failures=allow_failures, **{f"on_{name}": said[name] for name in CALLED})
        model = family.Batch(str(planted.id), allow_failures)
        model.callbacks = {name: self.job(message, "waiting") for name, message in said.items()}
        model.add(self.modelled(model, members, is_waiting))
        self.batches.append(model)
        if not members and not is_waiting:
            model.ends()
        return planted

    def member(self) -> Any:
        return self.random.choice([self.message(), [self.message() for _ in range(self.random.randint(1, 3))]])

    def modelled(self, batch: family.Batch, members: list[Any], is_waiting: bool) -> list[family.Job | family.Chain]:
        first = "waiting" if is_waiting else "queued"
        made: list[family.Job | family.Chain] = []
        for member in members:
            if isinstance(member, list):
                inner = family.Chain()
                for number, message in enumerate(member):
                    inner.steps.append(self.job(message, "waiting" if number else first, chain=inner, batch=batch))
                made.append(inner)
            else:
                made.append(self.job(member, first, batch=batch))
        return made

    def step(self) -> None:
        moves = (self.claim, 8), (self.end, 10), (self.cancel, 1), (self.retry, 2), (self.retry_failed, 1)
        moves += (self.cancel_batch, 0.5), (self.add, 1), (self.append, 1)  # type: ignore[assignment]
        (move,) = self.random.choices([move for move, _ in moves], [weight for _, weight in moves])
        move()

    def one(self, *statuses: str) -> family.Job | None:
        found = [job for job in self.jobs if job.status in statuses]
        return self.random.choice(found) if found else None

    def claim(self) -> None:
        if job := self.one("queued"):
            with connection.cursor() as cursor:
                (claim,) = by_ids((DjangoConnection(cursor), 1, "default", get_broker().actors), [job.pk])
            self.claims[job.pk] = claim
            job.status = "processing"

    def end(self) -> None:
        job = self.one("processing")
        if job is None:
            return
        status = "completed" if job.starts else self.random.choices(list(OUTCOMES), [6, 3, 1])[0]
        if job.starts:
            interventions.start_batch(UUID(job.starts.pk))
        with connection.cursor() as cursor:
            item = Item(self.claims.pop(job.pk), OUTCOMES[status], time.monotonic())
            assert settle(DjangoConnection(cursor), 1, "v1", [item]).ids == {job.pk}
        if job.starts:
            job.starts.begins()
        family.settle(job, status)

    def cancel(self) -> None:
        if (job := self.one("waiting", "queued")) and not self.is_callback(job):
            assert interventions.cancel(UUID(job.pk))
            family.settle(job, "cancelled")
            if job.starts:
                job.starts.cancel()

    def is_callback(self, job: family.Job) -> bool:
        return job.batch is None and (job.chain is None or job is job.chain.catch)

    def retry(self) -> None:
        if job := self.one("dead"):
            assert interventions.retry(UUID(job.pk))
            if job.batch and job.batch.reopen([job]):
                self.renew_callbacks(job.batch)
            job.status = "queued"

    def retry_failed(self) -> None:
        if self.batches:
            batch = self.random.choice(self.batches)
            failed = [job for job in batch.jobs if job.status in family.FAILED]
            assert interventions.retry_batch(UUID(batch.pk)) == len(failed)
            if failed and batch.reopen(failed):
                self.renew_callbacks(batch)
            batch.retry_failed()

    def renew_callbacks(self, batch: family.Batch) -> None:
        row = BatchRow.objects.get(pk=batch.pk)
        for name in CALLED:
            if batch.callbacks[name].status != "waiting":
                batch.callbacks[name] = family.Job(str(getattr(row, f"on_{name}_id")), "waiting")
                self.jobs.append(batch.callbacks[name])

    def cancel_batch(self) -> None:
        if self.batches:
            batch = self.random.choice(self.batches)
            interventions.cancel_batch(UUID(batch.pk))
            batch.cancel()

    def add(self) -> None:
        if not self.batches:
            return
        batch, members = self.random.choice(self.batches), [self.member() for _ in range(self.random.randint(1, 2))]
        if batch.may_grow:
            batches.add(UUID(batch.pk), members)
            batch.add(self.modelled(batch, members, batch.is_waiting))
        else:
            with pytest.raises(batches.BatchIsOver):
                batches.add(UUID(batch.pk), members)

    def append(self) -> None:
        job = self.one("processing")
        if job is None or job.chain is None or job is job.chain.catch or job.chain.has_failed:
            return
        message = self.message()
        current.claim = self.claims[job.pk]
        try:
            chains.append([message])
        finally:
            current.claim = None
        job.chain.steps.append(self.job(message, "waiting", chain=job.chain, batch=job.batch))

    def check(self) -> None:
        states = {str(pk): status for pk, status in Row.objects.values_list("pk", "status")}
        assert states == {job.pk: job.status for job in self.jobs}
        counted = ("status", "total", "pending", "failed", "generation")
        for batch in self.batches:
            row = BatchRow.objects.get(pk=batch.pk)
            assert [getattr(row, name) for name in counted] == [getattr(batch, name) for name in counted]

    def come_to_rest(self) -> None:
        while self.one("queued", "processing"):
            self.claim()
            self.end()
        self.check()
        for batch in self.batches:
            assert batch.is_waiting or batch.pending == 0


# Without shrinking: each seed is a different tree, so a smaller number is not a simpler case.
@settings(max_examples=500 if IS_LONG else 15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32))
def test_every_state_is_the_models(seed: int) -> None:
    for model in (BatchMember, BatchRow, Row):
        model.objects.all().delete()  # type: ignore[attr-defined]
    play = Play(Random(seed))
    play.check()
    for _ in range(STEPS):
        play.step()
        play.check()
    play.come_to_rest()
