"""The receivers of Cal.com's webhooks: AskPro, and all that were registered through the API."""

import ipaddress
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from askpro.dev.sandbox.calcom import payloads, refusals
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.calcom.text import milliseconds
from askpro.dev.sandbox.courier import Courier, calcom_signature
from askpro.dev.sandbox.exchange import compact
from askpro.dev.sandbox.switches import Switches

OWN_TRIGGERS = (
    payloads.CREATED,
    payloads.REQUESTED,
    payloads.RESCHEDULED,
    payloads.CANCELLED,
    payloads.REJECTED,
    payloads.PAYMENT_INITIATED,
    payloads.PAID,
    payloads.NO_SHOW,
    payloads.REASSIGNED,
    payloads.MEETING_ENDED,
)


class Subscribers:
    def __init__(self, courier: Courier, switches: Switches, secret: str, owner_id: int) -> None:
        self._courier = courier
        self._switches = switches
        self._secret = secret
        self._owner_id = owner_id
        self._registered: dict[str, dict[str, Any]] = {}

    def add(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Register one. Raises the 400 when its URL is not a public one, the 409 when it is there already."""
        self._check(wanted["subscriberUrl"])
        entry = {
            "payloadTemplate": wanted.get("payloadTemplate"),
            "triggers": wanted["triggers"],
            "subscriberUrl": wanted["subscriberUrl"],
            "active": wanted["active"],
            "secret": wanted.get("secret"),
            "id": str(uuid.uuid4()),
            "userId": self._owner_id,
        }
        self._registered[entry["id"]] = entry
        return entry

    def change(self, id_: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """Raises the 404, the 400 and the 409."""
        entry = self.get(id_)
        if wanted.get("subscriberUrl", entry["subscriberUrl"]) != entry["subscriberUrl"]:
            self._check(wanted["subscriberUrl"])
        entry |= {name: value for name, value in wanted.items() if name in entry and value is not None}
        return entry

    def listed(self) -> list[dict[str, Any]]:
        return list(self._registered.values())

    def get(self, id_: str) -> dict[str, Any]:
        """Raises the 404."""
        if id_ not in self._registered:
            raise Refused(404, f"Webhook ({id_}) not found")
        return self._registered[id_]

    def remove(self, id_: str) -> dict[str, Any]:
        self.get(id_)
        return self._registered.pop(id_)

    def _check(self, url: str) -> None:
        if self._switches.webhook_urls == "public" and not _is_public(url):
            raise Refused(400, refusals.WEBHOOK_NOT_PUBLIC)
        if any(entry["subscriberUrl"] == url for entry in self._registered.values()):
            raise Refused(409, refusals.WEBHOOK_EXISTS)

    def tell(self, trigger: str, uid: str, payload: dict[str, Any]) -> None:
        """Send to all, and by default wait for every answer, as the vendor does. A failure is not sent again."""
        written = milliseconds(self._switches.calcom_now())
        self._send(trigger, uid, {"triggerEvent": trigger, "createdAt": written}, payload)

    def tell_meeting(self, trigger: str, at: datetime, row: dict[str, Any]) -> None:
        """Report that a meeting began or ended. Only this payload is flat, and has the `createdAt` of the booking."""
        if self._switches.webhook_shape == "usual":
            self._send(trigger, row["uid"], {"triggerEvent": trigger} | row, None)
        else:
            self._send(trigger, row["uid"], {"triggerEvent": trigger, "createdAt": milliseconds(at)}, row)

    def _send(self, trigger: str, uid: str, envelope: dict[str, Any], payload: dict[str, Any] | None) -> None:
        if self._switches.webhooks == "off":
            return
        content_type, body = _written(self._switches.webhook_shape, envelope, payload)
        for url, secret in self._addresses(trigger):
            # Cal.com really sends this text when there is no secret.
            signature = calcom_signature(secret, body) if secret else "no-secret-provided"
            headers = {
                "Content-Type": content_type,
                "X-Cal-Signature-256": signature,
                "X-Cal-Webhook-Version": "2021-10-20",
            }
            parcel = ("calcom", trigger, uid, url, body, headers)
            if self._switches.webhooks == "async":
                self._courier.later(0, lambda parcel=parcel: self._courier.post(*parcel))  # type: ignore[misc]
            else:
                self._courier.post(*parcel)

    def _addresses(self, trigger: str) -> list[tuple[str, str]]:
        registered = [
            (entry["subscriberUrl"], entry["secret"] or "")
            for entry in self._registered.values()
            if entry["active"] and trigger in entry["triggers"]
        ]
        own = (f"{self._switches.askpro_url}/webhooks/calcom/", self._secret)
        return [own, *registered] if trigger in OWN_TRIGGERS else registered


def _is_public(url: str) -> bool:
    """Cal.com sends to HTTPS addresses of public hosts only."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _written(shape: str, envelope: dict[str, Any], payload: dict[str, Any] | None) -> tuple[str, bytes]:
    """Content type and body. A subscriber's own template may put the fields beside the trigger or make a form."""
    if payload is None:
        return "application/json", compact(envelope)
    if shape == "flat":
        return "application/json", compact(payload | envelope)
    if shape == "form":
        return "application/x-www-form-urlencoded", urlencode(envelope | {"payload": compact(payload)}).encode()
    return "application/json", compact(envelope | {"payload": payload})
