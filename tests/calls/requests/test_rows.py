from datetime import UTC, datetime
from typing import Any

import pytest

from calls.models import BookingRequest, PhoneNumber, Service, Staff
from calls.requests.rows import write_wishes
from calls.wishes.extraction import extract
from tests.calls.practice import practice, the_call, told

pytestmark = pytest.mark.django_db

WHEN = {"datum": "Donnerstag, den 20. November", "uhrzeit": "16 Uhr"}


@pytest.fixture
def number() -> PhoneNumber:
    return practice()


def written(**collected: Any) -> BookingRequest:
    """The row of what the caller asked for."""
    told("call_analyzed", collected_dynamic_variables={**WHEN, **collected}, call_analysis={})
    call = the_call()
    return write_wishes(call, extract(call))[0]


@pytest.mark.parametrize(
    ("words", "unclear"),
    [
        ("Krankengymnastik", ""),
        ("KG", ""),
        ("Krankengimnastik", ""),
        ("Yoga", "unknown_service"),
        ("", "unknown_service"),
    ],
)
def test_it_takes_the_service_only_when_the_words_name_one(number: PhoneNumber, words: str, unclear: str) -> None:
    request = written(dienstleistung=words)
    assert request.unclear == unclear
    assert (request.service is None) is bool(unclear)


def test_it_takes_the_only_service_when_there_is_nothing_to_choose_from(number: PhoneNumber) -> None:
    Service.objects.filter(name="Massage").update(is_active=False)
    request = written()
    assert request.service is not None and request.service.name == "Krankengymnastik"


def test_it_does_not_take_the_only_service_when_another_was_named(number: PhoneNumber) -> None:
    Service.objects.filter(name="Massage").delete()
    assert written(dienstleistung="Fango").unclear == "unknown_service"


def test_it_knows_only_the_services_of_its_own_company_and_branch(number: PhoneNumber) -> None:
    other = practice("+493023125201", "salon-birke")
    Service.objects.create(company=other.company, name="Yoga")
    Service.objects.create(company=number.company, name="Pilates", branch=other.branch)
    assert written(dienstleistung="Yoga").unclear == "unknown_service"


@pytest.mark.parametrize(
    ("words", "name", "unclear"),
    [
        ("bei Frau Buche", "Mara Buche", ""),
        ("egal", None, ""),
        ("", None, ""),
        ("Jona", None, "unknown_staff"),  # does not do this service
        ("Kim", None, "unknown_staff"),
    ],
)
def test_it_takes_the_person_only_when_they_do_this_here(
    number: PhoneNumber, words: str, name: str | None, unclear: str
) -> None:
    request = written(dienstleistung="KG", mitarbeiter_wunsch=words)
    assert (request.staff and request.staff.name, request.unclear) == (name, unclear)


def test_it_calls_a_name_that_two_share_ambiguous(number: PhoneNumber) -> None:
    namesake = Staff.objects.create(company=number.company, branch=number.branch, name="Mara Linde")
    namesake.services.add(Service.objects.get(name="Krankengymnastik"))
    assert written(dienstleistung="KG", mitarbeiter_wunsch="Mara").unclear == "ambiguous_staff"


@pytest.mark.parametrize("hours", [{"mo": "immer"}, ["09:00"], {"montag": []}, {"do": [["25:00", "26:00"]]}])
def test_it_takes_broken_opening_hours_for_unknown_ones(number: PhoneNumber, hours: Any) -> None:
    number.branch.opening_hours = hours
    number.branch.save()
    assert written(dienstleistung="KG").starts_at == datetime(2025, 11, 20, 15, 0, tzinfo=UTC)
    assert written(dienstleistung="KG").unclear == ""


def test_it_reads_the_time_by_the_branchs_hours_and_zone(number: PhoneNumber) -> None:
    number.branch.timezone = "Europe/Lisbon"
    number.branch.save()
    request = written(dienstleistung="KG", uhrzeit="um vier")
    assert request.starts_at == datetime(2025, 11, 20, 16, 0, tzinfo=UTC)


def test_it_writes_two_wishes_of_one_call(number: PhoneNumber) -> None:
    Service.objects.create(company=number.company, name="Haarschnitt")
    Service.objects.create(company=number.company, name="Farbe")
    told("call_ended.two_wishes")
    call = the_call()
    for _ in range(2):
        rows = write_wishes(call, extract(call))
        assert [(row.ordinal, row.name, row.unclear) for row in rows] == [
            (1, "Tobias Ängström", ""),
            (2, "Lina Ängström", ""),
        ]


def test_it_keeps_a_request_that_is_there_as_it_is(number: PhoneNumber) -> None:
    first = written(dienstleistung="KG")
    first.close(BookingRequest.Status.BOOKED)
    call = the_call()
    assert write_wishes(call, extract(call))[0].status == BookingRequest.Status.BOOKED


@pytest.mark.parametrize("name", ["X" * 5000, "🙂" * 300, "O'Neil\x00\u202e", "Ä\ud800Ö"])
def test_it_stores_whatever_was_said(number: PhoneNumber, name: str) -> None:
    request = written(name=name, dienstleistung=name, mitarbeiter_wunsch=name, kundenpraeferenzen=name)
    assert len(request.name) <= 200 and "\x00" not in request.name


@pytest.mark.parametrize(
    ("setting", "kept"), [("everything", True), ("everything_except_pii", False), ("basic_attributes_only", False)]
)
def test_what_may_not_be_kept_of_a_call_is_no_note_for_the_host(number: PhoneNumber, setting: str, kept: bool) -> None:
    values = {**WHEN, "dienstleistung": "KG", "anmerkungen": "Knie links, frisch operiert"}
    told("call_analyzed", collected_dynamic_variables=values, call_analysis={}, data_storage_setting=setting)
    call = the_call()
    rows = write_wishes(call, extract(call))
    assert [row.notes for row in rows] == (["Knie links, frisch operiert"] if kept else [""])


def test_a_setting_once_told_holds_although_a_later_event_leaves_it_out(number: PhoneNumber) -> None:
    told("call_ended", data_storage_setting="basic_attributes_only")
    values = {**WHEN, "dienstleistung": "KG", "anmerkungen": "Knie links"}
    told("call_analyzed", collected_dynamic_variables=values, call_analysis={}, data_storage_setting=None)
    call = the_call()
    assert {row.notes for row in write_wishes(call, extract(call))} == {""}
