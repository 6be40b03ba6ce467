"""Calls that no webhook reported are asked for, and worked on like the others."""

import json
from datetime import timedelta
from typing import Any

import pytest

from askpro.dev.sandbox.client import SandboxClient
from askpro.queues import Gone
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, PhoneNumber
from calls.models.call import forgotten_id
from calls.retell.client import PAGE
from tests.calls.practice import practice
from tests.webhooks.net.retell import KEY, NOW, call, ends_of, keep, later, never_connected, read_until, tell, tick
from webhooks.models import EarlierCall, RefusedWebhook, RetellReading, WebhookAddress, WebhookEvent
from webhooks.models.fingerprint import fingerprint
from webhooks.net import reading as reading_module
from webhooks.tasks import sync_all_retell_calls, sync_retell_calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]

MINUTE = timedelta(minutes=1)


def events() -> list[tuple[str, str, bool]]:
    return sorted(WebhookEvent.objects.values_list("event_key", "status", "fetched"))


def test_a_call_without_any_webhook_becomes_the_event_that_it_would_have_been(retell: SandboxClient) -> None:
    keep(retell, call("call_silent"))
    tick()
    event = WebhookEvent.objects.get()
    assert (event.event_key, event.status, event.fetched) == ("call_analyzed:call_silent", "processed", True)
    assert (event.verified_by, event.address, event.headers) == (fingerprint(KEY), None, {})
    assert event.occurred_at is None and "transcript" in event.payload["call"]
    row = Call.objects.get()
    assert (row.status, row.outcome != Call.Outcome.PENDING, row.company.slug) == ("analyzed", True, "praxis-sonnenhof")
    assert BookingRequest.objects.count() == 1


def test_a_call_of_which_only_the_start_was_told_gets_its_end(retell: SandboxClient) -> None:
    begun = call("call_started_only")
    tell(begun, "call_started")
    keep(retell, begun)
    tick()
    assert [key for key, _, fetched in events() if fetched] == ["call_analyzed:call_started_only"]
    assert Call.objects.get().status == "analyzed"


def test_a_call_whose_analysis_was_lost_gets_it(retell: SandboxClient) -> None:
    told = call("call_no_analysis")
    tell(told, "call_ended")
    keep(retell, told)
    tick()
    assert [key for key, _, fetched in events() if fetched] == ["call_analyzed:call_no_analysis"]


def test_a_call_that_is_not_analyzed_is_an_ended_one_and_is_analyzed_later(retell: SandboxClient, clock: Any) -> None:
    keep(retell, call("call_slow", call_analysis=None))
    tick()
    keep(retell, call("call_slow"))
    clock.shift(300)
    tick()
    assert events() == [
        ("call_analyzed:call_slow", "processed", True),
        ("call_ended:call_slow", "processed", True),
    ]
    assert BookingRequest.objects.count() == 1


def test_what_was_told_is_not_asked_for(retell: SandboxClient) -> None:
    told = call("call_told")
    tell(told, "call_started", "call_ended", "call_analyzed")
    keep(retell, told)
    retell.fault("retell.get_call", times=9)
    tick()
    assert [fault["hits"] for fault in retell.faults()] == [0]
    assert not WebhookEvent.objects.filter(fetched=True).exists()


def test_two_readings_of_the_same_page_change_nothing(retell: SandboxClient, clock: Any) -> None:
    keep(retell, call("call_silent"), never_connected("call_nobody_there"))
    tick()
    before = events(), list(Call.objects.values())
    for _ in range(2):
        clock.shift(60)
        tick()
    assert (events(), list(Call.objects.values())) == before


def test_a_webhook_that_arrives_after_all_is_a_duplicate_and_no_conflict(retell: SandboxClient) -> None:
    late = call("call_late")
    keep(retell, late)
    tick()
    tell(late | {"recording_url": "https://recordings.example/other"}, "call_analyzed")
    event = WebhookEvent.objects.get()
    assert (event.duplicates, event.status) == (1, "processed")


def test_a_webhook_may_still_be_on_its_way_for_two_minutes(retell: SandboxClient, clock: Any) -> None:
    keep(retell, call("call_just_now", NOW - MINUTE))
    tick()
    assert not WebhookEvent.objects.exists()
    clock.shift(300)
    tick()
    assert Call.objects.get().status == "analyzed"


def test_a_call_that_lasts_is_left_alone(retell: SandboxClient) -> None:
    keep(retell, call("call_lasts", call_status="ongoing", end_timestamp=None, disconnection_reason=None))
    tick()
    assert not WebhookEvent.objects.exists()


def test_it_reads_page_after_page(retell: SandboxClient) -> None:
    keep(retell, *(call(f"call_{number:03}", NOW - (10 + number) * MINUTE) for number in range(PAGE + 1)))
    sync_all_retell_calls()
    sync_retell_calls(reading_id=RetellReading.objects.get().pk)
    assert WebhookEvent.objects.count() == PAGE + 1


