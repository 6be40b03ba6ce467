"""The page of an appointment: what it shows, to whom, and that only its buttons change anything."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from icalendar import Calendar

from appointments.models import Appointment, Change
from appointments.page.wording import Words
from notifications.links import Kind, Reference, token_of
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub, no_connection
from tests.appointments.page.visitor import Visitor

TEMPLATES = Path(__file__).parents[3] / "appointments" / "templates" / "page"
CLOSED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}
# 14:00, 15:00 and the next morning.
FREE = ["2026-12-03T13:00:00Z", "2026-12-03T14:00:00Z", "2026-12-04T09:30:00Z"]


def test_it_shows_the_appointment_in_german(visitor: Visitor) -> None:
    page = visitor.open()
    assert (visitor.answer.status_code, page.language, page.headline) == (200, "de", "Ihr Termin")
    assert "Donnerstag, 03.12.2026 14:00 – 14:45 Uhr Leistung Haarschnitt Bei Mara Buche" in page.text
    assert "Wo Mitte Birkenallee 3 10119 Berlin" in page.text
    assert page.links["Anrufen: 030 23125100"] == "tel:+493023125100"


def test_it_shows_it_in_english_and_stays_so(visitor: Visitor) -> None:
    page = visitor.press(visitor.open(), "English")
    assert (page.language, page.headline) == ("en", "Your appointment")
    assert "Thursday, 3 December 2026 14:00 – 14:45" in page.text
    asked = visitor.press(page, "Cancel the appointment")
    assert (asked.language, asked.headline) == ("en", "Really cancel?")
    assert visitor.press(asked, "Deutsch").headline == "Wirklich absagen?"
    assert visitor.press(asked, "No, keep it").headline == "Your appointment"


def test_it_speaks_the_customers_language_first(appointment: Appointment, visitor: Visitor) -> None:
    customer = appointment.customer
    assert customer is not None
    customer.language = "en"
    customer.save()
    assert visitor.open().language == "en"
    assert visitor.open(f"{visitor.home}?lang=fr").language == "en"


def test_it_says_nothing_of_the_customer_or_of_other_appointments(appointment: Appointment, visitor: Visitor) -> None:
    other = {"starts_at": salon.WISH + timedelta(days=1), "ends_at": salon.WISH + timedelta(days=1, minutes=45)}
    Appointment.objects.filter(pk=appointment.pk).update(notes="Verträgt keine Kamille")
    Appointment.objects.create(company=appointment.company, customer=appointment.customer, **other)
    for path in (visitor.home, f"{visitor.home}cancel/", f"{visitor.home}move/?to=20261204T0930Z"):
        html = visitor.open(path).html
        for secret in ("Linde", "Ole", "15550100456", "example.org", "Kamille", "04.12.2026, 14:00"):
            assert secret not in html, (path, secret)


def test_it_loads_nothing_but_its_own_style(visitor: Visitor) -> None:
    page = visitor.open()
    assert page.loads == ["data:,", "/static/page/page.css"]
    assert not re.search(r"<script|style=|\son\w+=|https?://", page.html)


@pytest.mark.parametrize(
    ("values", "headline", "buttons"),
    [
        ({}, "Ihr Termin", {"Ich komme", "Termin verlegen", "Termin absagen"}),
        ({"customer_confirmed_at": salon.NOW}, "Sie kommen", {"Termin verlegen", "Termin absagen"}),
        ({"status": "requested"}, "Ihre Terminanfrage", {"Termin verlegen", "Termin absagen"}),
        ({"status": "requested", "calcom_uid": None}, "Ihr Termin wird gebucht", {"Termin absagen"}),
        ({"status": "cancelled"}, "Ihr Termin ist abgesagt", set()),
        ({"starts_at": salon.NOW - timedelta(minutes=1)}, "Ihr Termin", set()),
        ({"status": "no_show"}, "Ihr Termin", set()),
        ({"calcom_uid": None}, "Ihr Termin", {"Ich komme"}),
        ({"service": None}, "Ihr Termin", {"Ich komme", "Termin absagen"}),
    ],
)
def test_it_offers_what_can_be_done(
    appointment: Appointment, visitor: Visitor, values: dict[str, Any], headline: str, buttons: set[str]
) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(**values)
    page = visitor.open()
    acts = {"Ich komme", "Termin verlegen", "Termin absagen"} & {*page.links, *page.forms}
    assert (page.headline, acts) == (headline, buttons)
    # Whoever comes by an older link, or writes one, sees the same.
    if "Termin absagen" not in buttons:
        assert visitor.open(f"{visitor.home}cancel/").headline == headline
    if "Termin verlegen" not in buttons:
        assert visitor.open(f"{visitor.home}move/?to=20261204T0930Z").headline == headline


def test_within_the_notice_it_says_to_call(appointment: Appointment, visitor: Visitor) -> None:
    company = appointment.company
    company.change_notice_minutes = 4 * 24 * 60
    company.save()
    page = visitor.open()
    assert "Termin absagen" not in page.links and "Termin verlegen" not in page.links
    assert "Für eine Änderung hier ist es zu spät." in page.text
    assert "Ich komme" in page.forms


def test_where_nothing_is_booked_a_person_is_called(appointment: Appointment, visitor: Visitor) -> None:
    form = visitor.open(f"{visitor.home}cancel/").forms["Ja, Termin absagen"]
    company = appointment.company
    company.books_appointments = False
    company.save()
    page = visitor.send(form.action, **form.fields)
    assert "Dieser Termin lässt sich hier nicht ändern." in page.text
    assert not Change.objects.exists()


def test_a_change_that_waits_is_no_done_one(appointment: Appointment, visitor: Visitor) -> None:
    values = {"company": appointment.company, "appointment": appointment, "channel": "page", "before": salon.WISH}
    change = Change.objects.create(kind="cancel", **values)
    page = visitor.open()
    assert page.headline == "Ihr Termin wird abgesagt"
    assert page.links["Noch einmal nachsehen"] == visitor.home
    assert "Termin absagen" not in page.links
    change.end(Change.State.REPLACED)
    Change.objects.create(kind="move", starts_at=datetime(2026, 12, 4, 9, 30, tzinfo=UTC), **values)
    page = visitor.open()
    assert page.headline == "Ihr Termin wird verlegt"
    assert "Auf Freitag, 04.12.2026, 10:30 Uhr." in page.text
    assert "Termin absagen" in page.links and "Termin verlegen" not in page.links


@pytest.mark.parametrize(
    ("kind", "detail", "news"),
    [
        ("cancel", "refused_invalid", "Ihr Termin konnte hier nicht abgesagt werden."),
        ("move", "crossed_move", "Ihr Termin konnte hier nicht verlegt werden."),
        ("move", "taken", "Die gewählte Zeit wurde gerade vergeben."),
        ("move", "of_a_later_release", "Ihr Termin konnte hier nicht verlegt werden."),
    ],
)
def test_a_refusal_is_told_for_an_hour(
    appointment: Appointment, visitor: Visitor, clock: Any, kind: str, detail: str, news: str
) -> None:
    Change.objects.create(
        company=appointment.company,
        appointment=appointment,
        kind=kind,
        channel="page",
        state="refused",
        detail=detail,
        before=salon.WISH,
        starts_at=salon.WISH + timedelta(hours=1) if kind == "move" else None,
        ended_at=salon.NOW,
    )
    assert visitor.open().news.startswith(news)
    clock.shift(timedelta(minutes=61))
    assert visitor.open().news == ""


def test_it_gives_a_calendar_the_event_that_mails_bring(appointment: Appointment, visitor: Visitor) -> None:
    answer = visitor.ask("GET", visitor.open().links["In den Kalender"])
    file = Calendar.from_ical(answer.content)
    [event] = file.walk("VEVENT")
    assert (file["METHOD"], event["UID"].split("@")[0]) == ("PUBLISH", str(appointment.booking_key))
    assert event.start == appointment.starts_at and event["SEQUENCE"] == 1
    assert answer["Content-Type"].startswith("text/calendar") and "Linde" not in answer.content.decode()
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled")
    assert visitor.ask("GET", f"{visitor.home}calendar/").status_code == 303


def test_it_notes_that_the_customer_comes(appointment: Appointment, visitor: Visitor) -> None:
    before = visitor.open()
    page = visitor.press(before, "Ich komme")
    appointment.refresh_from_db()
    assert (page.headline, appointment.customer_confirmed_at) == ("Sie kommen", salon.NOW)
    assert visitor.press(before, "Ich komme").headline == "Sie kommen"


def test_a_program_that_opens_every_link_changes_nothing(
    appointment: Appointment, visitor: Visitor, calendar: CalcomStub
) -> None:
    calendar.free = FREE
    before = Appointment.objects.values().get()
    seen, ahead = set[str](), [visitor.home]
    while ahead:
        path = ahead.pop()
        if path in seen or path.startswith("tel:"):
            continue
        seen.add(path)
        page = visitor.open(path)
        ahead += [*page.links.values(), *(form.action for form in page.forms.values())]
    assert len(seen) > 12 and f"{visitor.home}confirm/" in seen
    assert Appointment.objects.values().get() == before and not Change.objects.exists()


@pytest.mark.parametrize("act", ["confirm", "cancel", "move"])
def test_a_form_without_its_seal_does_nothing(appointment: Appointment, visitor: Visitor, act: str) -> None:
    fields = {**visitor.open().forms["Ich komme"].fields, "to": "20261204T0930Z"}
    if act == "confirm":
        fields = {}
    for given in (fields, {**fields, "seal": "ä\x00"}, {**fields, "seal": "0" * 32}, {"to": "tomorrow"}):
        page = visitor.send(f"{visitor.home}{act}/", **given)
        assert visitor.answer.status_code == 409
        assert page.news.startswith("Ihr Termin hat sich inzwischen geändert")
    appointment.refresh_from_db()
    assert appointment.customer_confirmed_at is None and not Change.objects.exists()


def test_a_form_of_another_link_or_time_does_nothing(appointment: Appointment, visitor: Visitor) -> None:
    sealed = visitor.open(f"{visitor.home}move/?to=20261204T0930Z").forms["Ja, Termin verlegen"]
    visitor.send(sealed.action, **sealed.fields | {"to": "20261204T1000Z"})
    assert visitor.answer.status_code == 409
    appointment.pk, appointment.booking_key, appointment.calcom_uid = None, "00000000-0000-4000-8000-000000000001", "x"
    appointment.save(force_insert=True)
    other = Visitor(appointment)
    other.send(f"{other.home}move/", **sealed.fields)
    assert other.answer.status_code == 409 and not Change.objects.exists()


def test_a_page_from_before_a_move_says_so(appointment: Appointment, visitor: Visitor) -> None:
    old = visitor.open(f"{visitor.home}cancel/")
    later = salon.WISH + timedelta(hours=2)
    values = {"version": 2, "starts_at": later, "ends_at": later + timedelta(minutes=45)}
    Appointment.objects.filter(pk=appointment.pk).update(**values)
    page = visitor.press(old, "Ja, Termin absagen")
    assert visitor.answer.status_code == 409
    assert page.news.startswith("Ihr Termin hat sich inzwischen geändert") and "16:00 – 16:45 Uhr" in page.text
    assert not Change.objects.exists()


def test_a_second_press_finds_it_done(appointment: Appointment, visitor: Visitor) -> None:
    asked = visitor.open(f"{visitor.home}cancel/")
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled", version=2)
    assert visitor.press(asked, "Ja, Termin absagen").headline == "Ihr Termin ist abgesagt"
    assert visitor.answer.status_code == 200


def test_it_lists_free_times_by_day(visitor: Visitor, calendar: CalcomStub) -> None:
    calendar.free = FREE
    page = visitor.press(visitor.open(), "Termin verlegen")
    assert "Donnerstag, 03.12.2026 15:00 Freitag, 04.12.2026 10:30" in page.text
    assert "14:00" not in page.links
    asked = visitor.press(page, "10:30")
    assert asked.headline == "Auf diese Zeit verlegen?"
    assert "Neue Zeit Freitag, 04.12.2026, 10:30 Uhr Bisher Donnerstag, 03.12.2026, 14:00 Uhr" in asked.text


def test_it_leads_to_later_days(visitor: Visitor, calendar: CalcomStub) -> None:
    calendar.free = [f"2026-12-{day:02}T09:30:00Z" for day in range(4, 12)]
    first = visitor.open(f"{visitor.home}move/")
    assert "08.12.2026" in first.text and "09.12.2026" not in first.text
    second = visitor.press(first, "Spätere Zeiten")
    assert "09.12.2026" in second.text and "08.12.2026" not in second.text
    assert "08.12.2026" in visitor.press(second, "Von vorn").text


@pytest.mark.parametrize("asked", ["", "2020-01-01", "9999-12-31", "0001-01-01", "übermorgen", "2026-W50", "1' OR"])
def test_it_reads_hostile_days_as_today(visitor: Visitor, calendar: CalcomStub, asked: str) -> None:
    calendar.free = FREE
    page = visitor.open(f"{visitor.home}move/?from={asked}")
    assert (visitor.answer.status_code, page.headline) == (200, "Neue Zeit wählen")


@pytest.mark.parametrize("to", ["2026", "20261304T0930Z", "20261204T0930", "²0261204T0930Z", "\x00", "-1"])
def test_it_reads_hostile_times_as_none(visitor: Visitor, calendar: CalcomStub, to: str) -> None:
    assert visitor.open(f"{visitor.home}move/?to={to}").headline == "Neue Zeit wählen"


def test_without_free_times_it_says_so(visitor: Visitor, calendar: CalcomStub) -> None:
    page = visitor.open(f"{visitor.home}move/")
    assert page.news.startswith("In den nächsten Wochen ist nichts mehr frei.")
    assert "Anrufen: 030 23125100" in page.links


def test_while_calcom_is_away_it_says_so(visitor: Visitor, calendar: CalcomStub) -> None:
    calendar.away = no_connection
    page = visitor.open(f"{visitor.home}move/")
    assert visitor.answer.status_code == 503
    assert page.news.startswith("Wir können gerade nicht nachsehen, was frei ist.")
    assert visitor.press(page, "Zurück zum Termin").headline == "Ihr Termin"


def test_every_link_that_leads_nowhere_gets_the_same_page(
    appointment: Appointment, visitor: Visitor, clock: Any
) -> None:
    token = visitor.home.split("/")[2]
    unknown = token_of(Reference(Kind.APPOINTMENT, appointment.pk + 1_000))
    answers = {
        path: visitor.ask("GET", path)
        for path in (
            f"/t/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}/",
            f"/t/{unknown}/",
            f"/t/{unknown}/cancel/",
            f"/t/x{token[1:]}/",
            f"/t/{token}/elsewhere/",
            "/t/",
            "/t/%00/",
            "/t/" + "a" * 3_000,
        )
    }
    rows = Appointment.objects.filter(pk=appointment.pk)
    rows.update(erased_at=salon.NOW)
    answers["erased"] = visitor.ask("GET")
    rows.update(erased_at=None)
    company = appointment.company
    company.is_active = False
    company.save()
    answers["inactive"] = visitor.ask("GET")
    company.is_active = True
    company.save()
    assert visitor.ask("GET").status_code == 200
    clock.move_to(appointment.ends_at + timedelta(days=7))
    answers["over"] = visitor.ask("GET")
    answers["posted"] = visitor.ask("POST", f"{visitor.home}cancel/")
    assert {answer.status_code for answer in answers.values()} == {404}
    [text] = {answer.content.decode() for answer in answers.values()}
    assert "Diese Seite gibt es nicht" in text and "This page does not exist" in text


def test_every_answer_is_closed(visitor: Visitor, calendar: CalcomStub) -> None:
    answers = [
        visitor.ask("GET"),
        visitor.ask("HEAD"),
        visitor.ask("PUT"),
        visitor.ask("GET", f"{visitor.home}confirm/"),
        visitor.ask("POST", f"{visitor.home}cancel/"),
        visitor.ask("GET", "/t/nothing"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 405, 303, 409, 404]
    for answer in answers:
        assert {name: answer[name] for name in CLOSED} == CLOSED
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
        assert not answer.cookies


def test_a_link_without_its_last_slash_works(visitor: Visitor) -> None:
    assert visitor.ask("GET", visitor.home.rstrip("/")).status_code == 200


def test_without_postgresql_it_asks_for_patience(visitor: Visitor) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("server closed the connection")

    with connection.execute_wrapper(away):
        answer = visitor.ask("GET")
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert "Bitte versuchen Sie es gleich noch einmal" in answer.content.decode()


def test_every_word_of_the_templates_exists() -> None:
    used = {name for path in TEMPLATES.glob("*.html") for name in re.findall(r"words\.(\w+)", path.read_text())}
    assert len(used) > 10 and used <= set(Words.__members__)
