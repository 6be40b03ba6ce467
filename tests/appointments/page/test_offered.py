"""The page of an offer: a customer whose SMS came from a name takes the freed time, or leaves it to the next."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment, Offer
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Company
from notifications.links import link_for_offer
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.freed.conftest import scene, twilio, vendor_settings  # noqa: F401 - fixtures
from tests.appointments.freed.scene import Scene, go_on, phone_of
from tests.appointments.freed.test_offering import DEADLINE
from tests.appointments.page.visitor import Visitor
from tests.appointments.salon import WISH

pytestmark = pytest.mark.django_db

TAKE, LEAVE = "Ja, diesen Termin buchen", "Nein, danke"


@pytest.fixture
def offered(scene: Scene) -> Scene:  # noqa: F811 - the fixture
    """Offered to the first of two, by a sender that takes no answers."""
    Company.objects.update(sms_sender="SalonBirke")
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    return scene


@pytest.fixture
def guest(offered: Scene) -> Visitor:
    return Visitor(link_for_offer(Offer.objects.get()))


def test_the_sms_leads_to_the_page_and_asks_for_no_answer(offered: Scene) -> None:
    text = Notification.objects.get(kind="offer").text
    assert link_for_offer(Offer.objects.get()) in text
    assert "11:20 Uhr" in text and "JA" not in text and "STOP" not in text


def test_it_shows_the_time_and_how_long_an_answer_counts(guest: Visitor) -> None:
    page = guest.open()
    assert (page.headline, page.language) == ("Ein Termin ist frei geworden", "de")
    assert "Ihre Antwort zählt bis Montag, 30.11.2026, 11:20 Uhr." in page.text
    assert "Donnerstag, 03.12.2026 14:00 – 14:45 Uhr" in page.text
    assert "Haarschnitt" in page.text and "Mara Buche" in page.text
    assert set(page.forms) == {TAKE, LEAVE}
    assert guest.open(f"{guest.home}?lang=en").headline == "A time has become free"


def test_yes_books_it_and_the_link_leads_to_the_appointment(guest: Visitor, offered: Scene) -> None:
    page = guest.press(guest.open(), TAKE)
    assert page.headline == "Ihr Termin wird gebucht"
    assert set(page.forms) == set()
    run_jobs()
    assert Appointment.objects.get(status="confirmed").customer == Offer.objects.get().customer
    assert guest.open().headline == "Ihr Termin"
    assert offered.offers() == [(phone_of(1), "booked")]


def test_no_leaves_it_to_the_next(guest: Visitor, offered: Scene) -> None:
    page = guest.press(guest.open(), LEAVE)
    assert page.headline == "Sie wollten diesen Termin nicht"
    assert "Sie bleiben vorgemerkt." in page.text
    run_jobs()
    assert offered.offers() == [(phone_of(1), "declined"), (phone_of(2), "open")]


def test_a_form_of_an_offer_that_has_ended_does_nothing_and_sends_nothing(
    guest: Visitor, offered: Scene, clock: Any
) -> None:
    page = guest.open()
    clock.move_to(DEADLINE)
    go_on(offered.freed(), DEADLINE)
    late = guest.press(page, TAKE)
    assert guest.answer.status_code == 409
    assert late.headline == "Dieses Angebot gilt nicht mehr"
    assert not BookingRequest.objects.filter(call=None).exists()
    assert not Notification.objects.filter(kind="offer_gone").exists()


def test_pressing_twice_books_once(guest: Visitor) -> None:
    page = guest.open()
    guest.press(page, TAKE)
    guest.press(page, TAKE)
    assert BookingRequest.objects.filter(call=None).count() == 1


def test_opening_changes_nothing(guest: Visitor) -> None:
    for act in ("", "accept/", "decline/"):
        assert guest.open(f"{guest.home}{act}").headline == "Ein Termin ist frei geworden"
    assert guest.ask("POST", f"{guest.home}accept/").status_code == 409
    assert Offer.objects.get().state == "open"


@pytest.mark.parametrize("values", [{"company__is_active": False}, {}])
def test_it_ends_with_the_company_or_the_time(guest: Visitor, clock: Any, values: dict[str, Any]) -> None:
    if values:
        Company.objects.update(is_active=False)
    else:
        clock.move_to(WISH + timedelta(seconds=1))
    assert guest.ask("GET").status_code == 404


def test_a_token_of_another_kind_opens_nothing(guest: Visitor, calendar: CalcomStub) -> None:
    token = guest.home.split("/")[2]
    assert guest.ask("GET", f"/t/a{token[1:]}/").status_code == 404
