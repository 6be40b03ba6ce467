"""The row's own rules."""

import threading
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from appointments.models import Appointment
from notifications import sms as sender
from notifications.models import Notification
from notifications.tasks import send_sms_notification
from notifications.why import Why
from tests.notifications.scene import MOBILE, NOW, announced
from tests.notifications.twilio_api import TwilioApi

Status = Notification.Status
SMS = Notification.Channel.SMS


def test_it_is_claimed_by_one(sms: Notification) -> None:
    again = Notification.objects.get(pk=sms.pk)
    assert sms.claim(text="a")
    assert not again.claim(text="b")
    assert Notification.objects.get(pk=sms.pk).text == "a"


@pytest.mark.parametrize("judge", ["give_back", "mark_unknown", "mark_failed", "reopen"])
def test_it_ignores_a_worker_that_was_given_up(sms: Notification, judge: str) -> None:
    sms.claim(text="a")
    zombie = Notification.objects.get(pk=sms.pk)
    sms.reopen()
    sms.claim(text="b")
    assert not getattr(zombie, judge)(*(() if judge == "reopen" else (Why.GIVEN_UP,)))
    row = Notification.objects.get(pk=sms.pk)
    assert (row.status, row.reason, row.attempts) == (Status.SENDING, "", 2)


def test_it_believes_a_worker_that_was_given_up_and_sent_it_all_the_same(sms: Notification) -> None:
    sms.claim(text="a")
    zombie = Notification.objects.get(pk=sms.pk)
    sms.reopen()
    assert zombie.mark_sent("SM1", "queued")
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT


@pytest.mark.parametrize("status", [Status.SENT, Status.DELIVERED, Status.FAILED, Status.SKIPPED])
def test_it_moves_no_more_when_it_is_over(sms: Notification, status: str) -> None:
    Notification.objects.filter(pk=sms.pk).update(status=status)
    sms.refresh_from_db()
    moves = [sms.claim(text=""), sms.skip(Why.NO_NUMBER), sms.wait(Why.PAUSE), sms.reopen(), sms.give_back(Why.PAUSE)]
    moves += [sms.mark_unknown(Why.MAYBE_SENT), sms.mark_failed(Why.GIVEN_UP), sms.mark_sent("SM1")]
    assert not any(moves)
    assert sms.is_over


def test_it_is_about_one_thing(sms: Notification) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.filter(pk=sms.pk).update(appointment=None)


@pytest.mark.django_db(transaction=True)
def test_it_keeps_the_daily_limit_when_two_are_sent_at_once(
    sms: Notification, twilio: TwilioApi, appointment: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"channel": SMS, "kind": "confirmation", "status": Status.SENT, "recipient": MOBILE, "sending_at": NOW}
    for version in (8, 9):
        Notification.objects.create(company=sms.company, appointment=appointment, version=version, **sent)
    second = Appointment.objects.get(pk=appointment.pk)
    second.pk, second.booking_key = None, uuid4()
    second.save()
    other = announced(second, SMS)
    both_counted = threading.Barrier(2)
    count = sender._sent_today

    def count_together(notification: Notification) -> int:
        """Lets both count before either claims, unless one must wait for the other."""
        counted = count(notification)
        with suppress(threading.BrokenBarrierError):
            both_counted.wait(0.5)
        return counted

    monkeypatch.setattr(sender, "_sent_today", count_together)
    threads = [threading.Thread(target=_send, args=(row.pk,)) for row in (sms, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    statuses = Notification.objects.filter(pk__in=[sms.pk, other.pk]).values_list("status", flat=True)
    assert sorted(statuses) == [Status.SENT, Status.SKIPPED]
    assert len(twilio.messages) == 1


def _send(notification_id: int) -> None:
    try:
        send_sms_notification(notification_id)
    finally:
        connection.close()
