"""Sending an e-mail."""

import smtplib
from collections.abc import Iterator
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest
import time_machine
from django.core import mail as outgoing
from django.core.mail.backends.locmem import EmailBackend

from appointments.models import Appointment, Detail, FollowUp
from askpro.queues.errors import GateShut, Rejected, Release, Unavailable, Unknown
from notifications import outbox, staff
from notifications.links import link_for
from notifications.models import Notification
from notifications.reminding.channels import Way
from notifications.sweepers import resend_forgotten
from notifications.tasks import send_email_notification
from notifications.text.places import spoken_number
from tests.notifications.ladder import live
from tests.notifications.scene import MOBILE, NOW, announced, change

Status = Notification.Status
EMAIL = Notification.Channel.EMAIL


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[BaseException]]]:
    """What the mail server does next: `open` and `send` raise these, then it works again."""
    planned: dict[str, list[BaseException]] = {"open": [], "send": []}

    def failing(name: str, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if planned[name]:
                raise planned[name].pop(0)
            return real(*args, **kwargs)

        return call

    monkeypatch.setattr(EmailBackend, "open", failing("open", EmailBackend.open))
    monkeypatch.setattr(EmailBackend, "send_messages", failing("send", EmailBackend.send_messages))
    yield planned


def sent() -> Any:
    [message] = outgoing.outbox
    return message


def received(message: Any) -> EmailMessage:
    """The mail as a mail program reads it from the wire."""
    return message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=policy.default)


def calendar_of(message: Any, content_type: str = "text/calendar") -> EmailMessage:
    [part] = [part for part in received(message).walk() if part.get_content_type() == content_type]
    return part


def file_of(message: Any, content_type: str = "text/calendar") -> str:
    return calendar_of(message, content_type).get_payload(decode=True).decode()


def event_of(message: Any) -> icalendar.Event:
    [event] = icalendar.Calendar.from_ical(file_of(message)).walk("VEVENT")
    return event


def test_it_sends_text_html_and_a_calendar_file(email: Notification) -> None:
    send_email_notification(email.pk)
    message = sent()
    types = [part.get_content_type() for part in message.message().walk()]
    assert types[:2] == ["multipart/mixed", "multipart/alternative"]
    assert types[2:] == ["text/plain", "text/html", "text/calendar", "application/ics"]
    assert message.subject == "Haarstudio Lindenblatt: Ihr Termin am Donnerstag, 03.12.2026, 14:00 Uhr"
    assert message.from_email == "Haarstudio Lindenblatt <termine@askpro.example>"
    assert (message.to, message.reply_to) == (["joerdis@example.org"], ["team@lindenblatt.example.org"])
    email.refresh_from_db()
    assert (email.status, email.text) == (Status.SENT, message.body)


def test_it_invites_to_the_appointment_in_the_two_ways_that_mail_programs_read(
    email: Notification, appointment: Appointment
) -> None:
    send_email_notification(email.pk)
    part, file = calendar_of(sent()), calendar_of(sent(), "application/ics")
    assert (part.get_param("method"), part.get_content_charset()) == ("REQUEST", "utf-8")
    assert (part.is_attachment(), file.is_attachment(), file.get_filename()) == (False, True, "termin.ics")
    assert file_of(sent()) == file_of(sent(), "application/ics"), "byte for byte"
    event = event_of(sent())
    assert event["UID"] == f"{appointment.booking_key}@askpro.example"
    assert event["SUMMARY"] == "Haarstudio Lindenblatt: Herrenhaarschnitt"
    assert event["DTSTART"].dt.astimezone(UTC) == appointment.starts_at
    assert event["ATTENDEE"] == "mailto:joerdis@example.org"
    assert event["URL"] == link_for(appointment)


