"""A stored event as a command for a shell, by which a person sends it again: to try a release, or another installation.

No secret and no signature stands in it: whoever has the vendor's secret signs it, as `HOW` says of each vendor.
"""

import base64
import shlex
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from askpro.language.text import Text
from webhooks.models import Provider, WebhookEvent

# What stands in place of a signature.
PLACEHOLDER: Final = "SIGNATURE"
HEADERS: Final[Mapping[str, str]] = {
    Provider.RETELL: "X-Retell-Signature",
    Provider.CALCOM: "X-Cal-Signature-256",
    Provider.TWILIO: "X-Twilio-Signature",
}
HOW: Final[Mapping[str, Text]] = {
    Provider.RETELL: _(
        "The signature is v=MS,d=HEX: MS the time in milliseconds, HEX the HMAC-SHA256 of body and MS with the API key."
        " It is valid for five minutes."
    ),
    Provider.CALCOM: _(
        "The signature is the HMAC-SHA256 of the body with the webhook's secret, in hexadecimal digits."
    ),
    Provider.TWILIO: _(
        "The signature is the HMAC-SHA1, in Base64, of the address and all fields sorted by name, with the auth token."
    ),
}
# Linux takes no longer argument than 128 KB; longer bodies, and those that no argument can hold, come by a pipe.
LONGEST: Final = 100_000


def command(event: WebhookEvent) -> str:
    """The command, whatever is in the event: each part is quoted for a POSIX shell."""
    body = bytes(event.body)
    text = _as_argument(body)
    sent = ["--data-binary", "@-"] if text is None else ["--data-raw", text]
    headers = [f"Content-Type: {event.content_type}", f"{HEADERS[event.provider]}: {PLACEHOLDER}"]
    # A vendor's address may hold what curl would take for a pattern of addresses.
    parts = ["curl", "--globoff", "--request", "POST", *(part for each in headers for part in ("--header", each))]
    quoted = shlex.join([*parts, *sent, address(event)])
    if text is not None:
        return quoted
    return f"printf %s {base64.b64encode(body).decode()} | base64 --decode | {quoted}"


def address(event: WebhookEvent) -> str:
    """Where this installation takes such events, at the company's own address if it came there."""
    own = event.address.url if event.address else f"{settings.PUBLIC_URL}/webhooks/{event.provider}/"
    return f"{own}?{event.query}" if event.query else own


def _as_argument(body: bytes) -> str | None:
    """The body as an argument of a command; None for one that cannot be one."""
    if len(body) > LONGEST or b"\x00" in body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
