"""The functions as Retell takes them: custom tools with their address and the schema of their arguments.

docs/agent.md shows them; what the arguments are called is read by the names of `calls.wishes.field_names`.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from calls.functions.asked import Function

# Milliseconds after which the agent goes on without an answer: longer than any answer takes.
TIMEOUT_MS: Final = 10_000
# How often Retell asks again where no answer came; the same request is done once.
MAX_RETRY: Final = 1

_DATE: Final = (
    "The day in the caller's own words, such as 'Freitag' or 'am 4. Dezember', or a date from an earlier answer."
)
_TIME: Final = "The time in the caller's own words ('halb drei', '14 Uhr'), or a time from an earlier answer."
ARGUMENTS: Final[dict[str, str]] = {
    "date": _DATE,
    "time": _TIME,
    "service": "What the caller wants done, in the caller's words.",
    "staff": "The person whom the caller wishes for; leave out without a wish.",
    "branch_name": "Which branch, if this number serves several.",
    "name": "The name for the appointment, as the caller says it.",
    "phone": "A number for text messages, only if the caller says another one than she calls from.",
    "email": "An address, only if the caller says one.",
    "sms_consent": "'ja' if the caller agrees to text messages, 'nein' if she refuses; leave out if she was not asked.",
    "notes": "What the host should know, in the caller's words.",
    "appointment": "The field 'appointment' of an earlier answer, if several appointments are known.",
    "old_date": "The day of the appointment that is to be moved, if the caller says it.",
    "old_time": "Its time, if the caller says it.",
    "new_date": "The new day. " + _DATE,
    "new_time": "The new time. " + _TIME,
    "reason": "Why, if the caller says it.",
    "concern": "What the call back is about.",
    "language": "'de' or 'en': the language of the answer, if it is not the usual one of this number.",
}


@dataclass(frozen=True, slots=True)
class Described:
    """A function: what a language model reads of it, and its arguments; those that it has to fill come first."""

    says: str
    required: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    meanwhile: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*self.required, *self.others, "language")


_LOOKS: Final = {"de": "Einen Moment, ich sehe nach.", "en": "One moment, I will have a look."}
_WRITES: Final = {"de": "Einen Moment, ich trage das ein.", "en": "One moment, I will enter that."}

FUNCTIONS: Final[dict[Function, Described]] = {
    Function.AVAILABILITY: Described(
        "What is free. With a day and a time it says whether that is free, else it offers times. Books nothing.",
        (),
        ("service", "date", "time", "staff", "branch_name"),
        _LOOKS,
    ),
    Function.BOOK: Described(
        "Books an appointment. Call it only after the caller has agreed to the day, the time and the service.",
        ("service", "date", "time", "name"),
        ("staff", "branch_name", "phone", "email", "sms_consent", "notes"),
        _WRITES,
    ),
    Function.FIND: Described("The caller's own upcoming appointments, by the number she calls from.", (), (), _LOOKS),
    Function.MOVE: Described(
        "Moves one of the caller's appointments. Call it only after the caller has agreed to the new day and time.",
        ("new_date", "new_time"),
        ("old_date", "old_time", "service", "appointment", "reason"),
        _WRITES,
    ),
    Function.CANCEL: Described(
        "Cancels one of the caller's appointments. Call it only after the caller has said yes to cancelling it.",
        (),
        ("date", "time", "service", "appointment", "reason"),
        _WRITES,
    ),
    Function.CALLBACK: Described(
        "Has a person call back. For whatever the other functions cannot do, or when the caller asks for a person.",
        ("concern",),
        ("name", "phone", "date", "time"),
        _WRITES,
    ),
    Function.SERVICES: Described("What is offered, with durations and prices.", (), (), _LOOKS),
}


def tools(base_url: str, language: str) -> list[dict[str, Any]]:
    """Retell's custom tools, in the order in which a conversation needs them."""
    return [_tool(function, described, base_url, language) for function, described in FUNCTIONS.items()]


def _tool(function: Function, described: Described, base_url: str, language: str) -> dict[str, Any]:
    return {
        "type": "custom",
        "name": function.value,
        "url": f"{base_url}/functions/{function}/",
        "method": "POST",
        "description": described.says,
        "parameters": {
            "type": "object",
            "properties": {name: {"type": "string", "description": ARGUMENTS[name]} for name in described.arguments},
            "required": [*described.required],
        },
        "speak_during_execution": True,
        "speak_after_execution": True,
        "execution_message_type": "static_text",
        "execution_message_description": described.meanwhile[language],
        "timeout_ms": TIMEOUT_MS,
        "max_retry": MAX_RETRY,
    }
