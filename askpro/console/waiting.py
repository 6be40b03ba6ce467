"""What a job waits for, in sentences: its moment, a key and who holds it, a limit's slot, an earlier job, a pause."""

from collections.abc import Iterator

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.queues.models import GateState, Job, Lock, Pause

NOT_STARTED = (Job.Status.SCHEDULED, Job.Status.QUEUED, Job.Status.RETRYING, Job.Status.RELEASED)


def reasons(job: Job) -> list[SafeString | str]:
    """Empty when it waits for nothing but a free worker, or for nothing any more."""
    if job.status == Job.Status.WAITING:
        return [_("The step before it, or its batch, is not over.")]
    if job.status not in NOT_STARTED:
        return []
    return [*_moment(job), *_pauses(job), *_key(job), *_place(job), *_limit(job), *_gate(job)]


def _moment(job: Job) -> Iterator[SafeString | str]:
    if job.run_at:
        words = {"scheduled": _("Runs at: {}."), "retrying": _("The next try: {}."), "released": _("Tried again: {}.")}
        yield format_html(words.get(job.status, _("Runs: {}.")), display.dated(job.run_at))


def _pauses(job: Job) -> Iterator[SafeString | str]:
    named = Q(kind=Pause.Kind.QUEUE, name=job.queue_name) | Q(kind=Pause.Kind.ACTOR, name=job.actor_name)
    for pause in Pause.objects.filter(named & (Q(until=None) | Q(until__gt=Now()))):
        yield format_html(
            _paused(pause), name=pause.name, by=pause.by or "–", reason=pause.reason or "–", until=_until(pause)
        )


def _paused(pause: Pause) -> str:
    if pause.kind == Pause.Kind.QUEUE:
        return _("The queue {name} is paused until {until}, by {by}. Reason: {reason}.")
    return _("The job {name} is paused until {until}, by {by}. Reason: {reason}.")


def _until(pause: Pause) -> SafeString | str:
    return display.minute(pause.until) if pause.until else _("a person resumes it")


def _key(job: Job) -> Iterator[SafeString | str]:
    if not job.lock_key:
        return
    held = Lock.objects.filter(key=job.lock_key).exclude(job_id=job.pk).first()
    if held is not None:
        holder = Job.objects.filter(pk=held.job_id).defer("args", "kwargs", "options").first()
        who = display.link(holder) if holder else held.job_id
        yield format_html(
            _("Waits for the key {}, which {} has held since {}."), held.key, who, display.dated(held.taken_at)
        )
    elif job.in_order and (earlier := _earlier(job)):
        yield format_html(_("Waits for the earlier {} of the key {}."), display.link(earlier), job.lock_key)


def _earlier(job: Job) -> Job | None:
    unfinished = Job.objects.filter(lock_key=job.lock_key, pk__lt=job.pk).exclude(status__in=Job.FINAL)
    return unfinished.defer("args", "kwargs", "options").order_by("lock_key", "pk").first()


def _place(job: Job) -> Iterator[SafeString | str]:
    if not job.share_key:
        return
    places = [f"{job.share_key}#{number}" for number in range(1, (job.share_limit or 1) + 1)]
    held = Lock.objects.filter(key__in=places).count()
    if held >= len(places):
        facts = {"count": len(places), "key": job.share_key}
        yield _("Waits for one of the %(count)s places of %(key)s: all are taken.") % facts


def _limit(job: Job) -> Iterator[SafeString | str]:
    if job.rate_limit and job.rate_slot_at:
        yield format_html(_("Its slot of the limit {}: {}."), job.rate_limit, display.dated(job.rate_slot_at))


def _gate(job: Job) -> Iterator[SafeString | str]:
    gate = GateState.objects.filter(name=job.gate).first() if job.status == Job.Status.RELEASED else None
    if gate is None:
        return
    before = Job.objects.filter(gate=gate.name, status=Job.Status.RELEASED, gate_urgency__lte=job.gate_urgency)
    ahead = before.exclude(gate_urgency=job.gate_urgency, pk__gte=job.pk).count()
    if gate.shut_since and gate.shut_until:
        since, until = display.dated(gate.shut_since), display.dated(gate.shut_until)
        yield format_html(
            _("The gate {} has been shut since {}: {}. Next try: {}. Jobs before it: {}."),
            gate.name,
            since,
            gate.reason,
            until,
            ahead,
        )
    else:
        yield format_html(_("Waits at the gate {} for its turn; jobs before it: {}."), gate.name, ahead)
