"""An SMS, and how the API and the webhooks show it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from askpro.dev.sandbox.twilio.checks import segments

FINAL = ("delivered", "undelivered", "failed")
UNSENT = ("accepted", "scheduled", "queued", "sending")


@dataclass
class Message:
    """`sender` is empty until a messaging service has picked one."""

    account_sid: str
    to: str
    body: str
    sender: str = ""
    service: str = ""
    callback: str = ""
    status: str = "queued"
    error_code: int | None = None
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent_at: datetime | None = None

    @property
    def when(self) -> datetime:
        """The time that DateSent filters by; for a message that is not sent yet, when it was created."""
        return self.sent_at or self.created_at

    def listed(self) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        done = self.status in FINAL
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": _written(self.created_at),
            "date_sent": _written(self.sent_at) if self.sent_at else None,
            "date_updated": _written(self.updated_at),
            "direction": "inbound" if self.status == "received" else "outbound-api",
            "error_code": self.error_code,
            "error_message": f"Error {self.error_code}" if self.error_code else None,
            "from": self.sender or None,
            "messaging_service_sid": self.service or None,
            "num_media": "0",
            # A messaging service counts segments only once it has picked the sender.
            "num_segments": str(segments(self.body)) if self.sender else "0",
            "price": f"-{segments(self.body) * 0.09:.5f}" if done else None,
            "price_unit": "USD" if done else None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }

    def callback_form(self) -> dict[str, str]:
        """The fields of a status callback."""
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": self.sender,
            "MessageSid": self.sid,
            "MessageStatus": self.status,
            "SmsSid": self.sid,
            "SmsStatus": self.status,
            "To": self.to,
        }
        if self.service:
            form["MessagingServiceSid"] = self.service
        if self.error_code:
            form["ErrorCode"] = str(self.error_code)
        if self.status in ("delivered", "undelivered"):
            form["RawDlrDoneDate"] = f"{self.updated_at:%y%m%d%H%M}"
        return form


def inbound_form(account_sid: str, service: str, sender: str, to: str, body: str) -> dict[str, str]:
    """The fields of Twilio's webhook about an incoming SMS."""
    sid = f"SM{secrets.token_hex(16)}"
    form = {
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": sender,
        "MessageSid": sid,
        "MessagingServiceSid": service,
        "NumMedia": "0",
        "NumSegments": str(segments(body)),
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }
    for end, country in (("From", "DE"), ("To", "DE")):
        form |= {f"{end}Country": country, f"{end}State": "", f"{end}City": "", f"{end}Zip": ""}
    word = body.strip().upper()
    return form | ({"OptOutType": word} if word in ("STOP", "START", "HELP") else {})


def inbound_message(form: dict[str, str]) -> Message:
    """The message that this webhook tells of, as Twilio stores it."""
    return Message(
        account_sid=form["AccountSid"],
        to=form["To"],
        body=form["Body"],
        sender=form["From"],
        service=form["MessagingServiceSid"],
        status="received",
        sid=form["MessageSid"],
        sent_at=datetime.now(UTC),
    )


def _written(moment: datetime) -> str:
    return format_datetime(moment)
