"""Events of bookings in every order: scenario 4, and what older events must never undo."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from appointments.calcom.booking import Status
from appointments.changes.adoption import NoCompany
from appointments.changes.mirror import Effect
from appointments.models import Appointment, CalcomUid, Detail, FollowUp
from appointments.tasks import cancel_surplus_bookings
from askpro.queues.testing import sent
from calls.models import BookingRequest, Staff
from notifications.models import Notification
from tests.appointments.news import LATER, STORY, hear, minute, ours, reserved, told_of
from tests.appointments.salon import HOST, WISH, branch, company, customer, service, staff, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def told(appointment: Appointment) -> list[tuple[str, int]]:
    rows = Notification.objects.filter(appointment=appointment).exclude(kind="staff")
    return list(dict.fromkeys(rows.order_by("id").values_list("kind", "version")))


@pytest.fixture
def salon() -> None:
    at = branch(company())
    service(at.company)
    staff(at)


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.usefixtures("salon")
def test_it_ends_cancelled_at_the_last_time_whatever_the_order(order: tuple[int, ...]) -> None:
    for index in [*order, *order]:
        hear(*STORY[index])
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("cancelled", "third")
    assert appointment.starts_at == LATER + timedelta(hours=1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.usefixtures("salon")
def test_it_ends_confirmed_at_the_last_time_whatever_the_order(order: tuple[int, ...]) -> None:
    for index in [*order, *order]:
        hear(*STORY[index])
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("confirmed", "third")
    assert appointment.starts_at == LATER + timedelta(hours=1)
    assert CalcomUid.objects.filter(appointment=appointment).count() == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_tells_our_caller_the_truth_once_whatever_the_order(order: tuple[int, ...]) -> None:
    wish = wished()
    appointment = reserved(wish)
    marked = [(replace(booking, metadata=ours(wish)["metadata"]), at) for booking, at in STORY[:3]]
    for index in order:
        hear(*marked[index])
    appointment.refresh_from_db()
    before = told(appointment)
    for index in order:
        hear(*marked[index])
    appointment.refresh_from_db()
    assert (appointment.status, appointment.calcom_uid) == ("confirmed", "third")
    assert told(appointment) == before
    assert before[-1][1] == appointment.version


def test_it_confirms_our_reservation_when_the_webhook_is_first() -> None:
    wish = wished()
    appointment = reserved(wish)
    done = hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    assert done.appointment == appointment and done.changed
    appointment.refresh_from_db()
    wish.refresh_from_db()
    assert (appointment.status, wish.status, wish.call.outcome) == ("confirmed", "booked", "booked")
    assert told(appointment) == [("confirmation", 1)]


def test_it_changes_nothing_when_it_hears_the_same_again() -> None:
    wish = wished()
    appointment = reserved(wish)
    booking = told_of(Status.ACCEPTED, **ours(wish))
    hear(booking, minute(0))
    again = hear(booking, minute(0))
    appointment.refresh_from_db()
    assert not again.changed
    assert (appointment.version, told(appointment)) == (1, [("confirmation", 1)])


def test_it_moves_the_appointment_to_the_new_uid_and_tells_the_customer() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    hear(told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid="first", **ours(wish)), minute(10))
    appointment.refresh_from_db()
    assert (appointment.calcom_uid, appointment.starts_at, appointment.previous_starts_at) == ("second", LATER, WISH)
    assert told(appointment) == [("confirmation", 1), ("rescheduled", 2)]


def test_it_tells_the_customer_of_a_cancellation() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    hear(told_of(Status.CANCELLED, cancellationReason="Krank"), minute(10))
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_at) == ("cancelled", minute(10))
    assert appointment.cancellation_reason == "Krank"
    assert told(appointment)[-1] == ("cancellation", 2)


def test_it_tells_nobody_of_the_cancellation_of_what_is_over(clock: Any) -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    clock.move_to(WISH + timedelta(hours=2))
    hear(told_of(Status.CANCELLED), WISH + timedelta(hours=2))
    assert ("cancellation", 2) not in told(appointment)


def test_it_hands_over_to_a_person_when_the_host_rejects() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.PENDING, **ours(wish)), minute(0))
    hear(told_of(Status.REJECTED), minute(5))
    appointment.refresh_from_db()
    wish.refresh_from_db()
    assert (appointment.status, wish.status) == ("cancelled", "follow_up")
    assert FollowUp.objects.get().reason == "refused"
    assert told(appointment) == [("requested", 1)]


def test_it_confirms_when_the_host_says_yes_and_forgets_a_late_request_for_it() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(5))
    hear(told_of(Status.PENDING, **ours(wish)), minute(0))
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


@pytest.mark.parametrize("later", [0, 5], ids=["the same news", "read again later"])
def test_a_move_that_waits_for_the_host_is_told_once(later: int) -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, "first", **ours(wish)), minute(0))
    for count in range(3):
        moved = told_of(Status.PENDING, "second", LATER, rescheduledFromUid="first", **ours(wish))
        hear(moved, minute(10 + count * later))
    assert told(appointment) == [("confirmation", 1), ("requested", 2)]


def test_it_waits_for_a_yes_again_when_a_confirmed_one_was_moved_on_request() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    hear(told_of(Status.PENDING, "second", LATER, rescheduledFromUid="first", **ours(wish)), minute(10))
    appointment.refresh_from_db()
    assert (appointment.status, told(appointment)) == ("requested", [("confirmation", 1), ("requested", 2)])
    hear(told_of(Status.ACCEPTED, "second", LATER, rescheduledFromUid="first", **ours(wish)), minute(20))
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"
    assert [kind for kind, _ in told(appointment)] == ["confirmation", "requested", "rescheduled"]


def test_it_never_confirms_another_time_than_asked() -> None:
    wish = wished()
    appointment = reserved(wish)
    done = hear(told_of(Status.ACCEPTED, start=LATER, **ours(wish)), minute(0))
    appointment.refresh_from_db()
    assert done.effect == Effect.OTHER_START
    assert (appointment.status, appointment.calcom_uid) == ("requested", None)


def test_it_settles_the_follow_up_when_cal_com_booked_after_we_gave_up() -> None:
    wish = wished()
    appointment = reserved(wish)
    appointment.give_up(Detail.TAKEN)
    wish.close(BookingRequest.Status.FOLLOW_UP)
    FollowUp.objects.create(
        company=wish.company, booking_request=wish, call=wish.call, reason="slot_gone", due_at=minute(120)
    )
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"
    assert FollowUp.objects.get().status == "obsolete"
    assert told(appointment) == [("confirmation", 1)]


def test_it_asks_a_person_when_cal_com_booked_after_one_had_taken_over() -> None:
    wish = wished()
    appointment = reserved(wish)
    appointment.give_up(Detail.TAKEN)
    wish.close(BookingRequest.Status.FOLLOW_UP)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    assert FollowUp.objects.get().reason == "mismatch"


def test_it_has_a_second_booking_of_one_wish_cancelled_and_keeps_the_first() -> None:
    wish = wished()
    appointment = reserved(wish)
    hear(told_of(Status.ACCEPTED, **ours(wish)), minute(0))
    done = hear(told_of(Status.ACCEPTED, "second", **ours(wish)), minute(1))
    appointment.refresh_from_db()
    assert (done.effect, appointment.calcom_uid) == (Effect.SURPLUS, "first")
    arguments = {"appointment_id": appointment.pk, "company_id": appointment.company_id}
    assert sent(cancel_surplus_bookings) == [arguments]
    hear(told_of(Status.CANCELLED, "second"), minute(2))
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


@pytest.mark.usefixtures("salon")
def test_it_adopts_a_booking_made_at_cal_com_and_leaves_its_mails_to_cal_com() -> None:
    known = customer(company_of_salon(), "+4915550100456")
    hear(told_of(Status.ACCEPTED), minute(0))
    appointment = Appointment.objects.get()
    assert (appointment.source, appointment.status, appointment.customer) == ("calcom", "confirmed", known)
    assert appointment.staff is not None and appointment.branch == appointment.staff.branch
    assert appointment.attendee_email == "ole.linde@example.org"
    assert told(appointment) == []


@pytest.mark.usefixtures("salon")
def test_it_mirrors_two_bookings_of_one_host_at_the_same_time() -> None:
    hear(told_of(Status.PENDING), minute(0))
    hear(told_of(Status.PENDING, "other"), minute(0))
    assert Appointment.objects.filter(status="requested").count() == 2


@pytest.mark.usefixtures("salon")
def test_it_makes_no_row_of_a_booking_that_had_ended_before_it_was_heard_of() -> None:
    assert hear(told_of(Status.CANCELLED), minute(0)).effect == Effect.ENDED_BEFORE
    assert not Appointment.objects.exists()


def test_it_says_so_when_no_company_has_the_event_type() -> None:
    with pytest.raises(NoCompany):
        hear(told_of(Status.ACCEPTED), minute(0))
    assert not Appointment.objects.exists()


def test_it_believes_our_key_within_its_own_company_only() -> None:
    wish = wished()
    appointment = reserved(wish)
    other = branch(company("praxis-esche"))
    service(other.company, 9999)
    hear(told_of(Status.ACCEPTED, eventTypeId=9999, **ours(wish)), minute(0))
    appointment.refresh_from_db()
    assert appointment.status == "requested"
    assert Appointment.objects.exclude(pk=appointment.pk).get().company == other.company


@pytest.mark.usefixtures("salon")
def test_it_does_not_reopen_what_took_place() -> None:
    hear(told_of(Status.ACCEPTED), minute(0))
    Appointment.objects.update(status="completed")
    hear(told_of(Status.ACCEPTED), minute(99))
    assert Appointment.objects.get().status == "completed"


@pytest.mark.usefixtures("salon")
def test_it_keeps_newer_facts_when_older_ones_arrive_later() -> None:
    hear(told_of(Status.ACCEPTED, start=LATER), minute(10))
    hear(told_of(Status.ACCEPTED, start=WISH), minute(5))
    assert Appointment.objects.get().starts_at == LATER


def test_it_links_a_host_by_a_unique_address() -> None:
    at = branch(company())
    service(at.company)
    mara = staff(at, calcom_user_id=None)
    hear(told_of(Status.ACCEPTED), minute(0))
    mara.refresh_from_db()
    assert mara.calcom_user_id == HOST
    assert Appointment.objects.get().staff == mara


def company_of_salon() -> Any:
    return Staff.objects.get(calcom_user_id=HOST).company
