"""For all outcomes of a customer's messages: the customer was told, or a person is asked to call, once."""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from appointments.models import Appointment, FollowUp
from askpro.queues.errors import Release
from calls.models import Customer
from notifications import outbox, sms
from notifications.delivery import outcome, untold
from notifications.models import Notification
from notifications.opt_outs import opt_out
from notifications.twilio.errors import REACTIONS, Reaction
from notifications.why import Why
from tests.locks import somebody_waits
from tests.notifications.scene import MOBILE, NOW, announced, change
from tests.notifications.twilio_api import SERVICE
from tests.queues.queues_run import wait_until

Channel, Status = Notification.Channel, Notification.Status
KINDS = ["confirmation", "rescheduled", "cancellation", "staff_changed", "requested"]
STATUS = {"cancellation": "cancelled", "requested": "requested"}
SID = f"SM{9:032x}"
REFUSED = {reaction: code for code, reaction in REACTIONS.items()}

Setting = Callable[[Appointment], Any]
Playing = Callable[[Notification, time_machine.Traveller], Any]


def customer_with(**values: Any) -> Setting:
    return lambda appointment: Customer.objects.filter(pk=appointment.customer_id).update(**values)


def company_with(**values: Any) -> Setting:
    def setting(appointment: Appointment) -> None:
        for name, value in values.items():
            setattr(appointment.company, name, value)
        appointment.company.save()

    return setting


def refused(reaction: Reaction) -> Playing:
    def playing(row: Notification, clock: time_machine.Traveller) -> None:
        row.claim(text="Termin")
        row.mark_failed(reaction, {"code": REFUSED[reaction]}, error_code=str(REFUSED[reaction]))

    return playing


def reported(*reports: tuple[str, int | None]) -> Playing:
    """Twilio takes the message and reports on it; a resend has the same outcome."""

    def playing(row: Notification, clock: time_machine.Traveller) -> None:
        for sid in (SID, SID.replace("SM", "SN")):
            row.refresh_from_db()
            if row.status != Status.PENDING:
                return
            row.claim(text="Termin")
            row.mark_sent(sid, "queued")
            for status, code in reports:
                outcome.apply(outcome.Report(sid, status, code), outcome.locked(pk=row.pk))

    return playing


def waits(why: Why) -> Playing:
    def playing(row: Notification, clock: time_machine.Traveller) -> None:
        row.claim(text="Termin")
        row.give_back(why)

    return playing


def unknown(row: Notification, clock: time_machine.Traveller) -> None:
    row.claim(text="Termin")
    row.mark_unknown(Why.MAYBE_SENT)


def quiet_until_it_begins(row: Notification, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 12, 1, 21, 30, tzinfo=UTC))
    change(row.appointment, starts_at=datetime(2026, 12, 2, 6, 30, tzinfo=UTC))
    sms.send(Notification.objects.get(pk=row.pk))


def cap_reached(row: Notification, clock: time_machine.Traveller) -> None:
    """The message is held back if it is the first one; otherwise it is sent and arrives."""
    if row.kind == "confirmation":
        row.skip(Why.ENOUGH_TODAY, {"count": 3})
    else:
        reported(("delivered", None))(row, clock)


def nothing(*_: Any) -> None:
    pass


arrives = reported(("sent", None), ("delivered", None))
# The set-up, and what happens then → whether the customer was told by SMS.
SMS: dict[str, tuple[Setting, Playing, bool]] = {
    "delivered": (nothing, arrives, True),
    "sent, and no report comes": (nothing, reported(("sent", None)), True),
    "queued, and no report comes": (nothing, reported(), False),
    "no consent": (customer_with(sms_consent_at=None), nothing, False),
    "opted out": (lambda appointment: opt_out(MOBILE, [SERVICE]), nothing, False),
    "no number": (customer_with(phone=None), nothing, False),
    "no mobile": (customer_with(phone="+493023125177"), nothing, False),
    "no customer": (lambda appointment: change(appointment, customer=None), nothing, False),
    "no SMS at all": (company_with(sms_enabled=False), nothing, False),
    "Cal.com tells, by mail to nobody": (company_with(calcom_handles_notifications=True), arrives, True),
    "Cal.com tells, by mail to nobody, and no consent": (
        lambda appointment: (
            company_with(calcom_handles_notifications=True)(appointment),
            customer_with(sms_consent_at=None)(appointment),
        ),
        nothing,
        False,
    ),
    "quiet until it begins": (nothing, quiet_until_it_begins, False),
    "too many today": (nothing, cap_reached, False),
    "undelivered": (nothing, reported(("undelivered", None)), False),
    "cancelled at Twilio": (nothing, reported(("canceled", None)), False),
    "handset off twice": (nothing, reported(("undelivered", 30003)), False),
    "unknown number": (nothing, reported(("sent", None), ("undelivered", 30005)), False),
    "filtered": (nothing, reported(("undelivered", 30007)), False),
    "lost, then arrived": (nothing, reported(("undelivered", None), ("delivered", None)), True),
    "unclear answer": (nothing, unknown, False),
    **{f"waits: {why}": (nothing, waits(why), False) for why in (Why.NO_ANSWER, Why.PAUSE, Why.REFUSED_US)},
    **{f"refused: {reaction}": (nothing, refused(reaction), False) for reaction in REFUSED},
}
MAIL: dict[str, tuple[Playing | None, bool]] = {
    "no address": (None, False),
    "sent": (lambda row, clock: (row.claim(text=""), row.mark_sent()), True),
    "refused": (lambda row, clock: (row.claim(text=""), row.mark_failed(Why.MAIL_REFUSED, {"code": 550})), False),
    "server away": (waits(Why.NO_ANSWER), False),
}
CELLS = list(product(KINDS, SMS, MAIL))
# CI runs each outcome of an SMS once without an e-mail address, and each of a mail with a failed SMS.
SAMPLE = {(KINDS[n % 5], name, "no address") for n, name in enumerate(SMS)}
SAMPLE |= {(KINDS[n % 3], "filtered", name) for n, name in enumerate(MAIL)} | {("cancellation", "no consent", "sent")}


