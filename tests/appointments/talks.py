"""Calls to the salon by somebody who may have appointments there."""

from datetime import datetime, timedelta
from typing import Any

from appointments.models import Appointment
from appointments.tasks import create_appointment_from_call
from calls.models import Call
from calls.tasks import extract_call_data, identify_customer
from tests.appointments.salon import NOW, branch, call, company, customer, service, staff

PHONE = "+4915550100456"
NEW_TIME = {"datum": "Freitag, den 4. Dezember", "uhrzeit": "15 Uhr", "dienstleistung": "Haarschnitt"}
COMPLETE: dict[str, Any] = NEW_TIME | {"name": "Ole Linde", "sms_einwilligung": "ja"}


def talked(collected: dict[str, Any], **values: Any) -> Call:
    """A call to the salon, after all its jobs have run."""
    talk = heard(collected, **values)
    create_appointment_from_call(call_id=talk.pk)
    talk.refresh_from_db()
    return talk


def heard(collected: dict[str, Any], *, from_number: str = PHONE, **values: Any) -> Call:
    """A call to the salon whose wishes were read, and nothing was done about them yet."""
    at = Call.objects.first()
    branch_of_call = at.branch if at else branch(company())
    if at is None:
        staff(branch_of_call)
        service(branch_of_call.company)
    variables = {"collected_dynamic_variables": collected}
    values = {"direction": "inbound", "from_number": from_number, "end_heard_at": NOW, "variables": variables} | values
    talk = call(branch_of_call, None, f"call_{Call.objects.count()}", **values)
    for job in (extract_call_data, identify_customer):
        job(call_id=talk.pk)
    return talk


def having(*starts: datetime, **values: Any) -> list[Appointment]:
    """The caller's appointments."""
    at = branch(company())
    staff(at)
    values = {"customer": customer(at.company), "status": "confirmed", "attendee_name": "Ole Linde"} | values
    offered = service(at.company)
    rows = [
        Appointment.objects.create(
            company=at.company,
            branch=at,
            service=offered,
            starts_at=start,
            ends_at=start + timedelta(minutes=45),
            **values,
        )
        for start in starts
    ]
    call(at, values["customer"], "call_before")
    return rows
