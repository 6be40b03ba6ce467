"""The caller's wishes as rows: day and time, service and staff resolved, or marked as work for a person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from calls.branches import branch_of
from calls.extraction import Extraction, WishedAppointment
from calls.german.moment import Moment
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import parse_wish
from calls.matching import AmbiguousMatch, Candidate, Match, Result, match_service, match_staff
from calls.models import BookingRequest, Branch, Call, Service, Staff, Unclear
from calls.record import as_told
from calls.retell import Storage

Status = BookingRequest.Status


def write_wishes(call: Call, heard: Extraction) -> list[BookingRequest]:
    """One row per wish, in the caller's transaction; a wish that has its row already is left as it is.

    A wish is dropped at once where booking it would be wrong: the agent has booked already, or the company does not
    have AskPro book. What is to be cancelled, moved or talked about on the phone goes to a person either way.
    """
    rows = [_row(call, wish) for wish in heard.wishes]
    objection = heard.objection
    if not rows and heard.intentions.concern_existing:
        rows = [BookingRequest(call=call, company=call.company)]
    for row in rows:
        row.unclear = objection or row.unclear
        if heard.intentions.concern_existing:
            row.notes = ", ".join(filter(None, (row.notes, heard.intentions.words)))
    if heard.callback_requested and objection is None:
        _add_callback(call, rows)
    drops = heard.booked_by_agent or not call.company.books_appointments
    for row in rows:
        wished = not row.unclear or Unclear(row.unclear).asks_for_booking
        row.status = Status.DROPPED if drops and wished else Status.OPEN
    BookingRequest.objects.bulk_create(rows, ignore_conflicts=True)
    return list(call.booking_requests.order_by("ordinal"))


def _add_callback(call: Call, rows: list[BookingRequest]) -> None:
    """One call back does for both: where a wish goes to a person anyhow, that is it."""
    unclear = next((row for row in rows if row.unclear), None)
    if unclear is not None:
        unclear.unclear = Unclear.CALLBACK
        return
    ordinal = max((row.ordinal for row in rows), default=0) + 1
    rows.append(BookingRequest(call=call, company=call.company, ordinal=ordinal, unclear=Unclear.CALLBACK))


def _row(call: Call, wish: WishedAppointment) -> BookingRequest:
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
        # A caller's own words go to no host where they may not be kept.
        notes=wish.notes if as_told(call).storage is Storage.EVERYTHING else "",
        sms_consent=wish.sms_consent is True,
        starts_at=starts_at,
        service=service,
        staff=staff,
        unclear=unclear_branch or unclear_time or unclear_service or unclear_staff or "",
    )


def _when(call: Call, branch: Branch, wish: WishedAppointment) -> tuple[datetime | None, Unclear | None]:
    """Relative words count from the call's start in the branch's zone, never from the time of this job."""
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        hours = OpeningHours()
    said = parse_wish(wish.date_words, wish.time_words, said_at=call.said_at, zone=branch.zone, opening_hours=hours)
    return (said.starts_at, None) if isinstance(said, Moment) else (None, Unclear(said.reason.value))


def _service(branch: Branch, words: str) -> tuple[Service | None, Unclear | None]:
    services = [
        service
        for service in Service.objects.filter(company_id=branch.company_id, is_active=True)
        if service.branch_id in (None, branch.pk)
    ]
    if not words and len(services) == 1:
        # Nothing to choose from, so nothing is guessed.
        return services[0], None
    found = match_service(words, [Candidate(each.pk, (each.name, *_texts(each.synonyms))) for each in services])
    return _chosen(found, services, Unclear.AMBIGUOUS_SERVICE, Unclear.UNKNOWN_SERVICE)


def _staff(branch: Branch, words: str, service: Service | None) -> tuple[Staff | None, Unclear | None]:
    """The person wished for, among those of the branch who do this; nobody when nobody was wished for."""
    if not words:
        return None, None
    people = Staff.objects.filter(branch=branch, is_active=True)
    offering = list(people.filter(services=service) if service else people)
    found = match_staff(words, [Candidate(each.pk, (each.name,)) for each in offering])
    return _chosen(found, offering, Unclear.AMBIGUOUS_STAFF, Unclear.UNKNOWN_STAFF)


def _chosen(found: Result, rows: Iterable[Any], several: Unclear, none: Unclear) -> tuple[Any, Unclear | None]:
    if isinstance(found, Match):
        return next(row for row in rows if row.pk == found.id), None
    return None, several if isinstance(found, AmbiguousMatch) else none


def _texts(synonyms: object) -> list[str]:
    return [word for word in synonyms if isinstance(word, str)] if isinstance(synonyms, list) else []
