"""What a call has left, here and at the vendors."""

from typing import Any

from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox.client import Json, SandboxClient
from calls.models import Call, Customer
from notifications.models import Notification


class Photograph(SandboxClient):
    """What the vendors have at one moment: read once, for any number of calls."""

    def __init__(self, vendors: SandboxClient) -> None:
        super().__init__(vendors.url)
        self._parts = vendors.state()

    def _state(self, part: str) -> list[Json]:
        held: list[Json] = self._parts[part]
        return held


class Traces:
    """What one call has left, here and at the vendors."""

    def __init__(self, vendors: SandboxClient, call: Json) -> None:
        self._vendors = vendors
        self._id = call["call_id"]
        self._phone = call["from_number"]
        self._email = call["collected_dynamic_variables"]["email"]

    @property
    def call(self) -> Call:
        return Call.objects.get(retell_call_id=self._id)

    @property
    def appointment(self) -> Appointment:
        """The only one. Raises if there are none or several."""
        return Appointment.objects.get(call__retell_call_id=self._id)

    @property
    def follow_up(self) -> FollowUp:
        return FollowUp.objects.get(call__retell_call_id=self._id)

    @property
    def messages(self) -> list[Json]:
        """SMS as Twilio took them."""
        return self._vendors.messages(self._phone)

    @property
    def mails(self) -> set[str]:
        """Message-IDs at the caller's address: a copy of the same mail does not count."""
        return {mail["headers"]["Message-ID"] for mail in self._vendors.mails(self._email)}

    @property
    def bookings(self) -> list[Json]:
        """The live bookings at Cal.com with this call's mark."""
        keys = {str(key) for key in self._appointments().values_list("booking_key", flat=True)}
        standing = self._vendors.bookings("accepted")
        return [booking for booking in standing if booking["metadata"].get("askpro_booking_key") in keys]

    def is_confirmed(self) -> bool:
        return self._appointments().filter(status="confirmed", sync_status="synced").exists()

    def is_told(self) -> bool:
        """Whether every message to this caller has arrived, and there are any."""
        told = Notification.objects.filter(call__retell_call_id=self._id).exclude(kind=Notification.Kind.STAFF)
        states = set(told.values_list("channel", "status"))
        return bool(states) and states <= {("sms", "delivered"), ("email", "sent")}

    def count(self) -> dict[str, int]:
        """The counts of what must exist exactly once."""
        return {
            "calls": Call.objects.filter(retell_call_id=self._id).count(),
            "customers": Customer.objects.filter(phone=self._phone).count(),
            "appointments": self._appointments().filter(status="confirmed").count(),
            "bookings": len(self.bookings),
            "SMS": len(self.messages),
            "e-mails": len(self.mails),
        }

    def _appointments(self) -> Any:
        return Appointment.objects.filter(call__retell_call_id=self._id)


ONE_OF_EACH = {"calls": 1, "customers": 1, "appointments": 1, "bookings": 1, "SMS": 1, "e-mails": 1}
