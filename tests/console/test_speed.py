"""Every page of the console asks few questions of PostgreSQL; `bench --console` says how long they take."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from django.test import Client

from askpro.dev.bench.console.addresses import Address, addresses, samples
from askpro.dev.bench.console.asking import statements
from calls.models import Call
from tests.console.world import World
from webhooks.models import RefusedWebhook

MOST: Final = 15
# What tells of more tables than others do, each by one question.
MORE: Final = {
    "calls_call_change": 28,  # a call's story: its events, jobs, requests, appointments, follow-ups, messages
    "appointments_appointment_change": 20,
    "calls_customer_change": 32,  # a customer's story: the same of all calls
    "search": 22,  # one box for every table
}
ADDRESSES_OF_A_PAGE: Final = 3


def test_no_page_asks_more_often_than_it_may(admin_client: Client, world: World) -> None:
    asked: dict[str, int] = defaultdict(int)
    admin_client.get("/admin/")  # what is cached for all pages

    for address in _some():
        with statements() as found:
            answer = admin_client.get(address.path)
        assert answer.status_code < 500, address.path
        asked[address.page] = max(asked[address.page], len(found))

    assert len(asked) > 100
    assert {page: count for page, count in asked.items() if count > MORE.get(page, MOST)} == {}


def _some() -> Iterator[Address]:
    """The first few addresses of each page."""
    seen: dict[str, int] = defaultdict(int)
    for address in addresses():
        seen[address.page] += 1
        if seen[address.page] <= ADDRESSES_OF_A_PAGE and not address.posted:
            yield address


def test_it_finds_pages_by_the_urls_of_the_site(world: World) -> None:
    found = list(addresses())

    pages = {address.page for address in found}
    assert {
        "index",
        "search",
        "repair",
        "repair_act",
        "calendar",
        "queues_job_change",
        "calls_call_changelist",
    } <= pages
    assert "logout" not in pages
    (file,) = {address for address in found if address.page == "calls_call_export, first byte"}
    assert file.posted["form"] == "csv"


def test_it_tries_a_page_with_a_row_in_each_state(world: World) -> None:
    states = {row.status for row in samples(Call)}

    assert states == set(Call.objects.values_list("status", flat=True))
    assert samples(RefusedWebhook)[0].pk == RefusedWebhook.objects.latest("pk").pk
