"""A customer with a telephone whose browser runs no scripts, at the page of an appointment booked at Cal.com."""

from collections.abc import Iterator
from typing import Any

import pytest

from appointments.models import Appointment, Change
from appointments.tasks import create_appointment_from_call
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from notifications.links import link_for
from tests.appointments import salon
from tests.appointments.conftest import sandbox, sandbox_process  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COLOUR, HOST = 4712, 20817  # one host only
# Smaller ones are missed by thumbs (WCAG 2.2, 2.5.5).
LEAST_HEIGHT = 44
BOXES = "all => all.map(each => each.getBoundingClientRect().toJSON())"


@pytest.fixture
def appointment(sandbox: SandboxClient, live_server: Any, settings: Any) -> Appointment:  # noqa: F811
    """Booked for Thursday, 14:00; it is Tuesday morning."""
    settings.PUBLIC_URL = live_server.url
    at = salon.branch(salon.company(calcom_api_key=LOCAL["CALCOM_API_KEY"]), phone="+493023125100")
    colour = salon.service(at.company, COLOUR, name="Färben", duration_minutes=90)
    salon.staff(at, HOST, name="Käthe Grün")
    wish = salon.request(salon.call(at, salon.customer(at.company)), service=colour, starts_at=salon.WISH)
    create_appointment_from_call(call_id=wish.call_id)
    return Appointment.objects.get()


@pytest.fixture
def telephone(browser: Any, live_server: Any) -> Iterator[Any]:
    """A small page without JavaScript. A complaint of the browser, or a request to elsewhere, fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on(
        "request",
        lambda request: None if request.url.startswith((live_server.url, "data:")) else elsewhere.append(request.url),
    )
    page.set_default_timeout(10_000)
    yield page
    assert not context.cookies()
    context.close()
    assert not complaints and not elsewhere


def test_it_is_confirmed_moved_and_cancelled_without_scripts(
    telephone: Any,
    appointment: Appointment,
    sandbox: SandboxClient,  # noqa: F811
) -> None:
    telephone.goto(link_for(appointment))
    telephone.get_by_role("button", name="Ich komme").click()
    telephone.get_by_role("heading", name="Sie kommen", level=1).wait_for()

    telephone.get_by_role("link", name="Termin verlegen").click()
    telephone.get_by_role("heading", name="Freitag, 04.12.2026").click()
    telephone.get_by_role("link", name="Freitag, 04.12.2026, 10:30 Uhr").click()
    telephone.get_by_text("Bisher").wait_for()
    telephone.get_by_role("button", name="Ja, Termin verlegen").click()
    telephone.get_by_role("status").get_by_text("Ihr Termin ist auf diese Zeit verlegt.").wait_for()
    assert [booking["start"] for booking in live(sandbox)] == ["2026-12-04T09:30:00.000Z"]

    telephone.get_by_role("link", name="Termin absagen").click()
    telephone.get_by_role("button", name="Ja, Termin absagen").click()
    telephone.get_by_role("heading", name="Ihr Termin ist abgesagt", level=1).wait_for()
    assert live(sandbox) == []
    assert list(Change.objects.order_by("id").values_list("kind", "channel", "state")) == [
        ("move", "page", "done"),
        ("cancel", "page", "done"),
    ]
    telephone.go_back()
    telephone.reload()
    telephone.get_by_role("heading", name="Ihr Termin ist abgesagt").wait_for()


def test_it_can_be_read_and_pressed_by_everybody(telephone: Any, appointment: Appointment) -> None:
    for path in ("", "cancel/", "move/", "?lang=en"):
        telephone.goto(link_for(appointment) + path)
        assert telephone.locator("html").get_attribute("lang") == ("en" if "en" in path else "de")
        assert telephone.get_by_role("main").count() == telephone.get_by_role("heading", level=1).count() == 1
        assert telephone.get_by_role("banner").count() == telephone.get_by_role("contentinfo").count() == 1
        boxes = telephone.locator("main a, main button, header a").evaluate_all(BOXES)
        assert boxes and all(box["height"] >= LEAST_HEIGHT for box in boxes)
        assert all(box["left"] >= 0 and box["right"] <= 390 for box in boxes)
    telephone.keyboard.press("Tab")
    telephone.keyboard.press("Tab")
    focused = telephone.locator(":focus-visible")
    assert focused.text_content() == "I am coming"


def live(sandbox: SandboxClient) -> list[dict[str, Any]]:  # noqa: F811
    return [booking for booking in sandbox.bookings() if booking["status"] in ("accepted", "pending")]
