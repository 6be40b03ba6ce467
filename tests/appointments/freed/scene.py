"""A salon that offers freed times: an appointment on Thursday at 14:00, and people who wanted that time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from appointments.calcom.booking import Status
from appointments.freed import offering
from appointments.models import Appointment, CalcomUid, Change, FollowUp, FreedTime, Offer, Question, WaitingEntry
from appointments.replies.offered import hear_offered
from appointments.replies.questions import Heard
from askpro.queues.testing import run_jobs
from calls.models import Branch, Company, Service, Staff
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.news import hear, told_of
from tests.appointments.salon import NOW, WISH

UID = "stub999999999999999999"
SENDER = "+493023125210"
YES, NO = Question.Answer.YES, Question.Answer.NO
State = Offer.State


@dataclass
class Scene:
    """The rows, and what people do with them."""

    calendar: CalcomStub
    company: Company
    branch: Branch
    service: Service
    staff: Staff
    appointment: Appointment

    def waits(self, number: int, **values: Any) -> FollowUp:
        """Somebody who wished for this time on the phone, and is to be called back."""
        caller = salon.customer(self.company, phone_of(number))
        call = salon.call(self.branch, caller, f"call_waits_{number}", from_number=phone_of(number))
        values = {"starts_at": WISH, "service": self.service, "status": "follow_up", "name": caller.name} | values
        request = salon.request(call, **values)
        return FollowUp.objects.create(
            company=self.company,
            branch=self.branch,
            call=call,
            booking_request=request,
            customer=caller,
            reason=FollowUp.Reason.SLOT_GONE,
            topic="wish",
            due_at=NOW + timedelta(hours=2),
        )

    def enters(self, number: int, **values: Any) -> WaitingEntry:
        """Somebody whom staff put on the waiting list."""
        values = {"first_day": date(2026, 12, 1), "last_day": date(2026, 12, 31)} | values
        return WaitingEntry.objects.create(
            company=self.company,
            customer=values.pop("customer", None) or salon.customer(self.company, phone_of(number)),
            service=self.service,
            **values,
        )

    def cancels(self, at: datetime = NOW, start: datetime = WISH) -> None:
        """Cal.com tells that the appointment is cancelled; its time is free there."""
        self.calendar.free = [f"{start:%Y-%m-%dT%H:%M:%SZ}"]
        hear(told_of(Status.CANCELLED, UID, start), at)

    def moves(self, to: datetime) -> None:
        self.calendar.free = [f"{WISH:%Y-%m-%dT%H:%M:%SZ}"]
        hear(told_of(Status.ACCEPTED, "moved", to, rescheduledFromUid=UID), NOW)

    def freed(self) -> FreedTime:
        return FreedTime.objects.get()

    def offers(self) -> list[tuple[str, str]]:
        """Who was offered it, in order, and what came of it."""
        rows = Offer.objects.select_related("customer").order_by("id")
        return [(str(row.customer and row.customer.phone), row.state) for row in rows]

    def says(self, number: int, said: Question.Answer) -> bool:
        """The newest question to this number is answered by SMS; whether that counts."""
        question = Question.objects.filter(number=phone_of(number)).latest("id")
        return str(hear_offered(Heard(question, said, said))).startswith("The freed time")


def phone_of(number: int) -> str:
    return f"+49155501001{number:02}"


def build(calendar: CalcomStub) -> Scene:
    company = salon.company(offers_freed_times=True, sms_sender=SENDER)
    branch = salon.branch(company)
    service = salon.service(company)
    staff = salon.staff(branch)
    service.staff.add(staff)
    appointment = Appointment.objects.create(
        company=company,
        branch=branch,
        customer=salon.customer(company, "+4915550100456"),
        service=service,
        staff=staff,
        starts_at=WISH,
        ends_at=WISH + timedelta(minutes=45),
        status=Appointment.Status.CONFIRMED,
        sync_status=Appointment.Sync.SYNCED,
        calcom_uid=UID,
        attendee_phone="+4915550100456",
    )
    CalcomUid.objects.create(company=company, uid=UID, appointment=appointment)
    return Scene(calendar, company, branch, service, staff, appointment)


def offer_jobs() -> list[tuple[str, str]]:
    return [(actor, status) for actor, status in run_jobs() if actor == "offer_freed_time"]


def go_on(freed: FreedTime, now: datetime) -> None:
    offering.go_on(freed.pk, now)


def texts(kind: str = "offer") -> list[str]:
    return list(Notification.objects.filter(kind=kind).order_by("id").values_list("recipient", flat=True))


def wish_to_cancel(appointment: Appointment) -> Change:
    return Change.objects.create(
        company=appointment.company,
        appointment=appointment,
        kind=Change.Kind.CANCEL,
        channel=Change.Channel.SMS,
        before=appointment.starts_at,
    )
