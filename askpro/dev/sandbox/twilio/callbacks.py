"""Delivery of Twilio's webhooks: signed form fields, retried only as far as the URL's fragment asks for."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urldefrag, urlencode

from askpro.dev.sandbox.courier import Courier, Delivery, twilio_signature


def send(courier: Courier, token: str, url: str, event: str, subject: str, form: Mapping[str, str]) -> Delivery:
    """Post, and retry: by default once and only when the connection failed; `#rc=3&rp=ct,rt,5xx` asks for more."""
    body = urlencode(form).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Twilio-Signature": twilio_signature(token, url, form),
    }
    wishes = parse_qs(urldefrag(url).fragment)
    tries = 1 + int(wishes.get("rc", ["1"])[0])
    policies = wishes.get("rp", ["ct"])[0].split(",")
    for _ in range(tries):
        delivery = courier.post("twilio", event, subject, url, body, headers)
        if not _again(delivery, policies):
            break
    return delivery


def _again(delivery: Delivery, policies: list[str]) -> bool:
    if delivery.status:
        return delivery.status >= 500 and ("5xx" in policies or "all" in policies)
    failed = "rt" if delivery.error == "ReadTimeout" else "ct"
    return failed in policies or "all" in policies
