"""Hands an answer to whoever asked: each kind of question has one function that says what its answers do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from appointments.models import Change, Question
from calls.models import Company


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer to a question, in the customer's `words`. The question may have ended: an answer can come late."""

    question: Question
    answer: Question.Answer
    words: str


# The change that it led to, or a note for the event in a few words; None if a person must read it.
Outcome: TypeAlias = Change | str | None
Handler: TypeAlias = Callable[[Heard], Outcome]

_HANDLERS: Final[dict[str, Handler]] = {}


def answers(kind: Question.Kind) -> Callable[[Handler], Handler]:
    """Register the function that works on answers to questions of this kind, in the transaction of their job."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[kind] = handler
        return handler

    return register


def meant(
    number: str, senders: Iterable[str], companies: Iterable[Company], answer: Question.Answer | None
) -> Question | None:
    """The question that this answer is to. ABSAGE is no late answer: without an open question it is a plain wish."""
    if answer is None:
        return None
    question = Question.meant(number, senders, companies)
    is_late = question is not None and not question.is_open
    return None if is_late and answer == Question.Answer.CANCEL else question


def hear(heard: Heard) -> Outcome:
    """Do what the answer says."""
    handler = _HANDLERS.get(heard.question.kind)
    return handler(heard) if handler is not None else None
