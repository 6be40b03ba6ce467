"""Writing messages."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from appointments.models import Appointment
from askpro.queues.models import Job
from calls.models import Customer
from notifications import outbox
from notifications.models import Notification
from notifications.tasks import send_appointment_confirmation
from notifications.why import Why
from tests.notifications.scene import MOBILE, change

Status = Notification.Status


def written(appointment: Appointment) -> dict[tuple[str, str], Notification]:
    return {(row.kind, row.channel): row for row in Notification.objects.filter(appointment=appointment)}


def jobs() -> list[tuple[str, int]]:
    rows = Job.objects.order_by("id").values_list("actor_name", "kwargs")
    return [(name, kwargs["notification_id"]) for name, kwargs in rows]


def test_it_writes_one_row_and_one_job_per_message(appointment: Appointment) -> None:
    outbox.announce(appointment, "confirmation")
    rows = written(appointment)
    assert {key: (row.status, row.recipient) for key, row in rows.items()} == {
        ("confirmation", "sms"): (Status.PENDING, MOBILE),
        ("confirmation", "email"): (Status.PENDING, "joerdis@example.org"),
        ("staff", "email"): (Status.PENDING, "team@lindenblatt.example.org"),
    }
    assert sorted(jobs()) == sorted(
        [
            ("send_sms_notification", rows["confirmation", "sms"].pk),
            ("send_email_notification", rows["confirmation", "email"].pk),
            ("send_email_notification", rows["staff", "email"].pk),
        ]
    )


def test_it_puts_nobody_into_the_job(appointment: Appointment) -> None:
    outbox.announce(appointment, "confirmation")
    for job in Job.objects.all():
        assert job.args == []
        assert job.kwargs.keys() == {"notification_id", "company_id"}
        assert job.tags == [f"notification:{job.kwargs['notification_id']}"]


def test_it_writes_nothing_the_second_time(appointment: Appointment) -> None:
    assert len(outbox.announce(appointment, "confirmation")) == 3
    assert outbox.announce(appointment, "confirmation") == []
    assert len(jobs()) == 3


def test_it_writes_again_for_a_newer_version(appointment: Appointment) -> None:
    outbox.announce(appointment, "confirmation")
    rows = outbox.announce(change(appointment, version=2), "rescheduled")
    assert [(row.kind, row.channel, row.version) for row in rows] == [
        ("rescheduled", "sms", 2),
        ("rescheduled", "email", 2),
    ]


@pytest.mark.django_db(transaction=True)
def test_it_writes_and_sends_nothing_when_the_transaction_fails(appointment: Appointment) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.announce(appointment, "confirmation")
        raise RuntimeError
    assert not Notification.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_writes_once_when_two_announce_at_the_same_time(appointment: Appointment) -> None:
    both = threading.Barrier(2)
    counts: list[int] = []

    def announce() -> None:
        try:
            with transaction.atomic():
                both.wait(5)
                counts.append(len(outbox.announce(appointment, "confirmation")))
        finally:
            connection.close()

    threads = [threading.Thread(target=announce) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(counts) == [0, 3]
    assert len(jobs()) == 3


@pytest.mark.parametrize(
    ("customer_change", "reason"),
    [
        ({"sms_consent_at": None}, Why.NO_CONSENT),
        ({"phone": "+493023125177"}, Why.NO_MOBILE),
        ({"phone": None}, Why.NO_NUMBER),
    ],
)
def test_it_says_why_no_sms_goes_out(
    appointment: Appointment, customer: Customer, customer_change: dict[str, Any], reason: Why
) -> None:
    Customer.objects.filter(pk=customer.pk).update(**customer_change)
    outbox.announce(Appointment.objects.get(pk=appointment.pk), "confirmation")
    row = written(appointment)["confirmation", "sms"]
    assert (row.status, row.reason) == (Status.SKIPPED, reason)
    assert ("send_sms_notification", row.pk) not in jobs()


def test_it_says_so_when_nobody_is_known(appointment: Appointment) -> None:
    outbox.announce(change(appointment, customer=None), "confirmation")
    row = written(appointment)["confirmation", "sms"]
    assert (row.status, row.reason) == (Status.SKIPPED, Why.NO_CUSTOMER)


def test_it_uses_the_number_said_on_the_phone(appointment: Appointment, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(contact_phone="+4915550100888")
    outbox.announce(Appointment.objects.get(pk=appointment.pk), "confirmation")
    assert written(appointment)["confirmation", "sms"].recipient == "+4915550100888"


def test_it_sends_no_sms_for_a_company_without(appointment: Appointment) -> None:
    appointment.company.sms_enabled = False
    outbox.announce(appointment, "confirmation")
    assert ("confirmation", "sms") not in written(appointment)


@pytest.mark.parametrize(
    "address", ["kunde-7-0123456789@kunden.askpro.example", "+4915550100777@SMS.cal.com", "joerdis", "", None]
)
def test_it_never_mails_to_an_address_that_nobody_has(
    appointment: Appointment, customer: Customer, address: str | None
) -> None:
    Customer.objects.filter(pk=customer.pk).update(email=address)
    outbox.announce(change(Appointment.objects.get(pk=appointment.pk), attendee_email=address or ""), "confirmation")
    assert ("confirmation", "email") not in written(appointment)


def test_it_mails_to_the_attendee_before_the_customer(appointment: Appointment) -> None:
    outbox.announce(change(appointment, attendee_email="oskar@example.org"), "confirmation")
    assert written(appointment)["confirmation", "email"].recipient == "oskar@example.org"


def test_it_leaves_the_customer_to_calcom_when_the_company_wants_that(appointment: Appointment) -> None:
    appointment.company.calcom_handles_notifications = True
    appointment.company.save()
    outbox.announce(change(appointment, calcom_email="joerdis@example.org"), "confirmation")
    rows = written(appointment)
    for channel in ("sms", "email"):
        row = rows["confirmation", channel]
        assert (row.status, row.reason) == (Status.SKIPPED, Why.CALCOM_TELLS)
    assert rows["staff", "email"].status == Status.PENDING


def test_it_tells_whom_calcom_can_not_reach(appointment: Appointment) -> None:
    appointment.company.calcom_handles_notifications = True
    appointment.company.save()
    outbox.announce(change(appointment, calcom_email="kunde-1-0@kunden.askpro.example"), "confirmation")
    assert written(appointment)["confirmation", "sms"].status == Status.PENDING


def test_it_writes_in_the_language_of_the_reader(appointment: Appointment, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(language="en")
    outbox.announce(Appointment.objects.get(pk=appointment.pk), "confirmation")
    languages = {key: row.language for key, row in written(appointment).items()}
    assert languages == {("confirmation", "sms"): "en", ("confirmation", "email"): "en", ("staff", "email"): "de"}


def test_it_tells_the_branch_before_the_company(appointment: Appointment) -> None:
    assert appointment.branch is not None
    appointment.branch.notification_email = "mitte@lindenblatt.example.org"
    outbox.announce(appointment, "confirmation")
    assert written(appointment)["staff", "email"].recipient == "mitte@lindenblatt.example.org"


def test_it_confirms_what_was_booked_in_a_call_and_nothing_else(appointment: Appointment) -> None:
    waiting = Appointment.objects.get(pk=appointment.pk)
    waiting.pk, waiting.booking_key, waiting.status = None, "0" * 32, Appointment.Status.REQUESTED
    waiting.save()
    send_appointment_confirmation(call_id=appointment.call_id)
    send_appointment_confirmation(call_id=appointment.call_id)
    assert len(written(appointment)) == 3
    assert written(waiting) == {}


@pytest.mark.parametrize("news", ["rescheduled", "staff_changed"])
def test_a_confirmation_that_is_late_repeats_no_change_to_anybody(appointment: Appointment, news: str) -> None:
    outbox.announce(change(appointment, version=2), news)
    send_appointment_confirmation(call_id=appointment.call_id)
    assert {kind for kind, _ in written(appointment)} == {news}
