"""A company's numbers of each day, counted from the rows every time, so that nothing can be counted twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from appointments.models import Appointment, FollowUp
from calls.models import Call, Company
from notifications.models import Notification
from notifications.reports.period import Period

Outcome = Call.Outcome
# What came of a call → the number it counts in; each call counts in one.
OUTCOMES: Final[dict[str, str]] = {
    Outcome.BOOKED: "booked",
    Outcome.CHANGED: "changed",
    Outcome.FOLLOW_UP: "to_people",
    Outcome.NO_REQUEST: "no_request",
    Outcome.NOT_CONNECTED: "missed",
    Outcome.PENDING: "being_worked_on",
}
MOST_WAITING: Final = 5


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one day or several; `+` adds them."""

    calls: int = 0
    # What came of them; together these are all calls.
    booked: int = 0
    changed: int = 0
    to_people: int = 0
    no_request: int = 0
    # Nobody was reached, or nobody knows how it ended.
    missed: int = 0
    being_worked_on: int = 0
    # Follow-ups that a person has dealt with on this day.
    called_back: int = 0
    # Appointments of this day whose customers did not come.
    no_shows: int = 0
    talked_ms: int = 0
    # What Retell says that they cost, and how many ended calls it has not said it of.
    cost_usd: Decimal = Decimal(0)
    without_cost: int = 0
    sms: int = 0
    # What Twilio charged for them, by currency, and of how many it has not said it.
    sms_prices: tuple[tuple[str, Decimal], ...] = ()
    sms_without_price: int = 0

    def __add__(self, other: "Numbers") -> "Numbers":
        names = [field.name for field in fields(self) if field.name != "sms_prices"]
        prices = dict(self.sms_prices)
        for currency, price in other.sms_prices:
            prices[currency] = prices.get(currency, Decimal(0)) + price
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Numbers(**sums, sms_prices=tuple(sorted(prices.items())))

    @property
    def minutes(self) -> int:
        """On the phone, rounded."""
        return round(self.talked_ms / 60_000)

    @property
    def known_cost_usd(self) -> Decimal | None:
        """What is known of the cost of the calls; None if nothing is although there were some."""
        is_unknown = not self.cost_usd and self.without_cost
        return None if is_unknown else self.cost_usd


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person at a moment: how much, how much is late, and what is due first."""

    all: int
    late: int
    first: tuple[FollowUp, ...]


def by_day(company: Company, period: Period) -> dict[date, Numbers]:
    """The numbers of each day, days without any included."""
    found = {day: Numbers() for day in period.days}
    for counted in (_calls, _follow_ups, _no_shows, _messages):
        for day, numbers in counted(company, period):
            found[day] += numbers
    return found


def total(numbers: Mapping[date, Numbers]) -> Numbers:
    return sum(numbers.values(), Numbers())


def waiting(company: Company, now: datetime) -> Waiting:
    rows = FollowUp.objects.filter(company=company, status=FollowUp.Status.OPEN)
    rows = rows.annotate(by=FollowUp.DEADLINE).order_by("by", "pk")
    late = rows.filter(by__lte=now).count()
    return Waiting(rows.count(), late, tuple(rows.select_related("company", "branch__company")[:MOST_WAITING]))


def _calls(company: Company, period: Period) -> Iterable[tuple[date, Numbers]]:
    # Two conditions, not one on coalesce, so that the index that ends with started_at is used.
    began = Q(started_at__gte=period.start, started_at__lt=period.end)
    never_began = Q(started_at=None, created_at__gte=period.start, created_at__lt=period.end)
    rows = _by_day(Call.objects.filter(began | never_began, company=company), "started_at", "created_at", period=period)
    groups = rows.values("day", "status", "outcome").annotate(
        count=Count("pk"), ms=Sum("duration_ms"), cost=Sum("cost_usd"), priced=Count("cost_usd")
    )
    for group in groups.order_by():
        is_lost = group["status"] == Call.Status.LOST
        is_over = group["status"] != Call.Status.ONGOING
        yield (
            group["day"],
            Numbers(
                calls=group["count"],
                talked_ms=group["ms"] or 0,
                cost_usd=group["cost"] or Decimal(0),
                without_cost=group["count"] - group["priced"] if is_over else 0,
                **{"missed" if is_lost else OUTCOMES[group["outcome"]]: group["count"]},
            ),
        )


def _follow_ups(company: Company, period: Period) -> Iterable[tuple[date, Numbers]]:
    done = FollowUp.objects.filter(company=company, status=FollowUp.Status.DONE, **_within("resolved_at", period))
    return ((day, Numbers(called_back=count)) for day, count in _counted(done, "resolved_at", period))


def _no_shows(company: Company, period: Period) -> Iterable[tuple[date, Numbers]]:
    missed = Appointment.objects.filter(
        company=company, status=Appointment.Status.NO_SHOW, **_within("starts_at", period)
    )
    return ((day, Numbers(no_shows=count)) for day, count in _counted(missed, "starts_at", period))


def _messages(company: Company, period: Period) -> Iterable[tuple[date, Numbers]]:
    sent = Notification.objects.filter(company=company, channel=Notification.Channel.SMS, **_within("sent_at", period))
    groups = _by_day(sent, "sent_at", period=period).values("day", "currency")
    for group in groups.annotate(count=Count("pk"), charged=Sum("price"), priced=Count("price")).order_by():
        prices = ((group["currency"], group["charged"]),) if group["priced"] else ()
        without = group["count"] - group["priced"]
        yield group["day"], Numbers(sms=group["count"], sms_prices=prices, sms_without_price=without)


def _within(name: str, period: Period) -> dict[str, datetime]:
    return {f"{name}__gte": period.start, f"{name}__lt": period.end}


def _counted(rows: QuerySet[Any], name: str, period: Period) -> Iterable[tuple[date, int]]:
    days = _by_day(rows, name, period=period).values("day").annotate(count=Count("pk"))
    return days.order_by().values_list("day", "count")


def _by_day(rows: QuerySet[Any], *names: str, period: Period) -> QuerySet[Any]:
    """With the local day of the first of these moments that is known."""
    moment = Coalesce(*names) if len(names) > 1 else names[0]
    return rows.annotate(day=TruncDate(moment, tzinfo=period.zone))
