"""A salon with one service and one member of staff, a caller, and what the caller asked for. All invented."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calls.models import BookingRequest, Branch, Call, Company, Customer, PhoneNumber, Service, Staff

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Berlin
WISH = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
EVENT_TYPE = 2207
HOST = 310
HOURS = {day: [["09:00", "18:00"]] for day in ("mo", "di", "mi", "do", "fr")}


def company(slug: str = "salon-birke", **values: Any) -> Company:
    values = {"calcom_api_key": "cal_test_birke"} | values
    return Company.objects.create(name=slug.title(), slug=slug, **values)


def branch(of: Company, **values: Any) -> Branch:
    return Branch.objects.create(company=of, name="Mitte", opening_hours=HOURS, **values)


def service(of: Company, event_type: int | None = EVENT_TYPE, **values: Any) -> Service:
    values = {
        "name": "Haarschnitt",
        "duration_minutes": 45,
        "calcom_event_type_id": event_type,
        "judged_at": NOW,
    } | values
    return Service.objects.create(company=of, **values)


def staff(at: Branch, calcom_user_id: int | None = HOST, **values: Any) -> Staff:
    values = {"name": "Mara Buche", "email": "mara.buche@example.org"} | values
    return Staff.objects.create(company=at.company, branch=at, calcom_user_id=calcom_user_id, **values)


def customer(of: Company, phone: str | None = "+4915550100456", **values: Any) -> Customer:
    return Customer.objects.create(company=of, name="Ole Linde", phone=phone, **{"sms_consent_at": NOW} | values)


def call(at: Branch, caller: Customer | None = None, call_id: str = "call_0b1", **values: Any) -> Call:
    number, _ = PhoneNumber.objects.get_or_create(number="+493023125100", company=at.company, branch=at)
    values = {"started_at": NOW, "status": Call.Status.ANALYZED} | values
    return Call.objects.create(
        company=at.company, branch=at, phone_number=number, customer=caller, retell_call_id=call_id, **values
    )


def request(of: Call, ordinal: int = 1, **values: Any) -> BookingRequest:
    values = {
        "name": "Ole Linde",
        "date_words": "am Donnerstag",
        "time_words": "14 Uhr",
        "service_words": "Haare schneiden",
        "starts_at": WISH,
        "service": Service.objects.filter(company=of.company, calcom_event_type_id=EVENT_TYPE).first(),
    } | values
    return BookingRequest.objects.create(call=of, company=of.company, ordinal=ordinal, **values)


def wished(**values: Any) -> BookingRequest:
    """A whole salon with one call that asks for one appointment."""
    at = branch(company())
    service(at.company)
    staff(at)
    return request(call(at, customer(at.company)), **values)