def about(appointment: Appointment, kind: str) -> Appointment:
    return change(appointment, status=STATUS.get(kind, "confirmed"), version=1 if kind == "confirmation" else 2)


@pytest.mark.parametrize(
    ("kind", "by_sms", "by_mail"),
    [cell if cell in SAMPLE else pytest.param(*cell, marks=pytest.mark.long) for cell in CELLS],
)
def test_somebody_is_told_or_one_person_is_asked(
    appointment: Appointment, clock: time_machine.Traveller, kind: str, by_sms: str, by_mail: str
) -> None:
    setting, play_sms, told_by_sms = SMS[by_sms]
    play_mail, told_by_mail = MAIL[by_mail]
    told_by_sms |= by_sms == "too many today" and kind != "confirmation"
    customer_with(email="joerdis@example.org" if play_mail else None)(appointment)
    change(
        appointment,
        calcom_email="kunde-1-0@kunden.askpro.example",
        attendee_email="joerdis@example.org" if play_mail else "",
    )
    setting(appointment)
    outbox.announce(Appointment.objects.get(pk=about(appointment, kind).pk), kind)
    for channel, play in ((Channel.SMS, play_sms), (Channel.EMAIL, play_mail)):
        for row in Notification.objects.filter(kind=kind, channel=channel, status=Status.PENDING):
            assert play is not None
            play(row, clock)
    for _ in range(3):
        clock.shift(timedelta(minutes=20))
        untold.sweep()

    asked = list(FollowUp.objects.filter(reason="untold", status="open"))
    assert len(asked) == (0 if told_by_sms or told_by_mail else 1)
    assert Notification.objects.filter(follow_up__in=asked).count() == len(asked), "staff hear of it once"
    for follow_up in asked:
        assert MOBILE in follow_up.told() and "konnte nicht benachrichtigt werden" in follow_up.told()


def silent(appointment: Appointment, kind: str = "cancellation") -> FollowUp:
    """The customer could not be told, and a person is asked to call."""
    customer_with(email=None)(appointment)
    row = announced(Appointment.objects.get(pk=about(appointment, kind).pk), Channel.SMS, kind)
    reported(("undelivered", 30007))(row, None)
    return FollowUp.objects.get(reason="untold", status="open")


def test_what_arrives_after_all_settles_it(appointment: Appointment) -> None:
    asked = silent(appointment)
    row = Notification.objects.get(channel=Channel.SMS)
    outcome.apply(outcome.Report(SID, "delivered"), outcome.locked(pk=row.pk))
    asked.refresh_from_db()
    assert (asked.status, asked.note_told()) == ("obsolete", "Der Kunde wurde doch noch benachrichtigt.")


def test_a_person_who_has_phoned_is_not_asked_again_about_the_same(appointment: Appointment, admin_user: Any) -> None:
    asked = silent(appointment)
    assert asked.resolve(admin_user, "Angerufen.")
    untold.judge(appointment.pk, "cancellation")
    untold.sweep()
    assert FollowUp.objects.filter(reason="untold").count() == 1


def test_the_next_change_is_another_truth(appointment: Appointment, admin_user: Any) -> None:
    first = silent(appointment, "rescheduled")
    Customer.objects.update(sms_consent_at=None)
    change(appointment, version=3)
    outbox.announce(Appointment.objects.get(), "rescheduled")
    first.refresh_from_db()
    assert (first.status, first.settled_by) == ("obsolete", "changed_meanwhile")
    assert FollowUp.objects.filter(reason="untold", status="open", topic="untold:3").count() == 1


@pytest.mark.parametrize("change_of", [{"status": "cancelled"}, {"starts_at": NOW - timedelta(minutes=1)}])
def test_nobody_is_asked_about_what_is_over(appointment: Appointment, change_of: dict[str, Any]) -> None:
    row = announced(appointment, Channel.SMS)
    change(appointment, **change_of)
    Notification.objects.exclude(pk=row.pk).delete()
    reported(("undelivered", 30007))(row, None)
    assert not FollowUp.objects.exists()


