"""Asks for a call that should have ended by its id, and gives it up when Retell knows no end of it."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from appointments.models import Detail
from askpro.queues.errors import JobError
from calls.lost import give_up
from calls.models import Call
from calls.retell.call import parse_call
from calls.retell.errors import KeyRefused, UnknownCall
from calls.retell.fields import InvalidCall
from webhooks.net.accounts import Account, accounts_of
from webhooks.net.told import hand_in, is_over

# Nobody waits longer than this for an answer of Retell's, or for the end of a call that Retell calls ongoing.
LONGEST_WAIT: Final = timedelta(hours=24)
HANDED_IN: Final = "handed in"
REFUSED: Final = "refused"


def ask(call: Call) -> str:
    """Ask every account that the call may be at; returns what became of it, in a word.

    Raises what the client raises, but not for ever: a call that began a day ago is given up, whatever Retell says.
    """
    is_old = call.said_at < timezone.now() - LONGEST_WAIT
    try:
        answers = _answers(call)
    except JobError:
        if not is_old:
            raise
        answers = set()
    if HANDED_IN in answers:
        return HANDED_IN
    # A key that Retell refuses says nothing; another one may.
    if answers - {REFUSED} == {"unknown"}:
        return _lose(call, Detail.CALL_UNKNOWN)
    if is_old:
        return _lose(call, Detail.END_UNKNOWN)
    if answers == {REFUSED}:
        raise KeyRefused(KeyRefused.__doc__)
    return "waits"


def _answers(call: Call) -> set[str]:
    answers: set[str] = set()
    for account in accounts_of(call.company_id):
        answers.add(_answer(account, call))
        if HANDED_IN in answers:
            break
    return answers


def _answer(account: Account, call: Call) -> str:
    try:
        found = account.retell.get_call(call.retell_call_id)
        ended = is_over(parse_call(found))
    except UnknownCall:
        return "unknown"
    except KeyRefused:
        return REFUSED
    except InvalidCall:
        return "unreadable"
    if not ended:
        return "ongoing"
    hand_in(account, found)
    return HANDED_IN


def _lose(call: Call, why: Detail) -> str:
    return "lost" if give_up(call, why) else "ended meanwhile"
