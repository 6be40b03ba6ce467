"""Webhooks as the vendors send them: signed over exactly the bytes that are sent."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

FIXTURES = Path(__file__).parents[1] / "fixtures"
RETELL_KEY = "key_test_askpro_tests"
CALCOM_SECRET = "cal_whsec_tests"
TWILIO_TOKEN = "fedcba9876543210fedcba9876543210"
FORM = "application/x-www-form-urlencoded"


def recorded(provider: str, name: str) -> dict[str, Any]:
    """A webhook's body as the vendor writes it, of invented people."""
    body: dict[str, Any] = json.loads((FIXTURES / provider / f"{name}.json").read_text())
    return body


def compact(payload: Any) -> bytes:
    """JSON as JavaScript writes it."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def retell_signature(body: bytes, key: str = RETELL_KEY, at_ms: int | None = None) -> str:
    stamp = str(time.time_ns() // 1_000_000 if at_ms is None else at_ms)
    return f"v={stamp},d={hmac.digest(key.encode(), body + stamp.encode(), 'sha256').hex()}"


def calcom_signature(body: bytes, secret: str = CALCOM_SECRET) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def twilio_signature(path: str, fields: dict[str, str], token: str = TWILIO_TOKEN) -> str:
    text = settings.PUBLIC_URL + path + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def send(provider: str, payload: Any, secret: str, public_id: str = "") -> Any:
    """An event as the vendor sends it to a company's own address, or, without its id, to the shared one."""
    path = f"/webhooks/{provider}/{public_id}/" if public_id else f"/webhooks/{provider}/"
    if provider == "twilio":
        return post_twilio(payload, path, twilio_signature(path, payload, secret))
    body = compact(payload)
    if provider == "retell":
        return post(path, body, "application/json", **{"X-Retell-Signature": retell_signature(body, secret)})
    return post(path, body, "application/json", **{"X-Cal-Signature-256": calcom_signature(body, secret)})


def post_retell(payload: Any, signature: str | None = None, **headers: Any) -> Any:
    body = payload if isinstance(payload, bytes) else compact(payload)
    signature = retell_signature(body) if signature is None else signature
    return post("/webhooks/retell/", body, "application/json", **{"X-Retell-Signature": signature, **headers})


def post_calcom(payload: Any, signature: str | None = None, content_type: str = "application/json") -> Any:
    body = payload if isinstance(payload, bytes) else compact(payload)
    signature = calcom_signature(body) if signature is None else signature
    return post("/webhooks/calcom/", body, content_type, **{"X-Cal-Signature-256": signature})


def post_twilio(fields: dict[str, str], path: str = "/webhooks/twilio/status/", signature: str | None = None) -> Any:
    signature = twilio_signature(path, fields) if signature is None else signature
    return post(path, urlencode(fields).encode(), FORM, **{"X-Twilio-Signature": signature})


def post(path: str, body: bytes, content_type: str, **headers: str) -> Any:
    """Post it through every middleware, CSRF included."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    sent: dict[str, Any] = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    return client.generic("POST", path, body, headers=headers, **sent)
