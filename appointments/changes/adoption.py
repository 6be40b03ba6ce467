"""Turns a booking that was not made here into an appointment of the right company."""

from appointments.calcom.booking import Booking, Host, Status
from appointments.changes import history, people
from appointments.changes.mandate import Mandate
from appointments.models import Appointment, CalcomUid
from calls.models import Branch, Service


class NoCompany(LookupError):
    """The booking belongs to no appointment and to no service of any company."""


def service_of(booking: Booking) -> Service:
    """The service with the booking's event type, the only field that shows its company. Raises `NoCompany`."""
    if booking.event_type_id is None:
        raise NoCompany("The booking names no event type.")
    rows = Service.objects.select_related("company", "branch")
    service = rows.filter(calcom_event_type_id=booking.event_type_id).first()
    if service is None:
        raise NoCompany(no_service(booking.event_type_id))
    return service


def no_service(event_type_id: int | None) -> str:
    """What is said of an event whose service nobody has entered: by it the events that wait for a service are found."""
    return f"No service has the event type {event_type_id}."


def company_of(booking: Booking, mandate: Mandate) -> int:
    """The booking's company: by its event type, else by our key in the metadata, else by its uids.

    A uid proves least: a company that knows another's uid can send it with its own secret. Raises `NoCompany`, and
    `OtherTenant` if `mandate` does not cover the company.
    """
    by_type = Service.objects.filter(calcom_event_type_id__isnull=False, calcom_event_type_id=booking.event_type_id)
    by_key = Appointment.objects.filter(booking_key=booking.key) if booking.key else Appointment.objects.none()
    by_uid = CalcomUid.objects.filter(uid__in=booking.chain)
    for rows in (by_type, by_key, by_uid):
        if found := mandate.allowed(rows.values_list("company_id", flat=True)):
            return only(found)
    return service_of(booking).company_id


def only(companies: list[int]) -> int:
    """The one company of these. Raises `NoCompany`."""
    if len(companies) != 1:
        raise NoCompany("More than one company knows this booking.")
    return companies[0]


def adopt(booking: Booking) -> Appointment:
    """A new row for a booking made at Cal.com itself, still without its state. Raises `NoCompany`."""
    service = service_of(booking)
    appointment = Appointment(
        company=service.company,
        service=service,
        branch=_branch(service, booking),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        timezone=service.company.timezone,
        sync_status=Appointment.Sync.SYNCED,
        source=Appointment.Source.CALCOM,
        # Set from the start: a reservation of ours must never block a booking of Cal.com's.
        calcom_uid=booking.uid,
    )
    appointment.customer = people.customer_of(booking, appointment)
    appointment.save(force_insert=True)
    return appointment


def booking_of(appointment: Appointment, before: Appointment) -> Booking:
    """The booking that an adopted row stands for, as far as the row knows it, as the successor of the one before."""
    assert appointment.calcom_uid is not None
    waits = appointment.status == Appointment.Status.REQUESTED
    host = appointment.staff.calcom_user_id if appointment.staff else None
    return Booking(
        uid=appointment.calcom_uid,
        status=Status.PENDING if waits else Status.ACCEPTED,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        id=appointment.calcom_booking_id,
        hosts=(Host(host),) if host else (),
        rescheduled_from=before.calcom_uid or "",
    )


def replace_row(adopted: Appointment, by: Appointment) -> None:
    """Replace an adopted row by `by`. No customer was told about the adopted row, so no message refers to it."""
    history.replace_row(adopted, by)
    CalcomUid.objects.filter(appointment=adopted).update(appointment=by)
    adopted.delete()


def _branch(service: Service, booking: Booking) -> Branch | None:
    if service.branch is not None:
        return service.branch
    if host := people.staff_of(booking, service.company_id):
        return host.branch
    branches = Branch.objects.filter(company_id=service.company_id, is_active=True)[:2]
    return branches[0] if len(branches) == 1 else None
