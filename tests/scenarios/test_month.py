"""A month in fast motion: the clock jumps from what is due to what is due, and each reminder goes out once."""

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import responses
import time_machine
from django.core import mail
from django.db import transaction
from django.db.models import Min

from appointments.calcom.booking import Booking, Status
from appointments.models import Appointment, Change, FollowUp, Reminder
from appointments.tasks import process_inbound_sms, send_due_reminders
from calls.models import Branch, ClosedDay, Company, Customer, Service
from notifications.models import Notification
from notifications.tasks import send_email_notification, send_sms_notification
from tests.appointments.news import hear
from tests.notifications.conftest import vendor_settings  # noqa: F401 - a fixture
from tests.notifications.twilio_api import TwilioApi, fixture
from tests.scenarios import month as months
from tests.scenarios.month import BERLIN, INSISTS_AFTER, MINUTE, Course, Month, Told
from webhooks.models import Provider, WebhookEvent

# In both the clocks change; Easter lies in the one, the Day of Unity in the other.
MARCH, OCTOBER = date(2027, 3, 1), date(2027, 10, 1)
EVENT_TYPE = 9901
WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction that is rolled back: the processes of the other scenarios see none of its rows."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]
        with around:
            yield
            transaction.set_rollback(True)


class Play:
    """Plays a month: what people do at its time, what is due at its time, and what each customer was told."""

    def __init__(self, of: Month, clock: Any, twilio: TwilioApi) -> None:
        self.month, self.clock, self.twilio = of, clock, twilio
        self.told: list[Told] = []
        self.acts: list[tuple[datetime, int, Callable[[], None]]] = []
        self.appointments: dict[int, Appointment] = {}
        company = Company.objects.create(name="Salon Birke", slug="salon-birke-month", calcom_api_key="cal_test_month")
        self.branch = Branch.objects.create(company=company, name="Mitte", state="BE", street="Ahornweg 7")
        self.service = Service.objects.create(company=company, name="Haarschnitt", calcom_event_type_id=EVENT_TYPE)
        # People work on some days off: what is booked on them is reminded of like all else.
        ClosedDay.objects.create(
            company=company, first_day=of.first, last_day=of.first + timedelta(days=9), reason="Umbau"
        )
        for course in of.courses:
            for version, (at, _) in enumerate(course.times):
                self._later(at, self._changes(course, version))

    def run(self) -> None:
        while (at := self._next()) is not None:
            if self.acts and self.acts[0][0] <= at:
                at, _, act = heapq.heappop(self.acts)
                self.clock.move_to(at)
                act()
            else:
                self._tick(at)

    def _next(self) -> datetime | None:
        due = Reminder.objects.filter(state="due").aggregate(at=Min("due_at"))["at"]
        moments = [self.month.running(due)] if due is not None else []
        return min([*moments, *([self.acts[0][0]] if self.acts else [])], default=None)

    def _tick(self, at: datetime) -> None:
        self.clock.move_to(at)
        send_due_reminders(now=at.isoformat())
        written = Notification.objects.filter(kind__in=Notification.REMINDERS, status="pending").order_by("id")
        for message in written.select_related("appointment"):
            (send_sms_notification if message.channel == "sms" else send_email_notification)(message.pk)
            self._note(message, at)

    def _note(self, message: Notification, at: datetime) -> None:
        appointment = message.appointment
        assert appointment is not None and appointment.status == "confirmed" and at < appointment.starts_at
        number = next(number for number, row in self.appointments.items() if row.pk == appointment.pk)
        self.told.append(Told(number, message.kind, at))
        course = self.month.courses[number]
        if course.by_mail:
            return
        local = appointment.starts_at.astimezone(BERLIN)
        weekday = WEEKDAYS[local.weekday()]
        said = f"Termin {months.near(appointment.starts_at, at)}{weekday} {local:%d.%m.%Y, %H:%M} Uhr"
        body = self.twilio.requests[-1]["Body"]
        assert said in body, f"{said!r} is not in {body!r}"
        has_confirmed = Appointment.objects.get(pk=appointment.pk).customer_confirmed_at is not None
        assert ("Antworten Sie JA" in body) is not has_confirmed
        if message.kind == "reminder":
            answers_at = months.answered_at(course, self.month, at, appointment.starts_at)
            if answers_at is not None:
                self._answers(course, answers_at)

    def _answers(self, course: Course, at: datetime) -> None:
        self._later(at, lambda: self._hear_sms(course, course.answer))
        if course.answer == "ABSAGE":
            self._later(at + INSISTS_AFTER, lambda: self._hear_sms(course, "JA"))
            self._later(at + INSISTS_AFTER + MINUTE, lambda: self._carry_out(course))

    def _later(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self.acts, (at, len(self.acts) + 10_000 * len(self.told), act))

    def _changes(self, course: Course, version: int) -> Callable[[], None]:
        """What is told of Cal.com: the booking, its move, its end."""

        def act() -> None:
            at, starts_at = course.times[version]
            if version == 0:
                assert starts_at is not None
                self.appointments[course.number] = self._reserve(course, starts_at)
            self._news(course, version, starts_at, at)

        return act

    def _reserve(self, course: Course, starts_at: datetime) -> Appointment:
        customer = Customer.objects.create(
            company=self.branch.company,
            name="Ole Linde",
            phone=_number(course),
            email="ole.linde@example.org" if course.by_mail else None,
            sms_consent_at=None if course.by_mail else datetime(2027, 1, 1, tzinfo=UTC),
        )
        return Appointment.objects.create(
            company=self.branch.company,
            branch=self.branch,
            service=self.service,
            customer=customer,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            attendee_phone=_number(course),
        )

    def _news(self, course: Course, version: int, starts_at: datetime | None, at: datetime) -> None:
        appointment = self.appointments[course.number]
        start = starts_at or Appointment.objects.get(pk=appointment.pk).starts_at
        uid = f"m{course.number}v{version if starts_at is not None else version - 1}"
        moved_from = f"m{course.number}v{version - 1}" if version and starts_at is not None else ""
        status = Status.ACCEPTED if starts_at is not None else Status.CANCELLED
        metadata = {"askpro_booking_key": str(appointment.booking_key)}
        hear(
            Booking(
                uid, status, start, start + timedelta(minutes=30), event_type_id=EVENT_TYPE, metadata=metadata,
                rescheduled_from=moved_from,
            ),
            at,
        )  # fmt: skip

    def _carry_out(self, course: Course) -> None:
        change = Change.objects.get(appointment=self.appointments[course.number].pk)
        assert (change.kind, change.state, change.channel) == ("cancel", "waiting", "sms")
        self._news(course, 1, None, change.created_at)

    def _hear_sms(self, course: Course, body: str) -> None:
        fields = fixture("inbound_message.json") | {"Body": body, "From": _number(course)}
        event = WebhookEvent.objects.create(
            provider=Provider.TWILIO,
            event_type="test",
            event_key=f"month:{WebhookEvent.objects.count()}",
            body=urlencode(fields).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        process_inbound_sms(event_id=event.pk)


@pytest.mark.parametrize(
    ("first", "count"),
    [
        (MARCH, 16),
        (OCTOBER, 16),
        pytest.param(MARCH, 200, marks=pytest.mark.long),
        pytest.param(OCTOBER, 200, marks=pytest.mark.long),
    ],
)
def test_each_reminder_goes_out_once_and_at_its_time(
    db: None,
    first: date,
    count: int,
) -> None:
    of, begins = months.month(first, count), datetime(first.year, first.month, 1, tzinfo=UTC)
    with time_machine.travel(begins, tick=False) as clock, responses.RequestsMock(False) as mock:
        play = Play(of, clock, TwilioApi(mock))
        play.run()
    expected = sorted((told for course in of.courses for told in months.reminders(course, of)), key=str)
    assert sorted(play.told, key=str) == expected
    by_mail = [told for told in expected if of.courses[told.number].by_mail]
    assert (len(play.twilio.messages), len(mail.outbox)) == (len(expected) - len(by_mail), len(by_mail))
    assert not FollowUp.objects.exclude(reason=FollowUp.Reason.UNTOLD).exists()


def _number(course: Course) -> str:
    return f"+49155501{course.number:05d}"
