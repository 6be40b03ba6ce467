"""What an SMS costs: counted when it is sent, charged by Twilio some time later."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from notifications.models import Notification
from notifications.sweepers import ask_about_unpriced
from notifications.tasks import check_sms_delivery, send_sms_notification
from notifications.twilio.client import Message
from tests.notifications.scene import NOW
from tests.notifications.twilio_api import TwilioApi, fixture


@pytest.fixture
def delivered(sms: Notification, twilio: TwilioApi) -> Notification:
    send_sms_notification(sms.pk)
    Notification.objects.update(status="delivered")
    sms.refresh_from_db()
    return sms


def charged(row: Notification) -> tuple[Any, ...]:
    row.refresh_from_db()
    return row.segments, row.encoding, row.price, row.currency


def test_it_counts_its_segments_when_it_is_sent(delivered: Notification) -> None:
    assert charged(delivered) == (1, "gsm", None, "")


def test_it_counts_two_bytes_for_each_letter_of_other_scripts(sms: Notification, twilio: TwilioApi) -> None:
    sms.company.name = "Салон красоты Линденблатт"
    sms.company.save()
    send_sms_notification(sms.pk)
    segments, encoding, *_ = charged(sms)
    assert (segments > 1, encoding) == (True, "ucs2")


def test_twilio_says_later_what_it_charged(
    delivered: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    twilio.messages[0] |= {"num_segments": "2", "price": "-0.15000", "price_unit": "usd", "status": "delivered"}
    assert ask_about_unpriced() == 0, "an hour passes first"
    clock.shift(timedelta(hours=1, minutes=1))
    assert (ask_about_unpriced(), ask_about_unpriced()) == (1, 0)
    check_sms_delivery(delivered.pk)
    assert charged(delivered) == (2, "gsm", Decimal("0.15000"), "USD")
    assert delivered.status == "delivered"
    clock.shift(timedelta(hours=13))
    assert ask_about_unpriced() == 0


def test_it_is_asked_for_three_days(delivered: Notification, clock: time_machine.Traveller) -> None:
    asked = 0
    for _ in range(10):
        clock.shift(timedelta(hours=13))
        asked += ask_about_unpriced()
    assert asked == 5


@pytest.mark.parametrize(
    ("said", "segments", "price"),
    [
        ({"num_segments": "3", "price": "-0.0750", "price_unit": "EUR"}, 3, Decimal("0.0750")),
        ({"num_segments": "0", "price": None, "price_unit": "USD"}, None, None),
        ({"num_segments": "many", "price": "NaN", "price_unit": "USD"}, None, None),
        ({"num_segments": 10**9, "price": "-1e99", "price_unit": "USD"}, None, None),
        ({"num_segments": [], "price": "-0.1", "price_unit": "<b>"}, None, None),
        ({"price": "-0.1", "price_unit": ""}, None, None),
        ({"price": "0.1", "price_unit": "USD"}, None, None),
    ],
)
def test_it_believes_no_charge_that_is_none(said: dict[str, Any], segments: int | None, price: Decimal | None) -> None:
    message = Message.from_api(fixture("message.json") | {"num_segments": None} | said)
    assert (message.segments, message.price) == (segments, price)
    assert bool(message.currency) is (price is not None)


def test_an_earlier_sends_charge_is_not_the_new_ones(delivered: Notification, twilio: TwilioApi) -> None:
    Notification.objects.update(status="pending", price=Decimal(1), currency="USD", provider_id=None, sent_at=None)
    send_sms_notification(delivered.pk)
    assert charged(delivered) == (1, "gsm", None, "")
    assert delivered.sent_at == NOW