def test_the_next_reading_begins_an_hour_before_the_last_complete_one_ended(retell: SandboxClient, clock: Any) -> None:
    tick()
    assert read_until() == NOW
    clock.shift(timedelta(days=10))
    keep(retell, call("call_before", NOW - 61 * MINUTE), call("call_within", NOW - 59 * MINUTE))
    tick()
    assert [key for key, *_ in events()] == ["call_analyzed:call_within"]
    assert read_until() == NOW + timedelta(days=10)


def test_the_nightly_reading_goes_back_three_days(retell: SandboxClient, clock: Any) -> None:
    tick()
    keep(retell, call("call_of_sunday", NOW - timedelta(days=2)))
    clock.shift(300)
    tick()
    assert not WebhookEvent.objects.exists()
    tick(days=3)
    assert [key for key, *_ in events()] == ["call_analyzed:call_of_sunday"]


@pytest.mark.parametrize("route", ["retell.list_calls", "retell.get_call"])
def test_an_incomplete_reading_moves_nothing_and_is_done_again(retell: SandboxClient, clock: Any, route: str) -> None:
    tick()
    keep(retell, call("call_silent", NOW + 2 * MINUTE))
    clock.shift(300)
    retell.fault(route, status=500, times=1)
    assert ends_of(tick()) == ["retrying"]
    assert read_until() == NOW
    assert ends_of(later(clock, 5)) == ["completed"]
    assert read_until() == NOW + 10 * MINUTE
    assert Call.objects.get().status == "analyzed"


def test_a_call_that_cannot_be_had_stops_no_other(retell: SandboxClient) -> None:
    keep(retell, call("call_one"), call("call_bad"), call("call_two"))
    retell.fault("retell.get_call", status=409, times=9, match={"call_id": "call_bad"})
    tick()
    assert [key for key, *_ in events()] == ["call_analyzed:call_one", "call_analyzed:call_two"]


def test_a_call_that_retell_lists_and_does_not_know_is_looked_for_twice_and_then_taken_as_listed(
    retell: SandboxClient, clock: Any
) -> None:
    keep(retell, call("call_half_there", NOW - 5 * MINUTE))
    retell.fault("retell.get_call", status=422, times=99)
    tick()
    assert not WebhookEvent.objects.exists() and read_until() is None
    later(clock, 6)
    assert "transcript" not in WebhookEvent.objects.get().payload["call"]
    assert Call.objects.get().outcome != Call.Outcome.PENDING


def test_a_pause_that_retell_wants_costs_no_call(retell: SandboxClient, clock: Any) -> None:
    keep(retell, call("call_silent"))
    retell.fault("retell.list_calls", status=429, headers={"Retry-After": "7"})
    assert ends_of(tick()) == ["released"]
    assert ends_of(later(clock, 1)) == ["completed"]
    assert Call.objects.get().status == "analyzed"


