"""The calendar's page: each appointment once, at its place; whose it is; what nobody can have meant."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from appointments.admin.calendar.rows import MOST
from appointments.models import Appointment
from calls.models import Branch, ClosedDay, Service, Staff
from tests.appointments import salon
from tests.appointments.admin.document import Element, document
from tests.console.tenants import bound

pytestmark = pytest.mark.django_db

CALENDAR = "/admin/appointments/appointment/calendar/"
THURSDAY = date(2026, 12, 3)
MOST_QUERIES = 15
Status = Appointment.Status


@pytest.fixture
def mitte() -> Branch:
    """A branch in Berlin, open from 9 to 18 on weekdays, with two people."""
    at = salon.branch(salon.company())
    salon.staff(at, 1, name="Mara Buche")
    salon.staff(at, 2, name="Ömer Yıldız")
    salon.service(at.company)
    return at


@pytest.fixture
def everyone(admin_client: Client, clock: Any) -> Client:
    """Somebody who may see it all, on Monday, 30 November 2026."""
    return admin_client


def booked(at: Branch, begins: str, minutes: int = 45, **values: Any) -> Appointment:
    """An appointment, by the clocks of its branch."""
    starts_at = datetime.fromisoformat(begins).replace(tzinfo=at.zone).astimezone(UTC)
    values = {
        "attendee_name": "Ole Linde",
        "service": Service.objects.filter(company=at.company).first(),
        "staff": at.staff.order_by("pk").first(),
        "status": Status.CONFIRMED,
        "branch": at,
        "calcom_uid": f"uid{Appointment.objects.count():020}",
    } | values
    ends_at = starts_at + timedelta(minutes=minutes)
    return Appointment.objects.create(company=at.company, starts_at=starts_at, ends_at=ends_at, **values)


def shown(client: Client, **asked: Any) -> Element:
    answer = client.get(CALENDAR, asked)
    assert answer.status_code == 200
    return document(answer.content)


def cards(page: Element) -> list[Element]:
    return page.one(id="calendar").all(".ac-card") if page.all(id="calendar") else []


def key_of(card: Element) -> int:
    return int(re.findall(r"\d+", card["href"])[0])


def keys(page: Element) -> list[int]:
    return [key_of(card) for card in cards(page)]


def card_of(page: Element, row: Appointment) -> Element:
    [card] = [card for card in cards(page) if key_of(card) == row.pk]
    return card


def column_of(page: Element, row: Appointment) -> str:
    return card_of(page, row).around("section").one("h3").text


@pytest.mark.parametrize("view", ["day", "week"])
def test_each_appointment_of_the_days_is_shown_once(everyone: Client, mitte: Branch, view: str) -> None:
    mara, oemer = Staff.objects.order_by("name")
    there = [
        booked(mitte, "2026-12-03T10:00", staff=mara),
        booked(mitte, "2026-12-03T10:30", staff=mara),
        booked(mitte, "2026-12-03T10:05", 10, staff=oemer),
        booked(mitte, "2026-12-03T05:00", staff=oemer, status=Status.CANCELLED),
        booked(mitte, "2026-12-03T17:30", staff=None, branch=None),
        booked(mitte, "2026-12-03T23:30", 120, staff=oemer),
    ]
    overnight = booked(mitte, "2026-12-02T23:30", 60)
    [*_, before, after] = [booked(mitte, at) for at in ("2026-11-26T12:00", "2026-12-10T12:00")]
    page = shown(everyone, day=THURSDAY, view=view)
    assert sorted(keys(page)) == sorted(row.pk for row in [*there, overnight])
    assert not {before.pk, after.pk} & {*keys(page)}


def test_a_day_has_a_column_for_each_person_and_one_for_nobody_yet(everyone: Client, mitte: Branch) -> None:
    mara, oemer = Staff.objects.order_by("name")
    rows = [booked(mitte, "2026-12-03T10:00", staff=person) for person in (mara, oemer, None)]
    page = shown(everyone, day=THURSDAY)
    assert [column_of(page, row) for row in rows] == ["Mara Buche", "Ömer Yıldız", "Nobody yet"]


def test_a_week_has_a_column_for_each_day(everyone: Client, mitte: Branch) -> None:
    rows = [booked(mitte, f"2026-12-0{day}T10:00") for day in (1, 6)]
    page = shown(everyone, day=THURSDAY, view="week")
    assert [column_of(page, row) for row in rows] == ["Tue 1 December", "Sun 6 December"]
    assert "Week 49" in page.text


def test_who_is_asked_for_alone_is_shown_alone(everyone: Client, mitte: Branch) -> None:
    mara, oemer = Staff.objects.order_by("name")
    own = booked(mitte, "2026-12-03T10:00", staff=mara)
    booked(mitte, "2026-12-03T10:00", staff=oemer)
    for view in ("day", "week"):
        assert keys(shown(everyone, day=THURSDAY, view=view, staff=mara.pk)) == [own.pk]


def test_a_branch_shows_its_own_by_its_own_clocks(everyone: Client, mitte: Branch) -> None:
    lisbon = Branch.objects.create(company=mitte.company, name="Lissabon", timezone="Europe/Lisbon")
    Staff.objects.create(company=mitte.company, branch=lisbon, name="Inês")
    here, there = booked(mitte, "2026-12-03T10:00"), booked(lisbon, "2026-12-03T10:00")
    alone = shown(everyone, day=THURSDAY, branch=lisbon.pk)
    assert keys(alone) == [there.pk] and "10:00–10:45" in cards(alone)[0].text
    together = shown(everyone, day=THURSDAY, branch=f"all-{mitte.company_id}")
    assert sorted(keys(together)) == sorted([here.pk, there.pk])
    assert "11:00–11:45" in together.text, "the company's clocks are those of Berlin"
    assert "The clocks of Lissabon are those of Europe/Lisbon" in together.text


@pytest.mark.parametrize(
    ("values", "word", "icon"),
    [
        ({}, "Confirmed", "check_circle"),
        ({"customer_confirmed_at": datetime(2026, 11, 30, tzinfo=UTC)}, "Says they come", "how_to_reg"),
        ({"status": Status.REQUESTED}, "Waits for the host's yes", "help"),
        ({"status": Status.REQUESTED, "calcom_uid": None}, "Being booked", "hourglass_top"),
        ({"status": Status.CANCELLED}, "Cancelled", "event_busy"),
        ({"status": Status.COMPLETED}, "Took place", "task_alt"),
        ({"status": Status.NO_SHOW}, "Did not come", "person_off"),
        (
            {"previous_starts_at": datetime(2026, 12, 1, 9, 0, tzinfo=UTC)},
            "Moved, was 1 Dec 2026, 10:00",
            "event_repeat",
        ),
    ],
)
def test_how_it_stands_is_a_word_and_an_icon(
    everyone: Client, mitte: Branch, values: dict[str, Any], word: str, icon: str
) -> None:
    booked(mitte, "2026-12-03T10:00", **values)
    [card] = cards(shown(everyone, day=THURSDAY))
    assert word in card.text
    assert icon in {span.text for span in card.all(aria_hidden="true")}


def test_what_is_cancelled_can_be_left_out(everyone: Client, mitte: Branch) -> None:
    booked(mitte, "2026-12-03T10:00", status=Status.CANCELLED)
    page = shown(everyone, day=THURSDAY)
    [link] = [link for link in page.all("a") if link.text == "Hide cancelled"]
    assert len(cards(page)) == 1
    assert cards(document(everyone.get(link["href"]).content)) == []


def test_a_closed_day_says_why_and_a_day_off_says_closed(everyone: Client, mitte: Branch) -> None:
    ClosedDay.objects.create(company=mitte.company, first_day=THURSDAY, last_day=THURSDAY, reason="Inventur")
    page = shown(everyone, day=THURSDAY, view="week")
    heads = [column.one("header").text for column in page.all(".ac-column")]
    assert heads[3] == "Thu 3 December Closed: Inventur"
    assert heads[4] == "Fri 4 December"
    assert heads[6] == "Sun 6 December Closed"


def test_opening_hours_and_now_have_their_rows(everyone: Client, mitte: Branch) -> None:
    page = shown(everyone)
    [body, *_] = [column.one(".ac-body") for column in page.all(".ac-today")]
    # The first row is 9:00; it is 11:00.
    assert {"ac-f0", "ac-n36"} <= body.one(".ac-open").classes
    assert "ac-f8" in body.one(".ac-now").classes
    assert not shown(everyone, day=THURSDAY).all(".ac-now")


@pytest.mark.parametrize(
    ("day", "begins", "row"),
    [("2027-03-28", "2027-03-28T00:30+00:00", 6), ("2027-10-31", "2027-10-31T01:30+00:00", 14)],
)
def test_where_the_clocks_change_it_stands_by_the_clock(
    everyone: Client, mitte: Branch, day: str, begins: str, row: int
) -> None:
    """At 1:30 before an hour is left out, and at 2:30 when that comes for the second time."""
    starts_at = datetime.fromisoformat(begins)
    row_of = booked(mitte, "2027-03-28T00:00", staff=None)
    Appointment.objects.filter(pk=row_of.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    booked(mitte, f"{day}T00:00", staff=None)
    page = shown(everyone, day=day)
    assert f"ac-f{row}" in card_of(page, row_of).around("ul").classes


def test_the_style_sheet_has_every_row_and_lane() -> None:
    sheet = Path(str(finders.find("console/calendar-rows.css"))).read_text()
    for name, numbers in (("f", range(100)), ("n", range(1, 101)), ("l", range(1, 41))):
        assert all(f".ac-{name}{number}{{" in sheet for number in numbers), name


def test_neighbouring_days_are_a_link_away(everyone: Client, mitte: Branch) -> None:
    page = shown(everyone, day=THURSDAY, view="week")
    places = {link["data-key"]: link["href"] for link in page.all("a") if "data-key" in link.values}
    assert "day=2026-11-26" in places["p"] and "day=2026-12-10" in places["n"]
    assert "day=" not in places["t"] and "view=day" in places["d"]
    for place in places.values():
        assert everyone.get(place).status_code == 200


def test_what_overlaps_has_a_lane_each(everyone: Client, mitte: Branch) -> None:
    for at in ("10:00", "10:15", "10:30"):
        booked(mitte, f"2026-12-03T{at}")
    lanes = [card.around("li").classes & {"ac-l1", "ac-l2", "ac-l3"} for card in cards(shown(everyone, day=THURSDAY))]
    assert lanes == [{"ac-l1"}, {"ac-l2"}, {"ac-l3"}]


@pytest.mark.parametrize(
    "asked",
    [
        {"day": "morgen"},
        {"day": "0001-01-01"},
        {"day": "9" * 400},
        {"view": "month"},
        {"branch": "99999999"},
        {"branch": "all-"},
        {"branch": "1 or 1"},
        {"staff": "-1"},
        {"staff": "٣"},
        {"day": "2026-12-03", "staff": "99999999"},
    ],
    ids=str,
)
def test_what_nobody_can_have_meant_is_refused(everyone: Client, mitte: Branch, asked: dict[str, str]) -> None:
    assert everyone.get(CALENDAR, asked).status_code == 400


def test_without_a_company_it_says_so(everyone: Client) -> None:
    assert "no company whose calendar" in shown(everyone).text


def test_what_strangers_wrote_is_text(everyone: Client, mitte: Branch) -> None:
    booked(mitte, "2026-12-03T10:00", attendee_name="<script>window.hacked = 1</script>")
    assert "<script>window" not in everyone.get(CALENDAR, {"day": str(THURSDAY)}).content.decode()


def test_a_person_sees_the_calendars_of_their_companies_only(clock: Any, mitte: Branch) -> None:
    other = salon.branch(salon.company("salon-esche"))
    own, theirs = booked(mitte, "2026-12-03T10:00"), booked(other, "2026-12-03T10:00")
    client = Client()
    client.force_login(bound(mitte.company))
    page = shown(client, day=THURSDAY)
    assert keys(page) == [own.pk]
    assert other.company.name not in page.text
    for said in (str(other.pk), f"all-{other.company_id}"):
        assert client.get(CALENDAR, {"branch": said, "day": str(THURSDAY)}).status_code == 400
    assert theirs.pk not in keys(page)


def test_it_begins_with_a_company_that_has_appointments_today(everyone: Client, mitte: Branch) -> None:
    busy = salon.branch(salon.company("salon-esche"))
    booked(mitte, "2026-11-30T10:00", status=Status.CANCELLED)
    booked(mitte, "2026-12-01T10:00")
    assert keys(shown(everyone, view="week")) != [], "nobody has any: the first by name"
    today = booked(busy, "2026-11-30T10:00")
    assert keys(shown(everyone)) == [today.pk]


def test_only_who_may_see_appointments_sees_it(clock: Any, mitte: Branch, client: Client) -> None:
    assert client.get(CALENDAR).status_code == 302
    client.force_login(bound(mitte.company, permissions=[]))
    assert client.get(CALENDAR).status_code == 403


@pytest.mark.parametrize("view", ["day", "week"])
def test_it_asks_as_much_for_many_as_for_few(
    everyone: Client, mitte: Branch, django_assert_max_num_queries: Callable[..., Any], view: str
) -> None:
    for number in range(6):
        at = Branch.objects.create(company=mitte.company, name=f"Filiale {number}", opening_hours=salon.HOURS)
        person = Staff.objects.create(company=mitte.company, branch=at, name=f"Person {number}")
        for hour in range(9, 17):
            caller = salon.customer(mitte.company, f"+4915550{number}{hour:05}")
            booked(at, f"2026-12-03T{hour:02}:00", staff=person, customer=caller, attendee_name="")
    with django_assert_max_num_queries(MOST_QUERIES):
        page = shown(everyone, day=THURSDAY, view=view)
    assert len(cards(page)) == 48


def test_too_many_are_cut_off_and_it_says_so(everyone: Client, mitte: Branch) -> None:
    starts_at = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    values = {"company": mitte.company, "branch": mitte, "starts_at": starts_at, "status": Status.CONFIRMED}
    Appointment.objects.bulk_create(
        Appointment(**values, ends_at=starts_at + timedelta(minutes=15)) for _ in range(MOST + 1)
    )
    page = shown(everyone, day=THURSDAY)
    assert len(cards(page)) == MOST
    assert "Only the first 1000 appointments show" in page.text
