"""A world for the console's tests and for looking at it: as many rows as wanted, with what people and vendors really
write in them, hostile strings included. Every person, number and address is invented."""

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from appointments.models import Appointment, DailyCount, FollowUp
from askpro.queues.models import Attempt, Job, Supervisor, Worker
from calls.models import BookingRequest, Branch, Call, Company, Customer, PhoneNumber, Service, Staff
from notifications.models import Notification
from webhooks.models import RefusedWebhook, WebhookEvent

HOSTILE = '<script>window.hacked = 1</script>"><img src=x onerror="window.hacked = 1">{{ 7|add:7 }}'
FIRST = [
    "Käthe",
    "Jürgen",
    "Ömer",
    "Zoë",
    "Björn",
    "Anneliese",
    "Søren",
    "Günther",
    "Łukasz",
    "Marie-Luise",
    "Friederike",
    "Özlem",
    "Håkon",
    "Ludmiła",
]
LAST = [
    "Groß",
    "Müller-Lüdenscheidt",
    "Yıldız",
    "Weiß",
    "Schröder",
    "Krämer",
    "Nowak",
    "Þórsson",
    "Köhler",
    "Öztürk",
    "Schönfeld",
    "von-der-Ahe",
]
SAID = [
    ("morgen", "um halb drei"),
    ("nächsten Donnerstag", "so gegen 16 Uhr"),
    ("am 3. Dezember", "10:15"),
    ("Freitag", "irgendwann nachmittags"),
    ("übermorgen", "vierzehn Uhr dreißig"),
]
TRANSCRIPT = """Agent: Salon Käthe Grün, guten Tag, Sie sprechen mit Lina. Was kann ich für Sie tun?
User: Ja, hallo, ich hätte gern einen Termin zum Haareschneiden, wenn's geht {day}, {time}.
Agent: Sehr gern. Bei wem möchten Sie den Termin haben?
User: Am liebsten beim Ömer, aber wenn der nicht kann, ist mir das auch egal.
Agent: {day}, {time}, Haarschnitt bei Ömer Yıldız. Auf welchen Namen darf ich eintragen?
User: {name}. Und schicken Sie mir bitte eine Bestätigung aufs Handy.
Agent: Ist notiert. Sie bekommen gleich eine SMS. Auf Wiederhören!
User: Danke, tschüss!"""
TRACE = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/dramatiq/worker.py", line 487, in process_message
    res = actor(*message.args, **message.kwargs)
  File "{root}/appointments/booking.py", line 118, in book
    answer = calcom.create_booking(request, slot)
  File "{root}/askpro/http.py", line 96, in request
    raise Unavailable(f"{{self.name}} answered {{response.status_code}}")
