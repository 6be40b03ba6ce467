"""What is free, asked while the caller is on the line."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from askpro.dev.sandbox.client import SandboxClient
from askpro.metrics import recorder
from askpro.metrics.recorder import Recorder
from calls.models import BookingRequest, ClosedDay, Company, Service
from tests.calls.functions.caller import Conversation

AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
COLOUR = 4712  # one host only, 90 minutes


def asked(**arguments: str) -> dict[str, object]:
    return Conversation().says().asks("check_availability", **{"service": "Färben", **arguments})


def test_a_free_time_is_confirmed_in_words(salon: Company) -> None:
    told = asked(date="Donnerstag", time="14 Uhr")
    assert told["spoken"] == (
        "Ja, am Donnerstag, dem dritten Dezember, um vierzehn Uhr ist frei. Soll ich das eintragen?"
    )
    assert told["data"] == {"times": [{"date": "2026-12-03", "time": "14:00"}], "service": "Färben"}
    assert not BookingRequest.objects.exists()


def test_a_taken_time_is_answered_with_the_nearest(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, AT)
    told = asked(date="Donnerstag", time="14 Uhr")
    assert told["status"] == "taken"
    assert told["data"]["times"] == [
        {"date": "2026-12-03", "time": "12:15"},
        {"date": "2026-12-03", "time": "12:30"},
        {"date": "2026-12-03", "time": "15:30"},
    ]


def test_a_day_is_answered_with_times_that_lie_apart(salon: Company) -> None:
    told = asked(date="am Freitag")
    assert told["spoken"] == (
        "Frei ist es am Freitag, dem vierten Dezember, um neun Uhr, um zwölf Uhr fünfundvierzig oder um sechzehn Uhr "
        "dreißig. Was passt Ihnen?"
    )


def test_a_part_of_a_day_is_kept_to(salon: Company) -> None:
    told = asked(date="Freitag Nachmittag")
    assert {each["time"] >= "12:00" for each in told["data"]["times"]} == {True}


def test_a_closed_day_is_answered_with_the_next_times(salon: Company) -> None:
    told = asked(date="Montag")
    assert told["spoken"].startswith("An dem Tag ist leider nichts frei. Frei wäre es am Dienstag, dem achten Dezember")


def test_without_a_day_the_next_ones_are_named(salon: Company) -> None:
    days = [each["date"] for each in asked()["data"]["times"]]
    assert days[0] == "2026-12-01"


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ({"service": ""}, "which_service"),
        ({"service": "Yoga"}, "unknown_service"),
        ({"staff": "Berta"}, "unknown_staff"),
        ({"date": "nächste Woche"}, "vague_week"),
        ({"date": "Mittwoch, der 3. Dezember", "time": "14 Uhr"}, "weekday_mismatch"),
        ({"date": "31. November", "time": "14 Uhr"}, "invalid_date"),
        ({"date": "heute", "time": "11 Uhr"}, "short_notice"),
        ({"date": "irgendwann", "time": "dann"}, "unreadable"),
    ],
)
def test_what_is_not_clear_is_asked(salon: Company, arguments: dict[str, str], about: str) -> None:
    told = asked(**arguments)
    assert (told["status"], told["data"]["about"]) == ("ask", about)


def test_the_choices_are_named_when_no_service_is_meant(salon: Company) -> None:
    told = asked(service="Yoga")
    assert told["spoken"] == (
        "Das bieten wir hier nicht an. Möglich ist Bartpflege, Färben oder Haarschnitt. Was soll es sein?"
    )


def test_what_only_a_person_may_book_is_not_looked_for(salon: Company) -> None:
    Service.objects.filter(name="Färben").update(obstacles=["seats"])
    assert asked(date="Donnerstag", time="14 Uhr")["status"] == "by_person"


def test_a_hanging_calendar_is_not_waited_for(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.functions.conversation.READ_WITHIN", 1.0)
    sandbox.fault("calcom.slots", latency_ms=3000)
    began = time.monotonic()
    assert asked(date="Donnerstag", time="14 Uhr")["status"] == "unavailable"
    assert time.monotonic() - began < 1.0


def test_the_second_question_about_a_week_costs_no_request(salon: Company, sandbox: SandboxClient) -> None:
    asked(date="Donnerstag", time="14 Uhr")
    sandbox.fault("calcom.*", status=500, times=100)
    assert asked(date="Freitag", time="10 Uhr")["status"] == "free"


def test_english_is_answered_in_english(salon: Company) -> None:
    told = asked(date="2026-12-03", time="14:00", language="English")
    assert told["spoken"] == "Yes, we are free on Thursday, the third of December, at two p.m. Shall I book that?"


@pytest.mark.parametrize(
    ("date", "clock", "about"),
    [("28.03.2027", "2:30 Uhr nachts", "nonexistent_time"), ("31.10.2027", "2:30 Uhr nachts", "ambiguous_local_time")],
)
def test_times_that_the_clocks_skip_or_repeat_are_asked(salon: Company, date: str, clock: str, about: str) -> None:
    assert asked(date=date, time=clock)["data"]["about"] == about


def test_incident_19_a_time_after_the_clocks_have_changed_is_the_branchs(salon: Company) -> None:
    told = asked(date="30.03.2027", time="14 Uhr")
    assert told["data"]["times"] == [{"date": "2027-03-30", "time": "14:00"}]


@pytest.mark.parametrize("function", ["check_availability", "book_appointment"])
def test_a_closed_day_is_told_with_its_reason(salon: Company, function: str) -> None:
    ClosedDay.objects.create(company=salon, first_day=AT.date(), last_day=AT.date(), reason="Betriebsausflug")
    told = Conversation().says().asks(function, service="Färben", date="Donnerstag", time="14 Uhr")
    assert told["status"] == "closed"
    assert told["spoken"].startswith("An dem Tag haben wir geschlossen: Betriebsausflug. Frei wäre es am Freitag, dem")


def test_a_question_and_a_booking_look_up_no_more_than_they_need(
    salon: Company, django_assert_max_num_queries: Any
) -> None:
    conversation = Conversation().says()
    conversation.asks("list_services")
    wish = {"service": "Färben", "date": "Donnerstag", "time": "14 Uhr"}
    with django_assert_max_num_queries(19):
        conversation.says().asks("check_availability", **wish)
    with django_assert_max_num_queries(83):
        conversation.says().asks("book_appointment", **wish, name="Anna Beispiel")


def test_what_calcom_is_asked_counts_for_the_callers_company(salon: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Recorder()
    monkeypatch.setattr(recorder, "_recorder", noting)
    asked(date="Donnerstag", time="14 Uhr")
    assert {(name, company) for _, kind, name, *_, company in noting._notes if kind == "vendor"} == {
        ("calcom", salon.pk)
    }
