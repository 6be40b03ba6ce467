"""Our appointments beside the bookings at Cal.com: each difference is named, whichever side it is on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from appointments.balance import calcom
from appointments.models import Appointment, CalcomUid
from askpro.commands.balance import Finding, Span
from tests import gates
from tests.appointments import salon
from tests.appointments.balance.salon_at_work import SalonAtWork, salon_at_work
from tests.appointments.calcom_stub import CalcomStub, error
from tests.appointments.salon import EVENT_TYPE, NOW

pytestmark = pytest.mark.django_db

OURS, THEIRS = "an_appointment_is_booked_at_cal_com", "a_booking_at_cal_com_has_its_appointment"


@pytest.fixture
def world(calendar: CalcomStub, clock: Any) -> SalonAtWork:
    made = salon_at_work()
    clock.shift(60)
    return made


def found(**span: Any) -> list[Finding]:
    now = timezone.now()
    return list(calcom.findings(Span(**{"since": now - timedelta(days=7), "until": now} | span)))


def there(calendar: CalcomStub, appointment: Appointment) -> dict[str, Any]:
    return next(booking for booking in calendar.bookings if booking["uid"] == appointment.calcom_uid)


def test_what_is_the_same_on_both_sides_adds_up(world: SalonAtWork) -> None:
    assert found() == []


@pytest.mark.parametrize("state", ["cancelled", "rejected", "pending"])
def test_an_appointment_in_another_state_there_is_found(world: SalonAtWork, calendar: CalcomStub, state: str) -> None:
    there(calendar, world.booked)["status"] = state
    (finding,) = found()
    assert (finding.rule, finding.id) == (OURS, world.booked.pk)
    assert finding.found == f"it is {state} there"


def test_an_appointment_at_another_time_there_is_found(world: SalonAtWork, calendar: CalcomStub) -> None:
    there(calendar, world.booked)["start"] = "2026-12-03T12:30:00.000Z"
    (finding,) = found()
    assert (finding.rule, finding.id) == (OURS, world.booked.pk)
    assert finding.found == "it begins at 2026-12-03 12:30 UTC there"


def test_an_appointment_that_is_not_there_is_found(world: SalonAtWork, calendar: CalcomStub) -> None:
    calendar.bookings.remove(there(calendar, world.booked))
    (finding,) = found()
    assert (finding.rule, finding.id, finding.found) == (OURS, world.booked.pk, "Cal.com has no such booking")


def test_one_whose_service_is_no_longer_listed_is_asked_for_by_itself(world: SalonAtWork, calendar: CalcomStub) -> None:
    there(calendar, world.booked)["eventTypeId"] = 9999
    assert found() == []
    assert calendar.asked(f"GET /v2/bookings/{world.booked.calcom_uid}") == 1


def test_a_booking_that_we_do_not_know_is_found_and_its_uid_is_kept_secret(
    world: SalonAtWork, calendar: CalcomStub
) -> None:
    booking = calendar.book("2026-12-04T10:00:00+00:00", eventTypeId=EVENT_TYPE)
    (finding,) = found()
    assert (finding.rule, finding.id) == (THEIRS, booking["id"])
    assert booking["uid"] not in str(finding)
    assert finding.advice == "sync_calcom --company salon-birke --now, then balance again"


def test_a_booking_of_an_appointment_that_is_cancelled_here_is_found(world: SalonAtWork, calendar: CalcomStub) -> None:
    there(calendar, world.cancelled)["status"] = "accepted"
    (finding,) = found()
    assert (finding.rule, finding.found) == (THEIRS, f"appointment {world.cancelled.pk} is cancelled")


def test_a_second_booking_of_one_wish_is_found_unless_it_is_being_cancelled(
    world: SalonAtWork, calendar: CalcomStub
) -> None:
    first = there(calendar, world.booked)
    second = calendar.book("2026-12-03T13:00:00+00:00", eventTypeId=EVENT_TYPE, metadata=first["metadata"])
    assert [finding.rule for finding in found()] == [THEIRS]
    CalcomUid.objects.create(company=world.booked.company, uid=second["uid"], surplus_since=NOW)
    assert found() == []


def test_what_began_before_the_company_was_connected_is_nobodys_fault(world: SalonAtWork, calendar: CalcomStub) -> None:
    calendar.book("2026-11-26T10:00:00+00:00", eventTypeId=EVENT_TYPE)
    assert found() == []


def test_what_is_changed_while_the_two_are_compared_is_left_out(
    world: SalonAtWork, calendar: CalcomStub, clock: Any
) -> None:
    there(calendar, world.booked)["status"] = "cancelled"
    Appointment.objects.filter(pk=world.booked.pk).update(updated_at=timezone.now() + timedelta(seconds=1))
    assert found() == []


def test_a_part_of_the_past_is_compared_alone(world: SalonAtWork, calendar: CalcomStub, clock: Any) -> None:
    clock.move_to(datetime(2026, 12, 20, tzinfo=UTC))
    there(calendar, world.booked)["status"] = "cancelled"
    day = datetime(2026, 12, 3, tzinfo=UTC)
    assert [finding.id for finding in found(since=day, until=day + timedelta(days=1))] == [world.booked.pk]
    assert found(since=day + timedelta(days=2), until=day + timedelta(days=3)) == []


def test_a_list_of_several_pages_is_read_to_its_end(
    world: SalonAtWork, calendar: CalcomStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appointments.calcom.client.PAGE", 2)
    monkeypatch.setattr("appointments.calcom.client.PAGE_OVERLAP", 1)
    booking = calendar.book("2026-12-04T10:00:00+00:00", eventTypeId=EVENT_TYPE)
    assert [finding.id for finding in found()] == [booking["id"]]
    assert calendar.asked("GET /v2/bookings") > 2


def test_a_calcom_that_does_not_answer_is_a_finding_and_the_next_company_is_compared_all_the_same(
    world: SalonAtWork, calendar: CalcomStub
) -> None:
    other = salon.company("salon-buche", calcom_api_key="cal_test_buche")
    salon.service(other, 4242)
    calendar.fail("GET /v2/bookings", error("500"))
    (finding,) = found()
    assert (finding.rule, finding.company) == ("cal_com_answers", "salon-birke")
    assert calendar.asked("GET /v2/bookings") == 2


def test_a_pause_that_calcom_wants_is_waited_for(
    world: SalonAtWork, calendar: CalcomStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        gates.let_pass(seconds)

    monkeypatch.setattr("appointments.balance.calcom.time.sleep", pause)
    calendar.fail("GET /v2/bookings", lambda: (429, {"Retry-After": "7"}, ""))
    assert found() == []
    assert len(pauses) == 1 and 6 < pauses[0] < 10
