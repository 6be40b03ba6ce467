"""Staff see to whom a freed time was offered, and keep the waiting list."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from appointments.models import FollowUp, FreedTime, Offer, WaitingEntry
from calls.models import BookingRequest
from tests.console.tenants import bound, make_strangers
from tests.console.world import World

LIST = "/admin/appointments/waitingentry/"


@pytest.fixture
def follow_up(world: World) -> FollowUp:
    """Somebody whose wished time was taken."""
    call = next(call for call in world.calls if call.customer is not None and call.company == world.companies[0])
    service = world.companies[0].services.earliest("pk")
    request = BookingRequest.objects.create(
        call=call, ordinal=7, company=call.company, service=service, status="follow_up", starts_at=call.started_at
    )
    return FollowUp.objects.create(
        company=call.company,
        branch=call.branch,
        call=call,
        booking_request=request,
        customer=call.customer,
        reason=FollowUp.Reason.SLOT_GONE,
        due_at=call.started_at,
    )


def test_one_press_puts_the_customer_of_a_follow_up_on_the_list(admin_client: Client, follow_up: FollowUp) -> None:
    page = f"/admin/appointments/followup/{follow_up.pk}/"
    assert "Put on the waiting list" in admin_client.get(f"{page}change/").content.decode()
    admin_client.post(f"{page}wait/", {"confirmed": "1", "note": "Nur mit Ruhe"})
    entry = WaitingEntry.objects.get()
    request = follow_up.booking_request
    assert request is not None
    assert (entry.customer, entry.service, entry.follow_up) == (follow_up.customer, request.service, follow_up)
    assert (entry.asked_at, entry.note) == (request.created_at, "Nur mit Ruhe")
    assert (entry.last_day - entry.first_day).days == 14
    follow_up.refresh_from_db()
    assert follow_up.status == "open"
    shown = admin_client.get(f"{page}change/").content.decode()
    assert "On the waiting list" in shown and f"{page}wait/" not in shown


def form(world: World, **changes: Any) -> dict[str, Any]:
    company = world.companies[0]
    values = {
        "company": company.pk,
        "customer": company.customers.earliest("pk").pk,
        "service": company.services.earliest("pk").pk,
        "first_day": "2026-12-01",
        "last_day": "2026-12-31",
        "weekdays": ["2", "4"],
        "earliest": "09:00",
    }
    return values | changes


def test_staff_enter_change_and_end_an_entry(admin_client: Client, admin_user: User, world: World) -> None:
    answer = admin_client.post(f"{LIST}add/", form(world))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = WaitingEntry.objects.get()
    assert (entry.weekdays, entry.earliest and entry.earliest.hour, entry.created_by) == ([2, 4], 9, admin_user)
    admin_client.post(f"{LIST}{entry.pk}/change/", form(world, latest="12:00", weekdays=[]))
    entry.refresh_from_db()
    assert (entry.weekdays, entry.latest and entry.latest.hour) == ([], 12)
    admin_client.post(f"{LIST}{entry.pk}/end/", {"confirmed": "1"})
    entry.refresh_from_db()
    assert entry.state == "ended"
    assert admin_client.post(f"{LIST}{entry.pk}/change/", form(world)).status_code == 403
    assert "Take off the list" not in admin_client.get(f"{LIST}{entry.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": "2026-11-30"}, "last_day"),
        ({"earliest": "12:00", "latest": "09:00"}, "latest"),
        ({"weekdays": ["8"]}, "weekdays"),
        ({"weekdays": ["x"]}, "weekdays"),
    ],
)
def test_it_refuses_what_makes_no_sense(
    admin_client: Client, world: World, changes: dict[str, Any], field: str
) -> None:
    answer = admin_client.post(f"{LIST}add/", form(world, **changes))
    assert field in answer.context["adminform"].form.errors
    assert not WaitingEntry.objects.exists()


def test_it_refuses_rows_of_another_company(admin_client: Client, world: World) -> None:
    other = world.companies[1]
    strange = {"customer": other.customers.earliest("pk").pk, "service": other.services.earliest("pk").pk}
    answer = admin_client.post(f"{LIST}add/", form(world, **strange))
    assert {"customer", "service"} <= set(answer.context["adminform"].form.errors)


def test_a_page_shows_each_offer_in_the_order_of_asking(client: Client, world: World) -> None:
    ours, _ = make_strangers(world)
    freed = FreedTime.objects.get(company=ours)
    first = Offer.objects.get(company=ours)
    first.expire()
    customer = ours.customers.latest("pk")
    Offer.objects.create(company=ours, freed_time=freed, customer=customer, state="skipped", why="has_appointment")
    client.force_login(bound(ours))
    page = client.get(f"/admin/appointments/freedtime/{freed.pk}/change/").content.decode()
    assert page.index("expired") < page.index("skipped")
    assert "The customer has another appointment at that time." in page
    assert "waiting list" in page
