"""The appointments that the calls led to, those that were booked before and elsewhere, and work for people."""

from datetime import datetime, timedelta
from typing import Final

from appointments.models import Appointment, Change, DailyCount, FollowUp, WaitingEntry
from askpro.dev.pictures.week.diary import Diary
from askpro.dev.pictures.week.rows import BATCH, Week, made_at
from askpro.dev.pictures.week.talks import DAYS, Office, Wish, office_of
from calls.models import Call, Customer

# How many appointments a person has on an open day, beside those of the week's calls.
USUAL: Final = 4
BOOKED_AT: Final = timedelta(seconds=3)
NOTES: Final = (
    "Auf die Mailbox gesprochen.",
    "Termin am Freitag vereinbart, Kundin ist zufrieden.",
    "Möchte doch keinen Termin.",
)


def make_bookings(week: Week, diary: Diary, wishes: list[Wish]) -> None:
    _booked_by_phone(week, wishes)
    _booked_elsewhere(week, diary)
    Appointment.objects.bulk_create(week.appointments, batch_size=BATCH)
    made_at(week.appointments, (_made(week, each) for each in week.appointments))
    _changes(week)
    _follow_ups(week, wishes)
    _waiting(week)
    _counts(week)


def _booked_by_phone(week: Week, wishes: list[Wish]) -> None:
    wish_of = {call.pk: wish for call, wish in zip(week.calls, wishes, strict=True)}
    for request in week.requests:
        if request.call is None or request.status != "booked" or request.call.customer is None:
            continue
        row = _appointment(week, wish_of[request.call.pk], request.call.customer, Appointment.Source.PHONE)
        row.call, row.booking_request, row.branch = request.call, request, request.call.branch
        week.appointments.append(row)
    moved = [(call, wish_of[call.pk]) for call in week.calls if call.outcome == Call.Outcome.CHANGED and call.customer]
    for call, wish in moved:
        assert call.customer is not None
        row = _appointment(week, wish, call.customer, Appointment.Source.CALCOM)
        row.branch, row.previous_starts_at = call.branch, wish.starts_at - timedelta(days=2)
        row.version = 2
        week.appointments.append(row)


def _booked_elsewhere(week: Week, diary: Diary) -> None:
    for company in week.companies:
        office = office_of(company)
        people = [each for each in week.customers if each.company_id == company.pk]
        for day in range(-6, 10):
            for _ in range(USUAL * len(office.staff)):
                if row := _one_more(week, diary, office, day, week.dice.choice(people)):
                    week.appointments.append(row)


def _one_more(week: Week, diary: Diary, office: Office, day: int, customer: Customer) -> Appointment | None:
    staff = week.dice.choice(office.staff)
    service = week.dice.choice(list(staff.services.all()))
    starts_at = diary.take(office.branch, staff, service, range(day, day + 1))
    if starts_at is None:
        return None
    row = _appointment(week, Wish(service, staff, starts_at), customer, Appointment.Source.CALCOM)
    row.branch = office.branch
    return row


def _appointment(week: Week, wish: Wish, customer: Customer, source: str) -> Appointment:
    is_over, chance = wish.starts_at < week.now - timedelta(hours=1), week.dice.random()
    status = Appointment.Status.COMPLETED if is_over else Appointment.Status.CONFIRMED
    if chance < 0.07:
        status = Appointment.Status.CANCELLED
    elif chance < 0.08:
        status = Appointment.Status.NO_SHOW if is_over else Appointment.Status.REQUESTED
    is_cancelled = status == Appointment.Status.CANCELLED
    return Appointment(
        company=customer.company,
        customer=customer,
        staff=wish.staff,
        service=wish.service,
        starts_at=wish.starts_at,
        ends_at=wish.starts_at + timedelta(minutes=wish.service.duration_minutes),
        status=status,
        sync_status=Appointment.Sync.SYNCED,
        source=source,
        attendee_name=customer.name,
        attendee_phone=customer.phone or "",
        attendee_email=customer.email or "",
        calcom_uid=f"{week.dice.getrandbits(88):022x}",
        calcom_booking_id=week.dice.randrange(10**6, 10**7),
        cancelled_at=week.now - timedelta(hours=week.dice.randint(1, 60)) if is_cancelled else None,
        cancellation_reason="Bin leider krank geworden." if is_cancelled else "",
    )


def _made(week: Week, row: Appointment) -> datetime:
    if row.call and row.call.ended_at:
        return row.call.ended_at + BOOKED_AT
    return min(row.starts_at, week.now) - timedelta(days=week.dice.randint(1, 9), minutes=week.dice.randrange(600))


