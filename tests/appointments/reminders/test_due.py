"""What is due is sent once, by one channel, at a time when it is still of use; else the row says why not."""

import threading
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Appointment, Change, Question, Reminder
from appointments.reminders import due
from appointments.tasks import send_due_reminders
from askpro.queue_settings import SCHEDULE
from askpro.queues.testing import assert_sent
from calls.models import Branch, Company, Customer
from notifications.models import Notification, OptOut
from notifications.reminding import channels
from notifications.tasks import send_email_notification, send_sms_notification
from tests.appointments.reminders.scene import local, moved, planned, send, states
from tests.notifications.scene import MOBILE, NOW, change
from tests.notifications.twilio_api import SERVICE, TwilioApi
from tests.plans import plans

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def ahead(appointment: Appointment) -> Appointment:
    """Thursday at 14:00, with reminders due on Wednesday at 14:00 and on Thursday at 12:00."""
    return planned(appointment)


def told(messages: list[Notification]) -> list[tuple[str, str]]:
    return [(message.kind, message.channel) for message in messages]


def test_each_is_sent_when_it_is_due_and_once(ahead: Appointment, clock: Any) -> None:
    first, last = ahead.starts_at - DAY, ahead.starts_at - 2 * HOUR
    assert send(clock, first - MINUTE) == []
    assert told(send(clock, first)) == [("reminder", "sms")]
    assert send(clock, first + 5 * MINUTE) == []
    assert told(send(clock, last)) == [("last_reminder", "sms")]
    assert send(clock, last) == []
    assert states(ahead) == {"reminder": "sent", "last_reminder": "sent"}


def test_the_message_has_its_job_and_the_row_its_message(ahead: Appointment, clock: Any) -> None:
    [message] = send(clock, ahead.starts_at - DAY)
    assert_sent(send_sms_notification, notification_id=message.pk)
    assert Reminder.objects.get(kind="reminder").notification == message
    assert (message.recipient, message.version, message.language) == (MOBILE, ahead.version, "de")


def test_the_job_is_told_when_it_is_by_the_schedule(ahead: Appointment, clock: Any) -> None:
    entry = SCHEDULE["reminders"]
    assert (entry["actor"], entry["tick_as"]) == ("send_due_reminders", "now")
    clock.move_to(ahead.starts_at - DAY)
    send_due_reminders(now=(ahead.starts_at - DAY).isoformat())
    assert states(ahead)["reminder"] == "sent"


def test_an_outage_longer_than_any_window_makes_it_late(ahead: Appointment, clock: Any) -> None:
    assert told(send(clock, ahead.starts_at - 3 * HOUR)) == [("reminder", "sms")]


def test_after_an_outage_over_both_only_the_last_one_is_sent(ahead: Appointment, clock: Any) -> None:
    assert told(send(clock, ahead.starts_at - HOUR)) == [("last_reminder", "sms")]
    assert states(ahead) == {"reminder": "last_is_due", "last_reminder": "sent"}


def test_the_first_one_does_not_follow_the_last(ahead: Appointment, clock: Any) -> None:
    Company.objects.update(reminder_minutes=60)
    planned(Appointment.objects.get())
    assert told(send(clock, ahead.starts_at - 2 * HOUR)) == [("last_reminder", "sms")]
    assert send(clock, ahead.starts_at - HOUR) == []


def test_a_company_that_has_left_reminds_nobody(ahead: Appointment, clock: Any) -> None:
    Company.objects.update(is_active=False)
    assert send(clock, ahead.starts_at - DAY) == []
    assert states(ahead)["reminder"] == "no_reminder"


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_write_one_message(ahead: Appointment, clock: Any) -> None:
    at = ahead.starts_at - DAY
    clock.move_to(at)

    def work() -> None:
        due.send_due(at)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Notification.objects.filter(kind="reminder").count() == 1
    assert Reminder.objects.get(kind="reminder").notification is not None


def test_none_is_sent_once_the_appointment_has_begun(ahead: Appointment, clock: Any) -> None:
    assert send(clock, ahead.starts_at) == []
    assert states(ahead) == {"reminder": "has_begun", "last_reminder": "has_begun"}


@pytest.mark.parametrize("values", [{"status": "cancelled"}, {"status": "requested"}, {"starts_at": NOW + 3 * DAY}])
def test_a_row_that_no_longer_fits_is_not_believed(ahead: Appointment, clock: Any, values: dict[str, Any]) -> None:
    change(ahead, **values | ({"ends_at": NOW + 4 * DAY} if "starts_at" in values else {}))
    assert send(clock, ahead.starts_at - HOUR if "status" in values else local(2026, 12, 3, 12)) == []
    assert set(Reminder.objects.values_list("reason", flat=True)) == {"changed_since"}


