"""Writes the caller's wishes as rows: day, time, service and staff resolved, or marked as work for a person."""

from datetime import datetime

from django.db.models import Max

from calls.german.moment import Moment
from calls.models import BookingRequest, Branch, Call, Service, Staff, Unclear
from calls.requests.branches import branch_of
from calls.requests.contradictions import contradicting, unheard
from calls.requests.matching import AmbiguousMatch, match_service, match_staff, the_one
from calls.requests.moments import moment_of
from calls.wishes.extraction import Extraction
from calls.wishes.wish import Version, WishedAppointment

Status = BookingRequest.Status


def write_wishes(call: Call, heard: Extraction) -> list[BookingRequest]:
    """Write one row per wish, in the caller's transaction; a wish that already has a row is left as it is.

    A wish is dropped at once if booking it would be wrong: the agent has already booked, or the company does not have
    AskPro book. A wish to cancel, to move or to be called back goes to a person in any case.
    """
    rows = [row_of(call, wish) for wish in heard.wishes]
    if not rows and heard.intentions.concern_existing:
        rows = [_about_existing(call, heard)]
    for row in rows:
        _object(call, row, heard)
    if heard.objection is None and rows:
        rows += [missed(call, version, version.ordinal) for version in unheard(rows, heard.versions)]
    if heard.callback_requested and heard.objection is None:
        _add_callback(call, rows)
    on_phone = _last_on_phone(call)
    drops = heard.booked_by_agent or not call.company.books_appointments
    for row in rows:
        row.status = Status.DROPPED if drops and row.asks_for_booking else Status.OPEN
        row.ordinal += on_phone
    BookingRequest.objects.bulk_create(rows, ignore_conflicts=True)
    return list(call.booking_requests.order_by("ordinal"))


def row_of(call: Call, wish: WishedAppointment) -> BookingRequest:
    """The row of a wish, not saved: what its words mean at this call's company, and what is unclear in them."""
    branch, unclear_branch = branch_of(call, wish.branch_words)
    starts_at, unclear_time = _when(call, branch, wish)
    service, unclear_service = _service(branch, wish.service_words)
    staff, unclear_staff = _staff(branch, wish.staff_words, service)
    return BookingRequest(
        call=call,
        company=call.company,
        branch=branch if branch != call.branch else None,
        ordinal=wish.ordinal,
        date_words=wish.date_words,
        time_words=wish.time_words,
        service_words=wish.service_words,
        staff_words=wish.staff_words,
        branch_words=wish.branch_words,
        name=wish.name,
        contact_phone=wish.contact_phone or "",
        email=wish.email,
        # A caller's own words do not go to a host if they may not be stored.
        notes=wish.notes if call.may_be_quoted else "",
        sms_consent=wish.sms_consent is True,
        says_new_time=wish.says_new_time,
        starts_at=starts_at,
        service=service,
        staff=staff,
        unclear=unclear_branch or unclear_time or unclear_service or unclear_staff or "",
    )


def missed(call: Call, version: Version, ordinal: int) -> BookingRequest:
    """Write a request for a person: one source mentions an appointment that the others do not."""
    return BookingRequest(
        call=call,
        company=call.company,
        ordinal=ordinal,
        date_words=version.date_words,
        time_words=version.time_words,
        service_words=version.service_words,
        staff_words=version.staff_words,
        unclear=Unclear.CONTRADICTION,
    )


def _last_on_phone(call: Call) -> int:
    """The last ordinal of the requests that functions wrote during the call; further wishes come after them."""
    written = call.booking_requests.filter(function_calls__isnull=False)
    return written.aggregate(last=Max("ordinal"))["last"] or 0


def _object(call: Call, row: BookingRequest, heard: Extraction) -> None:
    """Note why the row must not be booked, and the words that say so: for a person, not for a host at Cal.com."""
    other = None
    if heard.objection is None and not row.unclear:
        other = contradicting(call, row, heard.versions)
    row.unclear = heard.objection or (Unclear.CONTRADICTION if other else row.unclear)
    words = heard.intentions.words if heard.intentions.concern_existing else other.words if other else ""
    row.notes = ", ".join(filter(None, (row.notes, words)))


def _add_callback(call: Call, rows: list[BookingRequest]) -> None:
    """Ask for a call back; if a wish already goes to a person, on that wish: one call does for both."""
    unclear = next((row for row in rows if row.unclear), None)
    if unclear is not None:
        unclear.unclear = Unclear.CALLBACK
        return
    ordinal = max((row.ordinal for row in rows), default=0) + 1
    rows.append(BookingRequest(call=call, company=call.company, ordinal=ordinal, unclear=Unclear.CALLBACK))


def _about_existing(call: Call, heard: Extraction) -> BookingRequest:
    """A wish about an existing appointment of which no time was said, with what else was said of it."""
    said = next(iter(heard.versions), None)
    if said is None:
        return BookingRequest(call=call, company=call.company)
    branch, _ = branch_of(call, said.branch_words)
    service, _ = _service(branch, said.service_words)
    staff, _ = _staff(branch, said.staff_words, service)
    return BookingRequest(
        call=call,
        company=call.company,
        branch=branch if branch != call.branch else None,
        service_words=said.service_words,
        staff_words=said.staff_words,
        branch_words=said.branch_words,
        service=service,
        staff=staff,
    )


def _when(call: Call, branch: Branch, wish: WishedAppointment) -> tuple[datetime | None, Unclear | None]:
    said = moment_of(call, branch, wish.date_words, wish.time_words)
    return (said.starts_at, None) if isinstance(said, Moment) else (None, Unclear(said.reason.value))


def _service(branch: Branch, words: str) -> tuple[Service | None, Unclear | None]:
    services = Service.offered_at(branch)
    if not words and len(services) == 1:
        # There is only one service, so nothing is guessed.
        return services[0], None
    found = match_service(words, services)
    several = isinstance(found, AmbiguousMatch)
    service = the_one(found, services)
    return service, None if service else Unclear.AMBIGUOUS_SERVICE if several else Unclear.UNKNOWN_SERVICE


def _staff(branch: Branch, words: str, service: Service | None) -> tuple[Staff | None, Unclear | None]:
    """The wished person, among the branch's staff who do this; None if no person was wished."""
    if not words:
        return None, None
    offering = Staff.offering(service, branch)
    found = match_staff(words, offering)
    several = isinstance(found, AmbiguousMatch)
    staff = the_one(found, offering)
    return staff, None if staff else Unclear.AMBIGUOUS_STAFF if several else Unclear.UNKNOWN_STAFF
