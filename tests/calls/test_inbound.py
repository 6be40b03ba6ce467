import time
from datetime import UTC, date, datetime

import pytest
import time_machine

from askpro.dev.sandbox import world
from askpro.dev.sandbox.client import SandboxClient
from calls.inbound import dynamic_variables
from calls.models import ClosedDay, Company, Customer
from calls.models.company import Language
from tests.calls.functions.caller import NUMBER as CALLER
from tests.calls.functions.caller import Conversation
from tests.calls.practice import NUMBER, practice

pytestmark = pytest.mark.django_db


def test_it_tells_the_branchs_date_when_it_is_another_day_there() -> None:
    number = practice()
    with time_machine.travel(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), tick=False):
        here = dynamic_variables(NUMBER, "")
        number.branch.timezone = "Atlantic/Azores"
        number.branch.save()
        there = dynamic_variables(NUMBER, "")
    assert (here["heute_datum"], here["wochentag"], here["aktuelle_uhrzeit"]) == ("24.11.2026", "Dienstag", "00:30")
    assert (here["morgen_datum"], here["uebermorgen_datum"]) == ("25.11.2026", "26.11.2026")
    assert (there["heute_datum"], there["wochentag"], there["aktuelle_uhrzeit"]) == ("23.11.2026", "Montag", "22:30")


def test_incident_20_the_agent_is_told_the_next_of_every_weekday_and_never_today() -> None:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        told = dynamic_variables("", "")
    assert told["naechster_dienstag"] == "01.12.2026" and told["naechster_mittwoch"] == "25.11.2026"
    assert sum(name.startswith("naechster_") for name in told) == 7


def test_it_says_whose_branch_it_is_and_of_the_caller_only_whether_they_are_known() -> None:
    number = practice()
    Customer.objects.create(company=number.company, name="Derya Öztürk", phone="+4915551230011")
    known, unknown = dynamic_variables(NUMBER, "+4915551230011"), dynamic_variables(NUMBER, "anonymous")
    assert (known["filiale"], known["kunde_bekannt"], unknown["kunde_bekannt"]) == ("Mitte", "ja", "nein")
    assert "Derya" not in str(known) and "+4915551230011" not in str(known)


def test_it_tells_only_the_date_when_nobody_has_the_number() -> None:
    told = dynamic_variables("+493023125299", "+4915551230011")
    assert "heute_datum" in told and "firma" not in told and "kunde_bekannt" not in told


def test_it_tells_what_the_agent_would_be_asked(salon: Company) -> None:
    told = dynamic_variables(world.SALON.branch.number, "anonymous")
    assert told["oeffnungszeiten"].startswith("Dienstag 09:00 bis 18:00 Uhr, Mittwoch 09:00 bis 18:00 Uhr")
    assert told["angebotene_leistungen"] == "Bartpflege (20 Minuten), Färben (90 Minuten), Haarschnitt (45 Minuten)"
    assert told["team"] == "Käthe Grün, Ömer Yıldız"
    assert "Färben: Di 01.12.2026, 12:30 Uhr, Mi 02.12.2026, 09:00 Uhr" in told["naechste_freie_zeiten"]
    assert told["kunde_naechster_termin"] == ""


def test_it_tells_callers_their_own_next_appointment_without_a_name(salon: Company) -> None:
    caller = Conversation().says()
    caller.asks("book_appointment", service="Färben", date="Donnerstag", time="14 Uhr", name="Jürgen Weiß")
    told = dynamic_variables(world.SALON.branch.number, CALLER)
    assert told["kunde_naechster_termin"] == "Do 03.12.2026, 14:00 Uhr, Färben bei Käthe Grün"
    assert "Weiß" not in str(told)
    assert dynamic_variables(world.SALON.branch.number, "+4915550100999")["kunde_naechster_termin"] == ""


def test_it_speaks_the_companys_language(salon: Company) -> None:
    caller = Conversation().says()
    caller.asks("book_appointment", service="Färben", date="Donnerstag", time="14 Uhr", name="Jürgen Weiß")
    Company.objects.filter(pk=salon.pk).update(language=Language.ENGLISH)
    day = date(2026, 12, 24)
    ClosedDay.objects.create(company=salon, first_day=day, last_day=day, reason="Stocktaking")
    told = dynamic_variables(world.SALON.branch.number, CALLER)
    assert told["oeffnungszeiten"].startswith("Tuesday 09:00 to 18:00, Wednesday 09:00 to 18:00")
    assert "closed on 24.12.2026 (Stocktaking)" in told["oeffnungszeiten"]
    assert told["angebotene_leistungen"] == "Bartpflege (20 minutes), Färben (90 minutes), Haarschnitt (45 minutes)"
    assert "Färben: Tue 1 Dec 2026" in told["naechste_freie_zeiten"]
    assert told["kunde_naechster_termin"] == "Thu 3 Dec 2026, 14:00, Färben with Käthe Grün"
    assert (told["kunde_bekannt"], told["wochentag"][-3:]) == ("yes", "day")


def test_it_answers_at_once_when_the_calendar_hangs(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.*", latency_ms=3000, times=10)
    began = time.monotonic()
    assert dynamic_variables(world.SALON.branch.number, CALLER)["naechste_freie_zeiten"] == ""
    assert time.monotonic() - began < 1.0


def test_days_off_are_told_with_the_opening_hours() -> None:
    number = practice()
    with time_machine.travel(datetime(2026, 12, 20, 12, 0, tzinfo=UTC), tick=False):
        day = date(2026, 12, 24)
        ClosedDay.objects.create(company=number.company, first_day=day, last_day=day, reason="Heiligabend")
        told = dynamic_variables(NUMBER, "")
    assert told["oeffnungszeiten"].endswith("Freitag 09:00 bis 18:00 Uhr, geschlossen am 24.12.2026 (Heiligabend)")
