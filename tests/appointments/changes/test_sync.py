"""Reading from Cal.com what no webhook reported."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from appointments.calcom import client as calcom
from appointments.changes import sync
from appointments.models import Appointment, SyncPoint
from appointments.tasks import sync_calcom_data
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.errors import Gone, RateLimited, Unavailable
from askpro.queues.models import Job
from calls.models import Company, Service
from tests.appointments.calcom_stub import CalcomStub, answer, error
from tests.appointments.salon import EVENT_TYPE, NOW, WISH, branch, company, service, staff
from tests.gates import let_pass

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TEN_BOOKINGS_LATER = "2026-11-30T10:05:00.000Z"
# A sequence keeps its value when its transaction is rolled back.
DEADLOCK_ONCE = """
CREATE SEQUENCE tries;
CREATE FUNCTION deadlock_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deadlock_once BEFORE INSERT ON appointments_appointment
   FOR EACH ROW EXECUTE FUNCTION deadlock_once();
"""


@pytest.fixture
def salon() -> Company:
    at = branch(company())
    service(at.company)
    staff(at)
    return at.company


def test_it_mirrors_what_is_ahead_the_first_time(salon: Company, calendar: CalcomStub) -> None:
    calendar.book("2026-12-03T13:00:00+00:00")
    sync_calcom_data(company_id=salon.pk)
    assert Appointment.objects.get().status == "confirmed"
    assert set(SyncPoint.objects.values_list("part", flat=True)) == {"event_types", "bookings"}


def test_a_first_reading_that_the_limit_ends_goes_on_where_it_was(
    salon: Company, calendar: CalcomStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calcom, "PAGE", 20)
    monkeypatch.setattr(sync, "CHECKPOINT_EVERY", 10)
    for number in range(3 * calcom.PAGE):
        calendar.book((WISH + timedelta(minutes=45 * number)).isoformat())
    for _ in range(2):
        calendar.fail("GET /v2/bookings", error("429"), answers_before=2)
        with pytest.raises(RateLimited):
            sync_calcom_data(company_id=salon.pk)
        let_pass(60)
    sync_calcom_data(company_id=salon.pk)
    assert Appointment.objects.count() == 60
    assert SyncPoint.objects.get(part="bookings").read_until == SyncPoint.objects.get(part="bookings").began_at


def test_one_booking_that_cannot_be_mirrored_stops_no_other(salon: Company, calendar: CalcomStub) -> None:
    with connection.cursor() as cursor:
        check = "CHECK (starts_at <> '2026-12-02 13:00Z')"
        cursor.execute(f"ALTER TABLE appointments_appointment ADD CONSTRAINT cannot_be_written {check}")
    calendar.book("2026-12-02T13:00:00+00:00")
    calendar.book("2026-12-03T13:00:00+00:00")
    with pytest.raises(IntegrityError):
        sync_calcom_data(company_id=salon.pk)
    assert Appointment.objects.get().starts_at.day == 3
    assert SyncPoint.objects.get(part="bookings").read_until is not None


def test_a_booking_that_cannot_be_mirrored_at_that_moment_is_mirrored_after_the_others(
    salon: Company, calendar: CalcomStub
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DEADLOCK_ONCE)
    calendar.book("2026-12-02T13:00:00+00:00")
    calendar.book("2026-12-03T13:00:00+00:00")
    sync_calcom_data(company_id=salon.pk)
    assert sorted(row.starts_at.day for row in Appointment.objects.all()) == [2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_sync_of_twelve_thousand_bookings_asks_twice_when_nothing_changed(sandbox: SandboxClient) -> None:
    at = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    service(at.company, 4712)
    sandbox.switch(calcom_rate_limit=120)
    now = timezone.now()
    sandbox.add_many(4712, 12_000, start=now + timedelta(days=1), created_at=now - timedelta(days=2))
    SyncPoint.objects.create(company=at.company, part="bookings", read_until=now - timedelta(minutes=15))
    # A fault that does nothing counts.
    sandbox.fault("calcom.list_bookings", times=1000)
    sync_calcom_data(company_id=at.company.pk)
    [counter] = sandbox.faults()
    assert counter["hits"] == 2
    assert len(sandbox.bookings()) == 12_000


def test_it_repairs_a_lost_webhook_the_next_time(salon: Company, calendar: CalcomStub, clock: Any) -> None:
    booking = calendar.book("2026-12-03T13:00:00+00:00")
    sync_calcom_data(company_id=salon.pk)
    booking |= {"status": "cancelled", "updatedAt": TEN_BOOKINGS_LATER}
    clock.shift(3600)
    sync_calcom_data(company_id=salon.pk)
    assert Appointment.objects.get().status == "cancelled"


def test_it_mirrors_the_others_when_one_booking_has_no_length(salon: Company, calendar: CalcomStub) -> None:
    calendar.book("2026-12-02T13:00:00+00:00")["end"] = "2026-12-02T13:00:00.000Z"
    calendar.book("2026-12-03T13:00:00+00:00")
    sync_calcom_data(company_id=salon.pk)
    assert Appointment.objects.get().starts_at.day == 3


def test_it_asks_only_for_changes_since_the_last_time_with_an_overlap(
    salon: Company, calendar: CalcomStub, clock: Any
) -> None:
    sync_calcom_data(company_id=salon.pk)
    clock.shift(3600)
    sync_calcom_data(company_id=salon.pk)
    asked = [values for method, path, values in calendar.requests if path == "/v2/bookings"]
    assert asked[0]["afterStart"] == "2026-11-29T10:00:00.000Z"
    assert asked[1]["afterCreatedAt"] == asked[2]["afterUpdatedAt"] == "2026-11-30T09:50:00.000Z"
    assert all(values["eventTypeIds"] == str(EVENT_TYPE) for values in asked)


def test_it_goes_on_where_it_was_interrupted(salon: Company, calendar: CalcomStub, clock: Any) -> None:
    sync_calcom_data(company_id=salon.pk)
    for number in range(130):
        calendar.book("2026-12-03T13:00:00+00:00", updatedAt=f"2026-11-30T10:{number // 10 + 10}:00.000Z")
    clock.shift(3600)
    calendar.fail("GET /v2/bookings", error("500"), answers_before=3)
    with pytest.raises(Unavailable):
        sync_calcom_data(company_id=salon.pk)
    # A hundred changed bookings were read; the next page failed.
    assert SyncPoint.objects.get(part="bookings").read_until == NOW + timedelta(minutes=19)
    sync_calcom_data(company_id=salon.pk)
    assert calendar.requests[-1][2]["afterUpdatedAt"] == "2026-11-30T10:09:00.000Z"
    assert Appointment.objects.count() == 130


def test_it_follows_an_event_types_new_name_and_length_and_keeps_the_old_word(
    salon: Company, calendar: CalcomStub
) -> None:
    calendar.event_types = [answer("event_type") | {"title": "Haarschnitt kurz", "lengthInMinutes": 30}]
    sync_calcom_data(company_id=salon.pk)
    found = Service.objects.get()
    assert (found.name, found.duration_minutes, found.synonyms) == ("Haarschnitt kurz", 30, ["Haarschnitt"])
    assert found.is_active


def test_it_adds_a_new_event_type_as_an_inactive_service(salon: Company, calendar: CalcomStub) -> None:
    calendar.event_types = [answer("event_type") | {"id": 2208, "title": "Farbe"}, {"id": "x"}, None]
    sync_calcom_data(company_id=salon.pk)
    found = Service.objects.get(calcom_event_type_id=2208)
    assert (found.name, found.is_active, found.minimum_notice_minutes) == ("Farbe", False, 120)


def test_it_adds_nothing_when_companies_share_the_installations_key(
    salon: Company, calendar: CalcomStub, settings: Any
) -> None:
    settings.CALCOM_API_KEY = "cal_test_all"
    Company.objects.update(calcom_api_key="")
    Company.objects.create(name="Praxis Esche", slug="praxis-esche")
    calendar.event_types = [answer("event_type") | {"id": 2208, "title": "Farbe"}]
    sync_calcom_data(company_id=salon.pk)
    assert Service.objects.count() == 1


def test_it_leaves_another_companys_service_alone(salon: Company, calendar: CalcomStub) -> None:
    other = Company.objects.create(name="Praxis Esche", slug="praxis-esche", calcom_api_key="cal_test_esche")
    calendar.event_types = [answer("event_type") | {"title": "Anders"}]
    sync_calcom_data(company_id=other.pk)
    assert Service.objects.get().name == "Haarschnitt"


def test_it_is_gone_when_the_company_is() -> None:
    with pytest.raises(Gone):
        sync_calcom_data(company_id=999_999)


def test_the_command_sends_a_job_for_each_active_company(salon: Company) -> None:
    Company.objects.create(name="Zu", slug="zu", is_active=False)
    call_command("sync_calcom")
    assert [job.kwargs for job in Job.objects.filter(actor_name="sync_calcom_data")] == [{"company_id": salon.pk}]


def test_the_command_reads_at_once_when_told_so(salon: Company, calendar: CalcomStub) -> None:
    calendar.book("2026-12-03T13:00:00+00:00")
    call_command("sync_calcom", company="salon-birke", now=True)
    assert Appointment.objects.exists()


def test_the_command_fails_when_a_company_cannot_be_read(salon: Company, calendar: CalcomStub) -> None:
    calendar.fail("GET /v2/event-types", error("401"))
    with pytest.raises(CommandError):
        call_command("sync_calcom", now=True)
    with pytest.raises(CommandError, match="no company"):
        call_command("sync_calcom", company="gibt-es-nicht")
