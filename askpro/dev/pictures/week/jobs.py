"""The jobs that worked on it all, with their attempts; in Cal.com's dead hour those that book failed for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from askpro.console.trace import PROJECT
from askpro.dev.pictures.week.fleet import POOLS
from askpro.dev.pictures.week.rows import ANSWERED, BATCH, Week, job_id
from askpro.queues.models import AttemptRow, Batch, Job, Worker
from askpro.queues.states import FAILED_DAY
from calls.models import Call
from webhooks.models import WebhookEvent

# The jobs of a call: name, queue, and the milliseconds that one takes at least.
CHAIN: Final = (
    ("extract_call_data", "high", 14),
    ("identify_customer", "high", 9),
    ("create_appointment_from_call", "high", 640),
    ("send_appointment_confirmation", "notifications", 21),
)
BOOKING: Final = 2
UNAVAILABLE: Final = "askpro.queues.errors.Unavailable"
TRACE: Final = f"""Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/dramatiq/worker.py", line 487, in process_message
    res = actor(*message.args, **message.kwargs)
  File "{PROJECT}/appointments/tasks.py", line 52, in create_appointment_from_call
    book(call_id)
  File "{PROJECT}/appointments/calcom/client.py", line 96, in create_booking
    raise Unavailable("Cal.com: answered 503")