def test_a_night_is_waited_for_and_then_the_message_goes_out(
    appointment: Appointment, clock: time_machine.Traveller
) -> None:
    customer_with(email=None)(appointment)
    clock.move_to(datetime(2026, 12, 1, 21, 30, tzinfo=UTC))
    row = announced(Appointment.objects.get(), Channel.SMS)
    with pytest.raises(Release):
        sms.send(row)
    clock.move_to(datetime(2026, 12, 2, 6, 59, tzinfo=UTC))
    untold.sweep()
    untold.judge(appointment.pk, "confirmation")
    assert not FollowUp.objects.exists()


def test_one_appointment_that_cannot_be_judged_stops_no_other(
    appointment: Appointment, clock: time_machine.Traveller
) -> None:
    customer_with(email=None)(appointment)
    other = Appointment.objects.get(pk=appointment.pk)
    other.pk, other.booking_key, other.booking_request = None, uuid.uuid4(), None
    other.save()
    for each in (appointment, other):
        waits(Why.NO_ANSWER)(announced(Appointment.objects.get(pk=each.pk), Channel.SMS), clock)
    with connection.cursor() as cursor:
        check = f"CHECK (appointment_id <> {appointment.pk})"
        cursor.execute(f"ALTER TABLE appointments_followup ADD CONSTRAINT cannot_be_written {check}")
    clock.shift(untold.PATIENCE + timedelta(minutes=1))
    untold.sweep()
    assert FollowUp.objects.get().appointment == other


def test_the_nearer_the_appointment_the_sooner_a_person_is_asked(
    appointment: Appointment, clock: time_machine.Traveller
) -> None:
    customer_with(email=None)(appointment)
    change(appointment, starts_at=NOW + timedelta(minutes=30), ends_at=NOW + timedelta(minutes=60))
    waits(Why.NO_ANSWER)(announced(Appointment.objects.get(), Channel.SMS), clock)
    clock.shift(timedelta(minutes=14))
    untold.sweep()
    assert not FollowUp.objects.exists()
    clock.shift(timedelta(minutes=2))
    untold.sweep()
    assert FollowUp.objects.get().due_at <= NOW + timedelta(minutes=30)


def test_the_mail_says_when_and_whom_to_call(appointment: Appointment, mailoutbox: list[Any]) -> None:
    from notifications.tasks import send_email_notification

    asked = silent(appointment)
    send_email_notification(Notification.objects.get(follow_up=asked).pk)
    [message] = mailoutbox
    assert message.subject == "Bitte zurückrufen: Kunde nicht benachrichtigt"
    assert "Der Termin wurde abgesagt" in message.body and MOBILE in message.body
    assert "Donnerstag, 03.12.2026, 14:00 Uhr" in message.body


@pytest.mark.django_db(transaction=True)
def test_two_channels_that_fail_at_once_do_not_count_on_each_other(appointment: Appointment) -> None:
    outbox.announce(appointment, "confirmation")
    rows = list(Notification.objects.exclude(kind="staff"))
    for row in rows:
        row.claim(text="")
    together = threading.Barrier(len(rows))

    def fail(row: Notification) -> None:
        together.wait(5)
        row.mark_failed(Why.GIVEN_UP)
        connection.close()

    threads = [threading.Thread(target=fail, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert FollowUp.objects.filter(reason="untold").count() == 1


def _report_lost(row: Notification) -> None:
    with transaction.atomic():
        outcome.apply(outcome.Report(SID, "undelivered", 30006), outcome.locked(pk=row.pk))


ENDS: dict[str, Callable[[Notification], object]] = {
    "sent": lambda row: row.mark_sent(SID, "queued"),
    "failed": lambda row: row.mark_failed(Why.GIVEN_UP),
    "unknown too often": lambda row: row.reopen(),
    "reported as lost": _report_lost,
    "skipped": lambda row: row.skip(Why.JOB_CANCELLED),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize("end", ENDS)
def test_a_message_ends_beside_what_changes_its_appointment(appointment: Appointment, channel: str, end: str) -> None:
    row = announced(appointment, channel)
    if end != "skipped":
        row.claim(text="Termin")
    Notification.objects.filter(pk=row.pk).update(reopened=row.MOST_REOPENED[row.channel])
    row.refresh_from_db()
    failures: list[DatabaseError] = []

    def end_it() -> None:
        try:
            ENDS[end](row)
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    ending = threading.Thread(target=end_it)
    with transaction.atomic():
        held = Appointment.objects.select_for_update().get(pk=appointment.pk)
        ending.start()
        assert wait_until(somebody_waits, 5)
        # It finds the existing rows, in any state.
        outbox.announce(held, "confirmation")
    ending.join(10)
    row.refresh_from_db()
    assert not failures
    assert row.is_over
