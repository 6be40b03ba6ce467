"""Rows of earlier releases stay readable, and migrating back leaves them as they were."""

from importlib import import_module

import pytest
from django.db import connection

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from notifications.models import Notification
from tests.appointments.salon import WISH, wished

MIGRATIONS = [
    import_module(f"{name}_reasons_as_codes")
    for name in ("appointments.migrations.0002", "notifications.migrations.0003")
]


def run(name: str) -> None:
    with connection.cursor() as cursor:
        for migration in MIGRATIONS:
            cursor.execute(getattr(migration, name))


@pytest.mark.django_db
def test_sentences_of_before_are_told_as_they_were_written() -> None:
    wish = wished()
    follow_ups.open_for(wish, FollowUp.Reason.PERHAPS_BOOKED, Detail.TAKEN)
    FollowUp.objects.update(detail="Not one clear time: no_date.", detail_facts={})
    old = {"starts_at": WISH, "ends_at": WISH.replace(hour=14), "sync_error": "The time is over."}
    appointment = Appointment.objects.create(company=wish.company, **old)
    Notification.objects.create(company=wish.company, appointment=appointment, reason="No number is known.")
    for _ in range(2):
        run("KEEP_SENTENCES")
        assert FollowUp.objects.get().told() == "Not one clear time: no_date."
        assert Appointment.objects.get().sync_error_told() == "The time is over."
        assert Notification.objects.get().why() == "No number is known."
        run("WRITE_SENTENCES")
        assert FollowUp.objects.get().detail == "Not one clear time: no_date."
        assert Appointment.objects.get().sync_error == "The time is over."
        assert Notification.objects.get().reason == "No number is known."
