"""A queue that breaks its promise is one event, and one more when it is over."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from askpro.queues.chores import late_queues
from askpro.queues.models import FleetEvent, Job, Pause
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)


def ready(seconds_ago, jobs=1):
    """Let `jobs` waiting jobs have been ready since `seconds_ago`; `default` promises 60 s."""
    while Job.objects.count() < jobs:
        actors.nothing.send(1)
    Job.objects.update(ready_at=timezone.now() - timedelta(seconds=seconds_ago))


def pass_by(**time):
    """Make what was noted older by this time."""
    FleetEvent.objects.update(at=F("at") - timedelta(**time))


def slump(jobs):
    """Make this many more jobs late."""
    for _ in range(jobs):
        actors.nothing.send(2)
    Job.objects.filter(args=[2]).update(ready_at=timezone.now() - timedelta(seconds=90))


def clear():
    Job.objects.filter(args=[2]).delete()


def events():
    return list(FleetEvent.objects.order_by("pk").values_list("kind", "about"))


def test_all_is_well():
    ready(seconds_ago=50)
    assert late_queues.look() == 0
    assert events() == []


def test_it_is_noted_once_and_so_is_its_end():
    ready(seconds_ago=90)
    assert (late_queues.look(), late_queues.look()) == (1, 0)
    text = "1 job of default waited longer than the promised 60 s; the oldest 90 s."
    assert FleetEvent.objects.get().text == text
    ready(seconds_ago=20)
    assert (late_queues.look(), late_queues.look()) == (1, 0)
    assert events() == [("queue_late", "default"), ("queue_well", "default")]
    assert FleetEvent.objects.latest("pk").text == "default keeps its promise of 60 s again."


def test_it_is_not_over_while_the_promise_is_barely_kept():
    ready(seconds_ago=90)
    late_queues.look()
    ready(seconds_ago=45)
    assert late_queues.look() == 0


def test_a_queue_on_the_edge_is_not_told_of_again_and_again():
    ready(seconds_ago=90)
    late_queues.look()
    Job.objects.all().delete()
    late_queues.look()
    ready(seconds_ago=90)
    assert late_queues.look() == 0
    pass_by(minutes=6)
    assert late_queues.look() == 1


class TestOneJobThatNobodyEverTakes:
    """It keeps its queue late for ever, which must not hide other lateness of the queue."""

    @pytest.fixture(autouse=True)
    def stuck(self):
        ready(seconds_ago=90)
        assert late_queues.look() == 1
        pass_by(minutes=6)

    def test_it_alone_is_noted_again_every_six_hours(self):
        assert late_queues.look() == 0
        pass_by(hours=6)
        assert late_queues.look() == 1
        assert FleetEvent.objects.first().text.startswith("Still late: 1 job of default")
        assert late_queues.look() == 0

    @pytest.mark.parametrize("jobs", [9, 60, 150])
    def test_each_slump_beside_it_is_noted(self, jobs):
        for _ in range(3):
            slump(jobs)
            assert late_queues.look() == 1
            assert FleetEvent.objects.first().text.startswith(f"{jobs + 1} jobs of default")
            pass_by(minutes=6)
            clear()
            assert late_queues.look() == 1
            pass_by(minutes=6)

    def test_a_slump_that_grows_is_noted_by_powers_of_ten(self):
        told = []
        for more in (8, 1, 40, 40, 10, 1):
            slump(more)
            told.append(late_queues.look())
            pass_by(minutes=6)
        assert told == [0, 1, 0, 0, 1, 0]

    def test_a_number_that_goes_up_and_down_at_a_step_is_no_news(self):
        slump(9)
        assert late_queues.look() == 1
        for _ in range(3):
            pass_by(minutes=6)
            Job.objects.filter(args=[2]).first().delete()
            assert late_queues.look() == 0
            slump(1)
            assert late_queues.look() == 0

    def test_its_end_is_noted_when_it_goes(self):
        Job.objects.all().delete()
        assert late_queues.look() == 1
        assert events()[-1] == ("queue_well", "default")


def test_what_else_is_noted_about_a_queue_hides_no_lateness():
    ready(seconds_ago=90)
    assert late_queues.look() == 1
    FleetEvent.objects.create(kind="command", about="default", text="somebody: scale")
    assert late_queues.look() == 0


def test_what_is_paused_breaks_no_promise():
    ready(seconds_ago=90)
    Pause.objects.create(kind="queue", name="default")
    assert late_queues.look() == 0


def test_two_supervisors_note_it_once():
    ready(seconds_ago=90)
    seen: list[int] = []

    def look():
        seen.append(late_queues.look())
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(seen) == 1
    assert events() == [("queue_late", "default")]
