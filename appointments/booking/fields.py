"""What a booking says besides when, what and who: the caller's words, and the fields that an event type asks for."""

from collections.abc import Mapping
from typing import Any, Final

from askpro.reading import clean
from calls import strangers
from calls.models import BookingRequest
from calls.models.offer import PHONE_FIELDS, Service

NOTES: Final = "notes"
# Cal.com shows them to the host in mail and calendar: what is longer was no note.
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
    """Required fields, mapped by staff, to which this request has nothing to say."""
    service = request.service
    assert service is not None
    said = facts(request)
    return [
        field["slug"]
        for field in service.required_fields
        if service.answer_to(field["slug"]) and _answer(field, service, said) in EMPTY
    ]


def facts(request: BookingRequest) -> dict[str, str]:
    """What a mapping may name in braces, as it stands for this request."""
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
    """The mapped text with its facts, in the type that Cal.com wants; None where it has none."""
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
