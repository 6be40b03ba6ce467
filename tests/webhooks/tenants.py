"""Companies with their own address and secret at each vendor, or without, and events about them. All invented."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import serializers

from appointments.models import Appointment, CalcomUid, FollowUp
from calls.models import BookingRequest, Branch, Call, Company, Customer, PhoneNumber, Service
from notifications.models import Notification, OptOut
from tests.webhooks.signing import CALCOM_SECRET, RETELL_KEY, TWILIO_TOKEN, recorded
from webhooks.models import Provider, WebhookAddress

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
SHARED = {Provider.RETELL: RETELL_KEY, Provider.CALCOM: CALCOM_SECRET, Provider.TWILIO: TWILIO_TOKEN}
TOLD = (Appointment, CalcomUid, FollowUp, BookingRequest, Call, Customer, Notification, OptOut)
_numbers = itertools.count(100)


@dataclass
class Tenant:
    """One company with an appointment at Cal.com, a call, and a message that Twilio took."""

    company: Company
    number: PhoneNumber
    service: Service
    booked: Appointment
    wished: Appointment
    call: Call
    message: Notification
    # By vendor, the public id of the address and the secret that signs there.
    ids: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def tenant(slug: str, *, own: bool) -> Tenant:
    n = next(_numbers)
    company = Company.objects.create(name=slug.title(), slug=slug, sms_sender=f"+49302312{n:04}")
    branch = Branch.objects.create(company=company, name="Mitte")
    agent = f"agent_{slug}"
    number = PhoneNumber.objects.create(
        company=company, branch=branch, number=f"+4930231251{n:03}"[:14], retell_agent_id=agent
    )
    service = Service.objects.create(company=company, name="Haarschnitt", calcom_event_type_id=5000 + n)
    customer = Customer.objects.create(company=company, name="Ole Linde", phone=f"+4915550100{n:03}")
    call = Call.objects.create(
        company=company, branch=branch, phone_number=number, retell_call_id=f"call_{slug}_0001", customer=customer
    )
    booked = _appointment(company, service, customer, "confirmed", calcom_uid=f"uid{slug}0001")
    CalcomUid.objects.create(company=company, uid=f"uid{slug}0001", appointment=booked)
    wished = _appointment(company, service, customer, "requested", starts_at=NOW + timedelta(days=3))
    message = Notification.objects.create(
        company=company,
        appointment=booked,
        customer=customer,
        kind="confirmation",
        channel="sms",
        status="sent",
        recipient=customer.phone,
        sender=company.sms_sender,
        provider_id=f"SM{n:032}",
        provider_status="sent",
        sending_at=NOW,
        sent_at=NOW,
    )
    made = Tenant(company, number, service, booked, wished, call, message)
    for provider in Provider.values if own else ():
        address = WebhookAddress.objects.create(
            company=company, provider=provider, account="AC" + "0" * 32 if provider == "twilio" else ""
        )
        made.ids[provider], made.secrets[provider] = address.public_id, f"{provider}-secret-of-{slug}"
        address.add_secret(made.secrets[provider])
    return made


def _appointment(company: Company, service: Service, customer: Customer, status: str, **values: Any) -> Appointment:
    starts_at = values.pop("starts_at", NOW + timedelta(days=1))
    return Appointment.objects.create(
        company=company,
        service=service,
        customer=customer,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        **values,
    )


def rows() -> set[str]:
    """All rows that an event could change, as text."""
    return {line for model in TOLD for line in serializers.serialize("jsonl", model.objects.all()).splitlines()}


def calcom(trigger: str, **changes: Any) -> dict[str, Any]:
    """The recorded event, its payload changed; a change to None takes the field away."""
    body = recorded("calcom", trigger)
    inner = body.get("payload", body)
    inner |= {"metadata": {}, **changes}
    for name in [name for name, value in inner.items() if value is None]:
        del inner[name]
    return body


def of_calcom(of: Tenant) -> dict[str, dict[str, Any]]:
    """Every event of Cal.com that changes rows of this company."""
    uid, event_type = of.booked.calcom_uid, of.service.calcom_event_type_id
    at = {"startTime": of.booked.starts_at.isoformat(), "endTime": of.booked.ends_at.isoformat()}
    known = {**at, "uid": uid, "eventTypeId": event_type, "rescheduleUid": None}
    new = {**at, "uid": f"new{uid}", "eventTypeId": event_type, "rescheduleUid": None}
    later = {
        "startTime": (of.booked.starts_at + timedelta(days=1)).isoformat(),
        "endTime": (of.booked.ends_at + timedelta(days=1)).isoformat(),
    }
    wished = {
        "startTime": of.wished.starts_at.isoformat(),
        "endTime": of.wished.ends_at.isoformat(),
        "metadata": {"askpro_booking_key": str(of.wished.booking_key)},
        "eventTypeId": None,
    }
    meeting = {
        "startTime": of.booked.starts_at.isoformat(),
        "endTime": of.booked.ends_at.isoformat(),
    }
    return {
        "created": calcom("BOOKING_CREATED", **new),
        "created by our key": calcom("BOOKING_CREATED", **{**new, **wished}),
        "requested": calcom("BOOKING_REQUESTED", **new),
        "rescheduled": calcom("BOOKING_RESCHEDULED", **{**new, **later, "rescheduleUid": uid}),
        "cancelled": calcom("BOOKING_CANCELLED", **known),
        "cancelled without a type": calcom("BOOKING_CANCELLED", **{**known, "eventTypeId": None}),
        "cancelled before it was heard of": calcom("BOOKING_CANCELLED", **new),
        "rejected": calcom("BOOKING_REJECTED", **known),
        "no-show": calcom("BOOKING_NO_SHOW_UPDATED", bookingUid=uid),
        "ended": calcom("MEETING_ENDED", uid=uid, **meeting),
    }


def of_retell(of: Tenant) -> dict[str, dict[str, Any]]:
    """Every event of Retell that changes rows of this company."""

    def call(name: str, **changes: Any) -> dict[str, Any]:
        body = recorded("retell", name)
        body["call"] |= {"to_number": of.number.number, "agent_id": "agent_unknown", **changes}
        return body

    known = of.call.retell_call_id
    return {
        "started": call("call_started", call_id=f"call_new_{of.company.slug}"),
        "ended": call("call_ended", call_id=known),
        "analyzed": call("call_analyzed", call_id=known),
        "transferred": call("transfer_bridged", call_id=known),
        "transferred by its id": call("transfer_bridged", call_id=known, to_number="", from_number=""),
        "by its agent": call("call_ended", call_id=known, to_number="", agent_id=of.number.retell_agent_id),
    }


def of_twilio(of: Tenant) -> dict[str, dict[str, Any]]:
    """Every event of Twilio that changes rows of this company."""
    reply = {"From": of.message.recipient, "To": of.company.sms_sender}
    sid = {"MessageSid": of.message.provider_id, "SmsSid": of.message.provider_id}
    return {
        "delivered": {**recorded("twilio", "status_callback.delivered"), **sid},
        "failed": {**recorded("twilio", "status_callback.failed"), **sid},
        "stop": {**recorded("twilio", "inbound_message"), **reply, "Body": "STOP"},
        "a reply": {**recorded("twilio", "inbound_message"), **reply, "Body": "Ich komme etwas später."},
    }


EVENTS = {Provider.CALCOM: of_calcom, Provider.RETELL: of_retell, Provider.TWILIO: of_twilio}
