"""Where Cal.com tells its attendees itself, AskPro does not: every kind of message, every channel, on and off."""

from datetime import timedelta
from typing import Final

import pytest

from appointments.models import Appointment, Detail, FollowUp
from notifications import callers, outbox
from notifications.models import Notification
from notifications.models.variable import channels
from notifications.reminding.channels import way_to
from notifications.why import Why
from tests.notifications.scene import MOBILE, NOW, change

Kind = Notification.Kind
Status = Appointment.Status
# Cal.com knows of these, and mails its attendee about them.
ANNOUNCED: Final = {
    Kind.CONFIRMATION: Status.CONFIRMED,
    Kind.REQUESTED: Status.REQUESTED,
    Kind.RESCHEDULED: Status.CONFIRMED,
    Kind.STAFF_CHANGED: Status.CONFIRMED,
    Kind.CANCELLATION: Status.CANCELLED,
}
# It knows nothing of what is said between the customer and us.
OURS: Final = {Kind.CANCEL_QUESTION, Kind.CALLBACK, Kind.OFFER, Kind.OFFER_GONE}
REAL, MADE_UP = "joerdis@example.org", "kunde-1-0@kunden.askpro.example"


def calcom_tells(appointment: Appointment, is_on: bool, address: str = REAL) -> Appointment:
    appointment.company.calcom_handles_notifications = is_on
    appointment.company.save()
    return change(appointment, calcom_email=address)


def test_every_kind_to_customers_is_decided_on() -> None:
    assert {*ANNOUNCED, *Notification.REMINDERS, *OURS, *Notification.TO_STAFF} == {*Kind}


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("channel", Notification.Channel.values)
@pytest.mark.parametrize("kind", ANNOUNCED)
def test_it_is_left_to_calcom_where_that_is_switched_on(
    appointment: Appointment, kind: Notification.Kind, channel: str, is_on: bool
) -> None:
    assert channel in channels(kind)
    about = change(calcom_tells(appointment, is_on), status=ANNOUNCED[kind])
    outbox.announce(about, kind)
    row = Notification.objects.get(appointment=about, kind=kind, channel=channel)
    left = (Notification.Status.SKIPPED, Why.CALCOM_TELLS)
    assert (row.status, row.reason) == (left if is_on else (Notification.Status.PENDING, ""))


@pytest.mark.parametrize("kind", ANNOUNCED)
def test_whom_calcom_can_not_reach_is_told_by_sms(appointment: Appointment, kind: Notification.Kind) -> None:
    about = change(calcom_tells(appointment, True, MADE_UP), status=ANNOUNCED[kind])
    outbox.announce(about, kind)
    row = Notification.objects.get(appointment=about, kind=kind, channel="sms")
    assert row.status == Notification.Status.PENDING


@pytest.mark.parametrize(("address", "is_left"), [(REAL, True), (MADE_UP, False)])
def test_so_are_reminders(appointment: Appointment, address: str, is_left: bool) -> None:
    way = way_to(calcom_tells(appointment, True, address))
    assert (way == Why.CALCOM_TELLS) is is_left


def test_what_is_between_the_customer_and_us_is_said_all_the_same(appointment: Appointment) -> None:
    about = calcom_tells(appointment, True)
    asked = outbox.ask_back(about, MOBILE)
    assert asked is not None and asked.status == Notification.Status.PENDING
    follow_up = FollowUp.objects.create(
        company=about.company,
        branch=about.branch,
        customer=about.customer,
        appointment=about,
        reason=FollowUp.Reason.WANTS_MOVE,
        detail=Detail.ABOUT,
        due_at=NOW + timedelta(hours=2),
    )
    [told] = callers.tell(follow_up, about)
    assert (told.kind, told.status) == (Kind.CALLBACK, Notification.Status.PENDING)
