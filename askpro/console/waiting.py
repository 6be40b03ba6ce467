"""What a job waits for, in sentences: its moment, a key and who holds it, a limit's slot, an earlier job, a pause."""

from collections.abc import Iterator

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.html import format_html
from django.utils.safestring import SafeString

from askpro.console import display
from askpro.queues.models import GateState, Job, Lock, Pause

NOT_STARTED = (Job.Status.SCHEDULED, Job.Status.QUEUED, Job.Status.RETRYING, Job.Status.RELEASED)


def reasons(job: Job) -> list[SafeString | str]:
    """Empty when it waits for nothing but a free worker, or for nothing any more."""
    if job.status == Job.Status.WAITING:
        return ["The step before it, or its batch, is not over."]
    if job.status not in NOT_STARTED:
        return []
    return [*_moment(job), *_pauses(job), *_key(job), *_place(job), *_limit(job), *_gate(job)]


def _moment(job: Job) -> Iterator[SafeString | str]:
    if job.run_at:
        words = {"scheduled": "Its time", "retrying": "The next try", "released": "Looked at again"}
        yield format_html("{}: {}.", words.get(job.status, "Runs"), display.dated(job.run_at))


def _pauses(job: Job) -> Iterator[SafeString | str]:
    named = Q(kind=Pause.Kind.QUEUE, name=job.queue_name) | Q(kind=Pause.Kind.ACTOR, name=job.actor_name)
    for pause in Pause.objects.filter(named & (Q(until=None) | Q(until__gt=Now()))):
        until = display.minute(pause.until) if pause.until else "somebody resumes it"
        reason = f" ({pause.reason})" if pause.reason else ""
        who = pause.by or "somebody"
        yield format_html("{} {} is paused by {} until {}{}.", pause.get_kind_display(), pause.name, who, until, reason)


def _key(job: Job) -> Iterator[SafeString | str]:
    if not job.lock_key:
        return
    held = Lock.objects.filter(key=job.lock_key).exclude(job_id=job.pk).first()
    if held is not None:
        holder = Job.objects.filter(pk=held.job_id).defer("args", "kwargs", "options").first()
        who = display.link(holder) if holder else held.job_id
        yield format_html("Waits for key {}, held by {} since {}.", held.key, who, display.dated(held.taken_at))
    elif job.in_order and (earlier := _earlier(job)):
        yield format_html("Waits for the earlier {} of key {}.", display.link(earlier), job.lock_key)


def _earlier(job: Job) -> Job | None:
    unfinished = Job.objects.filter(lock_key=job.lock_key, pk__lt=job.pk).exclude(status__in=Job.FINAL)
    return unfinished.defer("args", "kwargs", "options").order_by("lock_key", "pk").first()


def _place(job: Job) -> Iterator[SafeString | str]:
    if not job.share_key:
        return
    places = [f"{job.share_key}#{number}" for number in range(1, (job.share_limit or 1) + 1)]
    held = Lock.objects.filter(key__in=places).count()
    if held >= len(places):
        yield f"Waits for one of the {len(places)} places of {job.share_key}: all are taken."


def _limit(job: Job) -> Iterator[SafeString | str]:
    if job.rate_limit and job.rate_slot_at:
        yield format_html("Its slot of limit {}: {}.", job.rate_limit, display.dated(job.rate_slot_at))


def _gate(job: Job) -> Iterator[SafeString | str]:
    gate = GateState.objects.filter(name=job.gate).first() if job.status == Job.Status.RELEASED else None
    if gate is None:
        return
    before = Job.objects.filter(gate=gate.name, status=Job.Status.RELEASED, gate_urgency__lte=job.gate_urgency)
    ahead = before.exclude(gate_urgency=job.gate_urgency, pk__gte=job.pk).count()
    if gate.shut_since and gate.shut_until:
        since, until = display.dated(gate.shut_since), display.dated(gate.shut_until)
        yield format_html(
            "Gate {} is shut since {}: {}. Somebody looks again: {}. {} wait before it.",
            gate.name,
            since,
            gate.reason,
            until,
            ahead,
        )
    else:
        yield format_html("Waits at gate {} for its turn; {} wait before it.", gate.name, ahead)
