"""Days on which nothing is offered, whatever Cal.com says."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import reduce

from calls.models import Branch, Service, Staff


def without_closed_days(
    starts: Sequence[datetime], service: Service, staff: Staff | None, branch: Branch | None
) -> list[datetime]:
    """The starts on days on which the branch is open; where the branch is not known, on which any that may be is."""
    branches = [branch] if branch else _branches(service, staff)
    if not starts or not branches:
        return list(starts)
    closed = reduce(frozenset.intersection, [_closed(each, starts) for each in branches])
    return [start for start in starts if start not in closed]


def _branches(service: Service, staff: Staff | None) -> list[Branch]:
    known = staff.branch if staff else service.branch
    branches = Branch.objects.filter(company_id=service.company_id, is_active=True).select_related("company")
    return [known] if known else list(branches)


def _closed(branch: Branch, starts: Sequence[datetime]) -> frozenset[datetime]:
    days = {start: start.astimezone(branch.zone).date() for start in starts}
    closed: dict[date, str] = branch.closed_on(min(days.values()), max(days.values()))
    return frozenset(start for start, day in days.items() if day in closed)
