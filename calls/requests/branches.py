"""Finds the branch that a caller means, if a number or agent serves several; if none is named, a person asks."""

import re
from typing import Final

from calls.models import Branch, Call, PhoneNumber, Unclear
from calls.requests.matching import AmbiguousMatch, Candidate, Match, match_service
from calls.tenancy import number_named
from calls.text import fold

# Words that people say around a branch's name.
_AROUND: Final = re.compile(
    r"\b(filiale|standort|niederlassung|salon|praxis|in|an|am|im|der|die|das|dem|den|bei|zu|zur|zum)\b"
)


def branch_of(call: Call, words: str) -> tuple[Branch, Unclear | None]:
    """The branch of the wish; if it is not clear which is meant, the call's own branch and the reason."""
    served = branches_served(call)
    if len(served) == 1:
        return served[0], None
    if not words:
        return call.branch, Unclear.NO_BRANCH
    said = " ".join(_AROUND.sub(" ", fold(words)).split()) or words
    found = match_service(said, [Candidate(branch.pk, _names(branch)) for branch in served])
    if isinstance(found, Match):
        return next(branch for branch in served if branch.pk == found.id), None
    return call.branch, Unclear.AMBIGUOUS_BRANCH if isinstance(found, AmbiguousMatch) else Unclear.UNKNOWN_BRANCH


def branches_served(call: Call) -> list[Branch]:
    """The branches of the dialled number; if only the agent is known, those of all its numbers."""
    numbers = [call.phone_number] if call.phone_number is not None else []
    ours = call.from_number if call.direction == "outbound" else call.to_number
    is_dialled = call.phone_number is not None and call.phone_number.number == ours
    if call.agent_id and not is_dialled and number_named(ours) is None:
        answered = PhoneNumber.objects.filter(company=call.company, retell_agent_id=call.agent_id, is_active=True)
        numbers = [*answered.select_related("branch__company")] or numbers
    found = {branch.pk: branch for number in numbers for branch in number.branches}
    return list(found.values()) or [call.branch]


def _names(branch: Branch) -> tuple[str, ...]:
    street = re.sub(r" [0-9].*", "", " ".join(branch.street.split()))
    return tuple(name for name in (branch.name, street, branch.city, f"{branch.city} {branch.name}") if name.strip())
