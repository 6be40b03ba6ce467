"""Rows of earlier releases, one for each uid, become rows of their companies; migrating back keeps what it can."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from appointments.models import Appointment, CalcomUid
from calls.models import Company

migration: Any = import_module("appointments.migrations.0007_uids_of_companies")

OLD_ROW = (
    "INSERT INTO appointments_calcomuid (uid, appointment_id, ended_at, seats, end_reason, replaced_by, created_at)"
)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.django_db
def test_a_uid_goes_to_its_company_and_an_end_that_is_nobodys_to_all() -> None:
    birke, linde = (Company.objects.create(name=name, slug=name) for name in ("birke", "linde"))
    starts_at = timezone.now()
    booked = Appointment.objects.create(company=birke, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    run("ALTER TABLE appointments_calcomuid DROP CONSTRAINT IF EXISTS calcom_uid_of_company")
    run("DROP INDEX IF EXISTS calcom_uid_of_company", migration.JOIN)
    run(f"{OLD_ROW} VALUES ('booked', {booked.pk}, NULL, '{{}}', '', '', now())")
    run(f"{OLD_ROW} VALUES ('ended', NULL, now(), '{{}}', 'ill', '', now())")
    run(f"{OLD_ROW} VALUES ('unknown', NULL, NULL, '{{}}', '', '', now())")
    run(migration.SPLIT, migration.BIND)
    found = set(CalcomUid.objects.values_list("company", "uid", "appointment", "end_reason"))
    assert found == {
        (birke.pk, "booked", booked.pk, ""),
        (birke.pk, "ended", None, "ill"),
        (linde.pk, "ended", None, "ill"),
    }
    run(migration.JOIN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT uid FROM appointments_calcomuid")
        assert cursor.fetchall() == [("booked",)]
