"""How the vendors behave while nothing is wrong."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any


class BadSwitch(ValueError):
    """The text says which switch is wrong."""


@dataclass
class Switches:
    """`POST /sandbox/switches` changes any of them, a reset brings the defaults of the process back.

    askpro_url              where Retell, Cal.com and inbound SMS send their webhooks
    webhooks                Cal.com's: "blocking" sends before the API answers, as the vendor does; "async"; "off"
    calcom_rate_limit       requests a minute and key; beyond it the key is blocked for a minute
    calcom_clock_seconds    how far Cal.com's clock is ahead of the true one, for bookings on fixed dates
    confirmation_required   event types whose bookings wait for the host's yes
    sms_outcome             how a message ends: delivered, undelivered, failed, sent (no receipt), queued (stuck)
    sms_error_code          with undelivered and failed
    sms_step_ms             between the steps of a message
    retell_tries            deliveries of one event until an answer is 2xx
    retell_retry_ms         between them
    """

    askpro_url: str = "http://127.0.0.1:8000"
    webhooks: str = "blocking"
    calcom_rate_limit: int = 120
    calcom_clock_seconds: int = 0
    confirmation_required: tuple[int, ...] = ()
    sms_outcome: str = "delivered"
    sms_error_code: int = 30003
    sms_step_ms: int = 60
    retell_tries: int = 3
    retell_retry_ms: int = 500

    def change(self, wanted: dict[str, Any]) -> None:
        """Raises `BadSwitch` and changes nothing when one of them is wrong."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise BadSwitch(f"There is no switch {name}; there are {', '.join(known)}.")
            if name != "confirmation_required" and type(value) is not type(known[name]):
                raise BadSwitch(f"{name} has to be {type(known[name]).__name__}.")
            if value not in CHOICES.get(name, (value,)):
                raise BadSwitch(f"{name} is one of {', '.join(CHOICES[name])}.")
        for name, value in wanted.items():
            setattr(self, name, tuple(value) if name == "confirmation_required" else value)

    def listed(self) -> dict[str, Any]:
        return asdict(self)

    def calcom_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.calcom_clock_seconds)


CHOICES = {
    "webhooks": ("blocking", "async", "off"),
    "sms_outcome": ("delivered", "undelivered", "failed", "sent", "queued"),
}
