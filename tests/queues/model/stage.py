"""Where the machine acts: its sessions, what is committed, and that the rows are what the model says."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.outcome import Outcome
from tests.queues.model.ledger import Job, Ledger, must
from tests.queues.model.sessions import Refused, Session

SESSIONS = 3
WORKERS = (101, 102, 103)
ROWS = """
SELECT id::text, status, CASE WHEN status <> 'cancelled' OR batch_id IS NOT NULL THEN claim_no END,
       CASE status WHEN 'processing' THEN worker_id END, tries_spent, extra_tries, losses, releases,
       extract(epoch FROM run_at - %(base)s), extract(epoch FROM deadline_at - %(base)s),
       extract(epoch FROM ready_at - %(base)s), CASE status WHEN 'released' THEN gate END, cancel_at IS NOT NULL
  FROM queues_job ORDER BY id
"""
BATCHES = "SELECT id::text, status, total, pending, failed, generation FROM queues_batch ORDER BY id"
KEYS = "SELECT key, job_id::text, claim_no FROM queues_lock ORDER BY key"
UNIQUE = "SELECT key, job_id::text FROM queues_uniquekey ORDER BY key"
# Says which of several: what there is to choose from depends on the steps before.
which = st.integers(0, 1 << 16)
# Seconds. Short ones let pauses pass, the longest lets deadlines.
SPANS = (1.0, 25.0, 700.0)


class Stage(RuleBasedStateMachine):
    """Each rule is a step of one session; what it means to the model is told by what it returned."""

    # They outlive an example, since a session takes longer to begin than a step.
    sessions: ClassVar[list[Session]]
    watcher: ClassVar[Session]

    def __init__(self) -> None:
        super().__init__()
        self.base = datetime.now(UTC).replace(microsecond=0)
        self.ledger = Ledger()
        # Claims by worker, and whether they may start: None as long as nobody has asked, else how they are refused.
        self.claims: dict[int, list[Claim]] = {worker: [] for worker in WORKERS}
        self.cleared: dict[tuple[str, int], Outcome | None] = {}
        # By claim: which statement it came from.
        self.calls: dict[tuple[str, int], int] = {}
        # Whether the rows, when last compared, were not the model's, or what came after ended in an error.
        self.is_wrong = True

    # Steps.

    @property
    def now(self) -> datetime:
        return self.base + timedelta(seconds=self.ledger.now)

    def free(self, number: int) -> Session | None:
        """A session that can act now; the number says which."""
        able = [each for each in self.sessions if each.pending is None and not each.is_sealed]
        return able[number % len(able)] if able else None

    def closed(self, number: int) -> int:
        """Says instead which session can act now outside of a transaction; one that is free, if there is none."""
        able = [each for each in self.sessions if each.pending is None and not each.is_sealed]
        outside = [index for index, each in enumerate(able) if not each.is_open]
        return outside[number % len(outside)] if outside else number

    def while_alone(self, session: Session | None) -> Callable[[], bool]:
        """Answers once whether no other session has anything open: then the engine has to do all that it can. By the
        time of a commit, others may have done more."""
        others = (each for each in self.sessions if each is not session)
        answers = iter([not any(each.is_open or each.pending for each in others)])
        return lambda: next(answers, False)

    def act(
        self,
        number: int,
        run: Callable[[Session], Any],
        effect: Callable[[Ledger, Any], None],
        *,
        is_engines: bool = True,
        is_patient: bool = True,
    ) -> None:
        """A session does `run`, and `effect` tells the model what it meant, by what it returned. The engine's own
        statements are transactions of their own. Who is patient waits for locks."""
        session = self.free(number)
        if session is None:
            return
        self.is_wrong = True
        session.is_sealed = is_engines and session.is_open
        session.start(run, self.now, is_patient and not any(each.pending for each in self.sessions))
        session.pending = effect
        if session.is_waiting(self.ask):
            note(f"session {self.sessions.index(session)} waits")
        else:
            self.end_step(session)

    def end_step(self, session: Session) -> None:
        effect, session.pending = session.pending, None
        assert effect is not None
        try:
            result = session.result()
        except Refused as refused:
            note(f"session {self.sessions.index(session)} is refused: {refused}")
            self.look_after_waiting()
            return
        meant = partial(_apply, effect, result, self.ledger.now)
        if session.is_open:
            session.effects.append(meant)
            self.seen_by(session)
        else:
            meant(self.ledger)

    def seen_by(self, session: Session) -> Ledger:
        """What the session sees: what is committed, and its own."""
        seen = copy.deepcopy(self.ledger)
        for effect in session.effects:
            effect(seen)
        return seen

    def ask(self, statement: str, params: Any = ()) -> list[tuple[Any, ...]]:
        return self.watcher.ask(statement, params)

    def look_after_waiting(self) -> None:
        for session in self.sessions:
            if session.pending and not session.is_waiting(self.ask):
                self.end_step(session)

    def busy(self, number: int) -> int:
        """A worker that has claims, if there is one; the number says which, and may be that of a worker."""
        able = [worker for worker in WORKERS if self.claims[worker]] or list(WORKERS)
        return number if number in able else able[number % len(able)]

    def one(self, number: int, *statuses: str) -> Job | None:
        found = self.ledger.having(*statuses)
        return found[number % len(found)] if found else None

    # Transactions.

    @precondition(lambda self: sum(each.is_open for each in self.sessions) < SESSIONS - 1)
    @rule(number=which)
    def begin(self, number: int) -> None:
        session = self.free(number)
        if session is not None and not session.is_open:
            session.begin()

    @precondition(lambda self: any(each.is_open for each in self.sessions))
    @rule(number=which, is_kept=st.sampled_from([True, True, True, False]))
    def end(self, number: int, is_kept: bool) -> None:
        able = [each for each in self.sessions if each.is_open and each.pending is None]
        if not able:
            return
        session = able[number % len(able)]
        if is_kept:
            effects = list(session.effects)
            session.commit()
            for effect in effects:
                effect(self.ledger)
        else:
            session.rollback()
        self.look_after_waiting()

    @precondition(lambda self: not any(each.pending for each in self.sessions))
    @rule(span=st.sampled_from(SPANS))
    def let_time_pass(self, span: float) -> None:
        self.ledger.now += span

    # What must hold.

    @invariant()
    def the_rows_are_the_models(self) -> None:
        self.is_wrong = True
        ledger = self.ledger
        rows = [_rounded(row) for row in self.ask(ROWS, {"base": self.base})]
        _agree(rows, [_rounded(job.row) for _, job in sorted(ledger.jobs.items())])
        counted = ("pk", "status", "total", "pending", "failed", "generation")
        told = [tuple(getattr(batch, name) for name in counted) for _, batch in sorted(ledger.batches.items())]
        _agree(self.ask(BATCHES), told)
        _agree(self.ask(KEYS), [(key, *held[:2]) for key, held in sorted(ledger.holders.items())])
        _agree(self.ask(UNIQUE), sorted(ledger.unique.items()))
        self.is_wrong = False


def _apply(effect: Callable[[Ledger, Any], None], result: Any, at: float, ledger: Ledger) -> None:
    """A step means what it meant when it was done, though its transaction commits later."""
    now, ledger.now = ledger.now, at
    effect(ledger, result)
    ledger.now = now


def _agree(rows: list[tuple[Any, ...]], told: list[tuple[Any, ...]]) -> None:
    differences = [f"{row} is {model} in the model" for row, model in zip_longest(rows, told) if row != model]
    must(not differences, "; ".join(differences))


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(round(float(each), 3) if isinstance(each, float | Decimal) else each for each in row)
