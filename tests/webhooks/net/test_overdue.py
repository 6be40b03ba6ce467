"""A call without an end is asked for by its id, and given up where Retell knows no end of it."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import FollowUp
from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, PhoneNumber
from tests.webhooks.net.retell import KEY, NOW, call, ends_of, keep, later, tell, tick
from webhooks.models import RetellReading, WebhookAddress
from webhooks.models.fingerprint import fingerprint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]


@pytest.fixture(autouse=True)
def everything_was_read(number: PhoneNumber) -> None:
    RetellReading.objects.create(fingerprint=fingerprint(KEY), read_until=NOW)


def begun(hours_ago: float, call_id: str = "call_begun", **changes: Any) -> dict[str, Any]:
    """A call of which AskPro has heard only the beginning."""
    told = call(call_id, NOW - timedelta(hours=hours_ago), **changes)
    tell(told, "call_started")
    run_jobs()
    return told


def the_follow_up() -> FollowUp:
    return FollowUp.objects.get(reason=FollowUp.Reason.LOST_CALL)


def test_incident_17_a_call_without_an_end_gets_it(retell: SandboxClient) -> None:
    keep(retell, begun(30))
    tick()
    row = Call.objects.get()
    assert row.status == "analyzed" and row.outcome != Call.Outcome.PENDING
    assert not FollowUp.objects.filter(reason=FollowUp.Reason.LOST_CALL).exists()


def test_incident_17_it_is_lost_when_retell_does_not_know_it_and_a_person_is_told(retell: SandboxClient) -> None:
    begun(3)
    tick()
    row = Call.objects.get()
    assert (row.status, row.outcome) == ("lost", "follow_up")
    follow_up = the_follow_up()
    assert (follow_up.detail, follow_up.call, follow_up.status) == ("call_unknown", row, "open")
    assert follow_up.due_at > NOW
    assert follow_up.customer is not None and follow_up.customer.phone == row.from_number


def test_it_is_asked_for_no_sooner_than_a_call_can_last(retell: SandboxClient) -> None:
    begun(1.5)
    assert ends_of(tick(), "ask_for_retell_call") == []
    assert Call.objects.get().status == "ongoing"


def test_it_is_lost_once(retell: SandboxClient, clock: Any) -> None:
    begun(3)
    for _ in range(3):
        tick()
        clock.shift(300)
    assert the_follow_up().status == "open"


def test_it_waits_while_retell_says_that_it_goes_on_but_not_for_ever(retell: SandboxClient, clock: Any) -> None:
    keep(retell, begun(3, call_status="ongoing", end_timestamp=None, disconnection_reason=None))
    tick()
    assert Call.objects.get().status == "ongoing"
    clock.shift(timedelta(hours=22))
    tick()
    assert Call.objects.get().status == "lost"
    assert the_follow_up().detail == "end_unknown"


def test_it_waits_while_retell_is_away_but_not_for_ever(retell: SandboxClient, clock: Any) -> None:
    begun(3)
    retell.fault("retell.*", status=500, times=10_000)
    tick()
    later(clock, 20 * 60)
    assert Call.objects.get().status == "ongoing"
    later(clock, 60)
    tick()
    assert the_follow_up().detail == "end_unknown"


def test_it_is_given_up_where_nobody_can_be_asked(retell: SandboxClient, settings: Any) -> None:
    begun(25)
    settings.RETELL_API_KEYS = []
    tick()
    assert the_follow_up().detail == "end_unknown"


def test_a_key_that_retell_refuses_says_nothing_about_it(retell: SandboxClient, settings: Any) -> None:
    keep(retell, begun(3, call_id="call_known"))
    settings.RETELL_API_KEYS = ["key_replaced", KEY]
    tick()
    assert Call.objects.get().status == "analyzed"


def test_where_every_key_is_refused_its_job_fails_and_it_waits(retell: SandboxClient, settings: Any) -> None:
    begun(3)
    settings.RETELL_API_KEYS = ["key_replaced"]
    assert ends_of(tick(), "ask_for_retell_call") == ["dead"]
    assert Call.objects.get().status == "ongoing"


def test_it_is_asked_for_at_its_companys_account(retell: SandboxClient, number: PhoneNumber) -> None:
    told = begun(30)
    address = WebhookAddress.objects.create(company=number.company, provider="retell")
    address.add_secret("key_of_the_practice")
    keep(retell, told, key="key_of_the_practice")
    tick()
    assert Call.objects.get().status == "analyzed"


def test_a_lost_call_whose_end_is_found_after_all_is_worked_on(retell: SandboxClient) -> None:
    told = begun(3)
    tick()
    tell(told, "call_analyzed")
    tick()
    row = Call.objects.get()
    assert row.status == "analyzed" and BookingRequest.objects.count() == 1
    assert row.outcome != Call.Outcome.PENDING
    assert the_follow_up().status == "obsolete"


def test_a_lost_call_that_never_connected_needs_nobody(retell: SandboxClient) -> None:
    told = begun(3)
    tick()
    tell(told | {"call_status": "not_connected", "disconnection_reason": "dial_no_answer"}, "call_ended")
    tick()
    assert Call.objects.get().outcome == "not_connected"
    assert the_follow_up().status == "obsolete"


def test_an_end_that_comes_first_wins(retell: SandboxClient) -> None:
    told = begun(3)
    held = Call.objects.get()
    tell(told, "call_ended")
    tick()
    assert held.lose() is False
    assert Call.objects.get().status != "lost"


def test_what_was_booked_on_the_phone_stays_booked(retell: SandboxClient) -> None:
    begun(3)
    Call.objects.update(outcome=Call.Outcome.BOOKED)
    tick()
    assert (Call.objects.get().status, Call.objects.get().outcome) == ("lost", "booked")
    assert the_follow_up().status == "open"
