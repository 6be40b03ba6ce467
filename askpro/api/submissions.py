"""A wish becomes a request with the jobs that book it, in one transaction; the same key never makes a second one."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction
from rest_framework.exceptions import APIException, ValidationError

from appointments.tasks import booking_chain
from askpro.api.models import ApiToken, Submission
from askpro.reading import clean
from calls.customers import attendee
from calls.models import BookingRequest, Branch, Company, Service, Staff
from calls.requests.matching import Named, Result, match_service, match_staff, the_one

R = TypeVar("R", Service, Staff)


class KeyReused(APIException):
    status_code = 422
    default_code = "key_reused"
    default_detail = "This Idempotency-Key was used for another body."


def submit(token: ApiToken, wish: dict[str, Any], key: str | None) -> tuple[BookingRequest, bool]:
    """The request of this wish, and whether it is new. Raises `ValidationError` and `KeyReused`.

    A second call with the same key at the same time waits until the first has committed, then gets its request.
    """
    digest = _digest(wish)
    with transaction.atomic():
        submission, is_new = _submission(token, key, digest)
        if not is_new:
            if submission.body_sha256 != digest:
                raise KeyReused
            assert submission.booking_request is not None  # by the transaction that wrote both
            return submission.booking_request, False
        submission.booking_request = _request(token.company, wish)
        submission.save(update_fields=["booking_request"])
        booking_chain(submission.booking_request).send()
    return submission.booking_request, True


def _submission(token: ApiToken, key: str | None, digest: str) -> tuple[Submission, bool]:
    values = {"token": token, "body_sha256": digest}
    if key is None:
        return Submission.objects.create(company=token.company, **values), True
    return Submission.objects.get_or_create(company=token.company, key=key, defaults=values)


def _request(company: Company, wish: dict[str, Any]) -> BookingRequest:
    branch = _branch(company, wish["branch"])
    service = _service(branch, wish["service"])
    staff = _staff(branch, service, wish["staff"]) if wish["staff"] is not None else None
    who = wish["attendee"]
    name = clean(who["name"], 200)
    local = wish["starts_at"].astimezone(ZoneInfo(str(branch.zone)))
    return BookingRequest.objects.create(
        company=company,
        branch=branch,
        customer=attendee(company, who["phone"] or None, name, who["email"], wish["sms_consent"]),
        # Shown to the person who takes it over, where a phone call has the caller's words.
        date_words=f"{local:%d.%m.%Y}",
        time_words=f"{local:%H:%M}",
        service_words=service.name,
        staff_words=staff.name if staff else "",
        name=name,
        contact_phone=who["phone"],
        email=who["email"],
        notes=clean(wish["notes"], 2000),
        sms_consent=wish["sms_consent"],
        starts_at=wish["starts_at"],
        service=service,
        staff=staff,
    )


def _branch(company: Company, wished: int | None) -> Branch:
    branches = Branch.objects.select_related("company").filter(company=company, is_active=True)
    found = list((branches.filter(pk=wished) if wished is not None else branches)[:2])
    if len(found) != 1:
        raise ValidationError({"branch": "Name one of the company's branches by its id."})
    return found[0]


def _service(branch: Branch, wished: int | str) -> Service:
    return _meant(
        Service.offered_at(branch), wished, match_service, "service", "No single service of this branch is meant."
    )


def _staff(branch: Branch, service: Service, wished: int | str) -> Staff:
    rows = Staff.offering(service, branch)
    return _meant(rows, wished, match_staff, "staff", "No single person who offers this service is meant.")


def _meant(
    rows: list[R], wished: int | str, match: Callable[[str, Iterable[Named]], Result], field: str, complaint: str
) -> R:
    by_id = (row for row in rows if row.pk == wished)
    chosen = the_one(match(wished, rows), rows) if isinstance(wished, str) else next(by_id, None)
    if chosen is None:
        raise ValidationError({field: complaint})
    return chosen


def _digest(wish: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(wish, sort_keys=True, default=str).encode()).hexdigest()
