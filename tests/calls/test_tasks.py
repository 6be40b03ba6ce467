from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from askpro.queues import Gone, Release
from askpro.queues.models import Job
from calls.models import BookingRequest, Call, Customer, PhoneNumber
from calls.models.ending import Ending
from calls.tasks import (
    extract_call_data,
    identify_customer,
    process_retell_call_ended,
    update_customer_from_call,
)
from tests.calls.practice import event, practice, the_call, told
from webhooks.inbox.replay import replay_one
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

State = WebhookEvent.Status
CHAIN = [
    "extract_call_data",
    "identify_customer",
    "create_appointment_from_call",
    "send_appointment_confirmation",
    "update_analytics",
]


@pytest.fixture
def number() -> PhoneNumber:
    return practice()


def sent() -> list[str]:
    return list(Job.objects.order_by("chain_step", "id").values_list("actor_name", flat=True))


def test_it_records_the_call_and_starts_the_work_when_it_has_ended(number: PhoneNumber) -> None:
    stored = told("call_ended")
    call = the_call()
    assert (stored.status, stored.company) == (State.PROCESSED, number.company)
    assert (call.status, call.outcome, call.phone_number) == ("ended", "pending", number)
    assert call.from_number == "+4915551230011" and call.transcript.startswith("Agent: Guten Tag")
    assert call.started_at == datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)
    assert call.end_heard_at is not None
    assert sent() == CHAIN
    told_of = {(job.tags[0], job.fair_key) for job in Job.objects.all()}
    assert told_of == {(f"call:{call.pk}", f"company:{number.company_id}")}


@pytest.mark.parametrize("order", list(permutations(["call_started", "call_ended", "call_analyzed"])))
def test_it_comes_to_the_same_call_whatever_the_order_of_events(number: PhoneNumber, order: tuple[str, ...]) -> None:
    for name in order:
        assert told(name).status == State.PROCESSED
    call = the_call()
    assert call.status == "analyzed"
    assert call.summary.startswith("Die Anruferin") and call.duration_ms == 94000
    assert call.disconnection_reason == "user_hangup"
    assert call.analysis == {"call_successful": True, "in_voicemail": False}
    assert call.variables["custom_analysis_data"]["service_name"] == "Krankengymnastik"
    assert sent() == CHAIN, "the work is started once"


def test_it_never_erases_what_is_known_when_a_later_event_says_less(number: PhoneNumber) -> None:
    told("call_analyzed")
    told("call_ended", transcript="", collected_dynamic_variables={}, agent_id=None, end_timestamp=None)
    call = the_call()
    assert call.transcript and call.ended_at and call.agent_id
    assert call.variables["collected_dynamic_variables"]["uhrzeit"] == "16 Uhr"


def test_it_lets_the_newer_event_correct_the_older_but_not_the_other_way_round(number: PhoneNumber) -> None:
    told("call_analyzed", collected_dynamic_variables={"uhrzeit": "17 Uhr"})
    told("call_ended")
    variables = the_call().variables["collected_dynamic_variables"]
    assert variables["uhrzeit"] == "17 Uhr" and variables["datum"] == "Donnerstag, den 20. November"


def test_it_does_nothing_twice_when_the_job_runs_again(number: PhoneNumber) -> None:
    stored = told("call_ended")
    process_retell_call_ended(event_id=stored.pk)
    assert Call.objects.count() == 1 and sent() == CHAIN


def test_it_starts_no_second_chain_when_the_event_is_replayed(number: PhoneNumber) -> None:
    stored = told("call_ended")
    Job.objects.all().delete()
    assert replay_one(stored, force=True)
    process_retell_call_ended(event_id=stored.pk)
    assert sent() == ["process_retell_call_ended"]


def test_it_is_cancelled_when_the_event_is_gone() -> None:
    with pytest.raises(Gone):
        process_retell_call_ended(event_id=1)


def test_incident_16_the_event_is_unassigned_and_no_call_when_nobody_has_the_number() -> None:
    stored = told("call_ended")
    assert stored.status == State.UNASSIGNED and stored.reason
    assert not Call.objects.exists() and not Job.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"call_id": None}, "call_id"),
        ({"call_id": "undefined"}, "call_id"),
        ({"call_id": "{{call_id}}"}, "call_id"),
        ({"call_id": ["x"]}, "call_id"),
        ({"start_timestamp": 915_148_800_000}, "start_timestamp"),
        ({"end_timestamp": 4_200_000_000_000}, "end_timestamp"),
        ({"start_timestamp": "gestern"}, "start_timestamp"),
    ],
)
def test_incident_15_an_event_is_invalid_and_its_field_named_when_it_cannot_be_a_call(
    number: PhoneNumber, changes: dict[str, Any], field: str
) -> None:
    stored = told("call_ended", **changes)
    assert stored.status == State.INVALID and field in stored.reason
    assert not Call.objects.exists()


