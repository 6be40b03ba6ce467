"""A customer is on the phone, and the console speaks German: each task within its clicks from the start page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.contrib.auth.models import User
from django.utils import timezone

from appointments.models import Appointment, CalcomUid
from tests.appointments import salon
from tests.appointments.calcom_stub import BASE, CalcomStub

pytestmark = pytest.mark.browser

PASSWORD = "a-long-password"


class Person:
    """Clicks, and counts the clicks."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Any) -> None:
        target.click()
        self.clicks += 1

    def find(self, name: str) -> None:
        """Search for an appointment, and open it."""
        self.click(self.page.locator("#nav-sidebar button", has_text="manage_search"))
        self.page.locator("#command-results input, [x-ref=searchInputCommand], input[type=search]").first.fill(name)
        self.click(self.page.locator("#command-results-list a[href*='/appointment/']", has_text=name).first)


@pytest.fixture
def appointment(transactional_db: None, settings: Any) -> Iterator[Appointment]:
    """Confirmed, in three days; an hour later is free."""
    settings.CALCOM_BASE_URL = BASE
    starts_at = (timezone.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        calendar = CalcomStub(mock)
        booking = calendar.book(starts_at.isoformat())
        calendar.free = [f"{starts_at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"]
        wish = salon.wished()
        row = Appointment.objects.create(
            company=wish.company,
            branch=wish.where,
            customer=wish.who,
            service=wish.service,
            staff=wish.company.staff.get(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=45),
            status=Appointment.Status.CONFIRMED,
            attendee_name="Ole Linde",
            calcom_uid=booking["uid"],
        )
        CalcomUid.objects.create(company=row.company, uid=booking["uid"], appointment=row)
        yield row


@pytest.fixture
def person(live_server: Any, browser: Any, appointment: Appointment) -> Iterator[Person]:
    """Logged in, on the start page, with a German browser."""
    User.objects.create_superuser("chefin", password=PASSWORD)
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/admin/")
    page.locator("input[name=username]").fill("chefin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#nav-sidebar a", has_text="Kalender").wait_for()
    yield Person(page)
    context.close()


def test_a_customer_on_the_phone_is_moved_and_cancelled_and_the_calendar_is_a_click_away(
    person: Person, live_server: Any, appointment: Appointment
) -> None:
    page = person.page
    person.click(page.locator("#nav-sidebar a", has_text="Kalender"))
    page.locator("#calendar").wait_for()
    assert person.clicks == 1

    page.goto(f"{live_server.url}/admin/")
    person.clicks = 0
    person.find("Linde")
    person.click(page.get_by_role("link", name="Verschieben"))
    person.click(page.locator(".af-times a").first)
    person.click(page.get_by_role("button", name="Verschieben"))
    page.get_by_text("Verschoben auf").wait_for()
    assert person.clicks <= 5
    before = appointment.starts_at
    appointment.refresh_from_db()
    assert appointment.starts_at == before + timedelta(hours=1)

    page.goto(f"{live_server.url}/admin/")
    person.clicks = 0
    person.find("Linde")
    person.click(page.get_by_role("link", name="Termin absagen"))
    person.click(page.get_by_role("button", name="Termin absagen"))
    page.get_by_text("Abgesagt. Der Kunde erfährt es").wait_for()
    assert person.clicks <= 5
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"
