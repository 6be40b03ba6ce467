"""A company's rows of long ago, one of each table that ends: who called, what was said, what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model

from appointments.models import Appointment, Attempt, CalcomUid, Change, FollowUp, Question
from askpro.console.models import Deed
from askpro.privacy.models import Read
from calls.models import BookingRequest, Call, Customer, FunctionCall, PhoneNumber
from notifications.models import Notification
from tests.calls.practice import practice
from webhooks.models import WebhookEvent

NOW = datetime(2026, 11, 30, 2, 15, tzinfo=UTC)
# Distinctive words, which must be nowhere when their time is over.
WORD = "Zeisig"
MOBILE = "+4915551230077"


def story(age: timedelta, call_id: str = "call_old", phone: str = MOBILE, is_open: bool = False) -> dict[str, Any]:
    """Everything about one call of so long ago; `is_open` leaves all of its work pending."""
    number = PhoneNumber.objects.first() or practice()
    at = NOW - age
    company, branch = number.company, number.branch
    customer = Customer.objects.create(company=company, name=f"Frau {WORD}", phone=phone, last_contact_at=at)
    call = Call.objects.create(
        company=company,
        branch=branch,
        phone_number=number,
        customer=customer,
        retell_call_id=call_id,
        from_number=phone,
        to_number=number.number,
        status="ongoing" if is_open else "analyzed",
        outcome="pending" if is_open else "booked",
        transcript=f"User: Hier ist {WORD}.",
        recording_url=f"https://recordings.example/{WORD}",
        summary=WORD,
        variables={"collected": {"name": WORD}},
        analysis={"summary": WORD},
        duration_ms=61_000,
        cost_usd="0.1234",
        started_at=at,
        extracted_at=None if is_open else at,
    )
    request = BookingRequest.objects.create(
        call=call,
        company=company,
        status="open" if is_open else "booked",
        name=WORD,
        notes=WORD,
        date_words=f"Freitag, {WORD}",
        contact_phone=phone,
    )
    ends = at if not is_open else NOW + timedelta(days=1)
    appointment = Appointment.objects.create(
        company=company,
        branch=branch,
        customer=customer,
        call=call,
        booking_request=request,
        starts_at=ends - timedelta(minutes=30),
        ends_at=ends,
        status="requested" if is_open else "completed",
        attendee_name=WORD,
        attendee_phone=phone,
        notes=WORD,
        calcom_uid=f"uid-{call_id}",
    )
    follow_up = FollowUp.objects.create(
        company=company,
        call=call,
        booking_request=request,
        customer=customer,
        reason="unclear",
        status="open" if is_open else "done",
        words=WORD,
        note=WORD,
        due_at=at,
    )
    message = Notification.objects.create(
        company=company,
        appointment=appointment,
        customer=customer,
        kind="confirmation",
        channel="sms",
        status="pending" if is_open else "delivered",
        recipient=phone,
        text=WORD,
        provider_id=f"SM-{call_id}",
    )
    made: list[Model] = [customer, call, request, appointment, follow_up, message]
    made += [
        FunctionCall.objects.create(call=call, name="find_appointment", key="k", answer={"spoken": WORD}, taken_at=at),
        Attempt.objects.create(follow_up=follow_up, again_at=at, note=WORD),
        CalcomUid.objects.create(
            company=company,
            uid=f"uid-{call_id}",
            appointment=appointment,
            end_reason=WORD,
            ended_at=None if is_open else at,
        ),
        Change.objects.create(
            company=company,
            appointment=appointment,
            kind="cancel",
            channel="sms",
            state="waiting" if is_open else "done",
            reason=WORD,
            before=at,
        ),
        Question.objects.create(
            company=company,
            customer=customer,
            number=phone,
            sender="+493012345",
            kind="reminder",
            state="open" if is_open else "expired",
            asked_at=at,
            ends_at=at,
        ),
        Read.objects.create(
            who=WORD,
            kind="calls.call",
            object_id=str(call.pk),
            company=company,
            page="x",
            hour=at,
            first_at=at,
            last_at=at,
            count=1,
        ),
    ]
    for status in ["received"] if is_open else ["processed", "failed"]:
        made.append(
            WebhookEvent.objects.create(
                provider="retell",
                event_type="call_ended" if status == "failed" else "call_analyzed",
                event_key=f"{status}:{call_id}",
                subject=call_id,
                company=company,
                status=status,
                body=f'{{"name": "{WORD}"}}'.encode(),
                headers={"User-Agent": WORD},
                query=WORD,
            )
        )
    user = User.objects.get_or_create(username="maria")[0]
    LogEntry.objects.log_actions(user.pk, [customer], 2, change_message=WORD)
    made.append(LogEntry.objects.latest("pk"))
    made.append(Deed.objects.create(at=at, who="maria", act="changed", name=WORD, reason=WORD))
    _date(made, at)
    return {type(row).__name__: row for row in made} | {"company": company}


def _date(made: list[Model], at: datetime) -> None:
    for row in made:
        fields = {field.name for field in row._meta.concrete_fields}
        dates = {name: at for name in ("created_at", "received_at", "action_time") if name in fields}
        if dates:
            type(row)._default_manager.filter(pk=row.pk).update(**dates)
