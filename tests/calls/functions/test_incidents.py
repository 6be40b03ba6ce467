"""Incidents of docs/incidents.md that go from the caller's words to what she is sent in the end."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils.module_loading import import_string
from dramatiq import get_broker

from appointments.availability import free_times
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call
from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.errors import JobError
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import Call, Company, Customer, Service
from notifications.models import Notification
from tests.calls.conftest import NOW
from tests.calls.functions.caller import NUMBER, Conversation
from tests.webhooks.signing import post_retell

WISH = {"date": "Donnerstag", "time": "14 Uhr", "service": "Färben", "name": "Jürgen Weiß", "sms_consent": "ja"}
SAID = {
    "datum": "Donnerstag",
    "uhrzeit": "14 Uhr",
    "dienstleistung": "Färben",
    "name": "Jürgen Weiß",
    "sms_einwilligung": "ja",
}
AT = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
SOMEBODY_ELSE = "+4915550100124"


def tell(conversation: Conversation, *events: str, **more: Any) -> None:
    ended = conversation.ended(**more)
    for event in events:
        assert post_retell({"event": event, "call": ended}).status_code == 204


def test_incident_01_who_is_answered_with_anothers_booking_is_not_told_that_hers_is_booked(
    salon: Company, sandbox: SandboxClient
) -> None:
    Conversation().says().asks("book_appointment", **WISH)
    (first,) = sandbox.bookings()
    sandbox.fault("calcom.create_booking", status=201, body={"status": "success", "data": first})
    told = Conversation(SOMEBODY_ELSE).says().asks("book_appointment", **{**WISH, "name": "Ida Ulme"})
    assert told["status"] == "handed_over"
    assert FollowUp.objects.get(call__from_number=SOMEBODY_ELSE).status == "open"
    assert [row.call.from_number for row in Appointment.objects.filter(calcom_uid=first["uid"])] == [NUMBER]
    assert [booking["status"] for booking in sandbox.bookings()] == ["accepted"]


def test_incident_03_her_own_reservation_does_not_keep_her_from_her_time(
    salon: Company, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.functions.conversation.WRITE_WITHIN", 0.0)
    sandbox.fault("calcom.create_booking", status=500, times=2)
    conversation = Conversation().says()
    assert conversation.asks("book_appointment", **WISH)["status"] == "pending"
    with suppress(JobError):
        create_appointment_from_call(call_id=Call.objects.get().pk)
    assert Appointment.objects.get().status == "requested", "the time is held for her"
    assert free_times(Service.objects.get(name="Färben"), AT, AT + timedelta(minutes=1)) == [], "and from others"
    assert conversation.says().asks("check_availability", **WISH)["status"] == "pending"
    sandbox.clear_faults()
    with time_machine.travel(NOW + timedelta(minutes=5)):
        create_appointment_from_call(call_id=Call.objects.get().pk)
    assert Appointment.objects.get().status == "confirmed"


def test_incident_04_what_cal_com_does_not_know_yet_is_not_free_for_others(
    salon: Company, sandbox: SandboxClient
) -> None:
    sandbox.fault("calcom.create_booking", status=503)
    tell(Conversation(), "call_ended", "call_analyzed", collected_dynamic_variables=SAID)
    run_jobs()
    assert sandbox.bookings() == [] and Appointment.objects.get().calcom_uid is None
    other = Conversation(SOMEBODY_ELSE).says()
    # Färben takes 90 minutes: the same time, one that reaches into it, one within it, and the first after it.
    told = [
        other.asks("check_availability", **{**WISH, "time": clock}) for clock in ("14:00", "13:15", "15:00", "15:30")
    ]
    assert [answer["status"] for answer in told] == ["taken", "taken", "taken", "free"]


def test_incident_05_what_was_booked_in_this_call_is_not_taken_from_who_booked_it(salon: Company) -> None:
    conversation = Conversation().says()
    conversation.asks("book_appointment", **WISH)
    told = conversation.says("Ist das noch frei?").asks("check_availability", **WISH)
    assert told["status"] == "booked"
    assert told["spoken"] == "Den Termin am Donnerstag, dem dritten Dezember, um vierzehn Uhr haben Sie schon."
    assert Conversation(SOMEBODY_ELSE).says().asks("check_availability", **WISH)["status"] == "taken"


def test_incident_06_whatever_jobs_are_lost_she_has_her_appointment_and_hears_of_it(
    salon: Company, sandbox: SandboxClient
) -> None:
    tell(Conversation(), "call_ended", "call_analyzed", collected_dynamic_variables=SAID)
    ran: list[str] = []
    with time_machine.travel(NOW, tick=False) as clock:
        while not Notification.objects.filter(channel="sms", status="sent").exists():
            # Of all that was sent, nothing is left; a while later the sweepers come by.
            Job.objects.all().delete()
            clock.shift(timedelta(minutes=6))
            for path in settings.SWEEPERS:
                import_string(path)()
            ran.append(run_one_of_those_not_in(ran))
            assert len(ran) < 15, ran
    assert [booking["status"] for booking in sandbox.bookings()] == ["accepted"]
    assert (Call.objects.get().outcome, Appointment.objects.get().status) == ("booked", "confirmed")
    assert Notification.objects.filter(channel="sms").count() == len(sandbox.messages(NUMBER)) == 1


def run_one_of_those_not_in(ran: list[str]) -> str:
    """Run the first job that is ready, if possible one of a kind that did not run yet."""
    ready = list(Job.objects.filter(status=Job.Status.QUEUED).order_by("id"))
    job = next((each for each in ready if each.actor_name not in ran), ready[0])
    get_broker().get_actor(job.actor_name)(*job.args, **job.kwargs)
    return job.actor_name


def test_incident_08_an_error_after_the_booking_is_no_error_for_the_caller(
    salon: Company, sandbox: SandboxClient
) -> None:
    sandbox.fault("calcom.create_booking", status=400, effect=True)
    told = Conversation().says().asks("book_appointment", **WISH)
    assert told["status"] == "booked"
    (booking,) = sandbox.bookings()
    assert Appointment.objects.get().calcom_uid == booking["uid"]


def test_incident_20_a_date_that_the_agent_made_up_is_asked_about_and_left_to_a_person(
    salon: Company, sandbox: SandboxClient
) -> None:
    for day in ("10.06.2024", "12.06.2028"):
        conversation = Conversation().says("Am Montag um zehn.")
        assert conversation.asks("book_appointment", **{**WISH, "date": day})["status"] == "ask"
        tell(conversation, "call_ended", "call_analyzed", collected_dynamic_variables={**SAID, "datum": day})
    run_jobs()
    assert FollowUp.objects.filter(status="open").count() == Call.objects.count() == 2
    assert sandbox.bookings() == [] and not Appointment.objects.exists()


def test_incident_22_the_agents_name_is_not_the_callers(salon: Company, sandbox: SandboxClient) -> None:
    spoken = "Agent: Mein Name ist Tina, was kann ich für Sie tun?\nUser: Färben bitte, Donnerstag um 14 Uhr."
    fields = {key: value for key, value in SAID.items() if key != "name"}
    tell(Conversation(), "call_ended", "call_analyzed", transcript=spoken, collected_dynamic_variables=fields)
    run_jobs()
    assert "Tina" not in Customer.objects.get().name
    (booking,) = sandbox.bookings()
    assert "Tina" not in json.dumps(booking)


def test_incident_23_a_mother_who_books_for_her_child_keeps_her_name(salon: Company, sandbox: SandboxClient) -> None:
    Customer.objects.create(company=salon, name="Derya Öztürk", phone=NUMBER)
    conversation = Conversation().says()
    conversation.asks("book_appointment", **{**WISH, "name": "Mila Öztürk"})
    tell(conversation, "call_ended", "call_analyzed", collected_dynamic_variables={**SAID, "name": "Mila Öztürk"})
    run_jobs()
    assert Customer.objects.get().name == "Derya Öztürk"
    assert Appointment.objects.get().attendee_name == "Mila Öztürk"
    assert [booking["attendees"][0]["name"] for booking in sandbox.bookings()] == ["Mila Öztürk"]


def test_incident_24_callers_who_hide_their_number_book_and_are_two_people(
    salon: Company, sandbox: SandboxClient
) -> None:
    for hour in ("10 Uhr", "15 Uhr"):
        told = Conversation("anonymous").says().asks("book_appointment", **{**WISH, "time": hour})
        assert told["status"] == "booked"
    assert Customer.objects.filter(phone=None).count() == Customer.objects.count() == 2
    addresses = {booking["attendees"][0]["email"] for booking in sandbox.bookings("accepted")}
    assert len(addresses) == 2


def test_incident_30_nothing_is_called_booked_before_cal_com_has_booked(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.create_booking", status=503)
    conversation = Conversation().says()
    told = conversation.asks("book_appointment", **WISH)
    assert told["status"] == "pending" and "gebucht" not in told["spoken"]
    analysis = {"call_successful": True, "call_summary": "Der Termin ist gebucht."}
    tell(conversation, "call_analyzed", collected_dynamic_variables=SAID, call_analysis=analysis)
    assert (Call.objects.get().outcome, Appointment.objects.get().status) == ("pending", "requested")
    assert not Notification.objects.filter(kind="confirmation").exists()
    run_jobs()
    assert not Notification.objects.filter(kind="confirmation").exists()
    with time_machine.travel(NOW + timedelta(minutes=2)):
        run_jobs(due_or_not=True)
    assert (Call.objects.get().outcome, Appointment.objects.get().status) == ("booked", "confirmed")
    assert len(sandbox.messages(NUMBER)) == 1


@pytest.mark.parametrize(
    ("said_at", "day", "booked", "written"),
    [
        ("2026-12-02T22:59", "morgen", "2026-12-03T15:00", "Do 03.12.2026, 16:00 Uhr"),
        ("2027-03-27T22:59", "Dienstag", "2027-03-30T14:00", "Di 30.03.2027, 16:00 Uhr"),
        ("2027-10-30T21:59", "Dienstag", "2027-11-02T15:00", "Di 02.11.2027, 16:00 Uhr"),
    ],
    ids=["midnight", "midnight before summer time", "midnight before winter time"],
)
def test_scenario_07_what_is_said_a_minute_before_midnight_and_worked_on_after_it_is_at_the_hour_that_was_said(
    salon: Company, sandbox: SandboxClient, said_at: str, day: str, booked: str, written: str
) -> None:
    Company.objects.update(quiet_from="00:00", quiet_until="00:00")
    moment = datetime.fromisoformat(said_at).replace(tzinfo=UTC)
    sandbox.set_calcom_clock(moment)
    fields = {**SAID, "datum": day, "uhrzeit": "16 Uhr"}
    with time_machine.travel(moment, tick=False) as clock:
        tell(Conversation(), "call_ended", "call_analyzed", collected_dynamic_variables=fields)
        clock.shift(timedelta(minutes=6))
        run_jobs()
    (booking,) = sandbox.bookings()
    assert booking["start"].startswith(booked)
    (message,) = sandbox.messages(NUMBER)
    assert written in message["body"]
