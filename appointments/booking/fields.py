"""The fields of a booking besides time, service and people: the caller's notes, and what the event type asks for."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from askpro.reading import clean
from calls import strangers
from calls.models import BookingRequest
from calls.models.offer import PHONE_FIELDS, Service
from calls.text import fold

NOTES: Final = "notes"
# Cal.com shows notes to the host in mail and calendar; a longer text is not a note.
LONGEST_NOTE: Final = 1000
EMPTY: Final[tuple[Any, ...]] = ("", None, [])
# What a mapping may name in braces: a fact of the request, or what the agent collected under a name.
FACT: Final = re.compile(r"\{([^{}]{1,80})\}")
OF_CALL: Final = "call."
YES: Final = frozenset({"ja", "yes", "true", "1"})


def responses(request: BookingRequest) -> dict[str, Any]:
    """`bookingFieldsResponses` for Cal.com: the notes if the caller left any, and what staff have mapped."""
    service = request.service
    assert service is not None
    said = facts(request)
    answers = {field["slug"]: _answer(field, service, request, said) for field in service.required_fields}
    filled = {slug: value for slug, value in answers.items() if value not in EMPTY and slug not in PHONE_FIELDS}
    return ({NOTES: said[NOTES]} if said[NOTES] else {}) | filled


def empty_fields(request: BookingRequest) -> list[str]:
    """Required fields, mapped by staff, for which this request has no value."""
    service = request.service
    assert service is not None
    said = facts(request)
    return [
        field["slug"]
        for field in service.required_fields
        if service.answer_to(field["slug"]) and _answer(field, service, request, said) in EMPTY
    ]


def facts(request: BookingRequest) -> dict[str, str]:
    """The facts that a mapping may name in braces, with their values for this request."""
    customer = request.who
    return {
        "name": strangers.unlinked(request.name or (customer.name if customer else "")),
        "phone": request.contact_phone or (customer.phone if customer else "") or "",
        "email": request.email,
        NOTES: strangers.unlinked(clean(request.notes, LONGEST_NOTE)),
        "service": request.service.name if request.service else "",
        "staff": request.staff.name if request.staff else "",
        "branch": request.where.name,
    }


def _answer(field: Mapping[str, Any], service: Service, request: BookingRequest, said: Mapping[str, str]) -> Any:
    """The mapped text with its facts filled in, in the type that Cal.com wants; None if there is none."""
    text = service.answer_to(field["slug"])
    if field["slug"] == NOTES:
        text = said[NOTES] or text
    filled = FACT.sub(lambda fact: _value(fact[1], request, said), text)
    return _typed(field["type"], field["options"], filled.strip())


def _value(name: str, request: BookingRequest, said: Mapping[str, str]) -> str:
    """A fact of the request, or what the agent collected in its call; a name that is neither stays as it is written."""
    if name.startswith(OF_CALL):
        heard = request.call.said(name.removeprefix(OF_CALL)) if request.call else ""
        return strangers.unlinked(clean(heard, LONGEST_NOTE))
    return said.get(name, f"{{{name}}}")


def _typed(kind: str, options: Sequence[str], text: str) -> Any:
    if kind == "boolean":
        return text.lower() in YES
    if kind == "number":
        return _number(text)
    if kind in ("multiselect", "checkbox", "multiemail"):
        chosen = [_chosen(options, part) for entry in text.split(",") if (part := entry.strip())]
        return [] if None in chosen else chosen
    return _chosen(options, text)


def _chosen(options: Sequence[str], text: str) -> str | None:
    """The option that is meant, in Cal.com's spelling; None if it is not among them."""
    return next((option for option in options if fold(option) == fold(text)), None) if options else text


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    # JSON has no endless numbers.
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value
