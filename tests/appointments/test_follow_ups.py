"""Work for people: opened once, due when somebody is there, settled once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments import alternatives, daily, follow_ups
from appointments.models import Appointment, DailyCount, Detail, FollowUp
from appointments.tasks import update_analytics
from calls.models import Branch
from tests.appointments.salon import BERLIN, HOURS, NOW, WISH, branch, call, company, request, service, wished

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=BERLIN)


def test_it_opens_one_per_request_and_reason(admin_user: Any) -> None:
    wish = wished()
    first = follow_ups.open_for(wish, FollowUp.Reason.SLOT_GONE, Detail.TAKEN)
    assert follow_ups.open_for(wish, FollowUp.Reason.SLOT_GONE, Detail.OTHER_TIME) == first
    assert first.resolve(admin_user, "Called.")
    assert follow_ups.open_for(wish, FollowUp.Reason.SLOT_GONE, Detail.TAKEN) != first


def test_it_is_resolved_by_the_first_person_only_and_closes_the_request(admin_user: Any) -> None:
    wish = wished()
    follow_up = follow_ups.open_for(wish, FollowUp.Reason.JOB_DEAD, Detail.BOOKING_FAILED)
    assert follow_up.resolve(admin_user, "Booked by hand.")
    assert not FollowUp.objects.get().resolve(admin_user, "Again.")
    assert not follow_up.make_obsolete(Detail.JOB_GAVE_UP)
    wish.refresh_from_db()
    assert (wish.status, FollowUp.objects.get().note) == ("follow_up", "Booked by hand.")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (local(1, 11), local(1, 13)),
        (local(1, 16), local(2, 9)),  # two hours later the branch has closed
        (local(4, 17), local(7, 9)),  # Friday evening → Monday
        (local(1, 3), local(1, 9)),
        (local(1, 8), local(1, 10)),
    ],
)
def test_it_is_due_in_two_hours_or_when_the_branch_opens_next(now: datetime, due: datetime) -> None:
    at = Branch(company=company(), opening_hours=HOURS)
    assert at.call_back_by(now.astimezone(UTC)) == due


@pytest.mark.parametrize("hours", [{}, {"montag": []}, {"mo": "9-18"}, [], None])
def test_it_is_due_in_two_hours_when_the_hours_are_not_known(hours: Any) -> None:
    at = Branch(company=company(), opening_hours=hours)
    assert at.call_back_by(NOW) == NOW + timedelta(hours=2)


def free(*hours: float, day: int = 3) -> list[datetime]:
    return [local(day, 0) + timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([], []),
        (free(14), []),  # the wished time itself is no alternative
        (free(9, 12, 13.5, 14.5, 15, 16, 17), free(13.5, 14.5, 15)),
        (free(11.5, 16.5), []),  # the same day, but too far from the wish
        (free(15) + free(9, 10, 11, 12, 13, day=4), free(15) + free(9, 10, 11, 12, day=4)),
        (free(9, day=17) + free(15, day=17), free(9, day=17)),  # fourteen days, to the hour
    ],
)
def test_it_offers_near_times_first_and_five_at_most(slots: list[datetime], expected: list[datetime]) -> None:
    assert alternatives.choose(slots, local(3, 14), NOW, BERLIN) == expected


def test_it_offers_nothing_within_the_minimum_notice() -> None:
    assert alternatives.choose(free(13, 15), local(3, 14), local(3, 14, 30), BERLIN) == free(15)


def test_it_counts_a_day_from_the_rows_however_often() -> None:
    wish = wished()
    request(wish.call, ordinal=2, status="booked")
    follow_ups.open_for(wish, FollowUp.Reason.SLOT_GONE, Detail.TAKEN)
    for _ in range(2):
        update_analytics(call_id=wish.call_id)
    count = DailyCount.objects.get()
    assert (count.calls, count.requests, count.bookings, count.follow_ups) == (1, 2, 1, 1)


def test_it_counts_a_call_on_its_companys_local_day() -> None:
    at = branch(company())
    service(at.company)
    late = call(at, call_id="call_late", started_at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    call(at, call_id="call_before", started_at=datetime(2026, 11, 30, 22, 30, tzinfo=UTC))
    assert daily.local_day(late).day == 1
    update_analytics(call_id=late.pk)
    assert DailyCount.objects.get().calls == 1


def test_it_never_holds_one_person_twice_at_a_time_for_our_own_callers() -> None:
    wish = wished()
    values = {"company": wish.company, "staff": wish.company.staff.get(), "starts_at": WISH}
    Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=30), calcom_uid="theirs")
    Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=30))
    with pytest.raises(Exception, match="appointment_reservation"):
        Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=60))
