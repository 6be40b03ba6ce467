"""Several workers work on events of one booking at the same time, and two callers want the same time."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from appointments.changes.mirror import mirror
from appointments.models import Appointment, CalcomUid
from tests.appointments.news import STORY
from tests.appointments.salon import WISH, wished

pytestmark = pytest.mark.django_db(transaction=True)


def hear_all(seed: int) -> None:
    """Work on every event in the given order, as a worker does: the victim of a deadlock tries again."""
    news = list(STORY)
    random.Random(seed).shuffle(news)
    tries = 10
    try:
        while news and tries:
            try:
                with transaction.atomic():
                    mirror(*news[0])
                news.pop(0)
            except OperationalError:
                tries -= 1
    finally:
        connection.close()
    assert not news


@pytest.mark.parametrize("seed", range(3))
def test_it_ends_in_one_cancelled_row_when_six_hear_everything_at_once(seed: int) -> None:
    wished()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hear_all, range(seed * 6, seed * 6 + 6)))
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("cancelled", "third")
    assert set(CalcomUid.objects.values_list("appointment", flat=True)) == {appointment.pk}


def test_incident_04_four_callers_who_reserve_the_same_person_at_once_get_it_once() -> None:
    wish = wished()
    person = wish.company.staff.get()

    def reserve(number: int) -> bool:
        start = WISH + timedelta(minutes=10 * number)
        values = {"company": wish.company, "staff": person, "starts_at": start}
        try:
            Appointment.objects.create(**values, ends_at=start + timedelta(minutes=45))
        except (IntegrityError, OperationalError):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(reserve, range(4))) == [False, False, False, True]
