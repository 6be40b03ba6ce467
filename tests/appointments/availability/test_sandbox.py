"""Free times against the sandbox's Cal.com: a process of its own, real HTTP, webhooks into a real server."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.availability import free_times
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call, process_calcom_webhook
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.errors import Unavailable
from askpro.queues.models import GateState
from calls.models import BookingRequest, Service, Staff
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

WISH = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
DAY = WISH.replace(hour=0)
COLOUR, HOST = 4712, 20817  # one host only
HAIRCUT, OTHER = 4711, 20818


@pytest.fixture
def colour(sandbox: SandboxClient, new_shelf: None) -> Service:
    here = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    made = service(here.company, COLOUR, name="Färben", duration_minutes=90)
    staff(here, HOST).services.add(made)
    return made


def wish(of: Service) -> BookingRequest:
    here = of.company.branches.get()
    return request(call(here, customer(of.company)), service=of, starts_at=WISH)


def free(of: Service, **values: Any) -> list[datetime]:
    return free_times(of, DAY, DAY + timedelta(days=1), **values)


def hear() -> None:
    for event in WebhookEvent.objects.filter(status="received").order_by("id"):
        process_calcom_webhook(event_id=event.pk)


def test_what_is_booked_is_no_longer_free_and_what_is_cancelled_there_is_free_again(
    colour: Service, sandbox: SandboxClient
) -> None:
    assert WISH in free(colour)
    create_appointment_from_call(call_id=wish(colour).call_id)
    hear()
    assert WISH not in free(colour) and WISH + timedelta(minutes=90) in free(colour)
    (booking,) = sandbox.bookings()
    sandbox.calcom("POST", f"/v2/bookings/{booking['uid']}/cancel", key=LOCAL["CALCOM_API_KEY"])
    assert WISH not in free(colour), "nobody has told us yet"
    hear()
    assert WISH in free(colour)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The last Saturday before, the first Tuesday after; on both it opens at nine in Berlin.
        ("2027-03-27T08:00:00+00:00", "2027-03-30T07:00:00+00:00"),
        ("2027-10-30T07:00:00+00:00", "2027-11-02T08:00:00+00:00"),
    ],
)
def test_scenario_07_the_first_free_time_stays_at_nine_when_the_clocks_change(
    colour: Service, before: str, after: str
) -> None:
    first, last = datetime.fromisoformat(before), datetime.fromisoformat(after)
    found = free_times(colour, first - timedelta(hours=12), last + timedelta(minutes=1))
    assert (found[0], found[-1]) == (first, last)
    asked = wish(colour)
    BookingRequest.objects.filter(pk=asked.pk).update(starts_at=last)
    create_appointment_from_call(call_id=asked.call_id)
    assert Appointment.objects.get().starts_at == last


@pytest.fixture
def haircut(colour: Service) -> Service:
    """By two hosts."""
    made = service(colour.company, HAIRCUT, name="Haarschnitt")
    here = colour.company.branches.get()
    made.staff.set([Staff.objects.get(calcom_user_id=HOST), staff(here, OTHER, name="Ömer Yıldız")])
    return made


def sees_a_stranger(sandbox: SandboxClient, host: int) -> None:
    """At the time of the wish, and nobody has told us."""
    attendee = {"name": "Mia Koch", "email": "mia.koch@example.org", "timeZone": "Europe/Berlin"}
    booking = {"eventTypeId": HAIRCUT, "start": "2026-12-03T13:00:00Z", "attendee": attendee, "rrHostSubsetIds": [host]}
    made = sandbox.calcom("POST", "/v2/bookings", key=LOCAL["CALCOM_API_KEY"], **booking)
    assert made.json()["data"]["hosts"][0]["id"] == host


@pytest.mark.parametrize("asks", [True, False])
def test_calcom_is_asked_whose_time_it_is_where_it_may_be(
    haircut: Service, sandbox: SandboxClient, settings: Any, asks: bool
) -> None:
    settings.CALCOM_ASKS_FOR_HOSTS = asks
    sees_a_stranger(sandbox, OTHER)
    oemer, kaethe = (Staff.objects.get(calcom_user_id=id_) for id_ in (OTHER, HOST))
    assert WISH in free(haircut) and WISH in free(haircut, staff=kaethe)
    assert (WISH in free(haircut, staff=oemer)) is not asks


@pytest.mark.parametrize(("asks", "is_taken"), [(True, False), (True, True), (False, False)])
def test_the_wished_host_is_booked_or_nobody_where_calcom_may_be_asked(
    haircut: Service, sandbox: SandboxClient, settings: Any, asks: bool, is_taken: bool
) -> None:
    settings.CALCOM_ASKS_FOR_HOSTS = asks
    if is_taken:
        sees_a_stranger(sandbox, OTHER)
    asked = wish(haircut)
    asked.staff = Staff.objects.get(calcom_user_id=OTHER)
    asked.save()
    create_appointment_from_call(call_id=asked.call_id)
    if is_taken:
        follow_up = FollowUp.objects.get()
        assert (follow_up.reason, WISH.isoformat() in follow_up.alternatives) == ("slot_gone", False)
        assert len(follow_up.alternatives) == 5
    else:
        held_by = Appointment.objects.get().staff
        assert held_by is not None and (held_by.calcom_user_id == OTHER) is asks


def test_patience_ends_the_question_and_is_not_held_against_calcom(colour: Service, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.slots", latency_ms=1500, times=9)
    for _ in range(4):
        began = time.perf_counter()
        with pytest.raises(Unavailable):
            free(colour, patience=0.2)
        assert time.perf_counter() - began < 1.0
    assert not GateState.objects.exclude(shut_until=None).exists()


def test_who_has_no_patience_spoils_no_answer_for_who_has(colour: Service, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.slots", latency_ms=500)
    with pytest.raises(Unavailable):
        free(colour, patience=0.1)
    assert WISH in free(colour, patience=5.0)
