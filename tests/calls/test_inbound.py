from datetime import UTC, datetime

import pytest
import time_machine

from calls.inbound import dynamic_variables
from calls.models import Customer
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


def test_it_names_the_next_of_every_weekday_and_never_today() -> None:
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
