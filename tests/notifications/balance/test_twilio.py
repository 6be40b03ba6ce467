"""Our SMS beside Twilio's list of messages: each that it lacks, and each that it has twice, is named."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from askpro.commands.balance import Finding, Span
from notifications.balance import twilio as balance
from notifications.models import Notification
from notifications.tasks import send_sms_notification
from tests.notifications.twilio_api import TwilioApi

pytestmark = pytest.mark.django_db

HAS, ONCE = "twilio_has_each_sms", "twilio_has_each_sms_once"


@pytest.fixture
def handed_over(sms: Notification, twilio: TwilioApi, clock: Any) -> Notification:
    send_sms_notification(sms.pk)
    sms.refresh_from_db()
    return sms


def found() -> list[Finding]:
    now = timezone.now()
    return list(balance.findings(Span(now - timedelta(days=7), now + timedelta(seconds=1))))


def test_an_sms_that_twilio_has_once_adds_up(handed_over: Notification) -> None:
    assert handed_over.provider_id
    assert found() == []


def test_an_sms_that_twilio_does_not_have_is_found(handed_over: Notification, twilio: TwilioApi) -> None:
    twilio.messages.clear()
    (finding,) = found()
    assert (finding.rule, finding.id) == (HAS, handed_over.pk)


def test_an_sms_that_twilio_has_twice_is_found(handed_over: Notification, twilio: TwilioApi) -> None:
    twilio.accept({"To": handed_over.recipient, "Body": handed_over.text})
    (finding,) = found()
    assert (finding.rule, finding.id) == (ONCE, handed_over.pk)
    assert finding.found == "1 more with the same text to the same number"


def test_a_row_with_another_id_than_twilios_is_found(handed_over: Notification) -> None:
    Notification.objects.filter(pk=handed_over.pk).update(provider_id="SM" + "f" * 32)
    assert {(finding.rule, finding.id) for finding in found()} == {(HAS, handed_over.pk), (ONCE, handed_over.pk)}


def test_an_account_that_refuses_is_named_with_its_company(handed_over: Notification, twilio: TwilioApi) -> None:
    twilio.is_down = True
    (finding,) = found()
    assert (finding.rule, finding.company) == ("twilio_answers", handed_over.company.slug)
