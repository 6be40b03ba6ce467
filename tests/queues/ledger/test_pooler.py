"""A pooler that lends sessions by the transaction is recognised, and nothing else is taken for one."""

import io
from collections import deque
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues import checks
from askpro.queues.ledger import pooler
from askpro.queues.models import Supervisor

pytestmark = pytest.mark.django_db


class Pool:
    """Lends sessions for one transaction each: the one that was returned last or first, like PgBouncer, or any."""

    def __init__(self, sessions, take):
        self.idle, self.take = deque(range(sessions)), take

    def ask(self):
        session = self.take(self.idle)
        self.idle.append(session)
        return session


def any_of(data):
    return lambda idle: [idle.rotate(data.draw(st.integers(0, 9))), idle.pop()][1]


@pytest.mark.parametrize("sessions", [1, 2, 3, 4, 20])
@pytest.mark.parametrize("take", [deque.pop, deque.popleft])
def test_transactions_give_themselves_away(sessions, take):
    pool = Pool(sessions, take)
    assert pooler.gives_itself_away([pool.ask, pool.ask])


@given(st.data(), st.integers(1, 5))
def test_other_clients_hide_it_only_where_each_is_lent_its_own_by_chance(data, sessions):
    pool, lent = Pool(sessions, any_of(data)), ([], [])

    def client(number):
        return lambda: [lent[number].append(pool.ask()), lent[number][-1]][1]

    seen = pooler.gives_itself_away([client(0), client(1)])
    assert seen != (len({*lent[0]}) == len({*lent[1]}) == 1 and lent[0][0] != lent[1][0])


def test_sessions_of_their_own_do_not():
    numbers = count(1)
    own = [next(numbers), next(numbers)]
    assert not pooler.gives_itself_away([lambda: own[0], lambda: own[1]])
    assert not pooler.is_in_between()


def test_queues_run_refuses_it_with_the_cure(monkeypatch):
    monkeypatch.setattr(pooler, "is_in_between", lambda: True)
    with pytest.raises(CommandError, match="pool_mode = session"):
        call_command("queues_run", stdout=io.StringIO())
    assert not Supervisor.objects.exists()
    # Jobs that other tests have declared may be found fault with, too.
    assert "queues.E011" in [message.id for message in checks.everything("testing")]
