"""Rows are found through other tables by indexes, also where they may be meant in more than one way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model

from appointments.models import Appointment, FollowUp
from askpro.console.term import Term
from calls.models import BookingRequest
from tests.console.world import World
from tests.plans import plans
from webhooks.models import WebhookEvent


def found(model: type[Model], typed: str) -> list[Any]:
    return list(admin.site._registry[model].find(model._default_manager.order_by(), Term.of(typed)))


@pytest.mark.parametrize("model", [FollowUp, BookingRequest], ids=lambda model: model._meta.label)
@pytest.mark.parametrize(
    "typed",
    [lambda call: call.retell_call_id, lambda call: call.from_number, lambda call: call.customer.name],
    ids=["the call's id", "the number", "the name"],
)
def test_what_belongs_to_a_call_is_found_by_the_call(
    world: World, model: type[Model], typed: Callable[[Any], str]
) -> None:
    row: Any = model._default_manager.filter(call__customer__name__gt="").order_by("pk").first()

    assert row in found(model, typed(row.call))


@pytest.mark.parametrize(
    ("model", "typed"),
    [
        *((FollowUp, "call_1"), (FollowUp, "17"), (BookingRequest, "call_1"), (WebhookEvent, "call_ended:call_1")),
        *((Appointment, typed) for typed in ("17", "+4915550100999", "030 5550", "ayse@example.org")),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_nobody_reads_a_whole_table_to_find_a_row(world: World, model: type[Model], typed: str) -> None:
    (plan,) = plans(lambda: found(model, typed), model._meta.db_table)

    assert f"Seq Scan on {model._meta.db_table}" not in plan, plan


def test_an_event_is_found_by_its_key_with_and_without_an_address(world: World) -> None:
    event = world.events[0]

    assert found(WebhookEvent, event.event_key) == [event]
