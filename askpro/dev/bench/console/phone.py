"""Calls, and what follows of them: requests, appointments, follow-ups, messages."""

from typing import Final

from appointments.models import Appointment, CalcomUid, DailyCount, FollowUp, FreedTime, Reminder, WaitingEntry
from askpro.dev.bench.console.filling import Fixed, fill, noise, one_of
from askpro.dev.bench.console.salons import branch_of, customer_of, number_of, of_call, service_of, staff_of
from askpro.dev.bench.console.scale import COMPANIES, DAYS_OF_CALLS, Scale
from calls.models import BookingRequest, Call, FunctionCall
from notifications.models import Notification

TRANSCRIPT: Final = "Agent: Salon Käthe Grün, guten Tag.\nKunde: Ich hätte gern einen Termin am Freitag.\n" * 12
WORDS: Final = "Irgendwann Freitag nachmittags, aber nicht zu spät, weil ich um sechs die Kinder abholen muss."
# Every second call becomes an appointment, every fifth a follow-up, of which one in ten is still open.
CALLS_OF_AN_APPOINTMENT: Final = 2
CALLS_OF_A_FOLLOW_UP: Final = 5


def at(call: str, scale: Scale) -> str:
    """SQL for the moment of a call: evenly over the days, up to a minute ago."""
    return (
        f"(now() - interval '1 minute' - interval '1 second' * {DAYS_OF_CALLS * 86_400}"
        f" * (1 - ({call}) / {scale.calls}::float8))"
    )


def call_id(call: str) -> str:
    return f"'call_' || md5(({call})::text)"


def fill_calls(scale: Scale) -> None:
    fill(
        Call,
        scale.calls,
        company_id=of_call(),
        branch_id=branch_of(),
        phone_number_id=branch_of(),
        customer_id=customer_of("n", scale),
        retell_call_id=call_id("n"),
        agent_id="'agent_' || n % 40",
        direction="'inbound'",
        from_number=number_of(customer_of("n", scale)),
        to_number="'+4922100' || lpad((n % 400)::text, 5, '0')",
        status="'analyzed'",
        outcome=one_of("booked", "follow_up", "booked", "no_request", "booked", "changed", "not_connected"),
        started_at=at("n", scale),
        ended_at=at("n", scale) + " + interval '90 seconds'",
        created_at=at("n", scale),
        updated_at=at("n", scale),
        duration_ms="90000",
        transcript=Fixed(TRANSCRIPT),
        summary=Fixed("Möchte am Freitag kommen."),
        extracted_at=at("n", scale) + " + interval '95 seconds'",
        end_heard_at=at("n", scale) + " + interval '91 seconds'",
        needs_review="n % 50 = 0",
    )
    _requests(scale)
    fill(
        FunctionCall,
        scale.calls,
        call_id="n",
        name=one_of("find_times", "book", "cancel"),
        key="md5(n::text)",
        outcome="'told'",
        answer=Fixed({"says": "Am Freitag um zehn."}),
        taken_at=at("n", scale),
        answered_at=at("n", scale),
        created_at=at("n", scale),
    )


def _requests(scale: Scale) -> None:
    fill(
        BookingRequest,
        scale.calls,
        call_id="n",
        branch_id=branch_of(),
        company_id=of_call(),
        customer_id=customer_of("n", scale),
        status="CASE WHEN n % 2 = 0 THEN 'booked' WHEN n % 5 = 0 THEN 'follow_up' ELSE 'dropped' END",
        date_words="'am Freitag'",
        name="'Ayşe Groß'",
        contact_phone=number_of(customer_of("n", scale)),
        service_id=service_of(),
        created_at=at("n", scale),
    )


