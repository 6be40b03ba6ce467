"""Whoever reads personal data in the console leaves a row: who, what, when, from where; one an hour for each object."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from askpro.privacy.models import Pepper, Read
from askpro.privacy.reads import KINDS, hashed_term
from calls.models import Customer
from tests.console.world import World


def fresh() -> QuerySet[Read]:
    """What was noted since the world was made."""
    return Read.objects.exclude(who__startswith="Lina")


def test_a_page_that_is_opened_again_counts_in_the_same_row(admin_client: Client, world: World) -> None:
    customer = world.customers[1]
    for _ in range(3):
        assert admin_client.get(f"/admin/calls/customer/{customer.pk}/change/").status_code == 200
    read = fresh().get()
    assert (read.who, read.kind, read.object_id, read.count) == ("admin", "calls.customer", str(customer.pk), 3)
    assert (read.company_id, read.page) == (customer.company_id, "admin:calls_customer_change")


@pytest.mark.parametrize("kind", sorted(KINDS - {"search", "export", "reveal"}))
def test_every_page_of_a_person_is_noted(admin_client: Client, world: World, kind: str) -> None:
    app_label, model = kind.split(".")
    rows = {
        "customer": world.customers,
        "call": world.calls,
        "bookingrequest": world.requests,
        "appointment": world.appointments,
        "followup": world.follow_ups,
        "notification": world.messages,
        "webhookevent": world.events,
    }[model]
    assert admin_client.get(f"/admin/{app_label}/{model}/{rows[1].pk}/change/").status_code == 200
    assert (fresh().get().kind, fresh().get().object_id) == (kind, str(rows[1].pk))


def test_the_next_hour_has_a_row_of_its_own(admin_client: Client, world: World) -> None:
    address = f"/admin/calls/call/{world.calls[1].pk}/change/"
    admin_client.get(address)
    fresh().update(hour=fresh().get().hour - timedelta(hours=1))
    admin_client.get(address)
    assert [read.count for read in fresh()] == [1, 1]


def test_a_search_leaves_a_hash_that_is_the_same_for_every_spelling(admin_client: Client, world: World) -> None:
    customer = next(customer for customer in world.customers if customer.phone and customer.name)
    assert customer.phone
    national = customer.phone.replace("+49", "0")
    for path, key in (("calls/customer/", "q"), ("calls/call/", "q"), ("search/", "s")):
        for typed in (customer.phone, national):
            admin_client.get(f"/admin/{path}", {key: typed})
    read = Read.objects.get(kind="search")
    assert (read.object_id, read.count) == (hashed_term(customer.phone), 6)
    assert customer.phone.removeprefix("+") not in str(Read.objects.values_list())


def test_pages_without_people_leave_nothing(admin_client: Client, world: World) -> None:
    for address in (f"/admin/calls/company/{world.companies[0].pk}/change/", "/admin/queues/job/?q=x", "/admin/"):
        admin_client.get(address)
    assert not fresh().exists()


def test_who_searched_for_a_number_is_found_by_the_number(
    staff_with: Callable[..., Client], world: World, admin_client: Client
) -> None:
    admin_client.get("/admin/calls/customer/", {"q": "030 23125 177"})
    page = staff_with("privacy.view_read").get("/admin/privacy/read/", {"q": "+493023125177"})
    assert [row.kind for row in page.context["cl"].result_list] == ["search"]


def test_the_pepper_outlives_the_key_that_encrypts_it(db: None, settings: Any) -> None:
    before = hashed_term("Erna")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert hashed_term("erna ") == before
    assert Pepper.objects.count() == 1


def test_a_customer_is_held_until_the_last_day(time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 12, 1, 12, tzinfo=UTC), tick=False)
    today = date(2026, 12, 1)
    for reason, until, held in [
        ("", None, False),
        ("Court case", None, True),
        ("Court case", today, True),
        ("Court case", today - timedelta(days=1), False),
    ]:
        assert Customer(legal_hold=reason, legal_hold_until=until).is_held is held
