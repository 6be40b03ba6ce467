"""Reason by reason: which later success settles a follow-up, and which leaves it to a person."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import transaction

from appointments import follow_ups
from appointments.changes import consequences, history
from appointments.models import Appointment, Change, Detail, FollowUp
from calls.models import BookingRequest
from notifications import outbox
from notifications.delivery import untold
from notifications.models import Notification
from tests.appointments.salon import NOW, WISH, request, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Reason = FollowUp.Reason
Status = Appointment.Status


def appointment(wish: BookingRequest, of: BookingRequest | None = None, **values: Any) -> Appointment:
    row = {"status": Status.CONFIRMED, "starts_at": WISH, "calcom_uid": "uid", "attendee_name": "Ole Linde"} | values
    return Appointment.objects.create(
        company=wish.company,
        branch=wish.where,
        customer=wish.who,
        booking_request=of,
        call=wish.call,
        service=wish.service,
        ends_at=row["starts_at"] + timedelta(minutes=30),
        **row,
    )


def booked(wish: BookingRequest, about: Appointment) -> None:
    """The wish itself is booked."""
    Appointment.objects.filter(pk=about.pk).update(booking_request=wish)
    consequences.settle_request(Appointment.objects.get(pk=about.pk), revived=False)


def booked_by_another_wish(wish: BookingRequest, about: Appointment) -> None:
    """The same person calls again, and gets the same service."""
    again = request(wish.call, ordinal=2)
    consequences.settle_request(appointment(wish, again, calcom_uid="other"), revived=False)


def moved(wish: BookingRequest, about: Appointment) -> None:
    _changed(about, Status.CONFIRMED, WISH + timedelta(hours=1))


def cancelled_there(wish: BookingRequest, about: Appointment) -> None:
    _changed(about, Status.CANCELLED, WISH)


def cancelled_as_wished(wish: BookingRequest, about: Appointment) -> None:
    Change.objects.create(company=wish.company, appointment=about, kind="cancel", channel="sms", before=WISH)
    _changed(about, Status.CANCELLED, WISH)


def surplus_cancelled(wish: BookingRequest, about: Appointment) -> None:
    follow_ups.settle_not_cancelled(about)


def call_read(wish: BookingRequest, about: Appointment) -> None:
    assert wish.call is not None
    follow_ups.make_call_obsolete(wish.call, Detail.READ_AFTER_ALL)


def told(wish: BookingRequest, about: Appointment) -> None:
    outbox.announce(about, "confirmation")
    Notification.objects.filter(channel="sms").update(status="delivered")
    untold.judge(about.pk, "confirmation")


def as_wished_after_all(wish: BookingRequest, about: Appointment) -> None:
    """The wished person holds it."""
    member = wish.company.staff.get()
    BookingRequest.objects.filter(pk=wish.pk).update(staff=member)
    Appointment.objects.filter(pk=about.pk).update(booking_request=wish, staff=member)
    consequences.note_host(Appointment.objects.get(pk=about.pk), is_moved=True)


SUCCESSES: Final[tuple[Callable[[BookingRequest, Appointment], None], ...]] = (
    booked,
    booked_by_another_wish,
    moved,
    cancelled_there,
    cancelled_as_wished,
    surplus_cancelled,
    call_read,
    told,
    as_wished_after_all,
)
OWN: Final = (booked,)
ANY: Final = (booked, booked_by_another_wish)
# All that is missing here is left to a person, whatever happens later.
SETTLES: Final[dict[FollowUp.Reason, tuple[Callable[[BookingRequest, Appointment], None], ...]]] = {
    Reason.SLOT_GONE: ANY,
    Reason.UNCLEAR: ANY,
    Reason.INCOMPLETE: ANY,
    Reason.TOO_SOON: ANY,
    Reason.REFUSED: ANY,
    Reason.UNKNOWN_SERVICE: OWN,
    Reason.NOT_BOOKABLE: OWN,
    Reason.UNKNOWN_BRANCH: OWN,
    Reason.NO_ANSWER: OWN,
    Reason.OTHER_TIME: OWN,
    Reason.PROVIDER_DOWN: OWN,
    Reason.JOB_DEAD: OWN,
    Reason.CALLBACK: OWN,
    Reason.UNKNOWN_STAFF: (as_wished_after_all,),
    Reason.NOT_CANCELLED: (surplus_cancelled,),
    Reason.WANTS_MOVE: (moved, cancelled_as_wished),
    Reason.WANTS_CANCEL: (cancelled_there, cancelled_as_wished),
    Reason.UNTOLD: (told,),
}
OF_CALL: Final = (Reason.LOST_CALL, Reason.JOB_DEAD, Reason.REVIEW)


@pytest.mark.parametrize("reason", Reason)
def test_it_is_settled_by_what_succeeds_after_all_and_by_nothing_else(reason: FollowUp.Reason) -> None:
    wish = wished()
    about = appointment(wish)
    opened = follow_ups.open_for(wish, reason, Detail.TAKEN)
    FollowUp.objects.filter(pk=opened.pk).update(appointment=about)
    settled = []
    for success in SUCCESSES:
        with transaction.atomic():
            success(wish, Appointment.objects.get(pk=about.pk))
            if FollowUp.objects.get(pk=opened.pk).status == FollowUp.Status.OBSOLETE:
                settled.append(success)
            transaction.set_rollback(True)
    assert set(settled) == set(SETTLES.get(reason, ()))


@pytest.mark.parametrize("reason", OF_CALL)
def test_what_is_asked_about_a_whole_call_is_settled_when_it_is_read_after_all(reason: FollowUp.Reason) -> None:
    wish = wished()
    assert wish.call is not None
    opened = follow_ups.open_for_call(wish.call, reason, Detail.CALL_UNKNOWN)
    call_read(wish, appointment(wish))
    opened.refresh_from_db()
    assert (opened.status == FollowUp.Status.OBSOLETE) is (reason != Reason.REVIEW)


@pytest.mark.parametrize(
    ("values", "settled"),
    [
        ({}, True),
        ({"attendee_name": ""}, True),
        ({"attendee_name": "Ina Linde"}, False),  # the daughter's
        ({"customer": None}, False),
        ({"service": None}, False),
    ],
)
def test_another_booking_settles_a_wish_only_if_it_is_the_same(values: dict[str, Any], settled: bool) -> None:
    wish = wished()
    opened = follow_ups.open_for(wish, Reason.SLOT_GONE, Detail.TAKEN)
    other = appointment(wish, request(wish.call, ordinal=2))
    Appointment.objects.filter(pk=other.pk).update(**values)
    consequences.settle_request(Appointment.objects.get(pk=other.pk), revived=False)
    opened.refresh_from_db()
    assert (opened.status == FollowUp.Status.OBSOLETE) is settled


def test_a_customer_who_books_at_calcom_is_not_called_back() -> None:
    wish = wished()
    opened = follow_ups.open_for(wish, Reason.SLOT_GONE, Detail.TAKEN)
    consequences.settle_request(appointment(wish, None, source="calcom"), revived=False)
    opened.refresh_from_db()
    assert opened.note_told("en") == "Booked in the meantime."


def _changed(about: Appointment, status: Appointment.Status, starts_at: Any) -> None:
    """Cal.com's news about the appointment."""
    before = history.Before.of(about)
    Appointment.objects.filter(pk=about.pk).update(
        status=status, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), calcom_event_at=NOW
    )
    history.note(Appointment.objects.get(pk=about.pk), before)
