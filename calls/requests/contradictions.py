"""Checks whether a source says something else about an appointment than a request holds."""

import re
from collections.abc import Iterable
from typing import Final

from calls.german.moment import Moment, Reason
from calls.models import BookingRequest, Call, Service, Staff
from calls.requests.branches import branch_of
from calls.requests.matching import AmbiguousMatch, Match, Result, match_service, match_staff
from calls.requests.moments import moment_of
from calls.text import fold
from calls.wishes.wish import Version

# The time can be read, but could not have been booked.
_ELSEWHERE: Final = (Reason.PAST_DATE, Reason.TOO_FAR)


def contradicting(call: Call, request: BookingRequest, versions: Iterable[Version]) -> Version | None:
    """The first version of this request's appointment that names another time, service or person.

    It is no contradiction if a version says nothing, or can be read as what the request holds.
    """
    own = (version for version in versions if version.ordinal == request.ordinal)
    return next((version for version in own if _differs(call, request, version)), None)


def unheard(requests: Iterable[BookingRequest], versions: Iterable[Version]) -> list[Version]:
    """One version of each appointment that has no request."""
    known = [request for request in requests if request.asks_for_booking]
    ordinals = {request.ordinal for request in known}
    words = {(request.date_words, request.time_words) for request in known}
    more = {
        version.ordinal: version
        for version in versions
        if version.says_when
        and version.ordinal not in ordinals
        and (version.date_words, version.time_words) not in words
    }
    return [more[ordinal] for ordinal in sorted(more)]


def _differs(call: Call, request: BookingRequest, version: Version) -> bool:
    return (
        _is_other_time(call, request, version)
        or _is_other_service(request, version.service_words)
        or _is_other_branch(call, request, version.branch_words)
        or _is_other_person(request, version.staff_words)
    )


def _is_other_time(call: Call, request: BookingRequest, version: Version) -> bool:
    if request.starts_at is None or not version.says_when:
        return False
    branch = request.where
    day = request.starts_at.astimezone(branch.zone).date()
    said = moment_of(call, branch, version.date_words, version.time_words)
    if not isinstance(said, Moment) and said.reason is Reason.NO_DATE:
        said = moment_of(call, branch, f"{day:%d.%m.%Y}", version.time_words)
    if isinstance(said, Moment):
        return said.starts_at != request.starts_at
    return said.reason in _ELSEWHERE or said.day not in (None, day)


def _is_other_service(request: BookingRequest, words: str) -> bool:
    if not words or request.service is None:
        return False
    found = match_service(words, Service.offered_at(request.where))
    # "Haarschnitt Damen" may be the service called "Haarschnitt" here.
    alike = any(_key(name) in _key(words) or _key(words) in _key(name) for name in request.service.names)
    return _is_other(found, request.service_id, otherwise=not alike)


def _is_other_person(request: BookingRequest, words: str) -> bool:
    if not words:
        return False
    found = match_staff(words, Staff.offering(request.service, request.where))
    return _is_other(found, request.staff_id, otherwise=True)


def _is_other_branch(call: Call, request: BookingRequest, words: str) -> bool:
    branch, unclear = branch_of(call, words) if words else (request.where, None)
    return unclear is None and branch != request.where


def _is_other(found: Result, known: int | None, *, otherwise: bool) -> bool:
    if isinstance(found, Match):
        return found.id != known
    return known not in found.ids if isinstance(found, AmbiguousMatch) else otherwise


def _key(words: str) -> str:
    return re.sub(r"[\W_]", "", fold(words))
