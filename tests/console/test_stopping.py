"""What goes out to customers can be stopped from the page of queues, by itself."""

from collections.abc import Callable

import pytest
from django.test import Client
from dramatiq import get_broker

from askpro.console.queue_board import SENDERS, stops
from askpro.queues.models import Pause

QUEUES = "/admin/board/queues/"


def test_each_is_the_job_that_sends_it() -> None:
    assert {name for name, _label in SENDERS} <= get_broker().actors.keys()


def test_what_is_paused_is_not_offered_again() -> None:
    paused = Pause(kind=Pause.Kind.ACTOR, name="send_sms_notification")
    queue = Pause(kind=Pause.Kind.QUEUE, name="send_email_notification")

    assert [str(label) for label, _address in stops([])] == ["Pause all SMS", "Pause all e-mails"]
    assert [str(label) for label, _address in stops([paused, queue])] == ["Pause all e-mails"]


@pytest.mark.parametrize(("may", "is_offered"), [((), False), (("console.pause",), True)])
def test_only_who_may_pause_is_asked(staff_with: Callable[..., Client], may: tuple[str, ...], is_offered: bool) -> None:
    client = staff_with("queues.view_job", *may)

    assert ("Pause all SMS" in client.get(QUEUES).content.decode()) is is_offered