askpro.queues.errors.Unavailable: {ANSWERED}"""
# When the tries of a job that books follow each other.
TRIES: Final = (0, 12, 47, 110, 420)


class Ledger:
    """Writes jobs and attempts as they would have been written."""

    def __init__(self, week: Week) -> None:
        self._week = week
        self._attempts: list[AttemptRow] = []

    def make(self) -> None:
        week = self._week
        for event in week.events:
            if event.status == "processed":
                self._ran(self._job(*_of_event(event), event.received_at, [f"event:{event.pk}"]), 11)
        for call in week.calls:
            if call.ended_at:
                self._chain(call, call.ended_at)
        for message in week.messages:
            if message.sent_at:
                of_message = "send_sms_notification" if message.channel == "sms" else "send_email_notification"
                job = self._job(of_message, "notifications", message.created_at, [f"notification:{message.pk}"])
                self._ran(job, 380)
        self._batch()
        self._now()
        Job.objects.bulk_create(week.jobs, batch_size=BATCH)
        AttemptRow.objects.bulk_create(self._attempts, batch_size=BATCH)

    def _chain(self, call: Call, ended: datetime) -> None:
        """The jobs of one call, one after the other. Without an appointment nothing is booked and confirmed."""
        chain_id, is_dead = job_id(ended, self._week.dice), self._week.is_in_outage(call.started_at or ended)
        at = ended + timedelta(milliseconds=300)
        for step, (name, queue, least) in enumerate(CHAIN[: None if call.outcome == "booked" or is_dead else 2]):
            tags = [f"call:{call.pk}", f"company:{call.company_id}"]
            job = self._job(name, queue, at, tags, chain_id=chain_id, chain_step=step, kwargs={"call_id": call.pk})
            if is_dead and step == BOOKING:
                self._died(job, at)
            elif is_dead and step > BOOKING:
                job.status, job.finished_at, job.ready_at = Job.Status.WAITING, None, None
            else:
                at = self._ran(job, least) + timedelta(milliseconds=4)

    def _batch(self) -> None:
        """The nightly count over all companies, still running for one of them."""
        sent = self._week.now - timedelta(minutes=6)
        names = [f"company:{company.pk}" for company in self._week.companies]
        members = [self._job("recount_company", "low", sent, [names[place % 2]]) for place in range(14)]
        last = self._job("update_analytics", "low", sent, [])
        last.status, last.finished_at = Job.Status.WAITING, None
        batch = Batch(name="Nachzählen des Novembers", total=14, allow_failures=True, on_finish_id=last.pk)
        for place, member in enumerate(members):
            member.batch_id = batch.pk
            if place < 9:
                self._ran(member, 1400)
            else:
                member.status, member.finished_at = Job.Status.QUEUED, None
        batch.pending, batch.created_at = 5, sent
        batch.save(force_insert=True)

    def _now(self) -> None:
        """What is running, and what waits for a moment."""
        now = self._week.now
        busy = self._job("sync_calcom_data", "default", now - timedelta(seconds=21), ["company:1"])
        busy.status, busy.finished_at, busy.started_at = Job.Status.PROCESSING, None, now - timedelta(seconds=20)
        busy.worker_id, busy.progress_done, busy.progress_total = self._worker("default").pk, 41, 118
        later = self._job("send_due_reminders", "notifications", now - timedelta(minutes=2), [])
        later.status, later.finished_at, later.run_at = Job.Status.SCHEDULED, None, now + timedelta(minutes=3)
        again = self._job("send_email_notification", "notifications", now - timedelta(minutes=1), [])
        again.status, again.finished_at, again.run_at = Job.Status.RETRYING, None, now + timedelta(minutes=5)
        again.error_class, again.error_message, again.tries_spent = "builtins.TimeoutError", "timed out", 1
        self._failed(again, 1, now - timedelta(seconds=50), 10_000)

    def _died(self, job: Job, at: datetime) -> None:
        job.status, job.day, job.tries_spent = Job.Status.DEAD, FAILED_DAY, len(TRIES)
        job.error_class, job.error_message = UNAVAILABLE, ANSWERED
        for number, after in enumerate(TRIES, start=1):
            job.finished_at = self._failed(job, number, at + timedelta(seconds=after), 210)

    def _ran(self, job: Job, least: int) -> datetime:
        """It completed at the first try, of which the job's own row tells; when."""
        job.started_at = job.created_at + timedelta(milliseconds=3 + self._week.dice.randrange(40))
        job.finished_at = self._ended(job.started_at, least)
        job.worker_id, job.claim_no = self._worker(_pool(job)).pk, 1
        return job.finished_at

    def _failed(self, job: Job, number: int, at: datetime, least: int) -> datetime:
        """One try failed; when."""
        ended = self._ended(at, least)
        self._attempts.append(
            AttemptRow(
                job_id=job.pk,
                claim_no=number,
                outcome="failed",
                started_at=at,
                finished_at=ended,
                recorded_at=ended,
                ready_at=at - timedelta(milliseconds=4),
                worker_id=self._worker(_pool(job)).pk,
                code_version="v1.4.0",
                expected=False,
                error_class=job.error_class,
                error_message=job.error_message,
                trace=TRACE if job.error_class == UNAVAILABLE else "",
                fingerprint="9f31c2d4e5a60718",
            )
        )
        job.claim_no = number
        return ended

    def _ended(self, at: datetime, least: int) -> datetime:
        return at + timedelta(milliseconds=least + self._week.dice.randrange(least))

    def _worker(self, pool: str) -> Worker:
        return self._week.dice.choice([worker for worker in self._week.workers if worker.pool == pool])

    def _job(self, name: str, queue: str, sent: datetime, tags: Sequence[str], **more: Any) -> Job:
        job = Job(
            id=job_id(sent, self._week.dice),
            actor_name=name,
            queue_name=queue,
            tags=list(tags),
            fair_key=next((tag for tag in tags if tag.startswith("company:")), None),
            status=Job.Status.COMPLETED,
            created_at=sent,
            ready_at=sent,
            finished_at=sent,
            claim_no=0,
            tries_spent=0,
            extra_tries=0,
            losses=0,
            releases=0,
            release_reason="",
            error_class="",
            error_message="",
            **({"kwargs": {}} | more),
        )
        self._week.jobs.append(job)
        return job


def _of_event(event: WebhookEvent) -> tuple[str, str]:
    """The job that works on an event, and its queue."""
    if event.provider == "retell":
        is_begin = event.event_type == "call_started"
        return ("process_retell_call_started", "webhooks") if is_begin else ("process_retell_call_ended", "critical")
    return ("process_calcom_webhook" if event.provider == "calcom" else "process_twilio_webhook"), "webhooks"


def _pool(job: Job) -> str:
    """The pool that works the job's queue."""
    return next(pool for pool, queues in POOLS.items() if job.queue_name in queues)
