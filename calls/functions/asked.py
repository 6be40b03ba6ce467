"""One request of an agent's function, read without trust."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from askpro.reading import items, mapping
from calls.retell.call import RetellCall, parse_call
from calls.retell.event import about
from calls.retell.fields import storable_object
from calls.strangers import plausible_name
from calls.wishes.answers import said
from calls.wishes.field_names import folded_name
from calls.wishes.statements import Statement

# Retell appends the agent's version: `check_availability_v17`.
_VERSION: Final = re.compile(r"_v?[0-9]+$")
# Beside the arguments when `args_at_root` is set.
_AROUND: Final = frozenset({"name", "call", "args", "event"})
# What the agent says meanwhile: a language model writes it anew each time.
_SAID_MEANWHILE: Final = "execution_message"


class Function(StrEnum):
    """The functions that AskPro serves."""

    AVAILABILITY = "check_availability"
    BOOK = "book_appointment"
    FIND = "find_appointment"
    MOVE = "reschedule_appointment"
    CANCEL = "cancel_appointment"
    CALLBACK = "request_callback"
    SERVICES = "list_services"

    @property
    def writes(self) -> bool:
        return self in (Function.BOOK, Function.MOVE, Function.CANCEL, Function.CALLBACK)


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A function with its arguments, by folded names, in the call that asks. `position` is the place in the
    conversation: it stays while the same request is repeated, and moves on with each word of the caller and each
    result of a function.
    """

    function: Function
    told: RetellCall
    arguments: Mapping[str, object]
    position: str

    @classmethod
    def from_fields(cls, function: Function, fields: Mapping[str, Any]) -> "Asked":
        """Read a request's body. Raises `InvalidCall` if no call can be read from it."""
        arguments = fields.get("args")
        if not isinstance(arguments, dict):
            arguments = _at_root(fields)
        call = mapping(about(fields))
        return cls(function, parse_call(fields), _folded(arguments), _position(call))

    @property
    def key(self) -> str:
        """What makes this request the same when it is asked again."""
        parts = [self.function, self.position, self.arguments]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def statement(self) -> Statement:
        """The arguments as fields of a wish, under any of the names that are read after a call."""
        return Statement(1, self.arguments, listed=True)

    def text(self, *names: str) -> str:
        """The first of these arguments that says something; empty for none and for placeholders."""
        return next((words for name in names if (words := said(self.arguments.get(name)))), "")


def named(path: str) -> Function | None:
    """The function of this name in an address, with or without the agent's version; None if there is none."""
    name = path.lower().replace("-", "_")
    plain = name if name in list(Function) else _VERSION.sub("", name)
    return Function(plain) if plain in list(Function) else None


def _at_root(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments beside the call. There `name` is the caller's, where it looks like one, else the function's."""
    name = fields.get("name")
    is_callers = isinstance(name, str) and bool(plausible_name(name))
    left_out = _AROUND - {"name"} if is_callers else _AROUND
    return {key: value for key, value in fields.items() if key not in left_out}


def _folded(arguments: Mapping[str, object]) -> dict[str, Any]:
    folded: dict[str, Any] = {}
    for name, value in storable_object(arguments).items():
        if folded_name(name) != _SAID_MEANWHILE:
            folded.setdefault(folded_name(name), value)
    return folded


def _position(call: Mapping[str, Any]) -> str:
    """How often the caller has spoken, and how many functions have answered. What the agent says while it waits does
    not count, nor does the words' spelling, which the transcription may still correct.
    """
    turns = items(call.get("transcript_with_tool_calls")) or items(call.get("transcript_object"))
    roles = [turn.get("role") for turn in turns if isinstance(turn, dict)]
    if not roles and isinstance(transcript := call.get("transcript"), str):
        roles = ["user" for line in transcript.splitlines() if line.startswith("User:")]
    return f"{roles.count('user')}.{roles.count('tool_call_result')}"
