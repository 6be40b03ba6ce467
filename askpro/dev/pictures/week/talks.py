"""The week's calls, and what each caller wished."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from askpro.dev.pictures.week.diary import Diary
from askpro.dev.pictures.week.rows import BATCH, Week, made_at
from askpro.dev.pictures.week.words import GREETING, SUMMARIES, TALKS
from askpro.dev.sandbox.demo import german
from calls.models import BookingRequest, Branch, Call, Company, Customer, PhoneNumber, Service, Staff

Outcome = Call.Outcome
# With the same day of the week before, which the front page compares.
DAYS: Final = 8
# Calls on an open day.
LEAST: Final = 9
MOST: Final = 16
# How calls end, out of twenty.
ENDINGS: Final = (
    *([Outcome.BOOKED] * 12),
    *([Outcome.FOLLOW_UP] * 3),
    *([Outcome.CHANGED] * 2),
    *([Outcome.NO_REQUEST] * 3),
)
CENTS_A_SECOND: Final = 0.0028


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants, and the time that was found for it."""

    service: Service
    staff: Staff
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Office:
    """Where a company's calls arrive."""

    branch: Branch
    number: PhoneNumber
    services: list[Service]
    staff: list[Staff]


def make_talks(week: Week, diary: Diary) -> list[Wish]:
    """Calls and booking requests; the wishes, one for each call."""
    wishes: list[Wish] = []
    for company in week.companies:
        office = office_of(company)
        people = [each for each in week.customers if each.company_id == company.pk]
        for day in range(1 - DAYS, 1):
            for began in _moments(week, diary.hours(office.branch, day)):
                customer = week.dice.choice(people)
                wish = _wish(week, diary, office, day)
                week.calls.append(_call(week, office, customer, wish, began))
                wishes.append(wish)
    order = sorted(range(len(wishes)), key=lambda place: week.calls[place].started_at or week.now)
    week.calls, wishes = [week.calls[place] for place in order], [wishes[place] for place in order]
    _ongoing(week)
    Call.objects.bulk_create(week.calls, batch_size=BATCH)
    made_at(week.calls, (call.started_at or week.now for call in week.calls))
    _requests(week, wishes)
    return wishes


def office_of(company: Company) -> Office:
    branch = company.branches.get()
    return Office(branch, company.phone_numbers.get(), list(company.services.all()), list(company.staff.all()))


def _moments(week: Week, spans: list[tuple[datetime, datetime]]) -> list[datetime]:
    """When calls come in that day, and none after the week's end."""
    if not spans:
        return []
    seconds = int((spans[-1][1] - spans[0][0]).total_seconds())
    dice = week.dice
    moments = [spans[0][0] + timedelta(seconds=dice.randrange(seconds)) for _ in range(dice.randint(LEAST, MOST))]
    # Some more in the first hour and a half, when most people call.
    moments += [spans[0][0] + timedelta(seconds=dice.randrange(5400)) for _ in range(6)]
    return sorted(moment for moment in moments if moment < week.now - timedelta(minutes=4))


def _wish(week: Week, diary: Diary, office: Office, day: int) -> Wish:
    staff = week.dice.choice(office.staff)
    service = week.dice.choice(list(staff.services.all()))
    starts_at = diary.take(office.branch, staff, service, range(day + 1, day + 6))
    return Wish(service, staff, starts_at or week.midnight + timedelta(days=21, hours=10))


def _call(week: Week, office: Office, customer: Customer, wish: Wish, began: datetime) -> Call:
    outcome = Outcome.FOLLOW_UP if week.is_in_outage(began) else week.dice.choice(ENDINGS)
    seconds = week.dice.randint(48, 176)
    local = wish.starts_at.astimezone(week.now.tzinfo)
    facts = {"name": customer.name, "service": wish.service.name, "staff": wish.staff.name}
    facts |= {"day": german.day(local), "time": german.clock(local)}
    greeting = GREETING.format(company=customer.company.name)
    return Call(
        company=customer.company,
        branch=office.branch,
        phone_number=office.number,
        customer=customer,
        retell_call_id=f"call_{week.dice.getrandbits(112):028x}",
        agent_id=office.number.retell_agent_id,
        direction="inbound",
        from_number=customer.phone or "",
        to_number=office.number.number,
        status=Call.Status.ANALYZED,
        outcome=outcome,
        started_at=began,
        ended_at=began + timedelta(seconds=seconds),
        duration_ms=seconds * 1000,
        disconnection_reason="user_hangup",
        transcript=TALKS[outcome].format(greeting=greeting, **facts),
        summary=SUMMARIES[outcome].format(**facts),
        cost_usd=f"{seconds * CENTS_A_SECOND:.4f}",
        variables={"collected": {"name": customer.name, "dienstleistung": facts["service"], "datum": facts["day"]}},
        analysis={"call_summary": SUMMARIES[outcome].format(**facts), "user_sentiment": "Positive"},
    )


def _ongoing(week: Week) -> None:
    """The newest caller is still on the line."""
    newest = week.calls[-1]
    newest.status, newest.outcome = Call.Status.ONGOING, Outcome.PENDING
    newest.started_at, newest.ended_at, newest.duration_ms = week.now - timedelta(seconds=70), None, None
    newest.transcript = newest.summary = newest.disconnection_reason = ""


def _requests(week: Week, wishes: list[Wish]) -> None:
    for call, wish in zip(week.calls, wishes, strict=True):
        if call.outcome not in (Outcome.BOOKED, Outcome.FOLLOW_UP) or call.customer is None:
            continue
        is_clear = call.outcome == Outcome.BOOKED or week.is_in_outage(call.started_at or week.now)
        local = wish.starts_at.astimezone(week.now.tzinfo)
        week.requests.append(
            BookingRequest(
                call=call,
                company=call.company,
                status=_state(week, call),
                date_words=german.day(local) if is_clear else "irgendwann nächste Woche",
                time_words=german.clock(local) if is_clear else "eher vormittags",
                service_words=wish.service.name,
                staff_words=wish.staff.name if is_clear else "",
                name=call.customer.name,
                contact_phone=call.customer.phone or "",
                sms_consent=call.customer.sms_consent_at is not None,
                starts_at=wish.starts_at if is_clear else None,
                service=wish.service,
                staff=wish.staff if is_clear else None,
                unclear="" if is_clear else "vague_week",
            )
        )
    BookingRequest.objects.bulk_create(week.requests, batch_size=BATCH)
    made_at(week.requests, (_read(week, each.call) for each in week.requests))


def _state(week: Week, call: Call) -> str:
    """Of those whose booking failed some still wait for it; the others a person has taken over."""
    is_left = week.is_in_outage(call.started_at or week.now) and week.dice.random() < 0.7
    return BookingRequest.Status.OPEN if is_left else call.outcome


def _read(week: Week, call: Call | None) -> datetime:
    """When the wish was read: right after the call."""
    return ((call and call.ended_at) or week.now) + timedelta(seconds=1)
