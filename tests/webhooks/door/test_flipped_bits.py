"""A flipped bit anywhere in what is signed, or in the signature itself, is refused."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from tests.webhooks.signing import (
    FORM,
    calcom_signature,
    compact,
    post,
    recorded,
    retell_signature,
    twilio_signature,
)
from webhooks.door.refusal import Refused
from webhooks.door.vendors import VENDORS
from webhooks.models import Provider, RefusedWebhook, WebhookEvent

RETELL_BODY = compact({"event": "call_ended", "call": {"call_id": "call_7c1", "transcript": "User: Schöne Grüße\n"}})
CALCOM_BODY = compact(recorded("calcom", "PING"))
REPORT = recorded("twilio", "status_callback.delivered")


def flips(data: bytes) -> Iterator[bytes]:
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        yield bytes(flipped)


def is_believed(provider: Provider, request: HttpRequest, body: bytes) -> bool:
    try:
        vendor = VENDORS[provider]
        vendor.verify(request, body, vendor.shared_secrets(request))
    except Refused as refused:
        assert refused.status == 401
        return False
    return True


def request(path: str, content_type: str, header: str, value: bytes, query: str = "") -> HttpRequest:
    # WSGI passes header bytes on as Latin-1.
    headers = {header: value.decode("latin-1")}
    made = RequestFactory().generic("POST", path, b"-", content_type, headers=headers)
    made.META["QUERY_STRING"] = query
    return made


CASES = [
    (Provider.RETELL, "X-Retell-Signature", RETELL_BODY, retell_signature),
    (Provider.CALCOM, "X-Cal-Signature-256", CALCOM_BODY, calcom_signature),
]


@pytest.mark.parametrize(("provider", "header", "body", "sign"), CASES)
def test_it_refuses_every_flipped_bit_of_body_and_signature(
    provider: Provider, header: str, body: bytes, sign: Any
) -> None:
    signature = sign(body).encode()
    asked = request("/webhooks/", "application/json", header, signature)
    assert is_believed(provider, asked, body)
    assert not any(is_believed(provider, asked, flipped) for flipped in flips(body))
    for flipped in flips(signature):
        assert not is_believed(provider, request("/webhooks/", "application/json", header, flipped), body)


def test_it_refuses_every_flipped_bit_of_twilios_form_signature_and_address() -> None:
    path, query, header = "/webhooks/twilio/status/", "ref=9f7b2c1a", "X-Twilio-Signature"
    fields = {**REPORT, "Body": "Grüße, ab 9 Uhr + Käse  \n"}
    body, signature = urlencode(fields).encode(), twilio_signature(f"{path}?{query}", fields).encode()
    asked = request(path, FORM, header, signature, query)
    assert is_believed(Provider.TWILIO, asked, body)
    assert not any(is_believed(Provider.TWILIO, asked, flipped) for flipped in flips(body))
    for flipped in flips(signature):
        assert not is_believed(Provider.TWILIO, request(path, FORM, header, flipped, query), body)
    for flipped in flips(query.encode()):
        other = request(path, FORM, header, signature, flipped.decode("latin-1"))
        assert not is_believed(Provider.TWILIO, other, body)


@pytest.mark.django_db
def test_it_answers_401_and_keeps_nothing_when_one_bit_is_wrong() -> None:
    body = bytearray(RETELL_BODY)
    signature = retell_signature(RETELL_BODY)
    body[20] ^= 1
    answer = post("/webhooks/retell/", bytes(body), "application/json", **{"X-Retell-Signature": signature})
    assert answer.status_code == 401
    assert not WebhookEvent.objects.exists()
    assert RefusedWebhook.objects.get().reason == RefusedWebhook.Reason.BAD_SIGNATURE
