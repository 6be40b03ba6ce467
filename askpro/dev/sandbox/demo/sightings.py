"""What a call leaves behind: in AskPro's database and at the stand-ins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from appointments.models import Appointment, Change, FollowUp
from askpro.dev.sandbox.calcom.text import parsed
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.demo.scenarios import Scenario
from askpro.dev.sandbox.world import TIMEZONE
from calls.models import Call
from notifications.models import Notification
from notifications.sms import may_be_sent_now
from webhooks.models import WebhookEvent

Notice = Notification.Status
Channel = Notification.Channel


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that must happen; `look` describes it, and returns an empty text until it has happened."""

    name: str
    look: Callable[[], str]


class Watch:
    """Looks for what one call leaves behind."""

    def __init__(self, client: SandboxClient, call_id: str) -> None:
        self._client = client
        self._call_id = call_id

    def expected(self, scenario: Scenario) -> list[Sighting]:
        """What must happen, in the order in which it should."""
        if scenario.outcome == "unassigned":
            return [Sighting("Set aside", self._unassigned)]
        seen = [Sighting("Call", self._call), Sighting("Customer", self._customer)]
        if scenario.outcome == "follow_up":
            return [*seen, Sighting("Follow-up", lambda: self._follow_up(scenario.follow_up_reason))]
        seen += [Sighting("Cal.com", self._booking), Sighting("Appointment", self._appointment)]
        if not scenario.anonymous:
            seen.append(Sighting("SMS", self._sms))
        return seen if scenario.talks else [*seen, Sighting("E-mail", self._mail)]

    def moved(self, to: datetime) -> list[Sighting]:
        """What must happen after the caller has asked by SMS to move the appointment."""
        return [
            Sighting("Change", lambda: self._change(to)),
            Sighting("Cal.com", lambda: self._booking_at(to)),
            Sighting("SMS", lambda: self._sms(Notification.Kind.RESCHEDULED)),
        ]

    @property
    def may_answer(self) -> bool:
        """Whether the caller has got an SMS that she can answer."""
        notice = self._messages(Channel.SMS, Notification.Kind.CONFIRMATION).first()
        return notice is not None and not _held_back(notice)

    def surplus(self, scenario: Scenario) -> list[str]:
        """What must not be there, in words: anything that happened twice or should not have happened."""
        allowed = 1 if scenario.outcome == "booked" else 0
        counts = {
            "calls": (Call.objects.filter(retell_call_id=self._call_id).count(), 1),
            "confirmed appointments": (
                self._appointments().filter(status=Appointment.Status.CONFIRMED).count(),
                allowed,
            ),
            "bookings at Cal.com": (len(self._bookings()), allowed),
            "SMS": (
                self._messages(Channel.SMS, Notification.Kind.CONFIRMATION).exclude(status=Notice.SKIPPED).count(),
                allowed,
            ),
            "e-mails": (
                self._messages(Channel.EMAIL, Notification.Kind.CONFIRMATION).exclude(status=Notice.SKIPPED).count(),
                allowed,
            ),
        }
        return [f"{found} {name}, not {most}" for name, (found, most) in counts.items() if found > most]

    def _unassigned(self) -> str:
        events = WebhookEvent.objects.filter(subject=self._call_id)
        event = events.filter(status=WebhookEvent.Status.UNASSIGNED).first()
        return f"{event.event_type} is {event.status}: {event.reason}" if event else ""

    def _call(self) -> str:
        call = Call.objects.filter(retell_call_id=self._call_id).exclude(status=Call.Status.ONGOING).first()
        return f"{call.status}, outcome {call.outcome}" if call and call.outcome != Call.Outcome.PENDING else ""

    def _customer(self) -> str:
        call = Call.objects.filter(retell_call_id=self._call_id).select_related("customer").first()
        customer = call.customer if call else None
        return f"{customer.name}, {customer.phone or 'no number'}" if customer else ""

    def _booking(self) -> str:
        booking = next(iter(self._bookings()), None)
        return f"{booking['title']}, uid {booking['uid']}" if booking else ""

    def _appointment(self) -> str:
        appointment = self._appointments().filter(status=Appointment.Status.CONFIRMED).first()
        if appointment is None or appointment.sync_status != Appointment.Sync.SYNCED:
            return ""
        return f"{_local(appointment.starts_at)}, {appointment.service}, {appointment.staff}, confirmed"

    def _follow_up(self, reason: str) -> str:
        found = FollowUp.objects.filter(call__retell_call_id=self._call_id, reason=reason).first()
        if found is None:
            return ""
        return f"{found.get_reason_display()}, due {_local(found.due_at)}: {found.words}"

    def _change(self, to: datetime) -> str:
        moved = self._appointments().filter(starts_at=to, changes__channel=Change.Channel.SMS).first()
        return f"moved to {_local(moved.starts_at)}, as the answer asked" if moved else ""

    def _booking_at(self, to: datetime) -> str:
        found = [booking for booking in self._bookings() if parsed(str(booking["start"])) == to]
        return f"{found[0]['title']}, uid {found[0]['uid']}" if found else ""

    def _sms(self, kind: Notification.Kind = Notification.Kind.CONFIRMATION) -> str:
        notice = self._messages(Channel.SMS, kind).first()
        if notice is None:
            return ""
        if waits_until := _held_back(notice):
            return f"waits for the end of the quiet hours at {waits_until:%H:%M}"
        sent = next((m for m in self._client.messages(notice.recipient) if m["sid"] == notice.provider_id), None)
        return f"{sent['status']} to {sent['to']}\n{sent['body']}" if sent and sent["status"] == "delivered" else ""

    def _mail(self) -> str:
        notice = self._messages(Channel.EMAIL, Notification.Kind.CONFIRMATION).first()
        if notice is None:
            return ""
        sent = next(iter(self._client.mails(notice.recipient)), None)
        if sent is None:
            return ""
        files = ", ".join(attachment["name"] for attachment in sent["attachments"]) or "none"
        return f"{sent['subject']}\nto {', '.join(sent['to'])}, attached: {files}\n{sent['text'].strip()}"

    def _appointments(self) -> QuerySet[Appointment]:
        return Appointment.objects.filter(call__retell_call_id=self._call_id).select_related("service", "staff")

    def _messages(self, channel: Channel, kind: Notification.Kind) -> QuerySet[Notification]:
        return Notification.objects.filter(appointment__call__retell_call_id=self._call_id, kind=kind, channel=channel)

    def _bookings(self) -> list[dict[str, object]]:
        """Cal.com's bookings with this call's mark."""
        keys = {str(key) for key in self._appointments().values_list("booking_key", flat=True)}
        if not keys:
            return []
        accepted = self._client.bookings("accepted")
        return [booking for booking in accepted if booking["metadata"].get("askpro_booking_key") in keys]


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(TIMEZONE)):%d.%m.%Y %H:%M}"


def _held_back(notice: Notification) -> datetime | None:
    """When an SMS will be sent that is held back during the quiet hours."""
    return may_be_sent_now(notice, timezone.now()) if notice.status == Notice.PENDING else None
