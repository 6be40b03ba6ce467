"""The week of the pictures is one that could have been."""

from datetime import datetime, timedelta

from appointments.models import Appointment, FollowUp
from askpro.dev.pictures.week.rows import Week
from askpro.queues.models import Job
from calls.models import Call
from notifications.models import Notification


def test_it_is_full_and_nobody_is_in_two_places(week: Week) -> None:
    assert Call.objects.count() > 80
    rows = (
        Appointment.objects.exclude(status="cancelled")
        .order_by("staff", "starts_at")
        .values_list("staff", "starts_at", "ends_at")
    )
    last: tuple[int, datetime] = (0, week.now)
    for staff, starts, ends in rows:
        assert staff != last[0] or starts >= last[1], f"two appointments of {staff} at {starts}"
        last = staff, ends


def test_nothing_has_happened_yet_that_is_still_to_come(week: Week) -> None:
    assert not Call.objects.filter(ended_at__gt=week.now).exists()
    assert not Job.objects.filter(finished_at__gt=week.now).exists()
    assert not Notification.objects.filter(sent_at__gt=week.now).exists()
    assert not FollowUp.objects.filter(created_at__gt=week.now).exists()


def test_jobs_died_in_the_dead_hour_only(week: Week) -> None:
    dead = Job.objects.filter(status="dead")

    assert len(dead) > 5
    # A call lasts up to three minutes.
    assert all(
        week.is_in_outage(job.created_at) or week.is_in_outage(job.created_at - timedelta(minutes=3)) for job in dead
    )
