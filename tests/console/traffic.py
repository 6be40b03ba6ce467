"""Invented traffic: webhook events, messages, workers, and jobs with their attempts."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from askpro.console.trace import PROJECT
from askpro.dev.pictures.week.rows import job_id
from askpro.queues.models import AttemptRow, Batch, Job, Lock
from calls.models import Call
from notifications.models import Notification
from tests.console.world import HOSTILE, World
from webhooks.models import RefusedWebhook, RetellReading, WebhookEvent

TRACE = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/dramatiq/worker.py", line 487, in process_message
    res = actor(*message.args, **message.kwargs)
  File "{root}/appointments/booking/booker.py", line 118, in book
    answer = calcom.create_booking(request, slot)
  File "{root}/askpro/http.py", line 96, in request
    raise Unavailable(f"{{self.name}} answered {{response.status_code}}")
askpro.queues.errors.Unavailable: Cal.com answered 503"""

REASONS = {
    "unassigned": "Neither the number nor the agent belongs to one active phone number.",
    "conflict": "Another body was sent under this key before.",
    "invalid": "Not a call: call_id is missing.",
    "ignored": "Unknown event type.",
}


def make_events(world: World, dice: random.Random) -> None:
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
            row.reason = HOSTILE[:300] if index == 0 else REASONS.get(state, "")
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
    RetellReading.objects.create(fingerprint="0123456789ab", read_until=timezone.now(), finished_at=timezone.now())


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


def make_messages(world: World, dice: random.Random) -> None:
    rows = []
    for index, row in enumerate(world.appointments):
        text = f"Salon Käthe Grün: Ihr Termin am {row.starts_at:%d.%m.%Y um %H:%M Uhr} ist bestätigt."
        shared: dict[str, Any] = {"company": row.company, "appointment": row, "call": row.call, "kind": "confirmation"}
        shared |= {"customer": row.customer, "sent_at": (row.call.ended_at or timezone.now()) + timedelta(seconds=3)}
        state = ["delivered", "sent", "failed", "delivered", "skipped"][index % 5]
        words = {"text": HOSTILE if index == 0 else text, "reason": "no_consent" if state == "skipped" else ""}
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


def make_jobs(world: World, dice: random.Random) -> None:
    steps = [
        ("extract_call_data", "high"),
        ("identify_customer", "high"),
        ("create_appointment_from_call", "high"),
        ("send_appointment_confirmation", "notifications"),
        ("update_analytics", "low"),
    ]
    jobs: list[Job] = []
    attempts: list[AttemptRow] = []
    calls = {call.retell_call_id: (index, call) for index, call in enumerate(world.calls)}
    for event in world.events:
        sent = event.received_at
        jobs.append(_job("process_retell_call_ended", "critical", sent, [f"event:{event.pk}"], dice))
        _ran(attempts, jobs[-1], sent + timedelta(milliseconds=4), world)
        if event.event_type != "call_ended":
            continue
        (index, call), chain_id = calls[event.subject], job_id(sent, dice)
        states = {0: "dead", 3: "retrying", 5: "processing", 6: "released", 8: "queued", 9: "locked"}
        state = states.get(index % 40, "completed")
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
    _batches(world, dice, jobs, attempts)
    world.jobs = Job.objects.bulk_create(jobs, batch_size=1000)
    AttemptRow.objects.bulk_create(attempts, batch_size=1000)


def _batches(world: World, dice: random.Random, jobs: list[Job], attempts: list[AttemptRow]) -> None:
    """One batch that runs, one that is over with failures, one without members."""
    now = timezone.now()
    for number, (name, status) in enumerate([("Nachzählen aller Filialen", "open"), ("import of March", "finished")]):
        members = [
            _job("recount_company", "low", now - timedelta(minutes=9), [f"company:{n}"], dice) for n in range(30)
        ]
        callback = _job("update_analytics", "low", now - timedelta(minutes=9), [], dice)
        batch = Batch(name=name, status=status, total=30, allow_failures=True, on_finish_id=callback.pk)
        for place, member in enumerate(members):
            member.batch_id = batch.pk
            if place % 10 == 3:
                attempts.append(_attempt(member, 1, "failed", now - timedelta(minutes=8), world))
                member.status, member.error_class, member.error_message = "dead", "ValueError", f"Tag {place} fehlt."
                attempts[-1].error_class, attempts[-1].error_message = "ValueError", member.error_message
                attempts[-1].fingerprint = "0badc0de0badc0de"
            elif status == "open" and place > 20:
                member.status, member.finished_at, member.ready_at = "queued", None, now
            else:
                _ran(attempts, member, now - timedelta(minutes=8), world)
        callback.status = "waiting" if status == "open" else "completed"
        callback.finished_at = None if status == "open" else now
        batch.pending = sum(member.status == "queued" for member in members)
        batch.failed = sum(member.status == "dead" for member in members)
        batch.finished_at = now if status == "finished" else None
        batch.created_at = now - timedelta(minutes=9 + number)
        batch.save(force_insert=True)
        jobs += [*members, callback]
    Batch.objects.create(name="", status="finished", finished_at=now)


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


def _ran(attempts: list[AttemptRow], job: Job, at: datetime, world: World) -> None:
    attempts.append(_attempt(job, 1, "completed", at, world))


def _troubled(attempts: list[AttemptRow], job: Job, at: datetime, state: str, world: World) -> None:
    job.status, job.finished_at = state, at if state == "dead" else None
    job.run_at = timezone.now() + timedelta(minutes=5) if state in ("retrying", "released") else None
    if state == "released":
        job.releases, job.release_reason = 17, "Cal.com allows 120 requests a minute"
    if state == "processing":
        job.worker_id, job.progress_done, job.progress_total = world.workers[0].pk, 340, 1200
        job.lock_key, job.finished_at = "call:5", None
        Lock.objects.get_or_create(key="call:5", defaults={"job_id": job.pk, "claim_no": 1})
    if state == "locked":
        job.status, job.lock_key, job.release_reason, job.releases = "released", "call:5", "waits for its lock", 4
    if state == "queued":
        job.ready_at = timezone.now() - timedelta(seconds=31)
    if state in ("dead", "retrying"):
        job.tries_spent = 3
        job.error_class, job.error_message = "askpro.queues.errors.Unavailable", f"Cal.com answered 503 {HOSTILE}"
        for number in range(1, 4):
            attempt = _attempt(job, number, "failed", at + timedelta(seconds=30 * (number - 1)), world)
            attempt.error_class, attempt.error_message = job.error_class, job.error_message
            attempt.trace = TRACE.format(root=PROJECT) + f"\n{HOSTILE}"
            attempt.fingerprint = "9f31c2d4e5a60718"
            attempt.log = f"12:00:01.123456 Freie Zeiten gesucht\n12:00:02.000001 Cal.com antwortet nicht {HOSTILE}\n"
            attempts.append(attempt)


def _attempt(job: Job, number: int, outcome: str, at: datetime, world: World) -> AttemptRow:
    return AttemptRow(
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