def fill_appointments(scale: Scale) -> None:
    call, count = f"n * {CALLS_OF_AN_APPOINTMENT}", scale.calls // CALLS_OF_AN_APPOINTMENT
    # Whole hours of the four weeks after the call.
    starts = f"(date_trunc('hour', {at(call, scale)}) + interval '1 hour' * (24 + {noise('start')} % 650))"
    status = (
        f"CASE WHEN n % 9 = 0 THEN 'cancelled' WHEN n % 400 = 1 THEN 'requested'"
        f" WHEN {starts} > now() THEN 'confirmed' WHEN n % 31 = 0 THEN 'no_show' ELSE 'completed' END"
    )
    fill(
        Appointment,
        count,
        company_id=of_call(call),
        branch_id=branch_of(call),
        customer_id=customer_of(call, scale),
        staff_id=staff_of(call),
        service_id=service_of(call),
        call_id=call,
        booking_request_id=call,
        starts_at=starts,
        ends_at=f"{starts} + interval '45 minutes'",
        status=status,
        sync_status="'synced'",
        calcom_uid="'uid' || n",
        calcom_booking_id="900000 + n",
        attendee_name="'Ayşe Groß'",
        attendee_phone=number_of(customer_of(call, scale)),
        created_at=at(call, scale),
        updated_at=at(call, scale),
    )
    fill(CalcomUid, count, company_id=of_call(call), uid="'uid' || n", appointment_id="n")
    fill(
        Reminder,
        count,
        company_id=of_call(call),
        appointment_id="n",
        kind="'reminder'",
        starts_at=starts,
        minutes="1440",
        due_at=f"{starts} - interval '1 day'",
        state=f"CASE WHEN {starts} > now() + interval '1 day' THEN 'due' ELSE 'sent' END",
        created_at=at(call, scale),
    )
    _freed(scale)


def _freed(scale: Scale) -> None:
    call = f"n * 9 * {CALLS_OF_AN_APPOINTMENT}"
    fill(
        FreedTime,
        scale.calls // CALLS_OF_AN_APPOINTMENT // 9,
        company_id=of_call(call),
        appointment_id="n * 9",
        branch_id=branch_of(call),
        service_id=service_of(call),
        staff_id=staff_of(call),
        starts_at="now() + interval '1 hour' * (n % 600)",
        ends_at="now() + interval '1 hour' * (n % 600 + 1)",
        state="'over'",
        ending="'nobody'",
        created_at=at(call, scale),
        ended_at=at(call, scale),
    )
    fill(
        WaitingEntry,
        scale.calls // 50,
        company_id=of_call("n * 50"),
        customer_id=customer_of("n * 50", scale),
        service_id=service_of("n * 50"),
        first_day="current_date + (n % 20)::int",
        last_day="current_date + (n % 20)::int + 7",
        weekdays=Fixed([1, 2, 3]),
    )


def fill_follow_ups(scale: Scale) -> None:
    call = f"n * {CALLS_OF_A_FOLLOW_UP}"
    is_open = "n % 10 = 0"
    fill(
        FollowUp,
        scale.calls // CALLS_OF_A_FOLLOW_UP,
        company_id=of_call(call),
        branch_id=branch_of(call),
        call_id=call,
        booking_request_id=call,
        customer_id=customer_of(call, scale),
        reason=one_of("slot_gone", "unclear", "callback", "wants_move", "provider_down"),
        status=f"CASE WHEN {is_open} THEN 'open' ELSE 'done' END",
        words=Fixed(WORDS),
        due_at=at(call, scale) + " + interval '4 hours'",
        created_at=at(call, scale),
        resolved_at=f"CASE WHEN {is_open} THEN NULL ELSE {at(call, scale)} + interval '2 hours' END",
    )


def fill_messages(scale: Scale) -> None:
    """Two to each appointment, the oldest first."""
    appointment = "((n + 1) / 2)"
    call = f"{appointment} * {CALLS_OF_AN_APPOINTMENT}"
    is_sms = "n % 2 = 0"
    fill(
        Notification,
        scale.calls // CALLS_OF_AN_APPOINTMENT * 2,
        company_id=of_call(call),
        appointment_id=appointment,
        call_id=call,
        customer_id=customer_of(call, scale),
        kind="'confirmation'",
        channel=f"CASE WHEN {is_sms} THEN 'sms' ELSE 'email' END",
        status=f"CASE WHEN n % 100 = 0 THEN 'failed' WHEN {is_sms} THEN 'delivered' ELSE 'sent' END",
        recipient=f"CASE WHEN {is_sms} THEN {number_of(customer_of(call, scale))} ELSE 'gast@example.org' END",
        text=Fixed("Salon Käthe Grün: Ihr Termin am 30.11. um 10:00 Uhr ist bestätigt."),
        provider_id=f"CASE WHEN {is_sms} THEN 'SM' || md5(n::text) END",
        error_code="CASE WHEN n % 100 = 0 THEN '30003' ELSE '' END",
        created_at=at(call, scale),
        sent_at=at(call, scale),
        delivered_at=f"CASE WHEN {is_sms} THEN {at(call, scale)} END",
    )
    fill(
        DailyCount,
        COMPANIES * DAYS_OF_CALLS,
        company_id=f"1 + (n - 1) % {COMPANIES}",
        day=f"current_date - ((n - 1) / {COMPANIES})::int",
        calls="40",
        requests="30",
        bookings="20",
        follow_ups="8",
    )