def test_what_a_long_reading_leaves_is_read_a_second_later(
    retell: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.tasks.READING_TIME", -1.0)
    keep(retell, call("call_silent"))
    assert ends_of(tick()) == ["released"]
    assert read_until() is None


def test_a_call_that_never_connected_has_no_time_and_is_found(retell: SandboxClient, clock: Any) -> None:
    tick()
    keep(retell, never_connected("call_nobody_there"), never_connected("call_failed", call_status="error"))
    clock.shift(300)
    tick()
    assert set(Call.objects.values_list("outcome", flat=True)) == {"not_connected"}
    assert Call.objects.count() == 2


def test_the_first_reading_takes_a_few_calls_without_a_time(retell: SandboxClient) -> None:
    keep(retell, never_connected("call_nobody_there"))
    tick()
    assert Call.objects.get().outcome == "not_connected"


def test_many_calls_without_a_time_are_a_history_from_before_the_account_was_read(
    retell: SandboxClient, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "MOST_UNDATED", 1)
    keep(retell, never_connected("call_of_last_year"), never_connected("call_of_the_year_before"))
    tick()
    keep(retell, never_connected("call_of_today"))
    clock.shift(300)
    tick()
    assert [key for key, *_ in events()] == ["call_analyzed:call_of_today"]
    assert EarlierCall.objects.count() == 2


def test_a_call_from_long_before_its_number_was_entered_is_left_to_whoever_answered_then(
    retell: SandboxClient, number: PhoneNumber
) -> None:
    keep(retell, call("call_of_before", NOW - timedelta(hours=25)), call("call_of_today", NOW - timedelta(hours=23)))
    PhoneNumber.objects.update(created_at=NOW)
    tick()
    assert [key for key, *_ in events()] == ["call_analyzed:call_of_today"]


def test_a_call_of_nobodys_number_is_not_read(retell: SandboxClient) -> None:
    keep(retell, call("call_elsewhere", to_number="+493023125999", agent_id="agent_of_others"))
    tick()
    assert not WebhookEvent.objects.exists()
    assert read_until() == NOW


@pytest.mark.parametrize("setting", ["basic_attributes_only", "everything_except_pii", "of the future"])
def test_what_may_not_be_stored_is_not(retell: SandboxClient, setting: str) -> None:
    keep(retell, call("call_private", data_storage_setting=setting))
    tick()
    event = WebhookEvent.objects.get()
    assert "transcript" not in event.payload["call"] and b"Agent:" not in bytes(event.body)
    assert Call.objects.get().transcript == ""


def test_incident_18_retells_opinion_changes_no_outcome(retell: SandboxClient) -> None:
    told = call("call_booked")
    tell(told, "call_ended")
    tick()
    Call.objects.update(outcome=Call.Outcome.BOOKED)
    keep(retell, told | {"call_analysis": {"call_successful": False, "in_voicemail": True}})
    tick()
    row = Call.objects.get()
    assert (row.status, row.outcome) == ("analyzed", "booked")
    assert row.analysis["call_successful"] is False


class TestAccounts:
    """Each key is an account; a company with its own address has its own."""

    @pytest.fixture
    def own(self, number: PhoneNumber) -> WebhookAddress:
        address = WebhookAddress.objects.create(company=number.company, provider="retell")
        address.add_secret("key_of_the_practice")
        return address

    def test_the_calls_of_a_companys_account_come_in_at_its_address(
        self, retell: SandboxClient, own: WebhookAddress
    ) -> None:
        keep(retell, call("call_of_practice"), key="key_of_the_practice")
        tick()
        event = WebhookEvent.objects.get()
        assert (event.address, event.status, event.company) == (own, "processed", own.company)
        assert RetellReading.objects.count() == 2

    def test_the_shared_account_does_not_speak_for_it(self, retell: SandboxClient, own: WebhookAddress) -> None:
        keep(retell, call("call_of_practice"))
        tick()
        assert not WebhookEvent.objects.exists() and not RefusedWebhook.objects.exists()

    def test_nor_does_another_companys(self, retell: SandboxClient, own: WebhookAddress) -> None:
        other = practice("+493023125201", "salon-birke")
        address = WebhookAddress.objects.create(company=other.company, provider="retell")
        address.add_secret("key_of_the_salon")
        keep(retell, call("call_of_practice"), key="key_of_the_salon")
        tick()
        assert not WebhookEvent.objects.exists() and not RefusedWebhook.objects.exists()

    def test_what_came_in_at_the_shared_address_before_is_known(self, retell: SandboxClient) -> None:
        told = call("call_of_before")
        tell(told, "call_analyzed")
        tick()
        address = WebhookAddress.objects.create(company=Call.objects.get().company, provider="retell")
        address.add_secret("key_of_the_practice")
        keep(retell, told, key="key_of_the_practice")
        tick()
        assert WebhookEvent.objects.count() == 1

    def test_a_key_that_was_replaced_stops_nothing(self, retell: SandboxClient, settings: Any, clock: Any) -> None:
        settings.RETELL_API_KEYS = [KEY, "key_replaced"]
        keep(retell, call("call_silent"))
        assert sorted(ends_of(tick())) == ["completed", "dead"]
        clock.shift(300)
        assert ends_of(tick()) == ["completed", "completed"]
        assert RetellReading.objects.filter(refused_at__isnull=False).count() == 1
        assert Call.objects.get().status == "analyzed"

    def test_a_key_that_is_refused_and_the_only_one_fails_each_time(
        self, retell: SandboxClient, settings: Any, clock: Any
    ) -> None:
        settings.RETELL_API_KEYS = ["key_wrong"]
        assert ends_of(tick()) == ["dead"]
        clock.shift(300)
        assert ends_of(tick()) == ["dead"]

    def test_the_reading_of_a_key_that_is_gone_is_over(self, retell: SandboxClient, settings: Any) -> None:
        tick()
        settings.RETELL_API_KEYS = []
        with pytest.raises(Gone):
            sync_retell_calls(reading_id=RetellReading.objects.get().pk)

    def test_the_key_is_in_no_row_and_no_job(self, retell: SandboxClient, own: WebhookAddress) -> None:
        tick()
        told = json.dumps([*RetellReading.objects.values(), *Job.objects.values("args", "kwargs", "tags")], default=str)
        assert KEY not in told and "key_of_the_practice" not in told


def test_the_overlap_is_longer_than_a_webhook_is_on_its_way() -> None:
    assert reading_module.OVERLAP > reading_module.ON_ITS_WAY * 5


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_call_whose_data_was_deleted_does_not_come_back(
    retell: SandboxClient, clock: Any, is_forgotten: bool
) -> None:
    told = call("call_erased")
    tell(told, "call_ended", "call_analyzed")
    run_jobs()
    row = Call.objects.get()
    erased = {"erased_at": NOW, "transcript": "", "from_number": ""}
    Call.objects.update(**erased, **({"retell_call_id": forgotten_id("call_erased")} if is_forgotten else {}))
    keep(retell, told)
    tick()
    WebhookEvent.objects.all().delete()
    tick(days=3)
    assert not WebhookEvent.objects.exists(), "not even when the events are gone, too"
    tell(told, "call_started")
    run_jobs()
    event = WebhookEvent.objects.get()
    assert (event.status, event.company, event.has_body, event.headers) == ("ignored", row.company, False, {})
    row.refresh_from_db()
    assert (row.transcript, row.from_number) == ("", "") and Call.objects.count() == 1
