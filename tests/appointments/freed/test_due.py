"""The sweeper sends a job for each freed time that has something to do, and ends those that have begun."""

from datetime import timedelta
from typing import Any

import pytest

from appointments import sweepers
from appointments.freed import due
from appointments.models import FreedTime
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.freed.scene import YES, Scene, phone_of
from tests.appointments.freed.test_offering import DEADLINE, taken_by
from tests.appointments.salon import NOW, WISH

pytestmark = pytest.mark.django_db

SOON = timedelta(seconds=30)


def is_due(at: Any = NOW) -> bool:
    return due.due(at).exists()


def test_it_is_due_at_the_deadline(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    run_jobs()
    assert not is_due(DEADLINE)
    clock.move_to(DEADLINE + SOON)
    sweepers.sweep()
    sweepers.sweep()
    assert Job.objects.filter(actor_name="offer_freed_time", status="queued").count() == 1
    run_jobs()
    assert scene.offers() == [(phone_of(1), "expired"), (phone_of(2), "open")]


def test_a_row_whose_job_was_lost_gets_another(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    scene.cancels()
    Job.objects.filter(actor_name="offer_freed_time").delete()
    clock.move_to(NOW + SOON)
    sweepers.sweep()
    run_jobs()
    assert scene.offers() == [(phone_of(1), "open")]


def test_a_dead_job_is_left_to_people_until_the_time_has_begun(scene: Scene, clock: Any) -> None:
    scene.waits(1)
    scene.cancels()
    Job.objects.filter(actor_name="offer_freed_time").update(status="dead")
    clock.move_to(NOW + SOON)
    sweepers.sweep()
    assert scene.freed().state == "open"
    clock.move_to(WISH)
    sweepers.sweep()
    assert (scene.freed().state, scene.freed().ending) == ("over", "too_near")


def test_it_is_due_when_somebody_else_takes_the_time(scene: Scene) -> None:
    scene.waits(1)
    scene.cancels()
    run_jobs()
    assert not is_due()
    taken_by(scene, salon.customer(scene.company, "+4915550100999"))
    assert is_due()


def test_it_is_due_when_the_message_reaches_nobody(scene: Scene) -> None:
    scene.waits(1)
    scene.cancels()
    run_jobs()
    Notification.objects.filter(kind="offer").update(status="failed")
    assert is_due()


def test_an_accepted_one_is_due_once_its_booking_is_known(scene: Scene) -> None:
    scene.waits(1)
    scene.cancels()
    run_jobs()
    scene.says(1, YES)
    assert not is_due(NOW + timedelta(days=1))
    BookingRequest.objects.filter(call=None).update(status="follow_up")
    assert is_due()


def test_one_that_is_over_is_never_due(scene: Scene) -> None:
    scene.cancels()
    run_jobs()
    assert scene.freed().ending == "nobody"
    assert not is_due(NOW + timedelta(days=1))
    assert not FreedTime.objects.filter(state="open").exists()
