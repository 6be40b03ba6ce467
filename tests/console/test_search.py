"""A row is found by any id, number or name that a person may have."""

import uuid
from typing import Any

import pytest
from django.test import Client

from askpro.console.term import Term
from calls.models import Call
from tests.console.world import World


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("030 23125 123", "+493023125123"),
        ("+49 30 23125-123", "+493023125123"),
        ("0049 30 23125123", "+493023125123"),
        ("(030) 23125/123", "+493023125123"),
        ("anonymous", None),
        ("4711", None),
    ],
)
def test_it_reads_a_phone_number_as_people_write_it(typed: str, phone: str | None) -> None:
    assert Term.of(typed).phones == ((phone,) if phone else ())


@pytest.mark.parametrize("typed", ["", "\x00", "\ud800", "9" * 200, "#", "٣٤", "a" * 10_000, "%_\\", "' OR 1=1 --"])
def test_it_survives_whatever_is_typed(admin_client: Client, world: World, typed: str) -> None:
    Term.of(typed)
    for path in ("calls/call", "calls/customer", "queues/job", "webhooks/webhookevent", "queues/worker"):
        query = {"q": typed.encode("utf-8", "surrogatepass").decode("utf-8", "replace")}
        assert admin_client.get(f"/admin/{path}/", query).status_code == (400 if typed == "\x00" else 200)


def found(client: Client, path: str, typed: str) -> list[Any]:
    return [row.pk for row in client.get(f"/admin/{path}/", {"q": typed}).context["cl"].result_list]


def test_it_finds_a_call(admin_client: Client, world: World) -> None:
    call = next(call for call in world.calls if call.customer and call.customer.name and call is not world.calls[0])

    assert found(admin_client, "calls/call", call.retell_call_id) == [call.pk]
    # The calls of a customer with this number are meant as well.
    of_customer = {each.pk for each in world.calls if each.customer_id == call.pk}
    assert {*found(admin_client, "calls/call", f"#{call.pk}")} == {call.pk, *of_customer}
    assert call.pk in found(admin_client, "calls/call", call.customer.name[:6])
    assert call.pk in found(admin_client, "calls/call", call.from_number.replace("+49", "0"))


def test_it_finds_calls_by_the_number_that_was_called(admin_client: Client, world: World) -> None:
    dialled, called = world.calls[1], world.calls[2]
    ours = {call.pk for call in world.calls if call.phone_number == dialled.phone_number}
    Call.objects.filter(pk=called.pk).update(direction="outbound", to_number="+4915550100777", customer=None)

    assert set(found(admin_client, "calls/call", dialled.phone_number.number)) == ours
    assert found(admin_client, "calls/call", "+4915550100777") == [called.pk]


def test_it_finds_a_job_by_id_actor_and_tag(admin_client: Client, world: World) -> None:
    job = next(job for job in world.jobs if job.status == "dead")

    assert found(admin_client, "queues/job", str(job.pk)) == [job.pk]
    assert job.pk in found(admin_client, "queues/job", job.actor_name)
    assert job.pk in found(admin_client, "queues/job", job.tags[0])
    assert found(admin_client, "queues/job", str(uuid.uuid4())) == []


def test_it_finds_an_appointment_by_its_booking_uid(admin_client: Client, world: World) -> None:
    row = world.appointments[1]

    assert found(admin_client, "appointments/appointment", row.calcom_uid or "") == [row.pk]


def test_it_finds_everything_from_one_box(admin_client: Client, world: World) -> None:
    call = world.calls[1]

    page = admin_client.get("/admin/search/", {"s": call.retell_call_id, "extended": "1"}).content.decode()

    assert f"/admin/calls/call/{call.pk}/change/" in page
    assert "/admin/webhooks/webhookevent/" in page


def test_it_finds_nothing_that_a_person_may_not_see(world: World, staff_with: Any) -> None:
    client = staff_with("calls.view_call")

    page = client.get("/admin/search/", {"s": world.calls[1].retell_call_id, "extended": "1"}).content.decode()

    assert "/admin/calls/call/" in page
    assert "/admin/webhooks/webhookevent/" not in page