askpro.queues.errors.Unavailable: Cal.com answered 503"""


@dataclass
class World:
    """What was made, by kind, oldest first."""

    companies: list[Company] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    requests: list[BookingRequest] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    events: list[WebhookEvent] = field(default_factory=list)
    messages: list[Notification] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)


def make_world(calls: int = 12, seed: int = 7) -> World:
    """A world with `calls` calls and all that follows from them. The first call is hostile in every text."""
    world, dice = World(), random.Random(seed)
    _set_up(world)
    _people(world, dice, calls)
    _calls(world, dice, calls)
    _requests(world, dice)
    _appointments(world, dice)
    _follow_ups(world, dice)
    _events(world, dice)
    _messages(world, dice)
    _workers(world)
    _jobs(world, dice)
    _counts(world, dice)
    _age(world)
    return world


def job_id(moment: datetime, dice: random.Random) -> uuid.UUID:
    """A UUIDv7 of a moment, as the engine makes them."""
    value = int(moment.timestamp() * 1000) << 80 | 7 << 76 | dice.getrandbits(12) << 64 | 2 << 62
    return uuid.UUID(int=value | dice.getrandbits(62))


def _set_up(world: World) -> None:
    for index, (name, slug) in enumerate([("Salon Käthe Grün", "salon"), ("Praxis Dr. Weiß-Öztürk", "praxis")]):
        company = Company.objects.create(name=name, slug=slug, calcom_api_key=f"cal_secret_{slug}")
        hours = {"mo": [["09:00", "18:00"]], "di": [["09:00", "12:30"], ["14:00", "18:00"]]}
        place = {"street": "Torstraße 1", "postal_code": "10119", "city": "Berlin", "opening_hours": hours}
        branch = Branch.objects.create(company=company, name="Mitte", phone=f"+493023125{index}50", **place)
        PhoneNumber.objects.create(company=company, branch=branch, number=f"+493023125{index}50")
        for number, title in enumerate(["Haarschnitt", "Färben mit Strähnen", "Erstgespräch (lang)"]):
            Service.objects.create(company=company, name=title, calcom_event_type_id=9000 + index * 10 + number)
        for name in ("Ömer Yıldız", "Käthe Grün"):
            Staff.objects.create(company=company, branch=branch, name=name, email=f"{slug}@example.org")
        world.companies.append(company)


def _people(world: World, dice: random.Random, calls: int) -> None:
    people = [Customer(company=world.companies[0], name=HOSTILE, phone="+4930231250000", email="boese@example.org")]
    for index in range(max(calls // 2, 3)):
        people.append(
            Customer(
                company=world.companies[index % 2],
                name=f"{dice.choice(FIRST)} {dice.choice(LAST)}" if index % 7 else "",
                phone=f"+491555{index:07d}",
                email=f"kunde{index}@example.org" if index % 3 else None,
                sms_consent_at=timezone.now() if index % 2 else None,
            )
        )
    world.customers = Customer.objects.bulk_create(people, batch_size=1000)


def _calls(world: World, dice: random.Random, calls: int) -> None:
    offices = {company.pk: (company.branches.get(), company.phone_numbers.get()) for company in world.companies}
    now = timezone.now()
    rows = []
    for index in range(calls):
        customer = world.customers[index % len(world.customers)]
        branch, number = offices[customer.company_id]
        started = now - timedelta(minutes=11 * (calls - index), seconds=dice.randrange(60))
        day, time = dice.choice(SAID)
        transcript = TRANSCRIPT.format(day=day, time=time, name=customer.name)
        rows.append(
            Call(
                company=customer.company,
                branch=branch,
                phone_number=number,
                customer=customer if index % 5 else None,
                retell_call_id=f"call_{index:08x}{dice.getrandbits(64):016x}",
                agent_id=HOSTILE[:60] if index == 0 else "agent_b2f6c1d4e8a94f7c",
                direction="inbound",
                from_number=customer.phone or "",
                to_number=number.number,
                status=dice.choice(["ended", "analyzed", "analyzed", "analyzed"]) if index < calls - 1 else "ongoing",
                outcome=["booked", "booked", "follow_up", "no_request", "booked"][index % 5],
                started_at=started,
                ended_at=started + timedelta(seconds=95) if index < calls - 1 else None,
                duration_ms=95_000 + dice.randrange(60_000),
                disconnection_reason="user_hangup",
                transcript=f"{transcript}\nUser: {HOSTILE}" if index == 0 else transcript,
                summary=HOSTILE if index == 0 else "Die Anruferin möchte einen Termin zum Haareschneiden.",
                cost_usd="0.1423",
                variables={"function": {"datum": day, "uhrzeit": time, "name": customer.name, "hostile": HOSTILE}},
                analysis={"call_summary": HOSTILE, "user_sentiment": "Positive", "call_successful": True},
                needs_review=index % 9 == 0,
                review_reason=HOSTILE if index == 0 else "",
            )
        )
    world.calls = Call.objects.bulk_create(rows, batch_size=1000)


def _requests(world: World, dice: random.Random) -> None:
    rows = []
    for call in world.calls:
        if call.outcome not in ("booked", "follow_up"):
            continue
        day, time = dice.choice(SAID)
        rows.append(
            BookingRequest(
                call=call,
                company=call.company,
                status=call.outcome,
                date_words=HOSTILE if call is world.calls[0] else day,
                time_words=time,
                service_words="Haare schneiden und vielleicht noch ein bisschen Farbe in den Ansatz, wenn das geht",
                staff_words="der Ömer",
                name=call.customer.name if call.customer else "Anneliese Groß",
                contact_phone="+491555000001",
                sms_consent=True,
                starts_at=timezone.now() + timedelta(days=3) if call.outcome == "booked" else None,
                unclear="" if call.outcome == "booked" else "time_window",
                notes=HOSTILE if call is world.calls[0] else "",
            )
        )
    world.requests = BookingRequest.objects.bulk_create(rows, batch_size=1000)


def _appointments(world: World, dice: random.Random) -> None:
    offers = {c.pk: (list(c.services.all()), list(c.staff.all())) for c in world.companies}
    rows = []
    for index, request in enumerate(row for row in world.requests if row.status == "booked"):
        services, staff = offers[request.company_id]
        starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=index - 40)
        cancelled = index % 8 == 7
        rows.append(
            Appointment(
                company=request.company,
                branch=request.call.branch,
                customer=request.call.customer,
                staff=dice.choice(staff),
                service=dice.choice(services),
                call=request.call,
                booking_request=request,
                starts_at=starts,
                ends_at=starts + timedelta(minutes=45),
                status="cancelled" if cancelled else "confirmed",
                sync_status="synced",
                attendee_name=request.name,
                attendee_phone=request.contact_phone,
                attendee_email="gast@example.org",
                notes=HOSTILE if index == 0 else "",
                calcom_uid=f"uid{index:09d}{dice.getrandbits(40):010x}",
                calcom_booking_id=900_000 + index,
                cancelled_at=timezone.now() if cancelled else None,
                cancellation_reason="Kundin ist krank geworden." if cancelled else "",
            )
        )
    world.appointments = Appointment.objects.bulk_create(rows, batch_size=1000)


def _follow_ups(world: World, dice: random.Random) -> None:
    reasons = [value for value in FollowUp.Reason.values if value != "review"]
    rows = [
        FollowUp(
            company=world.calls[0].company,
            branch=world.calls[0].branch,
            call=world.calls[0],
            customer=world.customers[0],
            reason="review",
            words=HOSTILE,
            detail=HOSTILE[:300],
            due_at=timezone.now() - timedelta(hours=2),
        )
    ]
    for index, request in enumerate(row for row in world.requests if row.status == "follow_up"):
        rows.append(
            FollowUp(
                company=request.company,
                branch=request.call.branch,
                call=request.call,
                booking_request=request,
                customer=request.call.customer,
                reason=reasons[index % len(reasons)],
                status="open" if index % 3 else "done",
                words="„Also, wenn's geht, irgendwann Freitag nachmittags, aber nicht zu spät, weil ich um sechs die"
                " Kinder abholen muss. Sonst halt die Woche drauf.“",
                detail="Between 12:00 and 18:00: a window, not a time.",
                alternatives=[(timezone.now() + timedelta(days=2, hours=n)).isoformat() for n in range(3)],
                due_at=timezone.now() + timedelta(hours=index % 60 - 12),
                resolved_at=None if index % 3 else timezone.now(),
            )
        )
    world.follow_ups = FollowUp.objects.bulk_create(rows, batch_size=1000)


def _events(world: World, dice: random.Random) -> None:
    rows = []
    for index, call in enumerate(world.calls):
        body = {"event": "call_ended", "call": {"call_id": call.retell_call_id, "note": HOSTILE, "big": 2**70}}
        rows.append(_event(call, "call_ended", index, json.dumps(body).encode(), dice))
        if index % 2:
            analyzed = json.dumps({"event": "call_analyzed", "call": {"call_id": call.retell_call_id}}).encode()
            rows.append(_event(call, "call_analyzed", index, analyzed, dice))
    states = {0: "failed", 1: "unassigned", 2: "conflict", 3: "invalid", 4: "ignored"}
    for index, state in states.items():
        for row in rows[index::97]:
            row.status = state
            row.reason = HOSTILE[:300] if index == 0 else f"Why it is {state}."
    world.events = WebhookEvent.objects.bulk_create(rows, batch_size=1000)
    ended = {call.retell_call_id: call.ended_at or call.started_at for call in world.calls}
    for event in world.events:
        event.received_at = ended[event.subject]
    WebhookEvent.objects.bulk_update(world.events, ["received_at"], batch_size=1000)
    RefusedWebhook.objects.bulk_create(
        RefusedWebhook(
            provider="retell",
            reason=reason,
            hour=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=number),
            address_prefix=f"203.0.113.{number}/24",
            count=dice.randrange(1, 4000),
        )
        for number, reason in enumerate(RefusedWebhook.Reason.values)
    )


def _event(call: Call, kind: str, index: int, body: bytes, dice: random.Random) -> WebhookEvent:
    return WebhookEvent(
        provider="retell",
        event_type=kind,
        event_key=f"{kind}:{call.retell_call_id}",
        subject=call.retell_call_id,
        status="processed",
        company=call.company,
        body=body,
        body_sha256=f"{dice.getrandbits(256):064x}",
        content_type="application/json",
        headers={"User-Agent": HOSTILE, "Content-Type": "application/json"},
        verified_by="3f9a11c2",
        occurred_at=call.ended_at,
        processed_at=call.ended_at,
        duplicates=index % 4,
        last_duplicate_at=call.ended_at if index % 4 else None,
    )


def _messages(world: World, dice: random.Random) -> None:
    rows = []
    for index, row in enumerate(world.appointments):
        text = f"Salon Käthe Grün: Ihr Termin am {row.starts_at:%d.%m.%Y um %H:%M Uhr} ist bestätigt."
        shared: dict[str, Any] = {"company": row.company, "appointment": row, "call": row.call, "kind": "confirmation"}
        shared |= {"customer": row.customer, "sent_at": (row.call.ended_at or timezone.now()) + timedelta(seconds=3)}
        state = ["delivered", "sent", "failed", "delivered", "skipped"][index % 5]
        words = {"text": HOSTILE if index == 0 else text, "reason": "No consent to SMS." if state == "skipped" else ""}
        rows.append(
            Notification(
                channel="sms",
                status=state,
                recipient=row.attendee_phone,
                provider_id=f"SM{dice.getrandbits(128):032x}",
                **shared,
                **words,
            )
        )
        rows.append(Notification(channel="email", status="sent", recipient="gast@example.org", text=text, **shared))
    world.messages = Notification.objects.bulk_create(rows, batch_size=1000)


def _workers(world: World) -> None:
    supervisor = Supervisor.objects.create(
        host="askpro-01", pid=4711, process_started_at=1.0, environment="local", code_version="v0.1"
    )
    world.workers = [
        Worker.objects.create(
            supervisor=supervisor, pool=pool, host="askpro-01", pid=5000 + number, status="running", code_version="v0.1"
        )
        for number, pool in enumerate(["urgent", "outside", "rest"])
    ]


def _jobs(world: World, dice: random.Random) -> None:
    steps = [
        ("extract_call_data", "high"),
        ("identify_customer", "high"),
        ("create_appointment_from_call", "high"),
        ("send_appointment_confirmation", "notifications"),
        ("update_analytics", "low"),
    ]
    jobs: list[Job] = []
    attempts: list[Attempt] = []
    calls = {call.retell_call_id: (index, call) for index, call in enumerate(world.calls)}
    for event in world.events:
        sent = event.received_at
        jobs.append(_job("process_retell_call_ended", "critical", sent, [f"event:{event.pk}"], dice))
        _ran(attempts, jobs[-1], sent + timedelta(milliseconds=4), world)
        if event.event_type != "call_ended":
            continue
        (index, call), chain_id = calls[event.subject], job_id(sent, dice)
        state = {0: "dead", 3: "retrying", 6: "released", 8: "queued"}.get(index % 40, "completed")
        for number, (name, queue) in enumerate(steps):
            tags = [f"call:{call.pk}", f"company:{call.company_id}"]
            job = _job(name, queue, sent, tags, dice, chain_id=chain_id, chain_step=number)
            at = sent + timedelta(milliseconds=30 * number + 20)
            if number < 2 or state == "completed":
                _ran(attempts, job, at, world)
            elif number == 2:
                _troubled(attempts, job, at, state, world)
            else:
                job.status, job.finished_at, job.ready_at = "waiting", None, None
            jobs.append(job)
    world.jobs = Job.objects.bulk_create(jobs, batch_size=1000)
    Attempt.objects.bulk_create(attempts, batch_size=1000)


def _job(name: str, queue: str, sent: datetime, tags: list[str], dice: random.Random, **chain: Any) -> Job:
    return Job(
        id=job_id(sent, dice),
        actor_name=name,
        queue_name=queue,
        kwargs={"call_id": 1},
        tags=tags,
        status="completed",
        created_at=sent,
        ready_at=sent,
        finished_at=sent + timedelta(milliseconds=60),
        claim_no=1,
        tries_spent=0,
        extra_tries=0,
        losses=0,
        releases=0,
        release_reason="",
        error_class="",
        error_message="",
        **chain,
    )


def _ran(attempts: list[Attempt], job: Job, at: datetime, world: World) -> None:
    attempts.append(_attempt(job, 1, "completed", at, world))


def _troubled(attempts: list[Attempt], job: Job, at: datetime, state: str, world: World) -> None:
    from askpro.console.trace import PROJECT

    job.status, job.finished_at = state, at if state == "dead" else None
    job.run_at = timezone.now() + timedelta(minutes=5) if state in ("retrying", "released") else None
    if state == "released":
        job.releases, job.release_reason = 17, "Cal.com allows 120 requests a minute"
    if state == "queued":
        job.ready_at = timezone.now() - timedelta(seconds=31)
    if state in ("dead", "retrying"):
        job.tries_spent = 3
        job.error_class, job.error_message = "askpro.queues.errors.Unavailable", f"Cal.com answered 503 {HOSTILE}"
        for number in range(1, 4):
            attempt = _attempt(job, number, "failed", at + timedelta(seconds=30 * (number - 1)), world)
            attempt.error_class, attempt.error_message = job.error_class, job.error_message
            attempt.trace = TRACE.format(root=PROJECT) + f"\n{HOSTILE}"
            attempts.append(attempt)


def _attempt(job: Job, number: int, outcome: str, at: datetime, world: World) -> Attempt:
    return Attempt(
        job_id=job.pk,
        claim_no=number,
        outcome=outcome,
        started_at=at,
        finished_at=at + timedelta(milliseconds=12),
        worker_id=world.workers[0].pk,
        code_version="v0.1",
        expected=False,
        error_class="",
        error_message="",
        trace="",
        fingerprint="",
    )


def _age(world: World) -> None:
    """Rows are born when their call has ended, not now."""
    ended = {call.pk: call.ended_at or call.started_at for call in world.calls}
    for rows, seconds in ((world.requests, 1), (world.appointments, 2), (world.follow_ups, 2), (world.messages, 2)):
        for row in rows:
            row.created_at = ended[row.call_id] + timedelta(seconds=seconds)
        if rows:
            type(rows[0]).objects.bulk_update(rows, ["created_at"], batch_size=1000)


def _counts(world: World, dice: random.Random) -> None:
    today = timezone.localdate()
    DailyCount.objects.bulk_create(
        DailyCount(
            company=company,
            day=today - timedelta(days=number),
            calls=(calls := dice.randrange(0, 60)),
            requests=calls * 2 // 3,
            bookings=calls // 2,
            follow_ups=calls // 6,
        )
        for company in world.companies
        for number in range(30)
    )
