"""What became of a message after Twilio took it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations, permutations
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment
from askpro.queues.errors import Gone, Release
from askpro.queues.models import Job
from calls.models import Customer
from notifications.delivery import outcome
from notifications.models import Notification
from notifications.opt_outs import has_opted_out
from notifications.tasks import process_twilio_webhook, send_sms_notification
from tests.notifications.scene import MOBILE, NOW, change
from tests.notifications.twilio_api import TwilioApi, fixture
from webhooks.models import WebhookEvent

Status = Notification.Status
Store = Callable[..., WebhookEvent]
SID = f"SM{1:032x}"


@pytest.fixture
def sent(sms: Notification, twilio: TwilioApi) -> Notification:
    send_sms_notification(sms.pk)
    Job.objects.all().delete()
    sms.refresh_from_db()
    return sms


@pytest.fixture
def report(event: Store) -> Callable[..., WebhookEvent]:
    """Twilio reports, and the job runs."""

    def call(status: str, code: int | None = None, sid: str = SID, query: str = "") -> WebhookEvent:
        fields = fixture("status_callback.json") | {"MessageSid": sid, "SmsSid": sid}
        fields |= {"MessageStatus": status, "SmsStatus": status} | ({"ErrorCode": str(code)} if code else {})
        stored = event(fields, query)
        process_twilio_webhook(event_id=stored.pk)
        stored.refresh_from_db()
        return stored

    return call


def test_it_is_delivered(sent: Notification, report: Any) -> None:
    assert report("delivered").status == WebhookEvent.Status.PROCESSED
    sent.refresh_from_db()
    assert (sent.status, sent.provider_status, sent.delivered_at) == (Status.DELIVERED, "delivered", NOW)


@pytest.mark.parametrize("order", list(permutations(["queued", "sending", "sent", "delivered"])))
def test_it_is_delivered_whatever_the_order_of_the_reports(
    sent: Notification, report: Any, order: tuple[str, ...]
) -> None:
    for status in order:
        report(status)
        report(status)
    sent.refresh_from_db()
    assert (sent.status, sent.provider_status) == (Status.DELIVERED, "delivered")


def test_it_keeps_the_later_of_two_final_words(sent: Notification, report: Any) -> None:
    report("undelivered", 30006)
    report("delivered")
    sent.refresh_from_db()
    assert (sent.status, sent.error_code, sent.reason) == (Status.DELIVERED, "", "")
    report("read")
    report("delivered")
    sent.refresh_from_db()
    assert sent.provider_status == "read"


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("failed", 30006, "The number takes no SMS (30006)."),
        ("undelivered", 30005, "The number does not exist (30005)."),
        ("undelivered", 30007, "Twilio refuses this message (30007)."),
        ("failed", None, "It was not delivered; the provider does not say why."),
    ],
)
def test_it_fails_with_the_reason(sent: Notification, report: Any, status: str, code: int | None, reason: str) -> None:
    report(status, code)
    sent.refresh_from_db()
    assert (sent.status, sent.why("en"), sent.error_code) == (Status.FAILED, reason, str(code or ""))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("code", "size"),
    [(30003, 2), (30005, 2), *(pytest.param(code, 3, marks=pytest.mark.long) for code in (30003, 30006, 30007, 21610))],
)
def test_it_ends_the_same_in_whatever_order_and_however_often_the_reports_come(
    sent: Notification, code: int, size: int
) -> None:
    start = Notification.objects.filter(pk=sent.pk).values().get()
    words = [("sent", None), ("undelivered", None), ("undelivered", code), ("failed", code), ("delivered", None)]
    for chosen in combinations([*words, ("read", None)], size):
        ends = set()
        for order in permutations(chosen):
            Notification.objects.filter(pk=sent.pk).update(**start)
            Job.objects.all().delete()
            known = ""
            for status, error in (*order, order[-1]):
                outcome.apply(outcome.Report(SID, status, error), outcome.locked(pk=sent.pk))
                sent.refresh_from_db()
                assert sent.error_code or not known or sent.status == Status.DELIVERED, f"forgot the code in {order}"
                known = sent.error_code
            ends.add((sent.status, sent.error_code, sent.resends * Job.objects.count()))
        arrived = {"delivered", "read"} & {status for status, _ in chosen}
        # A message that arrived before it was reported lost is never sent again; an earlier resend finds out itself.
        told = {(status, code) for status, code, _ in ends} if arrived else ends
        assert len(told) == 1, f"{chosen} ends as {ends}"


def test_it_is_sent_once_more_when_the_handset_was_off(
    sent: Notification, report: Any, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    report("undelivered", 30003)
    sent.refresh_from_db()
    assert (sent.status, sent.resends, sent.provider_id, sent.earlier_provider_id) == (Status.PENDING, 1, None, SID)
    [job] = Job.objects.all()
    told = {"notification_id": sent.pk, "company_id": sent.company_id}
    assert (job.status, job.kwargs) == ("scheduled", told)
    # A report on the old send does not change the new one.
    assert report("sent", query=f"ref={sent.reference}").status == WebhookEvent.Status.IGNORED
    clock.shift(timedelta(minutes=30))
    send_sms_notification(sent.pk)
    assert len(twilio.messages) == 2
    report("undelivered", 30003, sid=twilio.messages[1]["sid"])
    sent.refresh_from_db()
    assert (sent.status, sent.error_code) == (Status.FAILED, "30003")


def test_it_is_not_sent_again_when_it_arrived_after_all(sent: Notification, report: Any, twilio: TwilioApi) -> None:
    report("undelivered", 30003)
    report("delivered", query=f"ref={sent.reference}")
    send_sms_notification(sent.pk)
    sent.refresh_from_db()
    assert (sent.status, sent.provider_id, len(twilio.messages)) == (Status.DELIVERED, SID, 1)


def test_it_is_not_sent_again_when_it_is_no_longer_true(
    sent: Notification, report: Any, appointment: Appointment
) -> None:
    change(appointment, version=2)
    report("undelivered", 30003)
    sent.refresh_from_db()
    assert sent.status == Status.FAILED


def test_it_opts_out_who_is_reported_to_have_said_stop(sent: Notification, report: Any, customer: Customer) -> None:
    report("failed", 21610)
    assert has_opted_out(MOBILE, sent.company)


def test_it_finds_the_message_by_reference_before_the_sid_is_known(
    sms: Notification, report: Any, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    sms.claim(text="Termin", sender="MG1")
    report("sent", query=f"ref={sms.reference}")
    sms.refresh_from_db()
    assert (sms.status, sms.provider_id) == (Status.SENT, SID)
    clock.shift(timedelta(minutes=1))
    send_sms_notification(sms.pk)
    assert twilio.requests == []


def test_it_waits_a_minute_for_a_sid_that_is_not_known_yet(
    sms: Notification, event: Store, clock: time_machine.Traveller
) -> None:
    stored = event(fixture("status_callback.json"))
    with pytest.raises(Release):
        process_twilio_webhook(event_id=stored.pk)
    clock.shift(timedelta(seconds=61))
    process_twilio_webhook(event_id=stored.pk)
    stored.refresh_from_db()
    assert (stored.status, stored.reason) == ("ignored", "No message of ours has this sid.")


def test_it_does_not_believe_a_sid_that_is_not_the_messages_own(sent: Notification, report: Any) -> None:
    stored = report("failed", 30006, sid=f"SM{77:032x}", query=f"ref={sent.reference}")
    assert stored.status == WebhookEvent.Status.IGNORED
    sent.refresh_from_db()
    assert sent.status == Status.SENT


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageStatus": "delivered"},
        {"MessageStatus": "delivered", "MessageSid": "\x00"},
        {"MessageStatus": "delivered", "MessageSid": "S" * 100},
        {"MessageStatus": "x" * 5000, "MessageSid": SID},
        {"MessageStatus": "de\x00livered", "MessageSid": SID, "ErrorCode": "\u0663" * 3},
        {"MessageStatus": "failed", "MessageSid": SID, "ErrorCode": "9" * 500},
    ],
)
@pytest.mark.parametrize("query", ["", "ref=%00", "ref=" + "x" * 400, "&&&=;"])
def test_it_comes_to_an_end_whatever_it_is_told(
    sent: Notification, event: Store, fields: dict[str, str], query: str
) -> None:
    stored = event(fields, query)
    process_twilio_webhook(event_id=stored.pk)
    stored.refresh_from_db()
    assert stored.status in ("invalid", "ignored", "processed")


def test_it_does_nothing_for_an_event_that_is_worked_off(sent: Notification, report: Any) -> None:
    stored = report("delivered")
    Notification.objects.filter(pk=sent.pk).update(status=Status.SENT, provider_status="sent")
    process_twilio_webhook(event_id=stored.pk)
    sent.refresh_from_db()
    assert sent.status == Status.SENT


def test_it_is_cancelled_when_its_event_is_gone(db: None) -> None:
    with pytest.raises(Gone):
        process_twilio_webhook(event_id=1)