def test_a_reminder_follows_the_new_time(ahead: Appointment, clock: Any) -> None:
    before = ahead.starts_at
    moved(ahead, timedelta(days=2))
    assert send(clock, before - 2 * HOUR) == []
    assert told(send(clock, before + DAY)) == [("reminder", "sms")]


def test_what_is_being_changed_waits_for_what_comes_of_it(ahead: Appointment, clock: Any) -> None:
    wish = Change.objects.create(
        company=ahead.company, appointment=ahead, kind="cancel", channel="sms", before=ahead.starts_at
    )
    assert send(clock, ahead.starts_at - DAY) == []
    assert states(ahead)["reminder"] == "due"
    wish.end(Change.State.REFUSED)
    assert told(send(clock, ahead.starts_at - DAY + HOUR)) == [("reminder", "sms")]


class TestQuietHours:
    def test_scenario_06_a_reminder_goes_out_at_their_end(self, ahead: Appointment, clock: Any) -> None:
        starts_at = local(2026, 12, 3, 9)
        planned(ahead, is_moved=True, starts_at=starts_at, ends_at=starts_at + HOUR)
        assert send(clock, local(2026, 12, 3, 7)) == []
        assert Reminder.objects.get(kind="last_reminder", state="due").due_at == local(2026, 12, 3, 8)
        assert told(send(clock, local(2026, 12, 3, 8))) == [("last_reminder", "sms")]

    def test_scenario_06_a_reminder_is_dropped_when_they_end_too_late(self, ahead: Appointment, clock: Any) -> None:
        starts_at = local(2026, 12, 3, 8)
        planned(ahead, is_moved=True, starts_at=starts_at, ends_at=starts_at + HOUR)
        assert send(clock, local(2026, 12, 3, 6)) == []
        assert states(ahead)["last_reminder"] == "begins_in_quiet"

    def test_they_are_those_of_the_branch(self, ahead: Appointment, branch: Branch, clock: Any) -> None:
        Branch.objects.update(timezone="America/New_York")
        # 14:00 in Berlin is 8:00 there, two hours before it is 6:00.
        assert send(clock, ahead.starts_at - 2 * HOUR) == []
        assert states(ahead)["last_reminder"] == "begins_in_quiet"

    def test_mail_has_none(self, ahead: Appointment, clock: Any) -> None:
        Company.objects.update(quiet_from=time(0), quiet_until=time(23, 59), sms_enabled=False)
        assert told(send(clock, ahead.starts_at - DAY)) == [("reminder", "email")]

    def test_the_first_and_the_last_never_go_out_together_at_their_end(self, ahead: Appointment, clock: Any) -> None:
        Company.objects.update(reminder_minutes=11 * 60)
        starts_at = local(2026, 12, 3, 9)
        appointment = Appointment.objects.get()
        planned(appointment, is_moved=True, starts_at=starts_at, ends_at=starts_at + HOUR)
        assert send(clock, local(2026, 12, 2, 22)) == []
        assert told(send(clock, local(2026, 12, 3, 8))) == [("last_reminder", "sms")]
        assert states(appointment)["reminder"] == "last_is_due"


class TestChannel:
    def way(self, appointment: Appointment) -> str:
        way = channels.way_to(Appointment.objects.get(pk=appointment.pk))
        return way.channel if isinstance(way, channels.Way) else way.value

    def worked(self, appointment: Appointment, channel: str, status: str, at: datetime, **values: Any) -> None:
        recipient = MOBILE if channel == "sms" else "joerdis@example.org"
        when = {"sent_at": at} | ({"delivered_at": at} if status == "delivered" else {})
        values = {"kind": "confirmation", "recipient": recipient, "customer": appointment.customer} | values
        version = Notification.objects.count() + 10
        Notification.objects.create(
            company=appointment.company, appointment=appointment, channel=channel, status=status, version=version,
            **when, **values,
        )  # fmt: skip

    def test_it_is_sms_if_allowed_else_mail(self, appointment: Appointment) -> None:
        assert self.way(appointment) == "sms"
        Customer.objects.update(sms_consent_at=None)
        assert self.way(appointment) == "email"
        Customer.objects.update(email=None)
        assert self.way(appointment) == "no_consent"

    def test_it_is_the_one_that_worked_last(self, appointment: Appointment) -> None:
        self.worked(appointment, "email", "sent", NOW)
        assert self.way(appointment) == "email"
        self.worked(appointment, "sms", "delivered", NOW + HOUR)
        assert self.way(appointment) == "sms"
        self.worked(appointment, "sms", "failed", NOW + 2 * HOUR)
        self.worked(appointment, "email", "failed", NOW + 2 * HOUR)
        self.worked(appointment, "email", "sent", NOW + 3 * HOUR, kind="staff")
        self.worked(appointment, "email", "sent", NOW + 3 * HOUR, recipient="somebody@example.org")
        assert self.way(appointment) == "sms"

    def test_one_that_worked_but_may_no_longer_be_used_is_left(self, appointment: Appointment) -> None:
        self.worked(appointment, "sms", "delivered", NOW)
        OptOut.objects.create(number=MOBILE, sender=SERVICE)
        assert self.way(appointment) == "email"

    def test_a_company_without_sms_has_mail_or_nothing(self, appointment: Appointment) -> None:
        Company.objects.update(sms_enabled=False)
        assert self.way(appointment) == "email"
        Customer.objects.update(email=None)
        assert self.way(appointment) == "no_sms"

    def test_where_cal_com_tells_we_do_not(self, ahead: Appointment, clock: Any) -> None:
        Company.objects.update(calcom_handles_notifications=True)
        change(ahead, attendee_email="joerdis@example.org")
        assert send(clock, ahead.starts_at - DAY) == []
        assert states(ahead)["reminder"] == "calcom_tells"

    def test_the_row_says_why_nobody_can_be_reminded(self, ahead: Appointment, clock: Any) -> None:
        Customer.objects.update(email=None, phone=None)
        assert send(clock, ahead.starts_at - DAY) == []
        assert Reminder.objects.get(kind="reminder").told("en") == "No phone number is known."

    def test_a_mail_goes_to_the_mail_server(self, ahead: Appointment, clock: Any, mailoutbox: list[Any]) -> None:
        Company.objects.update(sms_enabled=False)
        [message] = send(clock, ahead.starts_at - DAY)
        send_email_notification(message.pk)
        [mail] = mailoutbox
        assert (
            mail.subject
            == "Haarstudio Lindenblatt: Erinnerung an Ihren Termin morgen, Donnerstag, 03.12.2026, 14:00 Uhr"
        )


