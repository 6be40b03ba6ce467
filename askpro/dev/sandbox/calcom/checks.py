"""Cal.com's validation of requests; the errors have class-validator's form."""

from collections.abc import Mapping
from typing import Any

from askpro.dev.sandbox.calcom import rules
from askpro.dev.sandbox.calcom.refusals import invalid
from askpro.dev.sandbox.calcom.rules import Rule

NO_CONTACT = "At least one contact method (email or phone number) must be provided"
NO_EVENT_TYPE = "Either eventTypeId or eventTypeSlug + username or eventTypeSlug + teamSlug must be provided"

Violation = dict[str, Any]


def check(values: Any, obeyed: tuple[Rule, ...]) -> dict[str, Any]:
    """The values, if they obey the rules. Raises the 400 that lists every violation."""
    values = values if isinstance(values, dict) else {}
    if errors := _violations(values, obeyed):
        raise invalid(errors)
    return values


def check_booking(body: Any) -> dict[str, Any]:
    """The body of POST /v2/bookings, likewise."""
    body = body if isinstance(body, dict) else {}
    errors = _violations(body, rules.BOOKING) + _attendee_violations(body)
    if body.get("eventTypeId") is None and not (body.get("eventTypeSlug") and body.get("username")):
        errors.append(_violation(body, "eventTypeId", {"requireEventType": NO_EVENT_TYPE}))
    if errors:
        raise invalid(errors)
    return body


def _violations(values: Mapping[str, Any], obeyed: tuple[Rule, ...]) -> list[Violation]:
    broken = [
        rule
        for rule in obeyed
        if (rule.required if values.get(rule.name) is None else not rule.holds(values[rule.name]))
    ]
    return [_violation(values, rule.name, {rule.constraint: rule.message}) for rule in broken]


def _attendee_violations(body: Mapping[str, Any]) -> list[Violation]:
    attendee = body.get("attendee")
    if not isinstance(attendee, dict):
        return [_violation(body, "attendee", {"isDefined": "attendee should not be null or undefined"})]
    inner = _violations(attendee, rules.ATTENDEE)
    if not attendee.get("email") and not attendee.get("phoneNumber"):
        inner.append(_violation(attendee, "name", {"requireEmailOrPhone": NO_CONTACT}))
    return [_violation(body, "attendee", {}, inner)] if inner else []


def _violation(
    target: Mapping[str, Any], name: str, constraints: Mapping[str, str], children: list[Violation] | None = None
) -> Violation:
    entry = {"target": dict(target), "value": target.get(name), "property": name, "children": children or []}
    return entry | ({"constraints": dict(constraints)} if constraints else {})
