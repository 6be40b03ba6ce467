"""Each row that does not add up is found, and no other; where everything adds up nothing is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment, CalcomUid, Change, FollowUp, FreedTime, Offer, Question, Reminder
from askpro.commands.balance import Finding, Span
from askpro.queues.models import Job
from calls.management.commands.balance import RULES
from calls.models import BookingRequest, Call
from notifications.models import Notification
from tests.appointments.balance.salon_at_work import SalonAtWork, follow_up_of, message_of, salon_at_work
from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.salon import NOW
from webhooks.models import WebhookEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Broken = set[tuple[str, int]]
Spoil = Callable[[SalonAtWork], Broken]
SPOILED: list[Spoil] = []


@pytest.fixture
def world(calendar: CalcomStub) -> SalonAtWork:
    return salon_at_work()


def found(**span: Any) -> list[Finding]:
    now = timezone.now()
    seen = Span(**{"since": now - timedelta(days=7), "until": now + timedelta(seconds=1)} | span)
    return [finding for rule in RULES for finding in rule.findings(seen)]


def spoil(made: Spoil) -> Spoil:
    SPOILED.append(made)
    return made


def end_jobs(actor: str, state: str = "completed") -> None:
    Job.objects.filter(actor_name=actor).update(status=state)


def test_where_everything_adds_up_nothing_is_found(world: SalonAtWork) -> None:
    assert found() == []


@spoil
def a_call_that_was_never_written(world: SalonAtWork) -> Broken:
    event = WebhookEvent.objects.get(status="processed")
    WebhookEvent.objects.filter(pk=event.pk).update(subject="call_unknown")
    return {("a_processed_event_has_its_call", event.pk)}


@spoil
def an_event_without_a_job(world: SalonAtWork) -> Broken:
    end_jobs("process_retell_call_ended")
    return {("a_received_event_has_its_job", world.event.pk)}


@spoil
def an_event_whose_job_gave_up(world: SalonAtWork) -> Broken:
    world.event.mark_failed("Job 7 gave up: OperationalError")
    return {("no_event_has_failed", world.event.pk)}


@spoil
def a_call_without_an_end(world: SalonAtWork) -> Broken:
    long_ago = NOW - timedelta(days=2)
    Call.objects.filter(pk=world.silent.pk).update(status="ongoing", started_at=long_ago)
    return {("a_call_ends", world.silent.pk)}


@spoil
def an_ended_call_that_nobody_reads(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.silent.pk).update(outcome="pending", extracted_at=None)
    return {("an_ended_call_is_read", world.silent.pk)}


@spoil
def a_call_without_an_outcome(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.silent.pk).update(outcome="pending")
    return {("a_read_call_has_an_outcome", world.silent.pk)}


@spoil
def a_call_that_was_booked_by_nobody(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.silent.pk).update(outcome="booked")
    return {("a_booked_call_has_its_booking", world.silent.pk)}


@spoil
def a_call_whose_agent_failed_to_book(world: SalonAtWork) -> Broken:
    tools = {"tools": [{"name": "book_appointment", "successful": False}]}
    world.silent.variables, world.silent.outcome = tools, "booked"
    world.silent.save()
    return {("a_booked_call_has_its_booking", world.silent.pk)}


@spoil
def a_call_that_nobody_follows_up(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.silent.pk).update(outcome="follow_up")
    return {("a_followed_up_call_has_its_follow_up", world.silent.pk)}


@spoil
def a_call_that_changed_nothing(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.silent.pk).update(outcome="changed")
    return {("a_changed_call_has_its_change", world.silent.pk)}


@spoil
def a_call_that_counts_as_without_a_request(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.booked.call_id).update(outcome="no_request")
    return {("a_call_without_request_has_none", world.booked.call_id or 0)}


@spoil
def a_call_that_counts_as_not_connected(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.being_booked.call_id).update(outcome="not_connected")
    return {("a_call_without_request_has_none", world.being_booked.call_id or 0)}


@spoil
def a_lost_call_that_nobody_knows_of(world: SalonAtWork) -> Broken:
    Notification.objects.filter(follow_up__call=world.lost).delete()
    FollowUp.objects.filter(call=world.lost).delete()
    return {("a_lost_call_has_its_follow_up", world.lost.pk)}


@spoil
def an_open_request_without_a_job(world: SalonAtWork) -> Broken:
    end_jobs("create_appointment_from_call")
    return {("an_open_request_is_worked_on", world.being_booked.pk)}


@spoil
def an_open_request_whose_job_is_dead(world: SalonAtWork) -> Broken:
    end_jobs("create_appointment_from_call", "dead")
    return {("an_open_request_is_worked_on", world.being_booked.pk)}


@spoil
def a_booked_request_without_a_booking(world: SalonAtWork) -> Broken:
    BookingRequest.objects.filter(pk=world.being_booked.pk).update(status="booked")
    return {
        ("a_booked_request_has_its_booking", world.being_booked.pk),
    }


@spoil
def a_request_left_to_nobody(world: SalonAtWork) -> Broken:
    asked = follow_up_of(world)
    Notification.objects.filter(follow_up=asked).delete()
    asked.delete()
    return {
        ("a_request_left_to_a_person_has_its_follow_up", world.left_to_a_person.pk),
        ("a_followed_up_call_has_its_follow_up", world.left_to_a_person.call_id or 0),
    }


@spoil
def a_request_that_changed_nothing(world: SalonAtWork) -> Broken:
    BookingRequest.objects.filter(pk=world.being_booked.pk).update(status="changed")
    return {("a_changed_request_has_its_change", world.being_booked.pk)}


@spoil
def a_confirmed_appointment_that_was_never_booked(world: SalonAtWork) -> Broken:
    Appointment.objects.filter(pk=world.booked.pk).update(calcom_uid=None)
    return {
        ("an_agreed_appointment_is_booked", world.booked.pk),
        ("a_booked_request_has_its_booking", world.booked.booking_request_id or 0),
        ("a_booked_call_has_its_booking", world.booked.call_id or 0),
    }


@spoil
def a_reservation_that_nobody_releases(world: SalonAtWork) -> Broken:
    request = world.left_to_a_person
    begins = {"starts_at": NOW + timedelta(days=9), "ends_at": NOW + timedelta(days=9, hours=1)}
    reserved = Appointment.objects.create(company=request.company, booking_request=request, **begins)
    return {("a_reservation_ends", reserved.pk)}


@spoil
def a_wanted_change_without_a_job(world: SalonAtWork) -> Broken:
    end_jobs("carry_out_change")
    return {("a_waiting_change_is_worked_on", world.wanted.pk)}


@spoil
def a_cancellation_that_did_not_happen(world: SalonAtWork) -> Broken:
    Appointment.objects.filter(pk=world.cancelled.pk).update(status="completed")
    return {("a_carried_out_change_shows", Change.objects.get(state="done").pk)}


@spoil
def a_move_that_did_not_happen(world: SalonAtWork) -> Broken:
    values = {"company": world.booked.company, "before": world.booked.starts_at, "channel": "sms", "kind": "move"}
    new = world.booked.starts_at + timedelta(days=1)
    change = Change.objects.create(appointment=world.booked, state="done", starts_at=new, **values)
    return {("a_carried_out_change_shows", change.pk)}


@spoil
def a_surplus_booking_that_nobody_cancels(world: SalonAtWork) -> Broken:
    end_jobs("cancel_surplus_bookings")
    return {("a_surplus_booking_is_cancelled", world.surplus.pk)}


@spoil
def a_follow_up_of_a_booked_wish(world: SalonAtWork) -> Broken:
    asked = follow_up_of(world)
    FollowUp.objects.filter(pk=asked.pk).update(booking_request=world.booked.booking_request_id)
    BookingRequest.objects.filter(pk=world.left_to_a_person.pk).update(status="dropped")
    return {("a_settled_wish_asks_nobody", asked.pk)}


@spoil
def a_follow_up_of_a_job_whose_wish_is_settled(world: SalonAtWork) -> Broken:
    asked = follow_up_of(world)
    FollowUp.objects.filter(pk=asked.pk).update(reason="provider_down")
    return {("a_settled_wish_asks_nobody", asked.pk)}


@spoil
def a_follow_up_of_a_call_that_was_read(world: SalonAtWork) -> Broken:
    Call.objects.filter(pk=world.lost.pk).update(extracted_at=NOW)
    return {("a_read_call_asks_nobody", FollowUp.objects.get(call=world.lost).pk)}


@spoil
def a_follow_up_of_a_change_that_has_ended(world: SalonAtWork) -> Broken:
    asked = follow_up_of(world)
    values = {"topic": "change", "reason": "wants_cancel", "detail": "change_waits"}
    FollowUp.objects.filter(pk=asked.pk).update(appointment=world.booked, **values)
    return {("an_ended_change_asks_nobody", asked.pk)}


@spoil
def a_follow_up_of_a_booking_that_is_cancelled(world: SalonAtWork) -> Broken:
    asked = follow_up_of(world)
    CalcomUid.objects.filter(pk=world.surplus.pk).update(ended_at=NOW)
    FollowUp.objects.filter(pk=asked.pk).update(reason="not_cancelled", topic="not_cancelled", appointment=world.booked)
    return {("a_cancelled_booking_asks_nobody", asked.pk)}


@spoil
def a_confirmation_that_was_never_written(world: SalonAtWork) -> Broken:
    message_of(world.booked).delete()
    return {("a_confirmed_appointment_is_told", world.booked.pk)}


@spoil
def a_confirmation_of_another_version(world: SalonAtWork) -> Broken:
    Appointment.objects.filter(pk=world.booked.pk).update(version=2)
    return {("a_confirmed_appointment_is_told", world.booked.pk)}


@spoil
def a_cancellation_that_was_never_told(world: SalonAtWork) -> Broken:
    message_of(world.cancelled).delete()
    return {("a_cancellation_is_told", world.cancelled.pk)}


@spoil
def a_customer_whom_no_message_reached(world: SalonAtWork) -> Broken:
    Notification.objects.filter(pk=message_of(world.booked).pk).update(status="failed")
    return {("nobody_is_left_untold", world.booked.pk)}


@spoil
def a_customer_who_was_told_twice(world: SalonAtWork) -> Broken:
    first = message_of(world.booked)
    values = {"company": first.company, "appointment": world.booked, "version": first.version, "channel": "sms"}
    again = Notification.objects.create(kind="rescheduled", status="delivered", provider_id="SM7", **values)
    return {("a_customer_is_told_once", again.pk)}


@spoil
def an_unsent_message_without_a_job(world: SalonAtWork) -> Broken:
    first = message_of(world.booked)
    end_jobs("send_sms_notification")
    Notification.objects.filter(pk=first.pk).update(status="unknown")
    return {("an_unsent_message_has_its_job", first.pk)}


@spoil
def a_sent_sms_without_an_id(world: SalonAtWork) -> Broken:
    first = message_of(world.booked)
    Notification.objects.filter(pk=first.pk).update(provider_id=None)
    return {("a_sent_sms_has_its_id", first.pk)}


@spoil
def an_sms_that_was_tried_for_ever(world: SalonAtWork) -> Broken:
    first = message_of(world.booked)
    Notification.objects.filter(pk=first.pk).update(reopened=5)
    return {("a_message_is_not_sent_over_and_over", first.pk)}


@spoil
def a_mail_that_was_tried_for_ever(world: SalonAtWork) -> Broken:
    mail = Notification.objects.filter(channel="email").earliest("pk")
    Notification.objects.filter(pk=mail.pk).update(reopened=2)
    return {("a_message_is_not_sent_over_and_over", mail.pk)}


@spoil
def an_appointment_that_nobody_reminds_of(world: SalonAtWork) -> Broken:
    Reminder.objects.filter(appointment=world.booked).delete()
    return {("a_confirmed_appointment_has_its_reminders", world.booked.pk)}


@spoil
def a_reminder_of_another_time(world: SalonAtWork) -> Broken:
    reminder = reminder_of(world)
    Reminder.objects.filter(pk=reminder.pk).update(starts_at=reminder.starts_at - timedelta(hours=1))
    return {
        ("a_waiting_reminder_is_true", reminder.pk),
        ("a_confirmed_appointment_has_its_reminders", world.booked.pk),
    }


@spoil
def a_reminder_whose_time_has_passed(world: SalonAtWork) -> Broken:
    reminder = reminder_of(world)
    Reminder.objects.filter(pk=reminder.pk).update(due_at=NOW - timedelta(hours=1))
    return {("a_due_reminder_is_decided", reminder.pk)}


@spoil
def a_freed_time_that_stands_still(world: SalonAtWork) -> Broken:
    freed = freed_time(world, due_at=NOW - timedelta(hours=1))
    return {("a_freed_time_goes_on", freed.pk)}


@spoil
def an_offer_that_does_not_end(world: SalonAtWork) -> Broken:
    late = Offer.objects.create(
        company=world.booked.company, freed_time=freed_time(world), ends_at=NOW - timedelta(hours=1)
    )
    return {("an_open_offer_can_be_accepted", late.pk)}


@spoil
def an_offer_of_a_time_that_is_over(world: SalonAtWork) -> Broken:
    over = freed_time(world, state="booked")
    offer = Offer.objects.create(company=world.booked.company, freed_time=over, ends_at=NOW + timedelta(hours=1))
    return {("an_open_offer_can_be_accepted", offer.pk)}


@spoil
def an_accepted_offer_without_a_wish(world: SalonAtWork) -> Broken:
    freed = freed_time(world, state="accepted")
    offer = Offer.objects.create(
        company=world.booked.company, freed_time=freed, ends_at=NOW + timedelta(hours=1), state="accepted"
    )
    return {("an_accepted_offer_is_booked", offer.pk)}


@spoil
def a_question_that_stays_open(world: SalonAtWork) -> Broken:
    asked = question(world.booked, ends_at=NOW - timedelta(hours=1))
    return {("a_question_ends", asked.pk)}


@spoil
def a_question_about_a_cancelled_appointment(world: SalonAtWork) -> Broken:
    cancelled = Appointment.objects.filter(status="cancelled").earliest("pk")
    asked = question(cancelled, ends_at=NOW + timedelta(hours=1))
    return {("an_open_question_is_about_something", asked.pk)}


def reminder_of(world: SalonAtWork) -> Reminder:
    return Reminder.objects.filter(appointment=world.booked, state="due").earliest("pk")


def freed_time(world: SalonAtWork, **values: Any) -> FreedTime:
    of = world.booked
    times = {"starts_at": of.starts_at, "ends_at": of.ends_at, "due_at": NOW + timedelta(hours=1)}
    return FreedTime.objects.create(
        company=of.company, appointment=of, branch=of.branch, service=of.service, **times | values
    )


def question(about: Appointment, **values: Any) -> Question:
    whom = {"number": "+4915550100499", "sender": "+493023125210", "kind": Question.Kind.REMINDER}
    return Question.objects.create(company=about.company, appointment=about, asked_at=NOW, **whom | values)


def test_it_finds_exactly_what_was_spoiled(world: SalonAtWork) -> None:
    wrong, rules = {}, set()
    for spoiled in SPOILED:
        with transaction.atomic():
            broken, seen = spoiled(world), found()
            if {(finding.rule, finding.id) for finding in seen} != broken:
                wrong[spoiled.__name__] = seen
            assert {finding.company for finding in seen} <= {world.booked.company.slug}
            rules |= {rule for rule, _ in broken}
            transaction.set_rollback(True)
    assert wrong == {}
    assert rules == {rule.name for rule in RULES}, "every rule is spoiled"


def test_it_looks_at_one_company_and_one_time_only(world: SalonAtWork) -> None:
    an_open_request_without_a_job(world)
    assert len(found(company_id=world.booked.company_id)) == 1
    assert found(company_id=world.booked.company_id + 1) == []
    assert found(until=NOW - timedelta(days=1)) == []


def test_a_call_that_the_agent_booked_itself_adds_up(world: SalonAtWork) -> None:
    tools = {"tools": [{"name": "book_appointment", "successful": True}]}
    world.silent.variables, world.silent.outcome = tools, "booked"
    world.silent.save()
    assert found() == []


def test_a_request_that_waits_for_the_host_adds_up(world: SalonAtWork) -> None:
    Appointment.objects.filter(pk=world.booked.pk).update(status="requested")
    Reminder.objects.filter(appointment=world.booked).update(state="void")
    BookingRequest.objects.filter(pk=world.booked.booking_request_id).update(status="open")
    assert found() == []
