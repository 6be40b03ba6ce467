"""A queue that breaks its promise is one event, one mail, and one more of each when it is over."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from askpro.queues import alerts, lateness
from askpro.queues.models import FleetEvent, Job, Pause
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)


def ready(seconds_ago):
    """The job that waits has been ready for so long; `default` promises 60 s."""
    if not Job.objects.exists():
        actors.nothing.send(1)
    Job.objects.update(ready_at=timezone.now() - timedelta(seconds=seconds_ago))


def events():
    return list(FleetEvent.objects.order_by("pk").values_list("kind", "about"))


def test_all_is_well():
    ready(seconds_ago=50)
    assert lateness.look() == 0
    assert events() == []


def test_it_is_noted_once_and_so_is_its_end(settings):
    settings.OPS_EMAILS = ["ops@example.org"]
    ready(seconds_ago=90)
    assert (lateness.look(), lateness.look()) == (1, 0)
    assert "The oldest ready job of default is 90 s old; promised are 60 s." in FleetEvent.objects.get().text
    ready(seconds_ago=20)
    assert (lateness.look(), lateness.look()) == (1, 0)
    assert events() == [("queue_late", "default"), ("queue_well", "default")]
    assert alerts.tell_of_events() == 2
    (message,) = mail.outbox
    assert message.subject == "AskPro: A queue breaks its promise"
    assert "default keeps its promise of 60 s again" in message.body


def test_it_is_not_over_while_the_promise_is_barely_kept():
    ready(seconds_ago=90)
    lateness.look()
    ready(seconds_ago=45)
    assert lateness.look() == 0


def test_a_queue_on_the_edge_is_not_told_of_again_and_again():
    ready(seconds_ago=90)
    lateness.look()
    Job.objects.all().delete()
    lateness.look()
    ready(seconds_ago=90)
    assert lateness.look() == 0
    FleetEvent.objects.update(at=timezone.now() - timedelta(minutes=6))
    assert lateness.look() == 1


def test_what_is_paused_breaks_no_promise():
    ready(seconds_ago=90)
    Pause.objects.create(kind="queue", name="default")
    assert lateness.look() == 0


def test_two_supervisors_note_it_once():
    ready(seconds_ago=90)
    seen: list[int] = []

    def look():
        seen.append(lateness.look())
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(seen) == 1
    assert events() == [("queue_late", "default")]
