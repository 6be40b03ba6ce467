"""From the ledger and the forkers' tallies to numbers of processes."""

import pytest
from django.db import connection

from askpro.queues.chores import balancing
from askpro.queues.chores.balancing import Balancer, Rates
from askpro.queues.config import Pool
from askpro.queues.fleet import backlog
from askpro.queues.fleet.backlog import backlogs
from askpro.queues.models import Supervisor
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = Pool("all", ("default", "high"), min_processes=1, max_processes=10, max_shift=10)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(balancing.time, "monotonic", lambda: now[0])
    return now


def supervisor(**values):
    own = {"host": "one", "pid": 1, "process_started_at": 0.0, "environment": "testing", "pools": ["all"]}
    return Supervisor.objects.create(**{**own, **values})


def send(count, seconds_ago):
    for number in range(count):
        actors.nothing.send(number)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE queues_job SET ready_at = clock_timestamp() - %s * interval '1 second'", [seconds_ago])


class TestBacklogs:
    def test_ready_jobs_and_the_age_of_the_oldest_by_queue(self, database):
        send(3, seconds_ago=40)
        seen = backlogs(database)
        assert (seen["default"].ready, round(seen["default"].oldest)) == (3, 40)
        assert (seen["high"].ready, seen["high"].oldest) == (0, 0.0)

    def test_what_is_paused_asks_for_nothing(self, database):
        send(3, seconds_ago=40)
        assert backlogs(database, {("queue", "default")})["default"].ready == 0
        assert backlogs(database, {("actor", "nothing")})["default"].ready == 0

    def test_it_stops_counting_where_the_answer_no_longer_changes(self, database, monkeypatch):
        send(5, seconds_ago=1)
        monkeypatch.setattr(backlog, "BACKLOGS", backlog.BACKLOGS.replace("LIMIT 10000", "LIMIT 2"))
        assert backlogs(database)["default"].ready == 2


class TestRates:
    def test_runs_a_second_and_seconds_a_run_over_the_last_seconds(self, clock):
        rates = Rates()
        rates.add({"default": [100, 50.0]}, {})
        clock[0] += 5
        rates.add({"default": [150, 60.0]}, {})
        assert rates.now() == {"default": (10.0, 0.2)}

    def test_jobs_that_hang_count_with_their_age(self, clock):
        rates = Rates()
        rates.add({}, {"default": [2, 0.0]})
        clock[0] += 5
        rates.add({}, {"default": [2, 80.0]})
        assert rates.now() == {"default": (0.0, 40.0)}

    def test_what_is_long_ago_is_forgotten_but_not_how_long_a_run_takes(self, clock):
        rates = Rates()
        for second in range(40):
            clock[0] += 1
            rates.add({"default": [10 if second else 0, 20.0 if second else 0.0]}, {})
        assert rates.now() == {"default": (0.0, 2.0)}


class TestBalancer:
    def look(self, database, row, processes, pool=BOTH, paused=()):
        return Balancer(row.pk, [pool]).look(database, paused, processes)

    def test_it_tells_only_what_has_to_change(self, database):
        row = supervisor()
        assert self.look(database, row, {"all:default": [1, 1], "all:high": [1, 1]}) == {}
        send(100, seconds_ago=59)
        assert self.look(database, row, {"all:default": [1, 1], "all:high": [1, 1]}) == {"all:default": 9}

    def test_it_says_nothing_before_the_forker_has_spoken(self, database):
        send(100, seconds_ago=59)
        assert self.look(database, supervisor(), {}) == {}

    def test_two_hosts_share(self, database):
        rows = [supervisor(), supervisor(host="two")]
        send(9, seconds_ago=59)
        processes = {"all:default": [1, 1], "all:high": [1, 1]}
        counts = [self.look(database, row, processes).get("all:default", 1) for row in rows]
        assert sorted(counts) == [1, 2]

    def test_who_is_silent_has_no_share(self, database):
        silent = supervisor(host="two")
        Supervisor.objects.filter(pk=silent.pk).update(beat_at="2020-01-01T00:00Z")
        send(100, seconds_ago=59)
        counts = self.look(database, supervisor(), {"all:default": [1, 1], "all:high": [1, 1]})
        assert counts == {"all:default": 9}

    def test_a_host_of_another_release_may_say_more(self, database):
        worker = {"memory": 12, "runs": 3, "silent": 0.1, "leaving": False, "running": [["id", 1, 2, 3]], "threads": 2}
        state = {
            "processes": {"all:default": [1, 1, 1]},
            "pools": {"all": [1, 10, "promise", "new"]},
            "rates": {"default": [1.0, 0.5, 0.9]},
            "workers": {"7": worker},
        }
        supervisor(host="two", state=state)
        send(9, seconds_ago=59)
        counts = self.look(database, supervisor(), {"all:default": [1, 1], "all:high": [1, 1]})
        assert counts.get("all:default", 1) in (1, 2), "they share"

    def test_a_step_waits_for_the_cooldown(self, database, clock):
        balancer = Balancer(supervisor().pk, [BOTH])
        send(100, seconds_ago=59)
        processes = {"all:default": [1, 1], "all:high": [1, 1]}
        assert balancer.look(database, (), processes)
        assert balancer.look(database, (), processes) == {}
        clock[0] += BOTH.cooldown
        assert balancer.look(database, (), processes)

    def test_a_fixed_pool_returns_to_its_number(self, database):
        fixed = Pool("all", ("default", "high"), strategy="off", min_processes=3, max_processes=3)
        assert self.look(database, supervisor(), {"all": [5, 5]}, pool=fixed) == {"all": 3}

    def test_a_scaled_pool_has_what_somebody_said(self, database):
        balancer = Balancer(supervisor().pk, [BOTH])
        balancer.scaled = {"all": 6}
        assert balancer.look(database, (), {"all:default": [1, 1], "all:high": [1, 1]}) == {
            "all:default": 3,
            "all:high": 3,
        }
