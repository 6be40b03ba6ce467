"""Every kind of message, in every language, by every channel, of full rows and of bare ones."""

import re
from datetime import timedelta

import pytest

from appointments.models import Appointment, Detail, FollowUp
from calls.models.company import Language
from notifications.gsm import gsm_segments, is_gsm
from notifications.links import link_for
from notifications.models import Notification
from notifications.models.variable import channels
from notifications.text import texts
from tests.notifications.scene import NOW, change
from tests.notifications.twilio_api import SERVICE

Kind = Notification.Kind
# docs/messages.md says so.
MOST_SMS = 2
ONE_SMS = {Kind.CONFIRMATION, Kind.RESCHEDULED, Kind.CANCELLATION, Kind.STAFF_CHANGED, *Notification.REMINDERS}
# To customers: by SMS each one, by mail those that a mail is written for.
# What a freed time's customers are told is in tests/appointments/freed.
BY_SMS = [kind for kind in Kind if kind not in (*Notification.TO_STAFF, Kind.OFFER, Kind.OFFER_GONE)]
BY_MAIL = [kind for kind in Kind if "email" in channels(kind)]
UNFILLED = re.compile(r"[{}\[\]]|None|  ")


@pytest.fixture(params=["full", "bare"])
def about(request: pytest.FixtureRequest, appointment: Appointment) -> Appointment:
    if request.param == "full":
        return change(appointment, previous_starts_at=NOW + timedelta(days=1), version=2)
    return change(appointment, branch=None, service=None, staff=None, customer=None, attendee_name="", notes="")


def message(about: Appointment, kind: str, language: str) -> Notification:
    row = Notification(company=about.company, customer=about.customer, kind=kind, language=language, version=2)
    if kind != Kind.CALLBACK:
        row.appointment = about
        return row
    row.follow_up = FollowUp.objects.create(
        company=about.company,
        branch=about.branch,
        customer=about.customer,
        appointment=about,
        reason=FollowUp.Reason.WANTS_MOVE,
        detail=Detail.ABOUT,
        due_at=NOW + timedelta(hours=2),
    )
    return row


@pytest.mark.parametrize("sender", [SERVICE, "Lindenblatt"])
@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", BY_SMS)
def test_every_sms_is_whole_and_short(about: Appointment, kind: str, language: str, sender: str) -> None:
    row = message(about, kind, language)
    for asks in (False, True) if kind in Notification.REMINDERS and sender == SERVICE else (False,):
        text = texts.sms(row, sender, asks=asks)
        assert not UNFILLED.search(text), text
        assert text.startswith("Haarstudio Lindenblatt: ") and is_gsm(text)
        assert gsm_segments(text) <= (1 if kind in ONE_SMS else MOST_SMS), text
        if not asks:
            assert (link_for(about) in text) is (kind not in (Kind.CALLBACK, Kind.CANCEL_QUESTION)), text


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", BY_MAIL)
def test_every_mail_is_whole(about: Appointment, kind: str, language: str) -> None:
    mail = texts.mail(message(about, kind, language))
    assert not UNFILLED.search(mail.subject + mail.text.replace("-- \n", "")), mail.text
    assert not re.search(r"\{\w|\[,|None", mail.html)
    assert mail.subject.startswith("Haarstudio Lindenblatt: ")
    assert link_for(about) in mail.text and link_for(about) in mail.html


def test_a_sender_that_takes_no_answers_has_the_link_whatever_it_costs(appointment: Appointment) -> None:
    appointment.company.name = "Салон красоты Линденблатт на Ахорнвег"
    row = message(appointment, Kind.CONFIRMATION, "de")
    assert link_for(appointment) in texts.sms(row, "Salon")
    assert link_for(appointment) not in texts.sms(row, SERVICE)