def test_it_only_counts_a_call_that_never_connected(number: PhoneNumber) -> None:
    told("call_ended.not_connected", from_number=number.number)
    told("call_analyzed.not_connected", from_number=number.number)
    call = the_call()
    assert (call.outcome, call.status) == ("not_connected", "analyzed")
    assert sent() == ["update_analytics"]


@pytest.mark.parametrize("reason", ["credit_exhausted", "concurrency_limit_reached", "sip_routing_error"])
def test_it_tells_the_operators_when_no_call_can_come_through(
    number: PhoneNumber, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    told("call_ended.not_connected", disconnection_reason=reason)
    call = the_call()
    assert (call.outcome, call.needs_review) == ("not_connected", True)
    assert str(Ending(reason).label) in call.review_told("en")
    assert [record.levelname for record in caplog.records if reason in record.getMessage()] == ["ERROR"]


def test_it_keeps_nothing_that_was_said_when_the_storage_setting_forbids_it(number: PhoneNumber) -> None:
    told("call_ended")
    told("call_analyzed", data_storage_setting="basic_attributes_only")
    call = the_call()
    assert (call.transcript, call.recording_url, call.summary) == ("", "", "")


def test_it_shows_a_call_while_it_lasts(number: PhoneNumber) -> None:
    told("call_started")
    assert (the_call().status, sent()) == ("ongoing", [])


def test_it_reads_the_request_when_day_and_time_are_there(number: PhoneNumber) -> None:
    told("call_ended")
    extract_call_data(call_id=the_call().pk)
    request = BookingRequest.objects.get()
    assert request.starts_at == datetime(2025, 11, 20, 15, 0, tzinfo=UTC)
    assert (request.status, request.unclear, request.service and request.service.name) == (
        "open",
        "",
        "Krankengymnastik",
    )
    assert (request.name, request.contact_phone, request.staff) == ("Mareike Öztürk", "+493023125211", None)
    assert request.sms_consent and not request.email
    call = the_call()
    assert call.extracted_at is not None and call.outcome == "pending"


def test_it_reads_the_request_only_once(number: PhoneNumber) -> None:
    told("call_ended")
    extract_call_data(call_id=the_call().pk)
    told("call_analyzed", collected_dynamic_variables={"uhrzeit": "17 Uhr"})
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().starts_at == datetime(2025, 11, 20, 15, 0, tzinfo=UTC)


def test_it_waits_for_the_analysis_when_the_request_is_incomplete(number: PhoneNumber) -> None:
    told("call_ended", collected_dynamic_variables={"datum": "morgen"})
    with pytest.raises(Release) as released:
        extract_call_data(call_id=the_call().pk)
    assert released.value.after == 10.0
    assert not BookingRequest.objects.exists() and the_call().extracted_at is None
    told("call_analyzed", collected_dynamic_variables={"datum": "morgen"})
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().starts_at == datetime(2025, 11, 20, 15, 0, tzinfo=UTC)


def test_it_wakes_the_waiting_job_when_the_analysis_comes(number: PhoneNumber) -> None:
    told("call_ended", collected_dynamic_variables={})
    waiting = Job.objects.filter(actor_name="extract_call_data")
    waiting.update(status=Job.Status.RELEASED, run_at=timezone.now() + timedelta(minutes=1), ready_at=None)
    told("call_analyzed")
    assert waiting.get().status == Job.Status.QUEUED


def test_it_waits_no_longer_than_is_left_and_then_takes_what_there_is(number: PhoneNumber, settings: Any) -> None:
    settings.ANALYSIS_WAIT = 120.0
    with time_machine.travel(datetime(2025, 11, 17, 9, 2, tzinfo=UTC), tick=False) as clock:
        told("call_ended", collected_dynamic_variables={"datum": "morgen", "dienstleistung": "KG"})
        clock.shift(115)
        with pytest.raises(Release) as released:
            extract_call_data(call_id=the_call().pk)
        assert released.value.after == pytest.approx(5.0)
        clock.shift(5)
        extract_call_data(call_id=the_call().pk)
    request = BookingRequest.objects.get()
    assert (request.date_words, request.starts_at, request.unclear) == ("morgen", None, "no_time")


def read_without_the_analysis() -> None:
    """The end of a call whose agent collected nothing, then two minutes pass."""
    with time_machine.travel(datetime(2025, 11, 17, 9, 2, tzinfo=UTC), tick=False) as clock:
        told("call_ended", collected_dynamic_variables={}, transcript="User: Guten Tag.")
        clock.shift(121)
        extract_call_data(call_id=the_call().pk)
        identify_customer(call_id=the_call().pk)
    assert the_call().outcome == "no_request"


def test_it_books_what_only_the_analysis_holds_also_when_that_came_too_late_to_be_waited_for(
    number: PhoneNumber,
) -> None:
    read_without_the_analysis()
    told("call_analyzed")
    assert the_call().outcome == "pending"
    assert sent().count("create_appointment_from_call") == 2
    extract_call_data(call_id=the_call().pk)
    identify_customer(call_id=the_call().pk)
    assert BookingRequest.objects.get().starts_at == datetime(2025, 11, 20, 15, 0, tzinfo=UTC)
    customer = Customer.objects.get()
    assert customer.name == "Mareike Öztürk" and customer.may_receive_sms


def test_it_starts_nothing_anew_when_a_late_analysis_asks_for_nothing(number: PhoneNumber) -> None:
    read_without_the_analysis()
    told("call_analyzed", collected_dynamic_variables={}, call_analysis={"call_summary": "Nur eine Frage."})
    assert sent().count("create_appointment_from_call") == 1
    assert the_call().outcome == "no_request"


def test_it_flags_the_call_when_an_appointment_was_only_mentioned(number: PhoneNumber) -> None:
    told("call_analyzed", collected_dynamic_variables={}, call_analysis={})
    extract_call_data(call_id=the_call().pk)
    call = the_call()
    assert (call.outcome, call.needs_review) == ("no_request", True) and call.review_told()
    assert not BookingRequest.objects.exists()


def test_it_says_that_nothing_was_asked_for_when_that_is_so(number: PhoneNumber) -> None:
    told("call_analyzed", collected_dynamic_variables={}, call_analysis={}, transcript="User: Bis wann haben Sie auf?")
    extract_call_data(call_id=the_call().pk)
    assert (the_call().outcome, the_call().needs_review) == ("no_request", False)


def test_it_makes_a_request_for_a_person_when_the_caller_wants_to_be_called_back(number: PhoneNumber) -> None:
    analysis = {"custom_analysis_data": {"callback_requested": True}}
    told("call_analyzed", collected_dynamic_variables={}, call_analysis=analysis)
    extract_call_data(call_id=the_call().pk)
    request = BookingRequest.objects.get()
    assert (request.status, request.unclear, the_call().outcome) == ("open", "callback", "pending")


def test_it_does_not_wait_when_a_machine_answered(number: PhoneNumber) -> None:
    told("call_ended", collected_dynamic_variables={}, disconnection_reason="voicemail_reached", transcript="")
    extract_call_data(call_id=the_call().pk)
    assert the_call().outcome == "no_request"


def test_it_drops_the_request_when_the_agent_has_booked_by_itself(number: PhoneNumber) -> None:
    told("call_ended.booked_by_agent")
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().status == BookingRequest.Status.DROPPED
    assert the_call().outcome == "booked"


def test_it_drops_the_request_when_the_company_books_nothing() -> None:
    practice(books_appointments=False)
    told("call_ended")
    extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().status == BookingRequest.Status.DROPPED
    assert the_call().outcome == "no_request"


def test_incident_23_it_finds_the_same_customer_again_and_never_renames_them(number: PhoneNumber) -> None:
    mother = Customer.objects.create(company=number.company, name="Derya Öztürk", phone="+4915551230011")
    told("call_ended", collected_dynamic_variables={"name": "Mareike", "email": "derya@example.org", "datum": "morgen"})
    identify_customer(call_id=the_call().pk)
    identify_customer(call_id=the_call().pk)
    assert the_call().customer == mother == Customer.objects.get()
    mother.refresh_from_db()
    assert (mother.name, mother.email) == ("Derya Öztürk", None), "the address is that of whoever called this time"


def test_it_makes_one_customer_with_the_consent_given_in_the_call(number: PhoneNumber) -> None:
    told("call_ended")
    identify_customer(call_id=the_call().pk)
    customer = Customer.objects.get()
    assert (customer.name, customer.phone, customer.email) == ("Mareike Öztürk", "+4915551230011", None)
    assert (customer.sms_consent_at, customer.sms_consent_call) == (the_call().started_at, the_call())
    assert customer.contact_phone == "", "a landline is no number for SMS"
    assert "update_customer_from_call" in sent()


def test_a_mobile_number_that_was_said_is_not_the_customers_yet(number: PhoneNumber) -> None:
    told("call_ended", collected_dynamic_variables={"datum": "morgen", "telefonnummer": "01555 9876543"})
    identify_customer(call_id=the_call().pk)
    assert Customer.objects.get().contact_phone == ""


def test_it_takes_a_no_for_a_no_when_there_was_consent_before(number: PhoneNumber) -> None:
    Customer.objects.create(company=number.company, phone="+4915551230011", sms_consent_at=timezone.now())
    told("call_ended", collected_dynamic_variables={"datum": "morgen", "sms_einwilligung": "nein danke"})
    identify_customer(call_id=the_call().pk)
    assert Customer.objects.get().sms_consent_at is None


def test_incident_24_an_anonymous_caller_is_never_matched_to_anybody(number: PhoneNumber) -> None:
    for suffix in ("a", "b"):
        told("call_ended.anonymous", call_id=f"call_anonymous_{suffix}")
    for call in Call.objects.all():
        identify_customer(call_id=call.pk)
        identify_customer(call_id=call.pk)
    assert list(Customer.objects.values_list("phone", flat=True)) == [None, None]
    assert len(set(Call.objects.values_list("customer", flat=True))) == 2


def test_it_makes_no_customer_of_an_anonymous_caller_who_wants_nothing(number: PhoneNumber) -> None:
    told("call_ended.anonymous", collected_dynamic_variables={})
    identify_customer(call_id=the_call().pk)
    assert not Customer.objects.exists()


def test_it_keeps_customers_of_two_companies_apart_when_they_share_a_number(number: PhoneNumber) -> None:
    other = practice("+493023125201", "salon-birke")
    told("call_ended")
    told("call_ended", call_id="call_other", to_number=other.number)
    for call in Call.objects.all():
        identify_customer(call_id=call.pk)
    assert {customer.company_id for customer in Customer.objects.all()} == {number.company_id, other.company_id}


def test_the_customer_of_a_call_made_by_us_is_the_one_who_was_called(number: PhoneNumber) -> None:
    told("call_ended", direction="outbound", from_number=number.number, to_number="+4915551230077")
    identify_customer(call_id=the_call().pk)
    assert Customer.objects.get().phone == "+4915551230077"


def test_the_last_contact_only_moves_forward(number: PhoneNumber) -> None:
    told("call_ended")
    identify_customer(call_id=the_call().pk)
    update_customer_from_call(call_id=the_call().pk)
    ended_at = the_call().ended_at
    assert Customer.objects.get().last_contact_at == ended_at
    Call.objects.update(ended_at=datetime(2025, 1, 1, tzinfo=UTC))
    update_customer_from_call(call_id=the_call().pk)
    assert Customer.objects.get().last_contact_at == ended_at


@pytest.mark.parametrize("job", [extract_call_data, identify_customer, update_customer_from_call])
def test_it_is_cancelled_when_the_call_is_gone(job: Any) -> None:
    with pytest.raises(Gone):
        job(call_id=1)


def test_scenario_07_morgen_counts_from_the_call_when_the_job_runs_after_midnight(number: PhoneNumber) -> None:
    said_at = datetime(2026, 11, 16, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    with time_machine.travel(said_at + timedelta(minutes=6)):
        told(
            "call_analyzed",
            start_timestamp=int(said_at.timestamp() * 1000),
            end_timestamp=None,
            collected_dynamic_variables={"datum": "morgen", "uhrzeit": "16 Uhr", "dienstleistung": "Massage"},
            call_analysis={},
        )
        extract_call_data(call_id=the_call().pk)
    assert BookingRequest.objects.get().starts_at == datetime(2026, 11, 17, 15, 0, tzinfo=UTC)


def test_an_event_that_was_told_twice_under_two_keys_is_one_call(number: PhoneNumber) -> None:
    first, second = event("call_ended"), event("call_ended")
    for stored in (first, second):
        process_retell_call_ended(event_id=stored.pk)
    assert Call.objects.count() == 1 and sent() == CHAIN