def _changes(week: Week) -> None:
    """What became of the cancelled ones, and of those that were moved."""
    rows, moments = [], []
    for appointment in week.appointments:
        if appointment.previous_starts_at:
            kind, before, starts_at = Change.Kind.MOVE, appointment.previous_starts_at, appointment.starts_at
        elif appointment.status == Appointment.Status.CANCELLED:
            kind, before, starts_at = Change.Kind.CANCEL, appointment.starts_at, None
        else:
            continue
        moment = appointment.cancelled_at or week.now - timedelta(hours=week.dice.randint(1, 90))
        channel = Change.Channel.PAGE if kind == Change.Kind.CANCEL else Change.Channel.SMS
        rows.append(
            Change(
                company=appointment.company,
                appointment=appointment,
                kind=kind,
                channel=channel,
                state=Change.State.DONE,
                reason=appointment.cancellation_reason,
                before=before,
                starts_at=starts_at,
                ended_at=moment + timedelta(seconds=2),
            )
        )
        moments.append(moment)
    made_at(Change.objects.bulk_create(rows, batch_size=BATCH), moments)


def _follow_ups(week: Week, wishes: list[Wish]) -> None:
    wish_of = {call.pk: wish for call, wish in zip(week.calls, wishes, strict=True)}
    for request in week.requests:
        if request.call is not None and request.status == "follow_up":
            week.follow_ups.append(_follow_up(week, request.call, wish_of[request.call.pk]))
            week.follow_ups[-1].booking_request = request
    FollowUp.objects.bulk_create(week.follow_ups, batch_size=BATCH)
    made_at(week.follow_ups, (_ended(week, each.call) + BOOKED_AT for each in week.follow_ups))


def _follow_up(week: Week, call: Call, wish: Wish) -> FollowUp:
    ended = _ended(week, call)
    is_of_outage = week.is_in_outage(call.started_at or week.now)
    is_open = is_of_outage or ended > week.now - timedelta(hours=20)
    why = (FollowUp.Reason.PROVIDER_DOWN, "no_answer") if is_of_outage else (FollowUp.Reason.UNCLEAR, "vague_week")
    local = wish.starts_at.astimezone(week.now.tzinfo)
    return FollowUp(
        company=call.company,
        branch=call.branch,
        call=call,
        customer=call.customer,
        reason=why[0],
        detail=why[1],
        status=FollowUp.Status.OPEN if is_open else FollowUp.Status.DONE,
        words=f"{local:%d.%m.%Y, %H:%M}" if is_of_outage else "irgendwann nächste Woche, eher vormittags",
        alternatives=[(wish.starts_at + timedelta(days=day)).isoformat() for day in range(3)],
        due_at=_due(week, ended, is_open),
        resolved_at=None if is_open else ended + timedelta(hours=2),
        outcome="" if is_open else week.dice.choice(FollowUp.Outcome.values),
        note="" if is_open else week.dice.choice(NOTES),
    )


def _due(week: Week, ended: datetime, is_open: bool) -> datetime:
    """Two hours later; of those that are open, most in the hours to come."""
    if not is_open:
        return ended + timedelta(hours=2)
    return week.now + timedelta(minutes=week.dice.randint(-50, 340))


def _ended(week: Week, call: Call | None) -> datetime:
    return (call and call.ended_at) or week.now


def _waiting(week: Week) -> None:
    salon = week.companies[0]
    colour = salon.services.get(name="Färben")
    for customer in [each for each in week.customers if each.company_id == salon.pk][:5]:
        days = {"first_day": week.now.date(), "last_day": (week.now + timedelta(days=12)).date()}
        WaitingEntry.objects.create(company=salon, customer=customer, service=colour, **days)


def _counts(week: Week) -> None:
    rows = []
    for company in week.companies:
        for back in range(30):
            day = (week.midnight - timedelta(days=back)).date()
            calls = [each for each in week.calls if each.company_id == company.pk and _day(week, each) == day]
            number = len(calls) if back < DAYS else week.dice.randint(8, 19)
            booked = sum(call.outcome == "booked" for call in calls) if back < DAYS else number * 3 // 5
            waiting = sum(call.outcome == "follow_up" for call in calls) if back < DAYS else number // 7
            rows.append(
                DailyCount(
                    company=company,
                    day=day,
                    calls=number,
                    requests=booked + waiting,
                    bookings=booked,
                    follow_ups=waiting,
                )
            )
    DailyCount.objects.bulk_create(rows)


def _day(week: Week, call: Call) -> object:
    return (call.started_at or week.now).astimezone(week.now.tzinfo).date()
