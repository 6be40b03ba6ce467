"""No words of strangers turn our messages into theirs: each of their fields, in each message, in every part."""

from collections.abc import Iterator
from datetime import timedelta
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.core import mail as outgoing

from appointments.booking import fields
from appointments.models import Appointment, FollowUp
from appointments.replies.answers import receive
from calls.models import BookingRequest, Customer
from notifications import outbox, staff
from notifications.models import Notification
from notifications.tasks import send_email_notification
from notifications.text.texts import sms
from notifications.twilio.event import Reply
from tests.calls.test_strangers import HOSTILE
from tests.notifications.scene import MOBILE, NOW, change
from webhooks.models import WebhookEvent

# None of these may be in a message of ours in a spelling that a program turns into a link or a header.
DOTS = (".", "。", "．", "｡", "․")
FORBIDDEN = ("://evil", "@evil", "\nBcc", *(f"evil{dot}example" for dot in DOTS))
# A fifth of them in CI, all with `--long`.
TEXTS = [pytest.param(text, marks=() if n % 5 == 0 else pytest.mark.long) for n, text in enumerate(HOSTILE)]
CUSTOMERS_KINDS = ("confirmation", "rescheduled", "cancellation")


def parts(message: Any) -> Iterator[str]:
    """All that a reader or a mail program sees of a mail."""
    whole = message.message()
    for name, value in whole.items():
        yield f"{name}: {make_header(decode_header(str(value)))}"
    for part in whole.walk():
        if not part.is_multipart():
            text = part.get_payload(decode=True).decode()
            # A folded line of a calendar is one line.
            yield text.replace("\r\n ", "")


def sent() -> str:
    said = "\n".join(part for message in outgoing.outbox for part in parts(message))
    outgoing.outbox.clear()
    return said.replace("joerdis@example.org", "")


def is_clean(said: str) -> bool:
    return not any(forbidden in said for forbidden in FORBIDDEN)


def tell_customer(appointment: Appointment, kind: str) -> str:
    Notification.objects.all().delete()
    said = ""
    for row in outbox.announce(appointment, kind):
        if row.channel == "email":
            send_email_notification(row.pk)
        else:
            said += sms(row, "+493023125100")
    return said + sent()


@pytest.mark.parametrize("text", TEXTS)
def test_a_strangers_name_leads_nowhere_in_any_message(text: str, appointment: Appointment, customer: Customer) -> None:
    change(appointment, attendee_name=text[:200], notes=text, cancellation_reason=text[:300])
    Customer.objects.filter(pk=customer.pk).update(name=text[:200])
    appointment.refresh_from_db()
    for kind in CUSTOMERS_KINDS:
        status = Appointment.Status.CANCELLED if kind == "cancellation" else Appointment.Status.CONFIRMED
        change(appointment, status=status, previous_starts_at=appointment.starts_at - timedelta(days=1))
        said = tell_customer(appointment, kind)
        assert is_clean(said), kind
        assert "Guten Tag,\n" in said, kind


@pytest.mark.parametrize("text", TEXTS)
def test_a_strangers_words_are_quoted_to_staff_and_lead_nowhere(text: str, appointment: Appointment) -> None:
    customer = appointment.customer
    assert customer is not None
    Customer.objects.filter(pk=customer.pk).update(name=text[:200])
    customer.refresh_from_db()
    opened = FollowUp.objects.create(
        company=appointment.company,
        customer=customer,
        reason=FollowUp.Reason.SLOT_GONE,
        words=text,
        due_at=NOW + timedelta(hours=2),
    )
    [row] = staff.tell(opened)
    send_email_notification(row.pk)
    said = sent()
    assert is_clean(said)
    assert "Gesagt: „" in said or not text.strip()


@pytest.mark.parametrize("text", TEXTS)
def test_an_answer_by_sms_is_quoted_to_staff_and_leads_nowhere(text: str, appointment: Appointment) -> None:
    event = WebhookEvent.objects.create(provider="twilio", event_type="inbound_message", event_key=text, body=b"")
    Notification.objects.create(
        company=appointment.company,
        appointment=appointment,
        kind="confirmation",
        channel="sms",
        recipient=MOBILE,
        sender="+493023125199",
        sending_at=NOW,
    )
    reply = Reply(sender=MOBILE, to="+493023125199", service="", body=text, opt_out_type="")
    receive(event, reply)
    if not text.strip():
        return
    for row in Notification.objects.filter(kind="staff"):
        send_email_notification(row.pk)
    said = sent()
    assert is_clean(said)
    assert "Gesagt: „" in said


@pytest.mark.parametrize("text", TEXTS)
def test_what_cal_com_mails_for_us_leads_nowhere(text: str, appointment: Appointment) -> None:
    request = BookingRequest(
        company=appointment.company, branch=appointment.branch, service=appointment.service, name=text, notes=text
    )
    assert is_clean(str(fields.responses(request))) and is_clean(str(fields.facts(request)))


def test_a_name_is_greeted_and_a_quotation_of_staff_is_plain(appointment: Appointment) -> None:
    change(appointment, attendee_name="Dr. Jördis O'Ampel")
    assert "Guten Tag Dr. Jördis O'Ampel,\n" in tell_customer(appointment, "confirmation")
