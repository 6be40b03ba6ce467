"""Customers in the console: their numbers, their history, and two that are one."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from calls.merging import merge
from calls.models import Call, Customer, CustomerMerge, CustomerNumber
from tests.console.tenants import bound
from tests.console.world import HOSTILE, World

CONFIRMED = {"confirmed": "yes"}


@pytest.fixture
def pair(world: World) -> tuple[Customer, Customer]:
    """Two customers of one company, the first with a call."""
    first = Customer.objects.filter(calls__isnull=False, company=world.companies[1]).distinct().first()
    assert first is not None
    twin = Customer.objects.create(company=first.company, name=first.name or "Zoë Weiß", phone="+491555009900")
    Customer.objects.filter(pk=first.pk).update(name=twin.name)
    return Customer.objects.get(pk=first.pk), twin


def page(customer: Customer, verb: str = "change") -> str:
    return f"/admin/calls/customer/{customer.pk}/{verb}/"


def test_a_number_is_added_as_people_write_it_and_removed_again(admin_client: Client, world: World) -> None:
    [ole, *_] = world.customers
    admin_client.post(page(ole, "numbers"), {"number": "01555 009 9123", "kind": "other"})
    [row] = ole.numbers.all()
    assert (row.number, row.company, row.kind, row.known) == ("+4915550099123", ole.company, "other", "person")
    shown = admin_client.get(page(ole)).content.decode()
    assert f'value="{row.pk}"' in shown and "Known from" in shown
    admin_client.post(page(ole, "numbers"), {"remove": str(row.pk)})
    assert not ole.numbers.exists()
    assert LogEntry.objects.filter(object_id=str(ole.pk)).count() == 2


@pytest.mark.parametrize("typed", ["", "nonsense", "123", "\x00", "0" * 300])
def test_what_is_no_number_is_refused_with_a_reason(admin_client: Client, world: World, typed: str) -> None:
    ole = world.customers[1]
    answer = admin_client.post(page(ole, "numbers"), {"number": typed, "kind": "other"}, follow=True)
    assert (answer.status_code, ole.numbers.count()) == (200, 0)
    assert list(answer.context["messages"])


def test_another_customers_number_is_not_taken_over(admin_client: Client, world: World) -> None:
    ole = world.customers[1]
    other = Customer.objects.filter(company=ole.company, phone__isnull=False).exclude(pk=ole.pk).earliest("pk")
    CustomerNumber.note(other, "+4915550099124", CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    for number in (str(other.phone), "+4915550099124"):
        answer = admin_client.post(page(ole, "numbers"), {"number": number, "kind": "other"}, follow=True)
        assert "another customer" in answer.content.decode()
    assert not ole.numbers.exists()


def test_two_are_made_one_after_a_look_at_both_and_two_again(
    admin_client: Client, pair: tuple[Customer, Customer]
) -> None:
    first, twin = pair
    call = Call.objects.filter(customer=first).earliest("pk")
    assert page(twin, "merge") in admin_client.get(page(twin)).content.decode()
    assert f"?other={first.pk}" in admin_client.get(page(twin, "merge")).content.decode(), "the same name"
    chosen = admin_client.get(page(twin, "merge"), {"other": first.pk}).content.decode()
    assert "calls" in chosen and not CustomerMerge.objects.exists()
    said = {"other": first.pk, "kept": twin.pk}
    admin_client.post(page(twin, "merge"), said)
    assert not CustomerMerge.objects.exists(), "a reason is required"
    answer = admin_client.post(page(twin, "merge"), {**said, "note": "Neue Nummer"})
    assert answer["Location"] == page(twin)
    call.refresh_from_db()
    done = CustomerMerge.objects.get()
    assert (call.customer, done.kept, done.note, str(done.user)) == (twin, twin, "Neue Nummer", "admin")
    assert "Neue Nummer" in admin_client.get(f"/admin/calls/customermerge/{done.pk}/change/").content.decode()
    assert "was merged into" in admin_client.get(page(first)).content.decode()
    assert first not in admin_client.get("/admin/calls/customer/").context["cl"].result_list
    admin_client.post(f"/admin/calls/customermerge/{done.pk}/undo/", {**CONFIRMED, "note": "Doch zwei"})
    call.refresh_from_db()
    assert call.customer == first
    assert LogEntry.objects.filter(object_id__in=[str(first.pk), str(twin.pk)]).count() == 2


def test_nobody_of_another_company_is_found_or_merged(admin_client: Client, pair: tuple[Customer, Customer]) -> None:
    first, _ = pair
    stranger = Customer.objects.exclude(company=first.company).earliest("pk")
    found = admin_client.get(page(first, "merge"), {"q": str(stranger.pk)}).context["candidates"]
    assert stranger.pk not in [each["pk"] for each in found]
    admin_client.post(page(first, "merge"), {"other": stranger.pk, "kept": first.pk, "note": "x"})
    assert not CustomerMerge.objects.exists()


@pytest.mark.parametrize("other", ["", "0", "nonsense", "9" * 40, "\x00"])
def test_what_is_no_customer_is_not_merged(admin_client: Client, pair: tuple[Customer, Customer], other: str) -> None:
    answer = admin_client.post(page(pair[0], "merge"), {"other": other, "kept": other, "note": "x"})
    assert (answer.status_code, CustomerMerge.objects.count()) == (200, 0)


def test_who_may_only_look_changes_nothing(pair: tuple[Customer, Customer], staff_with: Callable[..., Client]) -> None:
    client = staff_with("calls.view_customer")
    shown = client.get(page(pair[0])).content.decode()
    assert "Merge with" not in shown and "Add number" not in shown
    for verb in ("merge", "numbers"):
        assert client.post(page(pair[0], verb), {"other": pair[1].pk, "number": "030 1"}).status_code == 403


def test_a_salon_reaches_no_other_salons_customers(pair: tuple[Customer, Customer], world: World) -> None:
    first, twin = pair
    client = Client()
    client.force_login(bound(world.companies[0]))
    client.post(page(first, "merge"), {"other": twin.pk, "kept": first.pk, "note": "x"})
    client.post(page(first, "numbers"), {"number": "01555 009 9123", "kind": "other"})
    assert not CustomerMerge.objects.exists() and not CustomerNumber.objects.exists()


def test_the_history_has_everything_in_the_order_of_time_and_runs_nothing(
    admin_client: Client, world: World, admin_user: object
) -> None:
    ole = next(row.customer for row in world.appointments if row.customer_id and row.call_id)
    assert ole is not None
    Customer.objects.filter(pk=ole.pk).update(name=HOSTILE)
    twin = Customer.objects.create(company=ole.company, name="Zweite", created_at=timezone.now())
    merge(ole, twin, admin_user)
    answer = admin_client.get(page(ole))
    table = answer.context["tables"][0]
    kinds = {str(row[1]).partition(",")[0].partition(":")[0] for row in table.rows}
    assert table.title == "History" and {"Call", "Appointment", "Merge"} <= kinds
    assert HOSTILE not in answer.content.decode()
