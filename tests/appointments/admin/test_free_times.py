"""Staff choose from free times: to move an appointment, and to book for a follow-up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from appointments.models import Appointment, CalcomUid, Change, FollowUp
from calls.models import BookingRequest
from tests.appointments import salon
from tests.appointments.admin.document import Element, document
from tests.appointments.calcom_stub import CalcomStub, no_connection
from tests.console.tenants import bound

pytestmark = pytest.mark.django_db

STARTS = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
FREE = ["2026-12-04T09:30:00Z", "2026-12-04T10:00:00Z", "2026-12-07T09:00:00Z"]


@pytest.fixture
def wish(clock: Any, calendar: CalcomStub) -> BookingRequest:
    """A caller's wish for Thursday; other times are free."""
    calendar.free = ["2026-12-03T13:00:00Z", *FREE]
    return salon.wished()


@pytest.fixture
def booked(wish: BookingRequest, calendar: CalcomStub) -> Appointment:
    booking = calendar.book(STARTS.isoformat())
    appointment = Appointment.objects.create(
        company=wish.company,
        branch=wish.where,
        customer=wish.who,
        service=wish.service,
        booking_request=wish,
        starts_at=STARTS,
        ends_at=STARTS + timedelta(minutes=45),
        status=Appointment.Status.CONFIRMED,
        attendee_name="Ole Linde",
        attendee_phone="+4915550100456",
        calcom_uid=booking["uid"],
    )
    CalcomUid.objects.create(company=wish.company, uid=booking["uid"], appointment=appointment)
    return appointment


@pytest.fixture
def waiting(wish: BookingRequest) -> FollowUp:
    """A follow-up of the wish, without any stored times."""
    BookingRequest.objects.filter(pk=wish.pk).update(status="follow_up")
    return FollowUp.objects.create(
        company=wish.company,
        branch=wish.where,
        call=wish.call,
        booking_request=wish,
        customer=wish.who,
        reason=FollowUp.Reason.SLOT_GONE,
        topic="wish",
        due_at=STARTS,
    )


def read(client: Client, row: Appointment | FollowUp, page: str) -> Element:
    answer = client.get(address(row, page))
    assert answer.status_code == 200
    return document(answer.content)


def address(row: Appointment | FollowUp, page: str) -> str:
    return f"/admin/appointments/{row._meta.model_name}/{row.pk}/{page}"


def times(page: Element) -> list[str]:
    return [each.text for each in page.all("ul") for each in each.all("li") if "af-times" in each.around("ul").classes]


def test_moving_begins_with_the_free_times_without_its_own(admin_client: Client, booked: Appointment) -> None:
    page = read(admin_client, booked, "move/")
    assert times(page) == ["10:30", "11:00", "10:00"]
    assert [day.text for day in page.all(".af-day")] == ["Friday, 4 Dec 2026", "Monday, 7 Dec 2026"]
    assert "Thu 3 Dec 2026, 14:00" in page.text


def test_a_chosen_time_is_asked_for_and_moved_to(admin_client: Client, booked: Appointment) -> None:
    link = read(admin_client, booked, "move/").one(".af-times", aria_labelledby="af-day-1").all("a")[0]["href"]
    form = read(admin_client, booked, f"move/{link}")
    assert form.one("input", name="when")["value"] == "2026-12-04T10:30"
    assert form.one("textarea", name="note").text == "The customer called."
    said = {"confirmed": "yes", "when": "2026-12-04T10:30", "note": "The customer called."}
    answer = admin_client.post(address(booked, "move/"), said, follow=True)
    assert "Moved to Fri 4 Dec 2026, 10:30." in document(answer.content).text
    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
    assert Change.objects.get().state == "done"


@pytest.mark.parametrize("to", ["other", "", "20269999T0000Z", "<script>"])
def test_another_time_can_be_typed(admin_client: Client, booked: Appointment, to: str) -> None:
    page = document(admin_client.get(address(booked, "move/"), {"to": to}).content)
    assert "value" not in page.one("input", name="when").values


def test_without_an_answer_of_cal_com_a_time_can_be_typed_all_the_same(
    admin_client: Client, booked: Appointment, calendar: CalcomStub
) -> None:
    calendar.away = no_connection
    page = read(admin_client, booked, "move/")
    assert times(page) == [] and "Cal.com does not answer at the moment" in page.text
    assert any(link["href"] == "?to=other" for link in page.all("a") if "href" in link.values)


def test_one_press_books_a_time_that_is_free_now_and_settles_the_follow_up(
    admin_client: Client, waiting: FollowUp
) -> None:
    page = read(admin_client, waiting, "times/")
    assert times(page) == ["14:00", "10:30", "11:00", "10:00"]
    assert "The follow-up is settled then." in page.text
    button = page.all("button", name="time")[1]
    answer = admin_client.post(button.around("form")["action"], {"time": button["value"]}, follow=True)
    assert "Booked for Fri 4 Dec 2026, 10:30." in document(answer.content).text
    waiting.refresh_from_db()
    appointment = Appointment.objects.get()
    assert (waiting.status, waiting.outcome, str(waiting.resolved_by)) == ("done", "booked", "admin")
    assert (appointment.status, f"{appointment.starts_at:%d %H:%M}") == ("confirmed", "04 09:30")


def test_a_time_that_is_not_free_books_nothing(admin_client: Client, waiting: FollowUp) -> None:
    said = {"time": "2026-12-04T14:00:00+00:00"}
    answer = admin_client.post(address(waiting, "book/"), said, follow=True)
    assert "this time is not free any more" in document(answer.content).text
    assert not Appointment.objects.exists()


def test_one_press_moves_the_appointment_of_who_wants_to_move(
    admin_client: Client, booked: Appointment, waiting: FollowUp
) -> None:
    FollowUp.objects.update(reason="wants_move", topic="change", appointment=booked, booking_request=None)
    page = read(admin_client, waiting, "times/")
    assert times(page) == ["10:30", "11:00", "10:00"]
    answer = admin_client.post(address(waiting, "book/"), {"time": "2026-12-07T09:00:00+00:00"}, follow=True)
    assert "Moved to Mon 7 Dec 2026, 10:00." in document(answer.content).text
    waiting.refresh_from_db()
    assert waiting.status == "done"


def test_a_customer_is_a_tap_away(admin_client: Client, booked: Appointment, waiting: FollowUp) -> None:
    for row in (booked, waiting):
        links = [link["href"] for link in read(admin_client, row, "change/").all("a") if "href" in link.values]
        assert "tel:+4915550100456" in links


def test_only_who_may_act_on_it_sees_free_times(booked: Appointment, waiting: FollowUp, client: Client) -> None:
    own, other = bound(booked.company, permissions=[]), bound(salon.company("salon-esche"))
    client.force_login(own)
    assert [client.get(address(row, page)).status_code for row, page in ((booked, "move/"), (waiting, "times/"))] == [
        403,
        403,
    ]
    client.force_login(other)
    for row, page in ((booked, "move/"), (waiting, "times/")):
        assert client.get(address(row, page)).status_code == 302, "there is no such row for them"
    assert client.post(address(waiting, "times/")).status_code == 405
