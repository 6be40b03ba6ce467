"""Messages that reach nobody, as the watcher finds them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from appointments.models import Appointment
from notifications.models import Notification
from tests.found import found, told

pytestmark = pytest.mark.django_db

Status = Notification.Status


def messages(appointment: Appointment, channel: str, **counts: int) -> None:
    """So many messages of each status, about one appointment."""
    version = Notification.objects.count()
    for status, count in counts.items():
        for _ in range(count):
            version += 1
            failed = {"reason": "landline", "reason_facts": {"code": 30006}} if status == "failed" else {}
            Notification.objects.create(
                company=appointment.company,
                appointment=appointment,
                kind=Notification.Kind.CONFIRMATION,
                channel=channel,
                version=version,
                status=status,
                recipient="+4915550100123",
                **failed,
            )


def test_five_failed_messages_that_are_half_of_all_are_told_by_company_and_channel(appointment: Appointment) -> None:
    messages(appointment, "sms", failed=4, delivered=2)
    assert found("messages_undeliverable", timezone.now()) == {}
    messages(appointment, "sms", failed=1, sent=3)
    [finding] = found("messages_undeliverable", timezone.now()).values()
    assert finding.about == f"sms:{appointment.company_id}"
    words = told("messages_undeliverable", finding)
    assert "5 of 10 messages by sms" in words and "The number takes no SMS (30006)." in words
    assert "5550100" not in words


def test_what_is_not_sent_on_purpose_or_waits_does_not_count(appointment: Appointment) -> None:
    messages(appointment, "sms", failed=4, skipped=9, pending=9, unknown=2)
    messages(appointment, "email", failed=4)
    assert found("messages_undeliverable", timezone.now()) == {}


def test_a_few_among_many_are_not_told(appointment: Appointment) -> None:
    messages(appointment, "sms", failed=6, delivered=7)
    assert found("messages_undeliverable", timezone.now()) == {}


def test_it_ends_with_six_hours_without_failures(appointment: Appointment, clock: Any) -> None:
    messages(appointment, "sms", failed=5)
    assert found("messages_undeliverable", timezone.now()) != {}
    assert found("messages_undeliverable", timezone.now() + timedelta(hours=6, minutes=1)) == {}