class TestWords:
    @pytest.mark.parametrize(
        ("before", "near"),
        [(2 * HOUR, "heute, "), (DAY, "morgen, "), (38 * HOUR, "morgen, "), (39 * HOUR, ""), (48 * HOUR, "")],
    )
    def test_today_and_tomorrow_are_those_of_the_branch(
        self, ahead: Appointment, twilio: TwilioApi, clock: Any, before: timedelta, near: str
    ) -> None:
        Company.objects.update(quiet_from=time(0), quiet_until=time(0), reminder_minutes=3 * 24 * 60)
        planned(Appointment.objects.get(), created_at=NOW - DAY)
        [message] = send(clock, ahead.starts_at - before)
        send_sms_notification(message.pk)
        said = f"Haarstudio Lindenblatt: Erinnerung an Ihren Termin {near}Do 03.12.2026, 14:00 Uhr"
        assert twilio.requests[0]["Body"].startswith(said)

    def test_it_says_how_to_answer_and_opens_the_question(
        self, ahead: Appointment, twilio: TwilioApi, clock: Any
    ) -> None:
        [message] = send(clock, ahead.starts_at - DAY)
        send_sms_notification(message.pk)
        assert "Kommen Sie? Antworten Sie JA oder ABSAGE" in twilio.requests[0]["Body"]
        asked = Question.objects.get()
        assert (asked.kind, asked.notification, asked.ends_at) == ("reminder", message, ahead.starts_at)

    def test_a_sender_that_takes_no_answers_has_the_page_instead(
        self, ahead: Appointment, twilio: TwilioApi, clock: Any
    ) -> None:
        Company.objects.update(sms_sender="Lindenblatt")
        [message] = send(clock, ahead.starts_at - DAY)
        send_sms_notification(message.pk)
        body = twilio.requests[0]["Body"]
        assert "https://askpro.example/t/" in body and "Antworten" not in body and "STOP" not in body
        assert not Question.objects.exists()

    def test_a_reminder_of_what_was_cancelled_before_it_was_sent_stays_unsent(
        self, ahead: Appointment, twilio: TwilioApi, clock: Any
    ) -> None:
        [message] = send(clock, ahead.starts_at - DAY)
        planned(ahead, status="cancelled", version=2)
        send_sms_notification(message.pk)
        message.refresh_from_db()
        assert (message.status, message.reason, twilio.requests) == ("skipped", "changed_since", [])

    def test_a_day_with_many_messages_has_no_reminder_more(
        self, ahead: Appointment, twilio: TwilioApi, clock: Any
    ) -> None:
        [message] = send(clock, ahead.starts_at - DAY)
        for version in (11, 12, 13):
            Notification.objects.create(
                company=ahead.company, appointment=ahead, customer=ahead.customer, kind="rescheduled", channel="sms",
                version=version, status="sent", recipient=MOBILE, sending_at=ahead.starts_at - DAY,
            )  # fmt: skip
        send_sms_notification(message.pk)
        message.refresh_from_db()
        assert (message.reason, twilio.requests) == ("enough_today", [])


def test_due_rows_are_found_by_an_index(ahead: Appointment) -> None:
    found = plans(lambda: due.send_due(ahead.starts_at), "appointments_reminder")
    assert "reminder_due" in found[0]
