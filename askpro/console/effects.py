"""What a retry would do once more: what its actor says that it writes and calls, and what is there already."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from dramatiq import get_broker

from appointments.models import Appointment
from askpro.console import display
from askpro.console.state_names import name_of
from askpro.queues.jobs.catalogue import said
from askpro.queues.models import Job
from notifications.models import Notification

MOST_NAMED = 5
NOTHING = "–"


def of_retry(jobs: Sequence[Job]) -> list[str]:
    """Sentences for the page that asks."""
    counts = Counter(job.actor_name for job in jobs)
    sentences = [_of_actor(name, count) for name, count in sorted(counts.items())]
    sentences += _already(jobs)
    halted = sum(1 for job in jobs if job.chain_id)
    if halted:
        sentences.append(_("When it completes, the steps behind it in its chain run too."))
    return sentences


def _of_actor(name: str, count: int) -> str:
    actor = get_broker().actors.get(name)
    times = f"{count} × " if count > 1 else ""
    if actor is None:
        unknown = _("%(job)s is not known to this release: workers of another one have to run it.")
        return times + unknown % {"job": name}
    writes, calls = said(actor, "Writes"), said(actor, "Calls")
    if writes == NOTHING and calls == NOTHING:
        sentence = _("%(job)s calls nobody.")
    elif writes == NOTHING:
        sentence = _("%(job)s calls %(calls)s.")
    elif calls == NOTHING:
        sentence = _("%(job)s writes %(writes)s, calls nobody.")
    else:
        sentence = _("%(job)s writes %(writes)s, calls %(calls)s.")
    return times + sentence % {"job": name, "writes": writes, "calls": calls}


def _already(jobs: Sequence[Job]) -> list[str]:
    """Bookings and messages that exist for the calls and appointments that these jobs are about."""
    calls, appointments = _keys(jobs, "call"), _keys(jobs, "appointment")
    belongs = Q(call__in=calls) | Q(pk__in=appointments)
    booked = Appointment.objects.filter(belongs).exclude(calcom_uid=None).order_by("-pk")[: MOST_NAMED + 1]
    sentences = [
        _("At Cal.com now: %(at)s, %(state)s.")
        % {
            "at": display.local(row.starts_at, "WEEKDAY_TIME_FORMAT"),
            "state": name_of(row.status, row._meta.label_lower),
        }
        for row in booked[:MOST_NAMED]
    ]
    told = Notification.objects.filter(Q(call__in=calls) | Q(appointment__in=appointments), sent_at__isnull=False)
    sent = list(told.order_by("-pk")[: MOST_NAMED + 1])
    sentences += [
        _("Sent %(at)s: %(kind)s by %(channel)s.")
        % {
            "at": display.local(row.sent_at, "THIS_YEAR_FORMAT"),
            "kind": row.get_kind_display(),
            "channel": row.get_channel_display(),
        }
        for row in sent[:MOST_NAMED]
        if row.sent_at
    ]
    if len(booked) > MOST_NAMED or len(sent) > MOST_NAMED:
        sentences.append(_("And more of them."))
    return sentences


def _keys(jobs: Iterable[Job], word: str) -> set[int]:
    keys = {tag.partition(":")[2] for job in jobs for tag in job.tags if tag.startswith(f"{word}:")}
    return {int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19}
