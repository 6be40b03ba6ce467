"""Whose call it is: the number that was dialled decides, and nothing in the payload but that and the agent."""

from django.db.models import QuerySet

from calls.models import PhoneNumber
from calls.phone import normalise
from calls.retell import RetellCall


def number_of(call: RetellCall) -> PhoneNumber | None:
    """The active number that this call came in on or went out from; None means that nobody knows whose it is.

    First the number, exactly; else the agent, if it answers exactly one active number. A tenant named in the
    payload's metadata is not believed.
    """
    ours = call.from_number if call.direction == "outbound" else call.to_number
    return number_named(ours) or _number_of_agent(call.agent_id)


def number_named(ours: str) -> PhoneNumber | None:
    """The active number that is written so; vendors leave the plus away at times."""
    number = normalise(ours)
    return _active().filter(number=number).first() if number else None


def other_party(direction: str, from_number: str, to_number: str) -> str | None:
    """The customer's number in E.164; None when it is withheld or no number."""
    return normalise(to_number if direction == "outbound" else from_number)


def _number_of_agent(agent_id: str) -> PhoneNumber | None:
    found = list(_active().filter(retell_agent_id=agent_id)[:2]) if agent_id else []
    return found[0] if len(found) == 1 else None


def _active() -> QuerySet[PhoneNumber]:
    return PhoneNumber.objects.filter(is_active=True, company__is_active=True).select_related("company", "branch")
