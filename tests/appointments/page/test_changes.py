"""What a customer changes on the page, at the sandbox's Cal.com: the page says what is so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appointments.models import Appointment, Change, FollowUp
from appointments.page import places
from appointments.tasks import carry_out_change, create_appointment_from_call, process_calcom_webhook
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.models import GateState
from askpro.queues.testing import assert_sent
from calls.models import ClosedDay
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.page.visitor import Document, Visitor
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

COLOUR, HOST = 4712, 20817  # one host only
LATER = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)  # Friday, 10:30 in Berlin


@pytest.fixture
def appointment(sandbox: SandboxClient) -> Appointment:
    """Booked at Cal.com for Thursday, 14:00; it is Tuesday morning."""
    at = salon.branch(salon.company(calcom_api_key=LOCAL["CALCOM_API_KEY"]), phone="+493023125100")
    colour = salon.service(at.company, COLOUR, name="Färben", duration_minutes=90)
    salon.staff(at, HOST, name="Käthe Grün")
    wish = salon.request(salon.call(at, salon.customer(at.company)), service=colour, starts_at=salon.WISH)
    create_appointment_from_call(call_id=wish.call_id)
    hear()
    return Appointment.objects.get()


def hear() -> None:
    for event in WebhookEvent.objects.filter(status="received").order_by("id"):
        process_calcom_webhook(event_id=event.pk)


def there(sandbox: SandboxClient) -> list[str]:
    return [booking["start"] for booking in sandbox.bookings() if booking["status"] in ("accepted", "pending")]


def run() -> None:
    change = Change.objects.get(state="waiting")
    values = {"change_id": change.pk, "appointment_id": change.appointment_id}
    assert_sent(carry_out_change, **values)
    carry_out_change(**values)


def asked_for(visitor: Visitor, to: datetime) -> Document:
    return visitor.open(f"{visitor.home}move/?to={to:%Y%m%dT%H%MZ}")


def test_a_cancellation_ends_the_booking_and_is_told_once(visitor: Visitor, sandbox: SandboxClient) -> None:
    asked = visitor.press(visitor.open(), "Termin absagen")
    assert asked.headline == "Wirklich absagen?" and len(there(sandbox)) == 1
    page = visitor.press(asked, "Ja, Termin absagen")
    assert (page.headline, there(sandbox)) == ("Ihr Termin ist abgesagt", [])
    hear()
    change = Change.objects.get()
    assert (change.channel, change.state) == ("page", "done")
    assert sandbox.bookings()[0]["cancellationReason"] == "Auf Wunsch des Kunden, online."
    assert list(Notification.objects.filter(kind="cancellation", channel="sms").values_list("status")) == [("pending",)]
    # A second press, and the browser's way back.
    assert visitor.press(asked, "Ja, Termin absagen").headline == "Ihr Termin ist abgesagt"
    assert Change.objects.count() == 1 and not FollowUp.objects.exists()


def test_a_move_takes_the_chosen_time_and_is_told_once(
    visitor: Visitor, sandbox: SandboxClient, appointment: Appointment
) -> None:
    times = visitor.press(visitor.open(), "Termin verlegen")
    assert "Donnerstag, 03.12.2026" in times.text
    asked = asked_for(visitor, LATER)
    page = visitor.press(asked, "Ja, Termin verlegen")
    assert (page.headline, page.news) == ("Ihr Termin", "Ihr Termin ist auf diese Zeit verlegt.")
    assert "Freitag, 04.12.2026 10:30 – 12:00 Uhr" in page.text
    assert there(sandbox) == ["2026-12-04T09:30:00.000Z"]
    hear()
    assert visitor.press(asked, "Ja, Termin verlegen").news == "Ihr Termin ist auf diese Zeit verlegt."
    assert Change.objects.count() == 1
    assert Notification.objects.filter(kind="rescheduled", channel="sms").count() == 1


def test_a_time_that_was_taken_meanwhile_moves_nothing(visitor: Visitor, sandbox: SandboxClient) -> None:
    asked = asked_for(visitor, LATER)
    sandbox.fill(COLOUR, LATER)
    page = visitor.press(asked, "Ja, Termin verlegen")
    assert visitor.answer.status_code == 409
    assert page.news == "Die gewählte Zeit wurde gerade vergeben. Ihr Termin bleibt zu dieser Zeit."
    assert "Donnerstag, 03.12.2026 14:00" in page.text and "Termin verlegen" in page.links
    assert Appointment.objects.get().starts_at == salon.WISH and not FollowUp.objects.exists()


def test_a_closed_day_moves_nothing_and_is_not_offered(
    visitor: Visitor, sandbox: SandboxClient, appointment: Appointment
) -> None:
    asked = asked_for(visitor, LATER)
    company = appointment.company
    ClosedDay.objects.create(company=company, first_day=LATER.date(), last_day=LATER.date(), reason="Betriebsausflug")
    page = visitor.press(asked, "Ja, Termin verlegen")
    assert page.news == "Am gewählten Tag haben wir geschlossen. Ihr Termin bleibt zu dieser Zeit."
    assert "Freitag, 04.12.2026" not in visitor.open(f"{visitor.home}move/").text


def test_while_calcom_is_away_it_says_that_it_goes_on(visitor: Visitor, sandbox: SandboxClient, settings: Any) -> None:
    asked = visitor.open(f"{visitor.home}cancel/")
    url, settings.CALCOM_BASE_URL = settings.CALCOM_BASE_URL, "http://127.0.0.1:1"
    page = visitor.press(asked, "Ja, Termin absagen")
    assert page.headline == "Ihr Termin wird abgesagt"
    # The same wish again is the same change.
    assert visitor.press(asked, "Ja, Termin absagen").headline == "Ihr Termin wird abgesagt"
    assert Change.objects.count() == 1 and FollowUp.objects.get().reason == "wants_cancel"
    settings.CALCOM_BASE_URL = url
    GateState.objects.all().delete()
    run()
    assert visitor.press(page, "Noch einmal nachsehen").headline == "Ihr Termin ist abgesagt"
    assert there(sandbox) == [] and FollowUp.objects.get().status == "obsolete"


def test_without_a_place_to_wait_a_job_does_it(visitor: Visitor, sandbox: SandboxClient) -> None:
    asked = visitor.open(f"{visitor.home}cancel/")
    taken = [places.place() for _ in range(places.MOST)]
    assert all(place.__enter__() for place in taken)
    try:
        assert visitor.open(f"{visitor.home}move/").news.startswith("Wir können gerade nicht nachsehen")
        assert visitor.press(asked, "Ja, Termin absagen").headline == "Ihr Termin wird abgesagt"
    finally:
        for place in taken:
            place.__exit__(None, None, None)
    assert len(there(sandbox)) == 1 and not FollowUp.objects.exists()
    run()
    assert visitor.open().headline == "Ihr Termin ist abgesagt"
