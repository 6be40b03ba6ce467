"""Answers one request of an agent's function: once, in time, and the same again when it is asked again."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import Error, transaction

from askpro.incoming.request_log import about_company
from askpro.metrics.recorder import on_behalf_of
from calls.functions import hang_up
from calls.functions.asked import Asked, Function
from calls.functions.booking import book_appointment
from calls.functions.calling_back import request_callback
from calls.functions.changing import cancel_appointment, find_appointment, reschedule_appointment
from calls.functions.conversation import READ_WITHIN, WRITE_WITHIN, Answer, Conversation, language_of
from calls.functions.looking import check_availability, list_services
from calls.functions.places import place
from calls.functions.wording import WORDS
from calls.models import Call, FunctionCall, PhoneNumber
from calls.record import is_recorded, record_ongoing

log = logging.getLogger(__name__)

SERVED: Final[dict[Function, Callable[[Conversation], Answer]]] = {
    Function.AVAILABILITY: check_availability,
    Function.BOOK: book_appointment,
    Function.FIND: find_appointment,
    Function.MOVE: reschedule_appointment,
    Function.CANCEL: cancel_appointment,
    Function.CALLBACK: request_callback,
    Function.SERVICES: list_services,
}
# Seconds between two looks at what another thread is still answering.
LOOK_EVERY: Final = 0.1
OVER: Final = (Call.Status.ENDED, Call.Status.ANALYZED)
SETTLING: Final = (*FunctionCall.SETTLED, FunctionCall.Outcome.GONE)


def serve(asked: Asked, number: PhoneNumber, objection: Callable[[int], str], began: float) -> dict[str, Any]:
    """The JSON for the agent. `began` is when the request came in, by the monotonic clock. Raises `django.db.Error`."""
    about_company(number.company_id)
    call = _call(asked, number, objection)
    if call.status in OVER:
        return _words(call, asked, "over", "call_over")
    row, is_mine = FunctionCall.take(call, asked.function, asked.key)
    with on_behalf_of(number.company_id), place(number.company_id) as has_place:
        if not is_mine:
            return row.answer or _wait_for(row, call, asked, began, has_place)
        return _worked_out(row, Conversation.of(call, asked, began, has_place))


def not_served(language: str = "de") -> dict[str, Any]:
    """The answer where nobody's number was dialled, or the company is served at another address."""
    return {"status": "not_served", "spoken": WORDS[language]["not_served"], "data": {}}


def _call(asked: Asked, number: PhoneNumber, objection: Callable[[int], str]) -> Call:
    rows = Call.objects.select_related("customer")
    known = rows.filter(retell_call_id=asked.told.call_id, company=number.company_id).first()
    if known is None or not is_recorded(asked.told, known):
        with transaction.atomic():
            call = record_ongoing(asked.told, number, objection)
        known = rows.get(pk=call.pk)
    return _with_known_rows(known, number)


def _with_known_rows(call: Call, number: PhoneNumber) -> Call:
    """The call with the rows that are here already: joined, each would be read again, the company four times."""
    call.company = number.company
    if call.phone_number_id == number.pk:
        call.phone_number = number
    if call.branch_id == number.branch_id:
        call.branch = number.branch
    for row in (call.branch, call.customer):
        if row is not None:
            row.company = number.company
    return call


def _worked_out(row: FunctionCall, conversation: Conversation) -> dict[str, Any]:
    try:
        answer = SERVED[conversation.asked.function](conversation)
    except Error:
        row.leave()
        raise
    except Exception as error:  # noqa: BLE001 - the edge: the caller is on the line, and has to hear something
        row.leave()
        facts = row.name, row.call_id, type(error).__name__
        log.error("Function %s of call %d failed: %s", *facts, extra={"cause": error})
        return _words(conversation.call, conversation.asked, "failed", "failed")
    told = answer.as_json()
    if not row.finish(told, answer.outcome, answer.starts_at, answer.request):
        row.refresh_from_db()
    if answer.outcome in SETTLING:
        hang_up.look_after(conversation.call)
    return row.answer or told


def _wait_for(row: FunctionCall, call: Call, asked: Asked, began: float, has_place: bool) -> dict[str, Any]:
    """What another thread answers to the same request; that it is still at work, if that takes too long."""
    until = began + (WRITE_WITHIN if asked.function.writes else READ_WITHIN)
    while has_place and time.monotonic() + LOOK_EVERY < until:
        time.sleep(LOOK_EVERY)
        found = FunctionCall.objects.filter(pk=row.pk).only("answer").first()
        if found is None:
            break  # The other one failed; asked once more, it is tried again.
        if found.answer:
            return dict(found.answer)
    return _words(call, asked, "still_working", "still_working")


def _words(call: Call, asked: Asked, status: str, code: str) -> dict[str, Any]:
    return {"status": status, "spoken": WORDS[language_of(call, asked)][code], "data": {}}
