"""Every page of the console asks few questions of PostgreSQL; `bench --console` says how long they take."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID, uuid4

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.test import Client

from appointments.models import Appointment
from askpro.console.display import address
from askpro.dev.bench.console.addresses import Address, addresses, samples
from askpro.dev.bench.console.asking import statements
from calls.models import Call, Company, Customer
from tests.console.world import World
from webhooks.models import RefusedWebhook

MOST: Final = 15
ADDRESSES_OF_A_PAGE: Final = 3
# Pages that ask the more, the more there is to tell: with everything that they are tried with.
TELLING: Final = ("_change", "search")
COPIES: Final = 3


def test_no_page_asks_more_often_than_it_may(admin_client: Client, world: World) -> None:
    asked: dict[str, int] = defaultdict(int)
    _warm(admin_client)

    for each in _some():
        asked[each.page] = max(asked[each.page], _asks(admin_client, each.path))

    assert len(asked) > 100
    assert {page: count for page, count in asked.items() if count > MOST} == {}


def test_a_rows_page_asks_no_more_often_the_more_rows_hang_on_it(admin_client: Client, world: World) -> None:
    _warm(admin_client)
    newest = {model: model._default_manager.order_by("-pk").first() for model in admin.site._registry}
    booked = Appointment.objects.filter(call__isnull=False, customer__isnull=False).latest("pk")
    newest |= {Appointment: booked, Call: booked.call, Customer: booked.customer}
    rows = [row for row in newest.values() if row is not None and address(row)]
    before = {type(row): _asks(admin_client, address(row)) for row in rows}

    copied = {type(row): sum(_copied(row)) for row in rows}
    after = {type(row): _asks(admin_client, address(row)) for row in rows}

    assert {Appointment, Call, Company, Customer} <= {model for model, count in copied.items() if count >= COPIES}
    assert {model: (before[model], count) for model, count in after.items() if count > before[model]} == {}


def _warm(client: Client) -> None:
    """Read what is kept for all pages."""
    ContentType.objects.get_for_models(*apps.get_models())
    client.get("/admin/")


def _asks(client: Client, path: str) -> int:
    with statements() as found:
        answer = client.get(path)
    assert answer.status_code < 500, path
    return len(found)


def _some() -> Iterator[Address]:
    """The first few addresses of each page; of those that tell much, all."""
    seen: dict[str, int] = defaultdict(int)
    for each in addresses():
        seen[each.page] += 1
        is_chosen = seen[each.page] <= ADDRESSES_OF_A_PAGE or each.page.endswith(TELLING)
        if is_chosen and not each.posted:
            yield each


def _copied(row: Model) -> Iterator[int]:
    """Copy one row of each table that names this row, as far as what must be unique can be told apart."""
    for relation in row._meta.related_objects:
        model = relation.related_model
        if relation.one_to_many and isinstance(model, type) and model._meta.managed:
            first = model._default_manager.filter(**{relation.field.name: row.pk}).first()
            yield sum(_copy(first, number) for number in range(COPIES)) if first is not None else 0


def _copy(row: Any, number: int) -> bool:
    """As it is, but for its ids; where that may not be twice, with other words and numbers."""
    copied = copy.copy(row)
    copied.pk, copied._state.adding = None, True
    for each in row._meta.concrete_fields:
        if each.one_to_one:
            setattr(copied, each.attname, None)
        elif isinstance(getattr(row, each.attname), UUID) and not each.is_relation:
            setattr(copied, each.attname, uuid4())
    if _is_saved(copied):
        return True
    for each in row._meta.concrete_fields:
        value = getattr(row, each.attname)
        if each.is_relation or each.choices or each.primary_key:
            continue
        if isinstance(value, str) and value:
            setattr(copied, each.attname, str(uuid4()) if len(value) == len(str(uuid4())) else f"{value[:8]} {number}")
        elif isinstance(value, int) and not isinstance(value, bool):
            setattr(copied, each.attname, value + 1 + number)
    return _is_saved(copied)


def _is_saved(row: Model) -> bool:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except DatabaseError:
        row.pk = None
        return False
    return True


def test_it_finds_pages_by_the_urls_of_the_site(world: World) -> None:
    found = list(addresses())

    pages = {each.page for each in found}
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
    (file,) = {each for each in found if each.page == "calls_call_export, first byte"}
    assert file.posted["form"] == "csv"


def test_it_tries_a_page_with_a_row_in_each_state(world: World) -> None:
    states = {row.status for row in samples(Call)}

    assert states == set(Call.objects.values_list("status", flat=True))
    assert samples(RefusedWebhook)[0].pk == RefusedWebhook.objects.latest("pk").pk
