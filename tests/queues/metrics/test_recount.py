"""Whatever happens, in whatever order it commits and however it is folded: the figures are those of a recount."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.queues import interventions
from askpro.queues.ledger import history
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.metrics import rollup
from askpro.queues.metrics.fold import Folder, to_the_end
from askpro.queues.metrics.recount import differences
from askpro.queues.models import Job, MetricMinute
from tests.queues import actors
from tests.queues.metrics.ended import FAILED, REJECTED, end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
OUTCOMES = {"completes": None, "fails": FAILED, "dies": REJECTED}
WRITERS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["begin", "commit", "rollback", *OUTCOMES]), st.integers(0, WRITERS - 1)),
        st.tuples(st.sampled_from(["bite", "roll", "put away", "retry", "cancel"]), st.just(0)),
    ),
    min_size=10,
    max_size=40,
)


class World:
    """Some workers, each of which may have a transaction open, and whoever folds."""

    def __init__(self) -> None:
        self.writers = [EngineConnection() for _ in range(WRITERS)]
        self.open: set[int] = set()
        self.folder = Folder()
        self.chores = EngineConnection()

    def do(self, what: str, number: int) -> None:
        if what == "send":
            for each in range(number):
                actors.nothing.send(each)
        elif what in OUTCOMES:
            outcome = OUTCOMES[what]
            end(self.writers[number], most=2, **({} if outcome is None else {"outcome": outcome}))
        elif what in ("begin", "commit", "rollback"):
            self._transaction(what, number)
        else:
            self._chore(what)

    def close(self) -> None:
        for number in [*self.open]:
            self._transaction("commit", number)
        for database in (*self.writers, self.chores):
            database.close()

    def _transaction(self, what: str, number: int) -> None:
        if (number in self.open) != (what == "begin"):
            self.writers[number].rows(what.upper())
            self.open ^= {number}

    def _chore(self, what: str) -> None:
        if what == "bite":
            self.folder.bite()
        elif what == "roll":
            rollup.look()
        elif what == "put away":
            history.put_away(self.chores)
        elif dead := Job.objects.filter(status="dead" if what == "retry" else "retrying").first():
            (interventions.retry if what == "retry" else interventions.cancel)(dead.pk)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_figures_are_those_of_a_recount(steps: list[tuple[str, int]]) -> None:
    world = World()
    try:
        for what, number in steps:
            world.do(what, number)
    finally:
        world.close()
    to_the_end()
    assert differences() == []


def test_a_row_that_is_missed_or_counted_twice_is_seen() -> None:
    database = EngineConnection()
    actors.nothing.send(1)
    end(database)
    database.close()
    to_the_end()
    assert differences() == []
    MetricMinute.objects.filter(what="completed").update(count=2)
    assert differences() == ["default nothing: 2 completed by the figures, 1 by the ledger"]
    MetricMinute.objects.filter(what="completed").delete()
    assert differences() == ["default nothing: 0 completed by the figures, 1 by the ledger"]
