"""The numbers of a report are those of the rows, each on the day that it has where the company is."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, FollowUp
from calls.models import Branch, Call, PhoneNumber
from calls.models.company import Language
from notifications.models import Notification
from notifications.reports import told
from notifications.reports.numbers import Numbers, by_day, total, waiting
from notifications.reports.period import Period
from tests.notifications.scene import NOW

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 12, 1)
PERIOD = Period.week_until(TODAY, BERLIN)


def called(branch: Branch, started_at: datetime | None = NOW, **values: object) -> Call:
    number, _ = PhoneNumber.objects.get_or_create(company=branch.company, branch=branch, number="+493023125100")
    values = {"status": "analyzed", "outcome": "no_request", "duration_ms": 90_000} | values
    return Call.objects.create(
        company=branch.company,
        branch=branch,
        phone_number=number,
        retell_call_id=f"call_{Call.objects.count():06}",
        started_at=started_at,
        **values,
    )


def followed_up(branch: Branch, **values: object) -> FollowUp:
    values = {"reason": "callback", "due_at": NOW + timedelta(hours=1)} | values
    return FollowUp.objects.create(company=branch.company, branch=branch, **values)


def test_each_call_counts_in_one_outcome(branch: Branch) -> None:
    for outcome in Call.Outcome:
        called(branch, outcome=outcome)
    called(branch, outcome="booked", cost_usd=Decimal("0.1250"))
    called(branch, outcome="follow_up", status="lost", duration_ms=None)
    called(branch, outcome="pending", status="ongoing", duration_ms=None)
    [(day, numbers)] = [(day, counted) for day, counted in by_day(branch.company, PERIOD).items() if counted.calls]
    assert day == TODAY
    assert numbers == Numbers(
        calls=9,
        booked=2,
        changed=1,
        to_people=1,
        no_request=1,
        missed=2,
        being_worked_on=2,
        talked_ms=7 * 90_000,
        cost_usd=Decimal("0.1250"),
        without_cost=7,
    )
    parts = ("booked", "changed", "to_people", "no_request", "missed", "being_worked_on")
    assert sum(getattr(numbers, part) for part in parts) == numbers.calls
    assert numbers.minutes == 10


def test_what_people_did_and_what_was_sent_counts_on_its_own_day(
    branch: Branch, appointment: Appointment, clock: object
) -> None:
    yesterday = NOW - timedelta(days=1)
    followed_up(branch, status="done", resolved_at=yesterday)
    followed_up(branch, status="obsolete", resolved_at=yesterday)
    followed_up(branch)
    Appointment.objects.filter(pk=appointment.pk).update(status="no_show", starts_at=yesterday)
    euro = {"price": Decimal("0.0925"), "currency": "EUR"}
    for channel, sent_at, charge in (
        ("sms", NOW, euro),
        ("sms", NOW, euro),
        ("sms", NOW, {}),
        ("sms", None, {}),
        ("email", NOW, {}),
    ):
        values = {"follow_up": followed_up(branch), "kind": "callback", "channel": channel, "sent_at": sent_at}
        Notification.objects.create(company=branch.company, **values, **charge)
    numbers = by_day(branch.company, PERIOD)
    assert numbers[TODAY - timedelta(days=1)] == Numbers(called_back=1, no_shows=1)
    # The call that the appointment comes from is still being worked on.
    sent = {"sms": 3, "sms_prices": (("EUR", Decimal("0.1850")),), "sms_without_price": 1}
    assert numbers[TODAY] == Numbers(calls=1, being_worked_on=1, **sent)
    assert total(numbers) == Numbers(calls=1, being_worked_on=1, called_back=1, no_shows=1, **sent)


def test_what_waits_is_told_with_what_is_due_first(branch: Branch, clock: object) -> None:
    late = followed_up(branch, due_at=NOW - timedelta(minutes=1))
    others = [followed_up(branch, due_at=NOW + timedelta(hours=hours)) for hours in range(1, 7)]
    followed_up(branch, status="done")
    told = waiting(branch.company, NOW)
    assert (told.all, told.late, told.first) == (7, 1, (late, *others[:4]))


def test_another_companys_rows_do_not_count(branch: Branch) -> None:
    called(branch)
    branch.company.pk, branch.company.slug = None, "other"
    branch.company.save(force_insert=True)
    assert total(by_day(branch.company, PERIOD)) == Numbers()


def test_prices_are_added_by_currency() -> None:
    euro, dollars = (("EUR", Decimal("0.1")),), (("USD", Decimal("0.2")),)
    numbers = Numbers(sms=1, sms_prices=euro) + Numbers(sms=1, sms_prices=dollars) + Numbers(sms=2, sms_prices=euro)
    assert numbers.sms_prices == (("EUR", Decimal("0.2")), ("USD", Decimal("0.2")))
    assert told.sms_cost(numbers, Language.GERMAN) == "0,20\xa0€ + 0,20\xa0$"
    some = Numbers(sms=3, sms_prices=euro, sms_without_price=2)
    assert told.sms_cost(some, Language.ENGLISH) == "€0.10 (SMS of which it is not known: 2)"
    assert told.sms_cost(Numbers(sms=1), Language.ENGLISH) == "not known"
    assert told.sms_cost(Numbers(), Language.ENGLISH) == "none"


def test_the_cost_is_told_only_where_it_is_known() -> None:
    assert Numbers().known_cost_usd == 0
    assert Numbers(without_cost=2).known_cost_usd is None
    assert Numbers(cost_usd=Decimal("0.5"), without_cost=2).known_cost_usd == Decimal("0.5")


@pytest.mark.parametrize(
    ("middle", "hours"),
    [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 12, 1), 24)],
    ids=["the clocks go back", "the clocks go forward", "a usual day"],
)
def test_a_day_is_as_long_as_the_clocks_make_it(branch: Branch, middle: date, hours: int) -> None:
    period = Period(middle - timedelta(days=1), middle + timedelta(days=1), BERLIN)
    first = datetime.combine(period.first, datetime.min.time(), UTC) - timedelta(hours=6)
    moments = [first + timedelta(minutes=30 + 60 * step) for step in range(24 * 4)]
    for number, moment in enumerate(moments):
        call = called(branch, moment if number % 2 else None)
        Call.objects.filter(pk=call.pk).update(created_at=moment)
    expected = Counter(moment.astimezone(BERLIN).date() for moment in moments)
    counted = by_day(branch.company, period)
    assert {day: numbers.calls for day, numbers in counted.items()} == {day: expected[day] for day in period.days}
    assert counted[middle].calls == hours


def test_it_counts_by_the_clocks_of_the_companys_place(branch: Branch) -> None:
    called(branch, datetime(2026, 12, 1, 23, 30, tzinfo=UTC))
    honolulu = Period.week_until(TODAY, ZoneInfo("Pacific/Honolulu"))
    assert by_day(branch.company, honolulu)[TODAY].calls == 1
    assert total(by_day(branch.company, PERIOD)).calls == 0


def test_a_year_takes_as_many_questions_as_a_day(branch: Branch) -> None:
    for first in (TODAY, TODAY - timedelta(days=365)):
        with CaptureQueriesContext(connection) as asked:
            by_day(branch.company, Period(first, TODAY, BERLIN))
        assert len(asked) == 4
