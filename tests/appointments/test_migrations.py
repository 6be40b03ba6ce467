"""Rows of earlier releases stay readable, and those of this one survive a step back."""

from importlib import import_module

import pytest
from django.db import connection

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from tests.appointments.salon import WISH, wished

codes = import_module("appointments.migrations.0002_reasons_as_codes")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_sentences_of_before_are_told_as_they_were_written() -> None:
    wish = wished()
    follow_ups.open_for(wish, FollowUp.Reason.CALLBACK, Detail.TAKEN)
    FollowUp.objects.update(detail="Not one clear time: no_date.", detail_facts={})
    Appointment.objects.create(
        company=wish.company, starts_at=WISH, ends_at=WISH.replace(hour=14), sync_error="The time is over."
    )
    for _ in range(2):
        run(codes.KEEP_SENTENCES)
        assert FollowUp.objects.get().told() == "Not one clear time: no_date."
        assert Appointment.objects.get().sync_error_told() == "The time is over."
        run(codes.WRITE_SENTENCES)
        assert FollowUp.objects.get().detail == "Not one clear time: no_date."
        assert Appointment.objects.get().sync_error == "The time is over."
