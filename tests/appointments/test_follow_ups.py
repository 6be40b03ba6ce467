"""Work for people: opened once, due in opening hours, settled once."""

import random
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from appointments import daily, follow_ups
from appointments.booking import alternatives
from appointments.booking.handover import hand_over
from appointments.booking.rules import Problem
from appointments.models import Appointment, DailyCount, Detail, FollowUp
from appointments.models.follow_up import STRENGTH
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
    assert not follow_up.make_obsolete(Detail.BOOKED_MEANWHILE)
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


def test_incident_04_one_person_is_never_held_twice_at_a_time_for_our_own_callers() -> None:
    wish = wished()
    values = {"company": wish.company, "staff": wish.company.staff.get(), "starts_at": WISH}
    Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=30), calcom_uid="theirs")
    Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=30))
    with pytest.raises(Exception, match="appointment_reservation"):
        Appointment.objects.create(**values, ends_at=WISH + timedelta(minutes=60))


Open = FollowUp.Status.OPEN


def open_topics(wish: Any) -> list[str]:
    return sorted(FollowUp.objects.filter(booking_request=wish, status=Open).values_list("topic", flat=True))


@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(8, 28))])
def test_of_one_wish_never_two_are_open_on_one_topic(seed: int, admin_user: Any) -> None:
    """Failures in any order, with people and a booking in between."""
    dice, wish = random.Random(seed), wished()
    reasons = [reason for reason in FollowUp.Reason if reason != FollowUp.Reason.UNTOLD]
    for _ in range(25):
        reason = dice.choice(reasons)
        opened = follow_ups.open_for(wish, reason, Detail.TAKEN)
        assert opened.status == Open
        topics = open_topics(wish)
        assert len(topics) == len(set(topics))
        assert reason.topic in topics, "whoever is asked, somebody is"
        of_wish = FollowUp.objects.filter(booking_request=wish, topic="wish", status=Open).first()
        if of_wish is not None:
            assert STRENGTH[of_wish.reason] >= STRENGTH.get(reason, 0), "what says more stays"
        if dice.random() < 0.1:
            opened.resolve(admin_user)
        elif dice.random() < 0.1:
            opened.make_obsolete(Detail.BOOKED_MEANWHILE)


def test_one_topic_is_held_by_the_database_too() -> None:
    first = follow_ups.open_for(wished(), FollowUp.Reason.SLOT_GONE, Detail.TAKEN)
    with pytest.raises(IntegrityError):
        FollowUp.objects.create(
            company=first.company, booking_request=first.booking_request, reason="refused", topic="wish", due_at=NOW
        )


@pytest.mark.parametrize("before", [FollowUp.Reason.PROVIDER_DOWN, FollowUp.Reason.JOB_DEAD])
@pytest.mark.parametrize(
    "end", [FollowUp.Reason.SLOT_GONE, FollowUp.Reason.REFUSED, FollowUp.Reason.UNKNOWN_STAFF, FollowUp.Reason.MISMATCH]
)
def test_a_retried_job_that_comes_to_an_end_leaves_one(before: FollowUp.Reason, end: FollowUp.Reason) -> None:
    wish = wished()
    follow_ups.open_for(wish, before, Detail.BOOKING_FAILED)
    assert hand_over(wish, Problem(end, Detail.TAKEN))
    assert list(FollowUp.objects.filter(status=Open).values_list("reason", flat=True)) == [end]


def test_older_releases_doubles_are_settled_and_the_strongest_stays() -> None:
    migration = import_module("appointments.migrations.0005_one_follow_up_per_topic")
    wish = wished()
    rows = {
        reason: FollowUp.objects.create(
            company=wish.company, booking_request=wish, reason=reason, due_at=NOW, detail=Detail.TAKEN
        )
        for reason in ("refused", "job_dead", "slot_gone", "mismatch", "provider_down")
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX follow_up_topic_of_request")
    migration.settle_doubles(apps, None)
    for row in rows.values():
        row.refresh_from_db()
    assert {reason for reason, row in rows.items() if row.status == "open"} == {"slot_gone", "mismatch"}
    assert rows["refused"].note_told("en") == "Something newer is known."
