"""Sending over real sockets, to the stand-ins for Twilio and the mail server, which enforce the contract."""

import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.testing import running_sandbox
from askpro.queues.errors import Unavailable, Unknown
from notifications.models import Notification
from notifications.tasks import check_sms_delivery, send_email_notification, send_sms_notification
from tests.notifications.scene import MOBILE, change

Status = Notification.Status


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient, settings: Any) -> SandboxClient:
    sandbox_process.reset()
    sandbox_process.switch(webhooks="off")
    settings.TWILIO_BASE_URL = f"{sandbox_process.url}/twilio"
    settings.TWILIO_ACCOUNT_SID = LOCAL["TWILIO_ACCOUNT_SID"]
    settings.TWILIO_AUTH_TOKENS = [LOCAL["TWILIO_AUTH_TOKENS"]]
    settings.TWILIO_MESSAGING_SERVICE_SID = LOCAL["TWILIO_MESSAGING_SERVICE_SID"]
    settings.EMAIL_BACKEND = "askpro.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sandbox_process.smtp_port
    return sandbox_process


@pytest.fixture(autouse=True)
def today(appointment: Appointment, clock: time_machine.Traveller) -> None:
    """The sandbox uses the real clock, and so do we: an appointment in two days, and no quiet hours."""
    now = time_machine.escape_hatch.datetime.datetime.now(UTC)
    clock.move_to(now)
    starts_at = now + timedelta(days=2)
    change(appointment, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))
    appointment.company.quiet_until = appointment.company.quiet_from
    appointment.company.save()


def test_it_hands_an_sms_over(sms: Notification, sandbox: SandboxClient) -> None:
    send_sms_notification(sms.pk)
    [message] = sandbox.messages(MOBILE)
    sms.refresh_from_db()
    assert (sms.status, sms.provider_id, sms.text) == (Status.SENT, message["sid"], message["body"])


def test_it_finds_the_sms_whose_answer_was_lost(
    sms: Notification, sandbox: SandboxClient, clock: time_machine.Traveller
) -> None:
    sandbox.fault("twilio.create_message", drop="after")
    with pytest.raises(Unknown):
        send_sms_notification(sms.pk)
    clock.shift(timedelta(seconds=40))
    send_sms_notification(sms.pk)
    assert len(sandbox.messages(MOBILE)) == 1
    assert Notification.objects.get(pk=sms.pk).status == Status.SENT


def test_it_sends_the_sms_whose_request_was_lost(
    sms: Notification, sandbox: SandboxClient, clock: time_machine.Traveller
) -> None:
    sandbox.fault("twilio.create_message", drop="before")
    with pytest.raises(Unknown):
        send_sms_notification(sms.pk)
    clock.shift(timedelta(seconds=125))
    send_sms_notification(sms.pk)
    assert len(sandbox.messages(MOBILE)) == 1


def test_it_asks_how_an_sms_fared(sms: Notification, sandbox: SandboxClient) -> None:
    send_sms_notification(sms.pk)
    sandbox.report_sms(sandbox.messages(MOBILE)[0]["sid"], "delivered")
    check_sms_delivery(sms.pk)
    assert Notification.objects.get(pk=sms.pk).status == Status.DELIVERED


def test_it_hands_a_mail_over(email: Notification, sandbox: SandboxClient) -> None:
    send_email_notification(email.pk)
    [mail] = sandbox.mails("joerdis@example.org")
    assert mail["subject"].startswith("Haarstudio Lindenblatt: Ihr Termin am ")
    assert "Jördis Ampel" in mail["text"]
    assert "Ihr Termin ist bestätigt</h1>" in mail["html"]
    [attachment] = mail["attachments"]
    assert attachment["name"] == "termin.ics"
    assert "BEGIN:VCALENDAR" in attachment["content"]
    assert Notification.objects.get(pk=email.pk).status == Status.SENT


def test_it_comes_again_when_the_mail_server_wants_it_later(email: Notification, sandbox: SandboxClient) -> None:
    sandbox.fault("smtp.message", status=451)
    with pytest.raises(Unavailable):
        send_email_notification(email.pk)
    send_email_notification(email.pk)
    assert len(sandbox.mails()) == 1


def test_it_gives_up_what_the_mail_server_refuses(email: Notification, sandbox: SandboxClient) -> None:
    sandbox.fault("smtp.message", status=550)
    send_email_notification(email.pk)
    email.refresh_from_db()
    assert (email.status, email.why("en")) == (Status.FAILED, "The mail server refuses it (550).")


def test_it_sends_a_mail_twice_as_one_when_the_answer_was_lost(
    email: Notification, sandbox: SandboxClient, clock: time_machine.Traveller
) -> None:
    sandbox.fault("smtp.message", drop="after")
    with pytest.raises(Unknown):
        send_email_notification(email.pk)
    clock.shift(timedelta(seconds=40))
    send_email_notification(email.pk)
    ids = {mail["headers"]["Message-ID"] for mail in sandbox.mails()}
    assert ids == {f"<{email.reference}@askpro.example>"}


def test_it_waits_while_no_mail_server_listens(email: Notification, sandbox: SandboxClient, settings: Any) -> None:
    settings.EMAIL_PORT = 9
    with pytest.raises(Unavailable):
        send_email_notification(email.pk)
    assert Notification.objects.get(pk=email.pk).status == Status.PENDING


@pytest.mark.parametrize("route", ["smtp.recipient", "smtp.message"])
@pytest.mark.parametrize("fault", [{"drip_ms": 20}, {"padding": 600_000_000}], ids=["a drip", "600 MB"])
def test_a_mail_server_that_never_ends_its_answer_is_heard_no_longer_than_it_may(
    email: Notification, sandbox: SandboxClient, settings: Any, route: str, fault: dict[str, int]
) -> None:
    settings.EMAIL_TIMEOUT = 0.5 if "drip_ms" in fault else 60.0
    sandbox.fault(route, **fault)
    began = time.monotonic()
    with pytest.raises(Unknown if route == "smtp.message" else Unavailable):
        send_email_notification(email.pk)
    assert time.monotonic() - began < 3
