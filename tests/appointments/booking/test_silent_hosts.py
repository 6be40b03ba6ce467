"""A person is told, once, of a booking that waits for the host's approval or a payment; none waits unnoticed."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.booking import silent_hosts
from appointments.calcom.booking import Status
from appointments.models import Appointment, FollowUp
from appointments.sweepers import ask_silent_hosts
from appointments.tasks import create_appointment_from_call
from calls.models import Service
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.news import hear, minute, ours, reserved, told_of
from tests.appointments.salon import NOW, WISH, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def held(calendar: CalcomStub) -> Appointment:
    """A booking that is pending at Cal.com."""
    calendar.status = "pending"
    create_appointment_from_call(call_id=wished().call_id)
    return Appointment.objects.get()


def messages(appointment: Appointment) -> list[str]:
    rows = Notification.objects.filter(appointment=appointment, channel="sms").order_by("id")
    return list(rows.values_list("kind", flat=True))


def open_reasons() -> list[str]:
    return list(FollowUp.objects.filter(status="open").values_list("reason", flat=True))


def test_the_customer_is_told_once_what_holds(held: Appointment) -> None:
    pending = told_of(Status.PENDING, held.calcom_uid or "", metadata={"askpro_booking_key": str(held.booking_key)})
    for count in range(3):
        hear(pending, minute(count))
    assert messages(held) == ["requested"]


@pytest.mark.parametrize(
    ("notice", "after", "asked"),
    [
        (60, silent_hosts.ASK_AFTER - timedelta(minutes=1), False),
        (60, silent_hosts.ASK_AFTER + timedelta(minutes=1), True),
        (60, WISH - NOW - timedelta(minutes=59), True),
        # The minimum notice is three days and the appointment in three days, so there is no time to wait.
        (3 * 24 * 60, timedelta(hours=3, minutes=1), True),
        (3 * 24 * 60, timedelta(hours=2, minutes=59), False),
    ],
)
def test_a_person_asks_after_hours_or_before_the_notice_begins(
    held: Appointment, clock: Any, notice: int, after: timedelta, asked: bool
) -> None:
    Service.objects.update(minimum_notice_minutes=notice)
    clock.move_to(NOW + after)
    for _ in range(3):
        ask_silent_hosts()
    assert open_reasons() == (["no_answer"] if asked else [])


def test_it_is_asked_once_per_wait_even_when_a_person_has_settled_it(held: Appointment, clock: Any) -> None:
    clock.shift(5 * 3600)
    ask_silent_hosts()
    FollowUp.objects.get().resolve(None)
    ask_silent_hosts()
    assert FollowUp.objects.count() == 1


def test_a_no_that_comes_after_a_person_has_asked_the_host_is_somebodys_work(held: Appointment, clock: Any) -> None:
    clock.shift(5 * 3600)
    ask_silent_hosts()
    FollowUp.objects.get().resolve(None, "The host will say.")
    rejected = told_of(Status.REJECTED, held.calcom_uid or "")
    for count in range(2):
        hear(rejected, minute(5 * 60 + 10 + count))
    assert open_reasons() == ["refused"]


@pytest.mark.parametrize(("word", "becomes"), [("accepted", "confirmed"), ("rejected", "cancelled")])
def test_it_settles_itself_when_the_word_comes(held: Appointment, clock: Any, word: str, becomes: str) -> None:
    clock.shift(5 * 3600)
    ask_silent_hosts()
    hear(told_of(Status(word), held.calcom_uid or ""), minute(5 * 60 + 10))
    held.refresh_from_db()
    assert held.status == becomes
    assert FollowUp.objects.get(reason="no_answer").status == "obsolete"
    assert open_reasons() == ([] if word == "accepted" else ["refused"])
    assert messages(held) == (["requested", "confirmation"] if word == "accepted" else ["requested"])


def test_a_second_wait_is_asked_again(clock: Any) -> None:
    wish = wished()
    appointment = reserved(wish, calcom_email="ole.linde@example.org")
    hear(told_of(Status.PENDING, **ours(wish)), minute(0))
    clock.shift(5 * 3600)
    ask_silent_hosts()
    hear(told_of(Status.ACCEPTED), minute(310))
    hear(told_of(Status.PENDING, "second", WISH + timedelta(days=1), **ours(wish)), minute(320))
    ask_silent_hosts()
    assert open_reasons() == []
    clock.shift(5 * 3600)
    ask_silent_hosts()
    assert open_reasons() == ["no_answer"]
    appointment.refresh_from_db()
    assert messages(appointment) == ["requested", "confirmation", "requested"]


def test_neither_reservations_nor_strangers_are_asked_about(clock: Any) -> None:
    wish = wished()
    reserved(wish)
    hear(told_of(Status.PENDING, "stranger"), minute(0))
    clock.shift(24 * 3600)
    ask_silent_hosts()
    assert open_reasons() == []
