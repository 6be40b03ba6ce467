"""A hair studio in Berlin, a customer who consented to SMS, and an appointment."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import responses
import time_machine

from appointments.models import Appointment
from calls.models import Branch, Call, Company, Customer, PhoneNumber, Service, Staff
from notifications.models import Notification
from notifications.twilio.client import _client
from tests.notifications.scene import MOBILE, NOW, announced
from tests.notifications.twilio_api import ACCOUNT, SERVICE, URL, TwilioApi
from webhooks.models import Provider, WebhookEvent


@pytest.fixture(autouse=True)
def vendor_settings(settings: Any) -> None:
    settings.TWILIO_BASE_URL = URL
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_AUTH_TOKENS = ["0" * 32]
    settings.TWILIO_MESSAGING_SERVICE_SID = SERVICE
    settings.PUBLIC_URL = "https://askpro.example"
    settings.SYNTHETIC_EMAIL_DOMAIN = "kunden.askpro.example"
    settings.DEFAULT_FROM_EMAIL = "AskPro <termine@askpro.example>"
    _client.cache_clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def twilio() -> Iterator[TwilioApi]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield TwilioApi(mock)


@pytest.fixture
def company(db: None) -> Company:
    company = Company.objects.create(
        name="Haarstudio Lindenblatt", slug="lindenblatt", notification_email="team@lindenblatt.example.org"
    )
    company.refresh_from_db()
    return company


@pytest.fixture
def branch(company: Company) -> Branch:
    return Branch.objects.create(
        company=company,
        name="Mitte",
        street="Ahornweg 7",
        postal_code="10119",
        city="Berlin",
        phone="+493023125100",
    )


@pytest.fixture
def customer(company: Company, clock: time_machine.Traveller) -> Customer:
    return Customer.objects.create(
        company=company,
        name="Jördis Ampel",
        phone=MOBILE,
        email="joerdis@example.org",
        sms_consent_at=NOW,
    )


@pytest.fixture
def call(branch: Branch, customer: Customer) -> Call:
    number = PhoneNumber.objects.create(company=branch.company, branch=branch, number="+493023125100")
    return Call.objects.create(
        company=branch.company,
        branch=branch,
        phone_number=number,
        customer=customer,
        retell_call_id="call_notifications",
        from_number=MOBILE,
    )


@pytest.fixture
def appointment(call: Call, branch: Branch, customer: Customer) -> Appointment:
    """Thursday 3 December 2026, 14:00 in Berlin."""
    company = branch.company
    starts_at = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
    return Appointment.objects.create(
        company=company,
        branch=branch,
        customer=customer,
        call=call,
        service=Service.objects.create(company=company, name="Herrenhaarschnitt"),
        staff=Staff.objects.create(company=company, branch=branch, name="Anouk Weidner"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        status=Appointment.Status.CONFIRMED,
        sync_status=Appointment.Sync.SYNCED,
        attendee_name="Jördis Ampel",
        attendee_phone=MOBILE,
    )


@pytest.fixture
def sms(appointment: Appointment) -> Notification:
    """A confirmation that waits to be sent by SMS."""
    return announced(appointment, Notification.Channel.SMS)


@pytest.fixture
def email(appointment: Appointment) -> Notification:
    """A confirmation that waits to be sent by mail."""
    return announced(appointment, Notification.Channel.EMAIL)


@pytest.fixture
def event() -> Callable[..., WebhookEvent]:
    """Stores a callback of Twilio as the door does."""

    def store(fields: dict[str, str], query: str = "") -> WebhookEvent:
        return WebhookEvent.objects.create(
            provider=Provider.TWILIO,
            event_type="test",
            event_key=f"test:{WebhookEvent.objects.count()}",
            body=urlencode(fields).encode(),
            content_type="application/x-www-form-urlencoded",
            query=query,
        )

    return store
