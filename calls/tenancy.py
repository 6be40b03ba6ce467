"""Finds the company of a call: by the dialled number, else the agent, and by nothing else in the payload."""

from collections.abc import Callable
from typing import Any

from calls.models import Call, PhoneNumber, countries
from calls.phone import normalise
from calls.retell.call import RetellCall


def number_of(call: RetellCall) -> PhoneNumber | None:
    """The active number that this call came in on or went out from; None if its company cannot be known.

    First by the exact number, else by the agent, if it answers active numbers of only one company; the branch is then
    asked for (`calls.requests.branches`). A tenant named in the payload's metadata is not trusted.
    """
    ours = call.from_number if call.direction == "outbound" else call.to_number
    return number_named(ours) or _number_of_agent(call.agent_id)


def number_heard_of(call: RetellCall, objection: Callable[[int], str]) -> PhoneNumber | None:
    """The number of a call's earlier events: for a transfer Retell may send only the call's id.

    Two companies may have calls with the same id: the one counts that `objection` has nothing against.
    """
    known = Call.objects.select_related("phone_number__company", "phone_number__branch")
    calls = list(known.filter(retell_call_id=call.call_id))
    allowed = [each for each in calls if not objection(each.company_id)] or calls
    return allowed[0].phone_number if len(allowed) == 1 else None


def number_named(ours: str) -> PhoneNumber | None:
    """The one active number that is written like this in its own country; vendors sometimes leave out the plus."""
    if (number := normalise(ours, None)) is not None:
        return next(iter(_active(number=number)), None)
    numbers = {normalise(ours, country) for country in countries()} - {None}
    found = [row for row in _active(number__in=numbers) if normalise(ours, row.branch.home) == row.number]
    return found[0] if len(found) == 1 else None


def other_party(direction: str, from_number: str, to_number: str, home: str) -> str | None:
    """The customer's number in E.164, read as in the branch's country; None if it is withheld or not a number."""
    return normalise(to_number if direction == "outbound" else from_number, home)


def _number_of_agent(agent_id: str) -> PhoneNumber | None:
    found = sorted(_active(retell_agent_id=agent_id), key=lambda number: number.pk) if agent_id else []
    return found[0] if len({number.company_id for number in found}) == 1 else None


def _active(**which: Any) -> list[PhoneNumber]:
    """Numbers with their company and branch. The company's row is wide: the branch has the same, not one of its own."""
    rows = PhoneNumber.objects.filter(**which, is_active=True, company__is_active=True)
    found = list(rows.select_related("company", "branch"))
    for number in found:
        number.branch.company = number.company
    return found
