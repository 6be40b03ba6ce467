"""The words of a caller against what the branch offers: an instant, a service, a person, or why it is not one."""

from collections.abc import Iterable
from typing import Any

from calls.german.moment import Moment, Unclear
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.german.time import parse_wish
from calls.models import Branch, Call, Service, Staff
from calls.wishes.matching import Candidate, Match, Result, match_service, match_staff


def moment_of(call: Call, branch: Branch, date_words: str, time_words: str) -> Moment | Unclear:
    """Relative words count from the call's start in the branch's zone, never from the time of a job."""
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        hours = OpeningHours()
    return parse_wish(date_words, time_words, said_at=call.said_at, zone=branch.zone, opening_hours=hours)


def services_of(branch: Branch) -> list[Service]:
    """What the branch offers."""
    offered = Service.objects.filter(company_id=branch.company_id, is_active=True)
    return [service for service in offered if service.branch_id in (None, branch.pk)]


def service_meant(words: str, services: Iterable[Service]) -> Result:
    return match_service(words, [Candidate(each.pk, names_of(each)) for each in services])


def names_of(service: Service) -> tuple[str, ...]:
    """Its name and its synonyms, as far as these are words."""
    synonyms = service.synonyms if isinstance(service.synonyms, list) else []
    return (service.name, *(word for word in synonyms if isinstance(word, str)))


def staff_of(branch: Branch, service: Service | None) -> list[Staff]:
    """Who of the branch does this."""
    people = Staff.objects.filter(branch=branch, is_active=True)
    return list(people.filter(services=service) if service else people)


def staff_meant(words: str, staff: Iterable[Staff]) -> Result:
    return match_staff(words, [Candidate(each.pk, (each.name,)) for each in staff])


def row_of(found: Result, rows: Iterable[Any]) -> Any:
    """The one row that was found; None where it is none or several."""
    return next((row for row in rows if row.pk == found.id), None) if isinstance(found, Match) else None
