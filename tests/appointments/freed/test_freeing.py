"""Which changes free a time that is offered."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.calcom.booking import Status
from appointments.models import Appointment, FreedTime
from appointments.tasks import offer_freed_time
from askpro.queues.testing import assert_sent
from calls.models import Branch, Company
from tests.appointments import salon
from tests.appointments.freed.scene import UID, Scene, wish_to_cancel
from tests.appointments.news import hear, minute, told_of
from tests.appointments.salon import NOW, WISH

pytestmark = pytest.mark.django_db

LATER = WISH + timedelta(days=1)


def test_a_cancellation_frees_its_time_once(scene: Scene) -> None:
    scene.cancels()
    scene.cancels()
    freed = scene.freed()
    assert (freed.service, freed.staff, freed.branch) == (scene.service, scene.staff, scene.branch)
    assert (freed.starts_at, freed.ends_at) == (WISH, WISH + timedelta(minutes=45))
    assert_sent(offer_freed_time, times=1, freed_time_id=freed.pk, company_id=scene.company.pk)


def test_a_move_frees_the_time_that_it_leaves(scene: Scene) -> None:
    other = salon.staff(scene.branch, 311, name="Ilse Esche")
    Appointment.objects.update(staff=other)
    scene.moves(LATER)
    freed = scene.freed()
    assert (freed.starts_at, freed.staff) == (WISH, other)


def test_a_time_that_is_booked_and_cancelled_again_meanwhile_is_offered_once(scene: Scene) -> None:
    scene.cancels()
    hear(told_of(Status.ACCEPTED, "again"), minute(1))
    hear(told_of(Status.CANCELLED, "again"), minute(2))
    assert FreedTime.objects.count() == 1
    FreedTime.objects.update(state="over", ending="nobody")
    hear(told_of(Status.ACCEPTED, "onceMore"), minute(3))
    hear(told_of(Status.CANCELLED, "onceMore"), minute(4))
    assert FreedTime.objects.count() == 2


def test_a_company_that_does_not_offer_them_notes_none(scene: Scene) -> None:
    Company.objects.update(offers_freed_times=False)
    scene.cancels()
    assert not FreedTime.objects.exists()


def test_what_has_begun_frees_nothing(scene: Scene, clock: Any) -> None:
    clock.move_to(WISH)
    scene.cancels(WISH)
    assert not FreedTime.objects.exists()


def test_what_the_host_rejects_frees_nothing(scene: Scene) -> None:
    Appointment.objects.update(status="requested")
    hear(told_of(Status.REJECTED, UID), NOW)
    assert Appointment.objects.get().status == "cancelled"
    assert not FreedTime.objects.exists()


def test_what_a_customer_cancels_before_the_host_has_agreed_frees_its_time(scene: Scene) -> None:
    Appointment.objects.update(status="requested")
    wish_to_cancel(scene.appointment)
    scene.cancels()
    assert scene.freed().starts_at == WISH


def test_a_change_that_leaves_the_time_as_it_is_frees_nothing(scene: Scene) -> None:
    hear(told_of(Status.ACCEPTED, UID, end=(WISH + timedelta(hours=1)).isoformat()), NOW)
    assert not FreedTime.objects.exists()


def test_an_appointment_without_a_branch_is_at_the_only_one(scene: Scene) -> None:
    Appointment.objects.update(branch=None)
    scene.cancels()
    assert scene.freed().branch == scene.branch


def test_without_a_branch_nothing_can_be_offered_where_there_are_several(scene: Scene) -> None:
    Branch.objects.create(company=scene.company, name="Nord")
    Appointment.objects.update(branch=None)
    scene.cancels()
    assert not FreedTime.objects.exists()
