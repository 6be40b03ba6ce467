"""Only what Twilio takes as a sender is stored as one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Company
from notifications import checks, senders

SERVICE = "MG" + "0aF9" * 8


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("030 23125199", "+493023125199"),
        ("+49 (0) 30 / 23125-199", "+493023125199"),
        ("0049 1555 0100777", "+4915550100777"),
        ("SalonGruen", "SalonGruen"),
        (" Salon 7 ", "Salon 7"),
        ("Kaethe Grue", "Kaethe Grue"),
        ("MG Friseur", "MG Friseur"),
        ("A", "A"),
        (SERVICE, SERVICE),
        (f" {SERVICE}\n", SERVICE),
    ],
)
def test_it_keeps_what_twilio_takes(written: str, kept: str) -> None:
    assert senders.read(written, "DE") == kept
    assert senders.is_valid(kept)


@pytest.mark.parametrize(
    "written",
    [
        *("Salon Käthe Grün", "SalonKaetheGruen", "MG123", "12345678901234567", "MG" + "0" * 31, "MG" + "g" * 32),
        *("", " ", "12345", "+49", "+4930231251999999", "Käthe", "Salon-7", "Salon\n7", "ﬁ", "İ", "１２３a", "SMS\x00"),
    ],
)
def test_it_refuses_what_twilio_refuses(written: str) -> None:
    assert senders.read(written, "DE") is None
    assert not senders.is_valid(written)


@given(st.text(max_size=40) | st.from_regex(r"(MG|\+)?[0-9A-Fa-f ]{1,34}"))
def test_whatever_is_kept_is_one_of_the_three(written: str) -> None:
    kept = senders.read(written, "DE")
    # The vendor's rule, written independently: contracts, addenda "Twilio".
    number, name = r"\+[1-9]\d{6,14}", r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}"
    assert kept is None or re.fullmatch(rf"{number}|{name}|MG[0-9a-fA-F]{{32}}", kept, re.ASCII)
    assert kept is None or senders.read(kept, None) == kept, "kept as it is from then on"


@pytest.mark.django_db
def test_a_sender_of_an_earlier_release_is_reported() -> None:
    for slug, sender in (("a", "030 23125199"), ("b", "+493023125199"), ("c", ""), ("d", "SalonKaetheGruen")):
        Company.objects.create(name=slug, slug=slug, sms_sender=sender)
    found = checks.check_senders(databases=["default"])
    assert [message.id for message in found] == ["notifications.W001"] * 2
    assert ["'030 23125199'" in found[0].msg, "'SalonKaetheGruen'" in found[1].msg] == [True, True]
    assert checks.check_senders(databases=None) == []


@pytest.mark.parametrize(("service", "ids"), [("", []), (SERVICE, []), ("MG123", ["notifications.E001"])])
def test_the_installations_sender_is_a_messaging_service(service: str, ids: list[str], settings: object) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = service
    assert [message.id for message in checks.check_sender()] == ids
