"""The fields of a booking besides time, service and people: the caller's notes, and what the event type asks for."""

from collections.abc import Mapping
from typing import Any, Final

from askpro.reading import clean
from calls import strangers
from calls.models import BookingRequest
from calls.models.offer import PHONE_FIELDS, Service

NOTES: Final = "notes"
# Cal.com shows notes to the host in mail and calendar; a longer text is not a note.
LONGEST_NOTE: Final = 1000
EMPTY: Final[tuple[Any, ...]] = ("", None, [])
YES: Final = frozenset({"ja", "yes", "true", "1"})


def responses(request: BookingRequest) -> dict[str, Any]:
    """`bookingFieldsResponses` for Cal.com: the notes if the caller left any, and what staff have mapped."""
    service = request.service
    assert service is not None
    said = facts(request)
    answers = {field["slug"]: _answer(field, service, said) for field in service.required_fields}
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
        if service.answer_to(field["slug"]) and _answer(field, service, said) in EMPTY
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


def _answer(field: Mapping[str, Any], service: Service, said: Mapping[str, str]) -> Any:
    """The mapped text with its facts filled in, in the type that Cal.com wants; None if there is none."""
    text = service.answer_to(field["slug"])
    if field["slug"] == NOTES:
        text = said[NOTES] or text
    for name, value in said.items():
        text = text.replace(f"{{{name}}}", value)
    return _typed(field["type"], text.strip())


def _typed(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text.lower() in YES
    if kind == "number":
        return _number(text)
    if kind in ("multiselect", "checkbox", "multiemail"):
        return [part for entry in text.split(",") if (part := entry.strip())]
    return text


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return int(value) if value.is_integer() else value
