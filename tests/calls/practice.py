"""A practice with two services and two people, and Retell's events about its calls. All invented."""

import hashlib
import json
from typing import Any

from calls.models import Branch, Call, Company, PhoneNumber, Service, Staff
from tests.calls.recorded import recorded
from webhooks.door.retell import Retell
from webhooks.models import WebhookEvent

NUMBER = "+493023125200"
HOURS = {day: [["09:00", "18:00"]] for day in ("mo", "di", "mi", "do", "fr")}


def practice(number: str = NUMBER, slug: str = "praxis-sonnenhof", **values: Any) -> PhoneNumber:
    """A company with one branch, reached at `number`."""
    company = Company.objects.create(name=slug.title(), slug=slug, **values)
    branch = Branch.objects.create(company=company, name="Mitte", opening_hours=HOURS)
    gymnastics = Service.objects.create(company=company, name="Krankengymnastik", synonyms=["KG"])
    Service.objects.create(company=company, name="Massage")
    mara = Staff.objects.create(company=company, branch=branch, name="Mara Buche")
    mara.services.add(gymnastics)
    Staff.objects.create(company=company, branch=branch, name="Jona Esche")
    return PhoneNumber.objects.create(company=company, branch=branch, number=number, retell_agent_id="agent_71c0")


def event(name: str, event_type: str = "", **changes: Any) -> WebhookEvent:
    """A stored event with the fixture's call, changed; a change to None takes the field away."""
    body = recorded(name)
    body["event"] = event_type or body["event"]
    call = {**body["call"], **changes}
    body["call"] = {key: value for key, value in call.items() if value is not None}
    raw = json.dumps(body).encode()
    sha256 = hashlib.sha256(raw).hexdigest()
    return WebhookEvent.objects.create(
        provider="retell",
        event_type=body["event"],
        event_key=f"{body['event']}:{WebhookEvent.objects.count()}:{sha256}",
        subject=str(call.get("call_id", ""))[:100],
        body=raw,
        body_sha256=sha256,
        content_type="application/json",
    )


def told(name: str, event_type: str = "", **changes: Any) -> WebhookEvent:
    """The event, after its job."""
    stored = event(name, event_type, **changes)
    job = Retell.jobs[stored.event_type]
    job(event_id=stored.pk)
    stored.refresh_from_db()
    return stored


def the_call() -> Call:
    return Call.objects.get()
