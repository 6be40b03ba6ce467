"""What messages say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.models import Appointment
from calls.models import Branch, Company, Service, Staff
from calls.models.company import Language
from notifications.gsm import gsm_segments, is_gsm
from notifications.links import link_for
from notifications.models import Notification
from notifications.text import dates, places, texts
from tests.notifications.scene import announced, change
from tests.notifications.twilio_api import SERVICE

SMS = Notification.Channel.SMS
EMAIL = Notification.Channel.EMAIL
# The largest id whose page has an address with a token of 16 characters; a smaller one leaves more room.
LARGEST_OF_16 = 14_776_335


@pytest.mark.parametrize(
    ("kind", "language", "text"),
    [
        (
            "confirmation",
            "de",
            (
                "Haarstudio Lindenblatt: Ihr Termin ist bestätigt: Do 03.12.2026, 14:00 Uhr, Ahornweg 7."
                " Keine SMS mehr: STOP. Ändern: {link}"
            ),
        ),
        (
            "confirmation",
            "en",
            (
                "Haarstudio Lindenblatt: Your appointment is confirmed: Thu 3 Dec 2026, 14:00, Ahornweg 7."
                " No more SMS: STOP. Change: {link}"
            ),
        ),
        (
            "rescheduled",
            "de",
            (
                "Haarstudio Lindenblatt: Ihr Termin wurde verlegt auf Do 03.12.2026, 14:00 Uhr bei Anouk Weidner,"
                " Ahornweg 7. Ändern: {link}"
            ),
        ),
        (
            "cancellation",
            "de",
            (
                "Haarstudio Lindenblatt: Ihr Termin Do 03.12.2026, 14:00 Uhr wurde abgesagt."
                " Keine SMS mehr: STOP. Mehr: {link}"
            ),
        ),
    ],
)
def test_it_says_the_essential_in_one_sms(appointment: Appointment, kind: str, language: str, text: str) -> None:
    row = announced(appointment, SMS, kind)
    row.language = language
    assert row.appointment is not None
    row.appointment.pk = LARGEST_OF_16
    said = texts.sms(row, SERVICE)
    assert said == text.format(link=link_for(row.appointment))
    assert gsm_segments(said) == 1


def test_it_offers_no_stop_when_nobody_can_answer(sms: Notification) -> None:
    assert "STOP" not in texts.sms(sms, "Lindenblatt")


def test_it_says_all_when_there_is_room(sms: Notification) -> None:
    assert sms.appointment is not None and sms.appointment.service is not None
    sms.appointment.service.name = "Schnitt"
    sms.company.name, sms.appointment.staff = "Salon", None
    sms.appointment.pk = LARGEST_OF_16
    assert sms.appointment.branch is not None
    sms.appointment.branch.phone = ""
    assert "14:00 Uhr, Schnitt, Ahornweg 7, 10119 Berlin. Ändern: https" in texts.sms(sms, "Salon")


NAME = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüß ABCXYZ-.&'„“–éş"), min_size=1, max_size=60)


@given(company=NAME, service=NAME, staff=NAME, street=NAME, language=st.sampled_from(Language.values))
@settings(max_examples=60)
def test_it_fits_one_sms_whatever_latin_names_there_are(
    company: str, service: str, staff: str, street: str, language: str
) -> None:
    tenant = Company(name=company)
    appointment = Appointment(
        pk=LARGEST_OF_16,
        company=tenant,
        branch=Branch(company=tenant, name="x", street=street, city="Berlin", phone="+493023125100"),
        service=Service(company=tenant, name=service),
        staff=Staff(company=tenant, name=staff),
        starts_at=datetime(2026, 12, 3, 13, 0, tzinfo=UTC),
    )
    for kind in ("confirmation", "rescheduled", "cancellation", "reminder"):
        row = Notification(company=tenant, appointment=appointment, kind=kind, language=language)
        text = texts.sms(row, SERVICE)
        assert is_gsm(text)
        assert gsm_segments(text) == 1
        assert "14:00" in text and link_for(appointment) in text


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", ["confirmation", "rescheduled", "cancellation"])
def test_it_says_all_in_a_mail(appointment: Appointment, kind: str, language: str) -> None:
    row = announced(appointment, EMAIL, kind)
    row.language = language
    mail = texts.mail(row)
    expected = ["Jördis Ampel", "Haarstudio Lindenblatt", "Herrenhaarschnitt", "Anouk Weidner", "030 23125100"]
    for text in (mail.text, mail.html):
        assert all(words in text for words in [*expected, "Ahornweg 7, 10119 Berlin"])
        assert ("Donnerstag, 03.12.2026, 14:00 Uhr" if language == "de" else "Thursday, 3 December 2026, 14:00") in text
        assert "morgen" not in text.lower()
        assert "None" not in text


def test_it_names_the_old_time_when_it_moved(appointment: Appointment) -> None:
    before = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    row = announced(change(appointment, previous_starts_at=before, version=2), EMAIL, "rescheduled")
    assert "Bisher: Mittwoch, 02.12.2026, 10:00 Uhr" in texts.mail(row).text


def test_it_does_without_what_is_not_known(appointment: Appointment) -> None:
    row = announced(change(appointment, branch=None, service=None, staff=None, attendee_name=""), EMAIL, "confirmation")
    mail = texts.mail(row)
    assert "Guten Tag,\n" in mail.text
    assert "None" not in mail.text + mail.html


def test_it_speaks_the_time_of_the_branch(appointment: Appointment) -> None:
    assert appointment.branch is not None
    appointment.branch.timezone = "Europe/Lisbon"
    appointment.branch.save()
    row = announced(Appointment.objects.get(pk=appointment.pk), SMS)
    assert "13:00 Uhr" in texts.sms(row, SERVICE)


@pytest.mark.parametrize(
    ("instant", "local"),
    [
        ("2026-03-28T15:00", "Samstag, 28.03.2026, 16:00 Uhr"),
        ("2026-03-29T14:00", "Sonntag, 29.03.2026, 16:00 Uhr"),
        ("2026-10-24T14:00", "Samstag, 24.10.2026, 16:00 Uhr"),
        ("2026-10-25T15:00", "Sonntag, 25.10.2026, 16:00 Uhr"),
    ],
)
def test_incident_19_it_is_four_o_clock_before_and_after_the_change(
    appointment: Appointment, instant: str, local: str
) -> None:
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert dates.moment(moment.astimezone(places.zone_of(appointment)), Language.GERMAN) == local


@pytest.mark.parametrize(
    ("number", "spoken"),
    [("+493023125100", "030 23125100"), ("+43720123456", "+43 720 123456"), ("", ""), ("anonymous", "anonymous")],
)
def test_it_writes_numbers_as_people_dial_them(number: str, spoken: str) -> None:
    assert places.spoken_number(number) == spoken
