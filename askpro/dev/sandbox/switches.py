"""How the vendors behave without faults."""

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from askpro.dev.sandbox.calcom.kinds import BadKind, Kind


class BadSwitch(ValueError):
    """The text says which switch is wrong."""


@dataclass
class Switches:
    """`POST /sandbox/switches` changes any of them; a reset restores the defaults of the process.

    askpro_url              where Retell, Cal.com and inbound SMS send their webhooks
    webhooks                Cal.com's: "blocking" sends before the API answers, as the vendor does; "async"; "off"
    calcom_rate_limit       requests a minute and key; beyond it the key is blocked for a minute
    calcom_clock_seconds    seconds that Cal.com's clock is ahead of the real one, for bookings on fixed dates
    twilio_clock_seconds    the same for the times of Twilio's messages
    confirmation_required   event types whose bookings wait for the host's approval
    event_type_kinds        event types that are not plain ones, by id: {"4711": {"seats": 6}}, see `calcom.kinds`
    webhook_urls            Cal.com's subscribers: "public" HTTPS addresses, or "any", for a receiver on this machine
    webhook_shape           Cal.com's: "usual"; "nested": meetings under `payload` too, as forks send them; "flat" and
                            "form" as a template of the subscriber's own makes them
    sms_outcome             how a message ends: delivered, undelivered, failed, sent (no receipt), queued (stuck)
    sms_error_code          with undelivered and failed
    sms_error_code_later    whether such a status is reported twice, first without and then with its code
    sms_step_ms             between the steps of a message
    retell_tries            deliveries of one event until an answer is 2xx
    retell_retry_ms         between these deliveries
    retell_rate_limit       requests a minute and key; beyond it the key gets 429 for a minute; 0: no limit
    """

    askpro_url: str = "http://127.0.0.1:8000"
    webhooks: str = "blocking"
    calcom_rate_limit: int = 120
    calcom_clock_seconds: int = 0
    twilio_clock_seconds: int = 0
    confirmation_required: tuple[int, ...] = ()
    event_type_kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhook_urls: str = "public"
    webhook_shape: str = "usual"
    sms_outcome: str = "delivered"
    sms_error_code: int = 30003
    sms_error_code_later: bool = False
    sms_step_ms: int = 60
    retell_tries: int = 3
    retell_retry_ms: int = 500
    retell_rate_limit: int = 0

    def change(self, wanted: dict[str, Any]) -> None:
        """Change the given switches; if one is wrong, change none and raise `BadSwitch`."""
        known = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise BadSwitch(f"There is no switch {name}; there are {', '.join(known)}.")
            if name != "confirmation_required" and type(value) is not type(known[name]):
                raise BadSwitch(f"{name} has to be {type(known[name]).__name__}.")
            if value not in CHOICES.get(name, (value,)):
                raise BadSwitch(f"{name} is one of {', '.join(CHOICES[name])}.")
        _check_kinds(wanted.get("event_type_kinds", {}))
        for name, value in wanted.items():
            setattr(self, name, tuple(value) if name == "confirmation_required" else value)

    def listed(self) -> dict[str, Any]:
        return asdict(self)

    def twilio_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.twilio_clock_seconds)

    def calcom_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.calcom_clock_seconds)

    def kind_of(self, event_type_id: int) -> Kind:
        kind = Kind.of(self.event_type_kinds.get(str(event_type_id), {}))
        return replace(kind, confirmation=True) if event_type_id in self.confirmation_required else kind


def _check_kinds(kinds: dict[str, Any]) -> None:
    for id_, kind in kinds.items():
        try:
            Kind.of(kind)
        except BadKind as error:
            raise BadSwitch(f"event_type_kinds of {id_}: {error}") from None


CHOICES = {
    "webhook_urls": ("public", "any"),
    "webhook_shape": ("usual", "nested", "flat", "form"),
    "webhooks": ("blocking", "async", "off"),
    "sms_outcome": ("delivered", "undelivered", "failed", "sent", "queued"),
}
