"""Drives the ledger's real statements in three sessions, in any order, and compares the rows with the model's."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from dramatiq import get_broker
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from askpro.queues import batches, chain, chains, interventions
from askpro.queues.chores import overdue, promotion
from askpro.queues.errors import Parking
from askpro.queues.jobs import corrections
from askpro.queues.ledger import gates, guards, history, turns
from askpro.queues.ledger.claim import Claim, by_age, by_ids
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import BACK, COMPLETED, Outcome, released, waits_for_lock
from askpro.queues.ledger.recover import Death, recover, recover_lost
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Batch as BatchRow
from askpro.queues.models import Job as Row
from tests.queues.model import family
from tests.queues.model.ledger import DAY, KINDS, End, Job, Ledger, must
from tests.queues.model.planting import CALLED, Planted, message_of, messages_of, plan_batch, write_members
from tests.queues.model.sessions import Session, heard
from tests.queues.model.stage import WORKERS, Stage, which

GATE = "vendor:model"
HELD = "SELECT key, job_id::text, claim_no FROM queues_lock WHERE job_id = ANY(%s::uuid[])"
OUTCOMES = {
    "completed": COMPLETED,
    "retrying": Outcome("retrying", "failed", spends_try=True, run_in=20.0, error_class="E"),
    "dead": Outcome("dead", "failed", spends_try=True, error_class="E"),
    "cancelled": Outcome("cancelled", "cancelled", spends_try=True, error_class="Gone"),
    "released": released(10.0, "not yet"),
    "parked": Outcome("released", None, run_in=600.0, reason="shut", parking=Parking(GATE, 1)),
    "back": BACK,
}
ENDS = ["completed"] * 6 + ["retrying", "dead", "dead", "cancelled", "released", "parked", "back"]
# Rounds at the end of a play in which runs do not all complete.
TROUBLED = 3
kinds = st.sampled_from(["nothing", "nothing", "alone", "ordered", "two_at_once", "tied"])
members = st.lists(st.one_of(kinds, st.lists(kinds, min_size=1, max_size=2)), max_size=3)


class Machine(Stage):
    """What apps, people, workers and chores do."""

    # Sending.

    @rule(number=which, kind=kinds, delay=st.sampled_from([None, None, 15.0]), deadline=st.sampled_from([DAY, 600.0]))
    def send(self, number: int, kind: str, delay: float | None, deadline: float) -> None:
        self._send(number, Job("", "", actor=kind, span=deadline), delay)

    @rule(number=which, delay=st.sampled_from([None, 15.0, 5.0]))
    def send_unique(self, number: int, delay: float | None) -> None:
        self._send(number, Job("", "", actor="unique", unique=KINDS["unique"].unique), delay)

    def _send(self, number: int, job: Job, delay: float | None) -> None:
        message = message_of(job.actor, job.span)
        milliseconds = None if delay is None else int(delay * 1000)

        def run(session: Session) -> str:
            return str(get_broker().enqueue(message, delay=milliseconds).message_id)

        def effect(ledger: Ledger, found: str) -> None:
            new = Job(message.message_id, "", actor=job.actor, span=job.span, unique=job.unique)
            ledger.send(new, delay, found)

        self.act(number, run, effect, is_engines=False)

    @rule(number=which, steps=st.lists(st.one_of(kinds, members), min_size=1, max_size=3), has_catch=st.booleans())
    def send_chain(self, number: int, steps: list[Any], has_catch: bool) -> None:
        planted = [plan_batch(step, False) if isinstance(step, list) else message_of(step) for step in steps]
        catch = message_of("nothing") if has_catch else None
        sent = chain([step.batch if isinstance(step, Planted) else step for step in planted], catch=catch)

        def run(session: Session) -> dict[str, str]:
            sent.send()
            starts = Row.objects.filter(chain_id=sent.id, actor_name="start_batch")
            return {row.kwargs["batch_id"]: str(row.pk) for row in starts}

        def effect(ledger: Ledger, starts: dict[str, str]) -> None:
            model = family.Chain()
            for step in planted:
                is_first = not model.steps
                if isinstance(step, Planted):
                    batch = step.write(ledger, is_waiting=True)
                    job = Job(starts[batch.pk], "", model, starts=batch, actor="start_batch")
                    batch.start = job
                else:
                    job = Job(step.message_id, "", model, actor=step.actor_name)
                model.steps.append(ledger.write(job, is_waiting=not is_first))
            if catch:
                model.catch = ledger.write(Job(catch.message_id, "", model), is_waiting=True)

        self.act(number, run, effect, is_engines=False)

    @rule(number=which, plan=members, allow_failures=st.booleans())
    def send_batch(self, number: int, plan: list[Any], allow_failures: bool) -> None:
        planted = plan_batch(plan, allow_failures)

        def effect(ledger: Ledger, _: Any) -> None:
            batch = planted.write(ledger, is_waiting=False)
            if not batch.members:
                with ledger.moving():
                    batch.ends()

        self.act(number, lambda session: planted.batch.send(), effect, is_engines=False)

    @precondition(lambda self: self.ledger.batches)
    @rule(
        number=which,
        pick=which,
        plan=st.lists(st.one_of(kinds, st.lists(kinds, min_size=1, max_size=2)), min_size=1, max_size=2),
    )
    def add(self, number: int, pick: int, plan: list[Any]) -> None:
        pk = self._batch(pick)
        planted = [messages_of(each) for each in plan]

        def run(session: Session) -> bool:
            try:
                batches.add(UUID(pk), planted)
            except batches.BatchIsOver:
                return False
            return True

        def effect(ledger: Ledger, is_done: bool) -> None:
            batch = ledger.batches[pk]
            must(is_done == batch.may_grow, "an open batch grows, and no other")
            if is_done:
                batch.add(write_members(ledger, batch, planted, is_waiting=batch.is_waiting))

        self.act(number, run, effect, is_engines=False)

    @precondition(lambda self: any(claim.feature("chain") for claims in self.claims.values() for claim in claims))
    @rule(number=which, pick=which, kind=kinds)
    def append(self, number: int, pick: int, kind: str) -> None:
        able = [
            claim
            for claims in self.claims.values()
            for claim in claims
            if claim.feature("chain") and claim.actor_name != "start_batch" and self._is_cleared(claim)
        ]
        if not able:
            return
        claim, message = able[pick % len(able)], message_of(kind)
        if not any(self.ledger.holds(worker, (claim.id, claim.claim_no)) for worker in WORKERS):
            return

        def run(session: Session) -> None:
            current.claim = claim
            try:
                chains.append([message])
            finally:
                current.claim = None

        def effect(ledger: Ledger, _: Any) -> None:
            job = ledger.jobs[claim.id]
            assert job.chain is not None
            new = Job(message.message_id, "", job.chain, job.batch, actor=kind)
            job.chain.steps.append(ledger.write(new, is_waiting=True))
            if any(step.status == "cancelled" for step in job.chain.steps):
                ledger.end([new.pk], "cancelled")

        self.act(number, run, effect, is_engines=False)

    # Claiming.

    @precondition(lambda self: self.ledger.having("queued"))
    @rule(
        number=which,
        worker=st.sampled_from(WORKERS),
        limit=st.integers(1, 4),
        how=st.sampled_from("ait"),
        is_sorted=st.sampled_from([True, True, True, False]),
    )
    def claim(self, number: int, worker: int, limit: int, how: str, is_sorted: bool) -> None:
        self._claim(number, worker, limit, how)
        if is_sorted and self._fresh(worker):
            self.sort_out(number, worker)

    @precondition(lambda self: self.ledger.having("queued"))
    @rule(
        number=which,
        worker=st.sampled_from(WORKERS),
        limit=st.integers(1, 4),
        ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=4),
    )
    def work(self, number: int, worker: int, limit: int, ends: Sequence[str]) -> None:
        """What a worker does one after the other."""
        self.claim(self.closed(number), worker, limit, "a", True)
        for index, end in enumerate(ends):
            self.start_batch(number, worker)
            self.settle(self.closed(number), worker, index, [end])

    def _claim(self, number: int, worker: int, limit: int, how: str) -> None:
        session = self.free(number)
        if session is None:
            return
        able = self.seen_by(session).may_be_claimed(worker) if session.is_open else self.ledger.may_be_claimed(worker)
        hinted = [job.pk for job in able[:: max(len(able) // limit, 1)]]
        alone, expected, may = self.while_alone(session), [job.pk for job in able[:limit]], {job.pk for job in able}

        def run(session: Session) -> list[Claim]:
            who = session.database, worker, "default", list(get_broker().actors)
            if how == "i":
                return by_ids(who, hinted)
            return by_age(who, limit) if how == "a" else turns.by_turn(who, limit)[0]  # type: ignore[arg-type]

        def effect(ledger: Ledger, claims: list[Claim]) -> None:
            is_alone = alone()
            claimed = {claim.id for claim in claims}
            must(claimed <= may, "only what is ready is claimed")
            must(how != "i" or not is_alone or claimed == set(hinted), "all that were hinted at are claimed")
            must(how != "a" or not is_alone or claimed == set(expected), "the oldest are claimed")
            must(how != "t" or not is_alone or len(claimed) == len(expected), "as many are claimed as are wanted")
            ledger.claim(worker, [(claim.id, claim.claim_no) for claim in claims])
            if ledger is self.ledger:
                self.claims[worker] += claims
                self.calls.update(dict.fromkeys(map(_no, claims), len(self.calls)))

        self.act(number, run, effect)

    @precondition(lambda self: any(self._fresh(worker) for worker in WORKERS))
    @rule(number=which, worker=which)
    def sort_out(self, number: int, worker: int) -> None:
        number = self.closed(number)
        worker = self.busy(worker)
        session = self.free(number)
        fresh = self._fresh(worker)
        if session is None or session.is_open or not fresh:
            return
        alone, ids = self.while_alone(session), [claim.id for claim in fresh]

        def run(session: Session) -> Any:
            may, refused = guards.sort_out(session.database, fresh)
            return may, refused, session.database.rows(HELD, (ids,))

        def effect(ledger: Ledger, result: Any) -> None:
            is_alone = alone()
            may, refused, held = result
            self.cleared.update({_no(claim): None for claim in may})
            self.cleared.update({_no(claim): outcome for claim, outcome in refused})
            if is_alone:
                superseded = {claim.id for claim, outcome in refused if outcome.error_class == "Superseded"}
                must(all(ledger.is_superseded(ledger.jobs[pk]) for pk in superseded), "a younger copy waits")
                asked = {claim.id for claim, outcome in refused if outcome.reason == waits_for_lock().reason}
                able = ledger.would_have_keys([ledger.jobs[pk] for pk in {*asked, *(claim.id for claim in may)}])
                must({claim.id for claim in may} == able, f"{able} can have their keys, and nobody else of {asked}")
            ledger.take_keys([claim.id for claim in may], held)

        self.act(number, run, effect, is_patient=False)

    # Settling.

    @precondition(lambda self: any(self.claims.values()))
    @rule(
        number=which,
        worker=which,
        pick=which,
        ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=3),
    )
    def settle(self, number: int, worker: int, pick: int, ends: Sequence[str]) -> None:
        worker = self.busy(worker)
        ready = [claim for claim in self.claims[worker] if self._is_cleared(claim) or self._refusal(claim)]
        if not ready:
            return
        start = pick % len(ready)
        chosen = [
            claim
            for claim in ready[start : start + len(ends)]
            if claim.actor_name != "start_batch" or self._refusal(claim)
        ]
        items = [
            Item(claim, self._refusal(claim) or OUTCOMES[end], time.monotonic())
            for claim, end in zip(chosen, ends, strict=False)
        ]
        items = [item for item in items if item.is_plain == items[0].is_plain]
        if items:
            self._settle(number, worker, items)

    def _settle(self, number: int, worker: int, items: list[Item], starts: str | None = None) -> None:
        told = [((item.claim.id, item.claim.claim_no), _end(item.outcome)) for item in items]

        def run(session: Session) -> Any:
            if starts is None:
                settled = settle(session.database, worker, "v1", items)
                return settled.ids, {job_id for job_id, _ in settled.ready}
            with transaction.atomic():
                interventions.start_batch(UUID(starts))
                settled = settle(session.database, worker, "v1", items)
                if not settled.ids:
                    transaction.set_rollback(True)
                return settled.ids, {job_id for job_id, _ in settled.ready}

        def effect(ledger: Ledger, result: Any) -> None:
            ids, woken = result
            if starts is not None and ids:
                ledger.begin_batch(starts)
            ledger.settle(worker, told, ids, woken)
            if ledger is self.ledger:
                gone = {claim for claim, _ in told}
                self.claims[worker] = [claim for claim in self.claims[worker] if (claim.id, claim.claim_no) not in gone]

        self.act(number, run, effect, is_engines=starts is None)

    @precondition(
        lambda self: any(claim.actor_name == "start_batch" for claims in self.claims.values() for claim in claims)
    )
    @rule(number=which, worker=which)
    def start_batch(self, number: int, worker: int) -> None:
        worker = self.busy(worker)
        for claim in self.claims[worker]:
            if claim.actor_name == "start_batch" and self._is_cleared(claim):
                items = [Item(claim, COMPLETED, time.monotonic())]
                self._settle(number, worker, items, claim.kwargs["batch_id"])
                break

    def _fresh(self, worker: int) -> list[Claim]:
        """The claims of one statement that are not sorted out."""
        fresh = [claim for claim in self.claims[worker] if _no(claim) not in self.cleared]
        return [claim for claim in fresh if self.calls[_no(claim)] == self.calls[_no(fresh[0])]]

    def _is_cleared(self, claim: Claim) -> bool:
        return self.cleared.get((claim.id, claim.claim_no), BACK) is None

    def _refusal(self, claim: Claim) -> Outcome | None:
        return self.cleared.get((claim.id, claim.claim_no))

    # The dead.

    @precondition(lambda self: any(self.claims.values()))
    @rule(number=which, worker=which, is_lost=st.booleans())
    def die(self, number: int, worker: int, is_lost: bool) -> None:
        self._die(self.closed(number), self.busy(worker), is_lost=is_lost)

    def _die(self, number: int, worker: int, *, is_lost: bool) -> None:
        session = self.free(number)
        if session is None or session.is_open:
            return
        started = [(claim.id, claim.claim_no) for claim in self.claims[worker] if self._is_cleared(claim)]
        death = Death(worker, [(*claim, 1.0) for claim in started])

        alone = self.while_alone(session)

        def run(session: Session) -> list[Any]:
            if is_lost:
                recover_lost(session.database, worker)
            else:
                recover(session.database, death)
            return heard.settled

        def effect(ledger: Ledger, recovered: list[Any]) -> None:
            is_alone = alone()
            expected = ledger.recover(worker, started, is_lost=is_lost)
            told = [(_no(item.claim), _end(item.outcome)) for items, _ in recovered for item in items]
            must(not is_alone or told == expected, f"they end as {expected}, not {told}")
            if not is_lost:
                self.claims[worker].clear()
            for _, settled in recovered:
                ledger.settle(worker, told, settled.ids, {job_id for job_id, _ in settled.ready})

        self.act(number, run, effect)

    @precondition(lambda self: self.ledger.buried)
    @rule(worker=st.sampled_from(WORKERS))
    def beat(self, worker: int) -> None:
        """Its supervisor is heard again: what it claimed before it may still believe to be its own."""
        self.ask("UPDATE queues_worker SET status = 'running' WHERE id = %s", (worker,))
        self.ledger.buried.discard(worker)

    # What people do.

    @precondition(lambda self: self.ledger.jobs)
    @rule(number=which, pick=which)
    def cancel(self, number: int, pick: int) -> None:
        pk = sorted(self.ledger.jobs)[pick % len(self.ledger.jobs)]
        self._intervene(number, lambda: interventions.cancel(UUID(pk)), partial(Ledger.cancel, pk=pk))

    @precondition(lambda self: self.ledger.having(*family.LATER))
    @rule(number=which, pick=which)
    def run_now(self, number: int, pick: int) -> None:
        pk = self.one(pick, *family.LATER).pk
        self._intervene(number, lambda: interventions.run_now(UUID(pk)), partial(Ledger.run_now, pk=pk))

    @precondition(lambda self: self.ledger.having("dead"))
    @rule(number=which, pick=which)
    def discard(self, number: int, pick: int) -> None:
        pk = self.one(pick, "dead").pk
        self._intervene(number, lambda: corrections.discard(UUID(pk), "no"), partial(Ledger.discard, pk=pk))

    @precondition(lambda self: self.ledger.having("dead"))
    @rule(number=which, pick=which)
    def retry(self, number: int, pick: int) -> None:
        job = self.one(pick, "dead")
        pk, batch = job.pk, job.batch and job.batch.pk
        self._intervene(number, lambda: interventions.retry(UUID(pk)), partial(Ledger.retry, pk=pk), batch or "")

    @precondition(lambda self: self.ledger.batches)
    @rule(number=which, pick=which)
    def cancel_batch(self, number: int, pick: int) -> None:
        pk = self._batch(pick)
        self._intervene(number, lambda: interventions.cancel_batch(UUID(pk)), partial(Ledger.cancel_batch, pk=pk))

    @precondition(lambda self: self.ledger.batches)
    @rule(number=which, pick=which)
    def retry_batch(self, number: int, pick: int) -> None:
        pk = self._batch(pick)
        self._intervene(
            number, lambda: interventions.retry_batch(UUID(pk)), partial(Ledger.retry_batch, pk=pk), reopened=pk
        )

    def _batch(self, pick: int) -> str:
        return sorted(self.ledger.batches)[pick % len(self.ledger.batches)]

    def _intervene(
        self, number: int, act: Callable[[], Any], meaning: Callable[..., None], reopened: str | None = None
    ) -> None:
        """A person's act; a batch that it may have reopened has new callbacks."""

        def run(session: Session) -> tuple[Any, ...]:
            done = act()
            if reopened is None:
                return done, heard.woken
            if not reopened:
                return done, heard.woken, {}
            row = BatchRow.objects.get(pk=reopened)
            return done, heard.woken, {name: str(getattr(row, f"on_{name}_id")) for name in CALLED}

        self.act(number, run, lambda ledger, result: _mean(meaning, ledger, result), is_engines=False)

    @rule(number=which, name=st.sampled_from(["queue default", "actor nothing", "actor alone"]))
    def pause(self, number: int, name: str) -> None:
        name = min(self.ledger.paused, default=name)
        kind, what = name.split()
        if name in self.ledger.paused:
            statement = "DELETE FROM queues_pause WHERE kind = %s AND name = %s RETURNING 1"
        else:
            statement = (
                "INSERT INTO queues_pause (kind, name, by, reason, at) VALUES (%s, %s, '', '', now())"
                " ON CONFLICT DO NOTHING RETURNING 1"
            )
        is_end = name in self.ledger.paused

        def effect(ledger: Ledger, rows: list[Any]) -> None:
            must(bool(rows) == (is_end == (name in ledger.paused)), "a pause is there once")
            (ledger.paused.discard if is_end else ledger.paused.add)(name)

        self.act(number, lambda session: session.database.rows(statement, (kind, what)), effect, is_engines=False)

    # Chores.

    @precondition(lambda self: self.ledger.due())
    @rule(number=which)
    def promote(self, number: int) -> None:
        self._chore(number, promotion.promote, Ledger.due, Ledger.due)

    @precondition(lambda self: any(job.waits_for_key for job in self.ledger.having("released")) or self.ledger.holders)
    @rule(number=which)
    def free_locks(self, number: int) -> None:
        def run(session: Session) -> tuple[set[str], set[str]]:
            gone = _keys_gone("queues_lock", session, promotion.free_locks)
            return gone, set(heard.ready)

        session = self.free(number)
        alone = self.while_alone(session)

        def effect(ledger: Ledger, result: tuple[set[str], set[str]]) -> None:
            is_alone = alone()
            gone, ids = result
            orphans = ledger.orphans()
            must(gone <= orphans and (not is_alone or gone == orphans), f"{orphans} are freed, not {gone}")
            for key in gone:
                del ledger.holders[key]
            wanted = ledger.may_be_freed() if is_alone else ids
            must(ids == wanted, f"{wanted} become ready, not {ids}")
            ledger.make_ready(ids, {job.pk for job in ledger.having("released") if job.waits_for_key})

        self.act(number, run, effect)

    @precondition(lambda self: self.ledger.waiting_at_gate())
    @rule(number=which)
    def admit(self, number: int) -> None:
        def admitted(ledger: Ledger) -> set[str]:
            return set(ledger.waiting_at_gate()[: ledger.room_at_gate()])

        self._chore(number, gates.admit, lambda ledger: set(ledger.waiting_at_gate()), admitted)

    def _chore(
        self,
        number: int,
        chore: Callable[[Any], Any],
        able: Callable[[Ledger], set[str]],
        wanted: Callable[[Ledger], set[str]],
    ) -> None:
        """Make jobs ready: those that are able to, and if nobody else has anything open, the wanted ones."""
        session = self.free(number)
        alone = self.while_alone(session)

        def run(session: Session) -> set[str]:
            chore(session.database)
            return set(heard.ready)

        def effect(ledger: Ledger, ids: set[str]) -> None:
            is_alone = alone()
            must(not is_alone or ids == wanted(ledger), f"{wanted(ledger)} become ready, not {ids}")
            ledger.make_ready(ids, able(ledger))

        self.act(number, run, effect)

    @precondition(lambda self: self.ledger.overdue(*family.LATER))
    @rule(number=which)
    def end_overdue(self, number: int) -> None:
        self._ending(number, interventions.end_overdue, lambda ledger: ledger.overdue(*family.LATER), "dead")

    @precondition(lambda self: self.ledger.overdue("queued"))
    @rule(number=which)
    def end_overdue_and_ready(self, number: int) -> None:
        self._ending(number, overdue.Walk().end_ready, lambda ledger: ledger.overdue("queued"), "dead")

    def _ending(self, number: int, chore: Callable[[], Any], able: Callable[[Ledger], set[str]], status: str) -> None:
        session = self.free(number)
        if session is None:
            return
        alone = self.while_alone(session)

        def run(session: Session) -> tuple[set[str], set[str]]:
            chore()
            return {job_id for _, settled in heard.settled for job_id in settled.ids}, heard.woken

        def effect(ledger: Ledger, result: Any) -> None:
            is_alone = alone()
            ids, woken = result
            wanted = able(ledger)
            must(ids <= wanted and (not is_alone or ids == wanted), f"{wanted} end, not {ids}")
            ledger.end(ids, status, woken)

        self.act(number, run, effect, is_engines=False)

    @rule(number=which)
    def put_away(self, number: int) -> None:
        self.act(number, lambda session: history.put_away(session.database), lambda ledger, _: None)

    @precondition(lambda self: self.ledger.unique)
    @rule(number=which)
    def sweep_unique_keys(self, number: int) -> None:
        session = self.free(number)
        alone = self.while_alone(session)

        def effect(ledger: Ledger, gone: set[str]) -> None:
            is_alone = alone()
            over = ledger.unique_and_over()
            must(gone <= over and (not is_alone or gone == over), f"{over} are forgotten, not {gone}")
            for key in gone:
                del ledger.unique[key]

        sweep = promotion.sweep_unique_keys
        self.act(number, lambda session: _keys_gone("queues_uniquekey", session, sweep), effect)

    # The end.

    def teardown(self) -> None:
        try:
            if not self.is_wrong:
                self.come_to_rest()
        finally:
            # The ones that wait come last: what they wait for is over then.
            for session in sorted(self.sessions, key=lambda session: session.pending is not None):
                session.reset()

    def come_to_rest(self) -> None:
        """Whatever has happened, chores and workers bring every job to its end that nothing else holds up."""
        while any(each.is_open for each in self.sessions):
            self.end(0, True)
        must(not any(each.pending for each in self.sessions), "no session waits for nobody")
        self.ledger.paused.clear()
        self.ask("DELETE FROM queues_pause")
        for worker in WORKERS:
            self._die(0, worker, is_lost=False)
            self.beat(worker)
        for number in range(3 * len(self.ledger.jobs) + 6):
            if not self.ledger.having(*family.UNDER_WAY):
                break
            self.let_time_pass(30.0)
            for chore in (self.promote, self.free_locks, self.admit):
                chore(0)
            self.claim(0, WORKERS[0], 100, "a", True)
            for index in range(len(self.claims[WORKERS[0]])):
                self.start_batch(0, WORKERS[0])
                # At first, runs end in every way.
                end = ENDS[-1 - (number + index) % len(ENDS)] if number < TROUBLED else "completed"
                self.settle(0, WORKERS[0], 0, [end])
                self.the_rows_are_the_models()
            self.the_rows_are_the_models()
        left = [(job.actor, job.row) for job in self.ledger.having(*family.UNDER_WAY)]
        must(not left, f"every job is done at last, but not {left} behind {self.ledger.holders}")
        must(not self.ledger.holders, "every key is free at last")
        must(all(batch.is_waiting or not batch.pending for batch in self.ledger.batches.values()), "batches end")


def _no(claim: Claim) -> tuple[str, int]:
    return claim.id, claim.claim_no


def _end(outcome: Outcome) -> End:
    gate = outcome.parking.gate if outcome.parking else None
    return End(outcome.status, outcome.spends_try, outcome.run_in, outcome.is_loss, gate)


def _keys_gone(table: str, session: Session, chore: Callable[[Any], Any]) -> set[str]:
    """The keys that a chore deletes."""
    before = session.database.rows(f"SELECT key FROM {table}")
    chore(session.database)
    return {key for (key,) in before} - {key for (key,) in session.database.rows(f"SELECT key FROM {table}")}


def _mean(meaning: Callable[..., None], ledger: Ledger, result: tuple[Any, ...]) -> None:
    done, woken, *fresh = result
    meaning(ledger, done, woken, *fresh)