def test_calendars_get_one_event_from_the_confirmation_over_a_move_to_the_cancellation(
    email: Notification, appointment: Appointment
) -> None:
    send_email_notification(email.pk)
    first, later = appointment.starts_at, appointment.starts_at + timedelta(days=120)
    moved = change(appointment, version=2, previous_starts_at=NOW, starts_at=later, ends_at=later + timedelta(hours=1))
    send_email_notification(announced(moved, EMAIL, "rescheduled").pk)
    cancelled = change(appointment, version=3, status=Appointment.Status.CANCELLED)
    send_email_notification(announced(cancelled, EMAIL, "cancellation").pk)
    events = [event_of(message) for message in outgoing.outbox]
    assert len({event["UID"] for event in events}) == 1
    assert len({str(event["ORGANIZER"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [1, 2, 3]
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [calendar_of(message).get_param("method") for message in outgoing.outbox] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [event["DTSTART"].dt.astimezone(UTC) for event in events] == [first, later, later]


def test_a_reminder_carries_the_same_event_without_a_change(email: Notification, appointment: Appointment) -> None:
    send_email_notification(email.pk)
    way = Way(EMAIL, "joerdis@example.org")
    send_email_notification(outbox.remind(appointment, Notification.Kind.REMINDER, way).pk)
    confirmed, reminded = outgoing.outbox
    assert file_of(confirmed) == file_of(reminded)


def test_it_tells_staff_of_a_follow_up_with_all_that_is_needed(appointment: Appointment) -> None:
    opened = FollowUp.objects.create(
        company=appointment.company,
        branch=appointment.branch,
        customer=appointment.customer,
        reason=FollowUp.Reason.SLOT_GONE,
        words="Haarschnitt, <b>nächsten Donnerstag</b> um vier",
        alternatives=["2026-12-04T15:00:00+00:00"],
        due_at=NOW + timedelta(hours=2),
    )
    [row] = staff.tell(opened)
    send_email_notification(row.pk)
    message = sent()
    assert message.subject == "Bitte zurückrufen: Zeit nicht mehr frei"
    assert "Freitag, 04.12.2026, 16:00 Uhr" in message.body
    assert f"Jördis Ampel, {spoken_number(MOBILE)}" in message.body
    assert f"/admin/appointments/followup/{opened.pk}/change/" in message.body
    assert "<b>nächsten" not in message.alternatives[0][0]
    assert message.attachments == []


def test_it_does_not_tell_staff_of_what_is_settled(appointment: Appointment) -> None:
    opened = FollowUp.objects.create(
        company=appointment.company, reason=FollowUp.Reason.UNCLEAR, due_at=NOW + timedelta(hours=2)
    )
    [row] = staff.tell(opened)
    opened.make_obsolete(Detail.BOOKED_MEANWHILE)
    send_email_notification(row.pk)
    assert outgoing.outbox == []
    assert Notification.objects.get(pk=row.pk).status == Status.SKIPPED


@pytest.mark.parametrize(
    "refusal",
    [
        smtplib.SMTPRecipientsRefused({"joerdis@example.org": (550, b"no such user joerdis@example.org")}),
        smtplib.SMTPDataError(554, b"spam"),
        smtplib.SMTPNotSupportedError("SMTPUTF8"),
    ],
)
def test_it_fails_for_good_when_the_server_refuses(
    email: Notification, failures: dict[str, list[BaseException]], clock: Any, refusal: Exception
) -> None:
    failures["send"] = [refusal]
    life = live(send_email_notification, clock, notification_id=email.pk)
    assert (life.status, life.tries, outgoing.outbox) == ("completed", 1, [])
    email.refresh_from_db()
    assert email.status == Status.FAILED
    assert "joerdis" not in email.why()


@pytest.mark.parametrize(
    ("where", "failure"),
    [
        ("open", ConnectionRefusedError()),
        ("open", TimeoutError()),
        ("open", smtplib.SMTPConnectError(421, b"busy")),
        ("send", smtplib.SMTPRecipientsRefused({"joerdis@example.org": (451, b"greylisted")})),
        ("send", smtplib.SMTPSenderRefused(452, b"later", "termine@askpro.example")),
    ],
)
def test_it_tries_again_when_nothing_was_taken(
    email: Notification, failures: dict[str, list[BaseException]], clock: Any, where: str, failure: Exception
) -> None:
    failures[where] = [failure]
    with pytest.raises(Unavailable):
        send_email_notification(email.pk)
    assert Notification.objects.get(pk=email.pk).status == Status.PENDING
    assert live(send_email_notification, clock, notification_id=email.pk).status == "completed"
    assert len(outgoing.outbox) == 1


def test_it_sends_the_same_message_again_when_the_answer_was_lost(
    email: Notification, failures: dict[str, list[BaseException]], clock: time_machine.Traveller
) -> None:
    failures["send"] = [smtplib.SMTPServerDisconnected("gone")]
    with pytest.raises(Unknown):
        send_email_notification(email.pk)
    assert Notification.objects.get(pk=email.pk).status == Status.UNKNOWN
    with pytest.raises(Release):
        send_email_notification(email.pk)
    clock.shift(timedelta(seconds=45))
    send_email_notification(email.pk)
    assert sent().extra_headers["Message-ID"] == f"<{email.reference}@askpro.example>"


def test_no_unclear_server_gets_a_mail_more_than_twice_whatever_brings_it_back(
    email: Notification, failures: dict[str, list[BaseException]], clock: time_machine.Traveller
) -> None:
    failures["send"] = [smtplib.SMTPServerDisconnected("gone") for _ in range(50)]
    for _ in range(6):
        live(send_email_notification, clock, notification_id=email.pk)
        clock.shift(timedelta(hours=1))
        resend_forgotten()
    assert len(failures["send"]) == 48
    assert Notification.objects.get(pk=email.pk).status == Status.FAILED


@pytest.mark.parametrize(
    ("where", "failure"),
    [
        ("open", smtplib.SMTPAuthenticationError(535, b"no")),
        ("send", smtplib.SMTPSenderRefused(553, b"not you", "termine@askpro.example")),
    ],
)
def test_it_calls_people_when_the_server_refuses_us(
    email: Notification, failures: dict[str, list[BaseException]], where: str, failure: Exception
) -> None:
    failures[where] = [failure]
    with pytest.raises(Rejected):
        send_email_notification(email.pk)
    assert Notification.objects.get(pk=email.pk).status == Status.PENDING


def test_it_survives_names_that_want_to_be_headers(email: Notification, appointment: Appointment) -> None:
    appointment.company.name = 'Haar\r\nBcc: x@example.org, "Studio"'
    appointment.company.save()
    change(appointment, attendee_name="<script>alert(1)</script>\nJördis {name}")
    send_email_notification(email.pk)
    message = sent()
    assert set(message.recipients()) == {"joerdis@example.org"}
    assert message.message()["Bcc"] is None
    assert "<script>" not in message.alternatives[0][0]
    assert "Guten Tag,\n" in message.body, "that is nobody's name"


def test_it_is_skipped_when_the_appointment_was_cancelled(email: Notification, appointment: Appointment) -> None:
    change(appointment, status=Appointment.Status.CANCELLED)
    send_email_notification(email.pk)
    assert outgoing.outbox == []
    assert Notification.objects.get(pk=email.pk).status == Status.SKIPPED


@pytest.mark.parametrize(("code", "is_kept_for_all"), [(450, False), (451, False), (452, False), (421, True)])
def test_what_one_mail_is_refused_for_keeps_no_other_waiting(
    email: Notification, failures: dict[str, list[BaseException]], code: int, is_kept_for_all: bool
) -> None:
    for _ in range(3):
        failures["send"] = [smtplib.SMTPSenderRefused(code, b"later", "termine@askpro.example")]
        with pytest.raises(Unavailable):
            send_email_notification(email.pk)
    if is_kept_for_all:
        with pytest.raises(GateShut):
            send_email_notification(email.pk)
    else:
        send_email_notification(email.pk)
    assert len(outgoing.outbox) == (0 if is_kept_for_all else 1)
