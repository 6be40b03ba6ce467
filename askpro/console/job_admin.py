"""Jobs: the list, and the page with attempts, trace and chain."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from dramatiq import get_broker
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from askpro.console import chain, display, effects, fleet_acts, horizon, payload, profiling, waiting, where
from askpro.console.acts import Act
from askpro.console.dry_run.jobs import JOB
from askpro.console.dry_run.page import DryRunMixin
from askpro.console.export import columns
from askpro.console.filters import PeriodFilter, since
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.repair import editing
from askpro.console.subjects import named_by
from askpro.console.term import Term
from askpro.console.trace import lines_of
from askpro.language import engine_words
from askpro.language.text import Text
from askpro.queues import interventions
from askpro.queues.config import queue_names
from askpro.queues.models import Batch, Job, SlowRun, Worker

WAITING = (Job.Status.WAITING, Job.Status.SCHEDULED, Job.Status.QUEUED, Job.Status.RETRYING, Job.Status.RELEASED)
FOR_A_MOMENT = (Job.Status.SCHEDULED, Job.Status.RETRYING, Job.Status.RELEASED)
# States with an index of their own; the list also reads fast by tag, by id, and by when a job was sent.
INDEXED = (*FOR_A_MOMENT, Job.Status.QUEUED, Job.Status.PROCESSING, Job.Status.DEAD)
MOST_TRACES = 5
# So long after a request the jobs that it led to are found by its id; what comes later, a call's page has.
STORY = timedelta(hours=1)
MOST_STEPS = 50


class QueueFilter(DropdownFilter):
    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        # Jobs of another release may be in a queue that this one does not declare: the board leads to them.
        asked = request.GET.get(self.parameter_name, "")
        known = [*queue_names()]
        if asked not in ("", *known) and Job.objects.filter(queue_name=asked, status__in=INDEXED).exists():
            known.append(asked)
        return [(name, name) for name in known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(queue_name=self.value()) if self.value() else queryset


class SentFilter(PeriodFilter):
    """Ids are ordered by time, so the primary key answers this for any number of jobs."""

    title = _("sent")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        start = since(self.value() or "")
        return queryset.filter(pk__gte=horizon.first_id_of(start)) if start else queryset


class SilencedFilter(DropdownFilter):
    """Silenced jobs are left out once they have finished; failures are not, and a search finds them all."""

    title = _("silenced")
    parameter_name = "silenced"
    all_option = ["", _("Hidden once finished")]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [("shown", _("Shown")), ("only", _("Only these"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        if self.value() == "only":
            return queryset.filter(silenced=True)
        if self.value() == "shown" or request.GET.get("q"):
            return queryset
        return queryset.exclude(silenced=True, status__in=Job.QUIET)


@admin.register(Job)
class JobAdmin(DryRunMixin, ReadOnlyModelAdmin):
    list_display = ("actor", "progress", "queue", "about", "tries", "sent", "next_run", "why")
    list_filter = (("status", ChoicesDropdownFilter), QueueFilter, SentFilter, SilencedFilter)
    sortable_by = ("sent",)
    list_defer = ("args", "kwargs", "options")
    search_help_text = _("Job id, correlation id, actor, or a tag such as call:17")
    empty_text = _("Jobs appear here when work is sent. To see some now, run: python3 manage.py demo_call")
    detail_template = "console/job.html"
    list_before_template = "console/job_list_note.html"
    dry_run = JOB
    acts = (
        Act(
            name="retry",
            permissions=(May.RETRY,),
            label=_("Retry"),
            icon="replay",
            explain=_(
                "The job gets one more run, at once. Its id and its history stay; later steps of its chain follow."
            ),
            done=_("sent again"),
            note=_("Why?"),
            possible=lambda job: job.status == Job.Status.DEAD,
            run=lambda job, user, note: interventions.retry(job.pk),
            again=effects.of_retry,
        ),
        Act(
            name="run-now",
            permissions=(May.RETRY,),
            label=_("Run now"),
            icon="play_arrow",
            explain=_(
                "Run a job now that is scheduled for later. A key that another job holds, a limit and a pause still"
                " count."
            ),
            done=_("made ready"),
            note=_("Why?"),
            possible=lambda job: job.status in FOR_A_MOMENT and job.run_at is not None,
            run=lambda job, user, note: interventions.run_now(job.pk),
        ),
        Act(
            name="cancel",
            permissions=(May.RETRY,),
            label=_("Cancel"),
            icon="cancel",
            explain=_(
                "A job that waits does not run, and the later steps of its chain do not either. One that runs is"
                " interrupted; what it has done outside stays done."
            ),
            done=_("cancelled"),
            note=_("Why?"),
            possible=lambda job: job.status in WAITING or (job.status == "processing" and job.cancel_at is None),
            run=lambda job, user, note: interventions.cancel(job.pk, note or "Cancelled."),
        ),
    )

    exported = columns(
        *("id", "actor_name", "queue_name", "status", "created_at", "ready_at", "finished_at", "tries_spent"),
        *("error_class", "error_message"),
        tags=lambda job: " ".join(job.tags),
    )

    def exported_rows(self, request: HttpRequest, start: datetime, end: datetime) -> QuerySet[Job]:
        """By their ids, which are ordered by time: no index holds when a job was sent."""
        ids = (horizon.first_id_of(start), horizon.first_id_of(end))
        return self._listed(request).filter(pk__gte=ids[0], pk__lt=ids[1]).order_by("-pk")

    def named(self, job: Job) -> str:
        return f"{job.actor_name} ({', '.join(job.tags) or job.pk})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        rows = super().get_queryset(request)
        since = horizon.since() if _is_wide(request) else None
        request.jobs_since = since  # type: ignore[attr-defined] # read by the list's note
        return rows.filter(pk__gte=horizon.first_id_of(since)) if since else rows

    def find(self, rows: QuerySet[Job], term: Term) -> QuerySet[Job]:
        if term.uuid:
            return rows.filter(Q(pk=term.uuid) | Q(chain_id=term.uuid) | _of_story(term.uuid))
        if ":" in term.text:
            # The index leaves out jobs without tags, and PostgreSQL only takes it for a query that says so too.
            return rows.exclude(tags=[]).filter(tags__contains=[term.text])
        # By the names that the code knows: no index holds them, and a name that no job has would read every row.
        names = [name for name in get_broker().actors if term.text.lower() in name.lower()]
        return rows.filter(actor_name__in=names) if names else rows.none()

    def rows_for_search(self, user: Any, term: Term) -> QuerySet[Job]:
        """By id and tag: whoever looks for a kind of job has the list and its filters."""
        return super().rows_for_search(user, term) if term.uuid or ":" in term.text else Job.objects.none()

    @admin.display(description=_("Job"))
    def actor(self, job: Job) -> str:
        return job.actor_name

    @admin.display(description=_("State"))
    def progress(self, job: Job) -> SafeString:
        return display.state(job)

    @admin.display(description=_("Queue"))
    def queue(self, job: Job) -> str:
        return job.queue_name

    @admin.display(description=_("About"))
    def about(self, job: Job) -> SafeString | str:
        return display.shorten(", ".join(job.tags), 40)

    @admin.display(description=_("Tries"))
    def tries(self, job: Job) -> str:
        return str(job.tries_spent or "")

    @admin.display(description=_("Sent"), ordering="id")
    def sent(self, job: Job) -> SafeString | str:
        return display.moment(job.created_at)

    @admin.display(description=_("Runs at"))
    def next_run(self, job: Job) -> SafeString | str:
        return display.moment(job.run_at) if job.run_at else ""

    @admin.display(description=_("Last error or reason"))
    def why(self, job: Job) -> SafeString | str:
        return display.error_class(job.error_class) or display.shorten(engine_words.told(job.release_reason), 40)

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        buttons = super().offered(request, obj)
        if request.user.has_perm(fleet_acts.PAUSE.permission) and obj.status not in Job.FINAL:
            href = f"{fleet_acts.address(fleet_acts.PAUSE, actor=obj.actor_name)}&next={quote(display.address(obj))}"
            buttons.append({"label": str(_("Pause all of its kind")), "icon": "pause", "href": href})
        if editing.may_edit(request, obj):
            href = reverse("admin:job_edit", args=[obj.pk])
            buttons.append({"label": str(_("Other arguments")), "icon": "edit", "href": href})
        return buttons

    def detail(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        attempts = list(job.attempts.order_by("-claim_no"))
        return {
            "headline": job.actor_name,
            "state": display.state(job),
            "lead": job.get_status_display(),
            "notes": _notes(job),
            "waits": waiting.reasons(job),
            "attempts": attempts,
            "slow_runs": SlowRun.objects.filter(job_id=job.pk).order_by("claim_no")[:MOST_TRACES],
            **where.shown(request, job),
            **profiling.shown(request, job),
            "traces": [(row, lines_of(row.trace), row.log.strip()) for row in attempts if row.trace or row.log][
                :MOST_TRACES
            ],
            "steps": chain.steps_of(job.chain_id)[:MOST_STEPS] if job.chain_id else [],
            "chain": chain.address(job.chain_id) if job.chain_id else "",
            "about": named_by(job),
            "relation": editing.relation(job),
            "facts": _facts(job),
            "arguments": payload.pretty({"args": job.args, "kwargs": job.kwargs, "options": job.options}),
        }


def _of_story(told: UUID) -> Q:
    """The jobs that a request or a job with this id led to within `STORY`: by its time, since no index holds it."""
    if told.version != 7:
        return Q(pk__in=[])
    begin = horizon.moment_of(told)
    ids = (horizon.first_id_of(begin), horizon.first_id_of(begin + STORY))
    return Q(pk__range=ids, options__correlation=str(told))


def _is_wide(request: HttpRequest) -> bool:
    """Whether the list is filtered by what no index holds."""
    match = request.resolver_match
    said = request.GET
    if match is None or not str(match.url_name).endswith("_changelist"):
        return False
    term = Term.of(said.get("q", ""))
    narrow = said.get("status__exact") in INDEXED or said.get("period") or term.uuid or ":" in term.text
    return not narrow and any(said.get(word) for word in ("q", "queue", "status__exact"))


def _facts(job: Job) -> list[tuple[Text, Any]]:
    """What is known of it; what only some jobs have is left out for the others."""
    batch = Batch.objects.filter(pk=job.batch_id).first() if job.batch_id else None
    always = [
        (_("Queue"), job.queue_name),
        (_("Sent"), display.dated(job.created_at)),
        (_("Ready since"), display.dated(job.ready_at)),
        (_("Finished"), display.dated(job.finished_at)),
        (_("Tries spent"), _tries(job)),
        (_("Deadline"), display.dated(job.deadline_at)),
    ]
    some = [
        (_("Runs at"), display.dated(job.run_at) if job.run_at else None),
        (_("Not after"), display.dated(job.expires_at) if job.expires_at else None),
        (_("Put back"), _put_back(job) if job.releases else None),
        (_("Lost with a worker"), _times(job.losses) if job.losses else None),
        (_("Key"), _key(job) if job.lock_key else None),
        (_("Shared key"), _shared(job) if job.share_key else None),
        (_("Tenant"), job.fair_key),
        (_("Unique key"), job.unique_key),
        (_("Rate limit"), job.rate_limit),
        (_("Batch"), display.link(batch) if batch else None),
        (_("Told to end"), display.dated(job.cancel_at) if job.cancel_at else None),
        (_("Worker"), _worker(job)),
        (_("Correlation id"), job.options.get("correlation")),
    ]
    return [*always, *((label, value) for label, value in some if value), (_("Job id"), job.pk)]


def _tries(job: Job) -> str:
    if job.extra_tries:
        return _("%(count)s, %(more)s added by retries") % {"count": job.tries_spent, "more": job.extra_tries}
    return str(job.tries_spent)


def _times(count: int) -> str:
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": count}


def _put_back(job: Job) -> str:
    if not job.release_reason:
        return _times(job.releases)
    return _("%(times)s; last reason: %(reason)s") % {
        "times": _times(job.releases),
        "reason": engine_words.told(job.release_reason),
    }


def _key(job: Job) -> str:
    return _("%(key)s, in order") % {"key": job.lock_key} if job.in_order else str(job.lock_key)


def _shared(job: Job) -> str:
    return _("%(key)s, %(count)s at once") % {"key": job.share_key, "count": job.share_limit}


def _worker(job: Job) -> SafeString | None:
    worker = Worker.objects.filter(pk=job.worker_id).first() if job.worker_id else None
    return format_html("{}", display.link(worker)) if worker else None


def _notes(job: Job) -> list[tuple[str, str]]:
    if job.status == Job.Status.DEAD:
        name = job.error_class.rpartition(".")[2]
        return [("danger", f"{name}: {engine_words.told(job.error_message)}" if name else str(_("Gave up.")))]
    if job.status == Job.Status.RETRYING and job.error_class:
        return [("warning", f"{job.error_class.rpartition('.')[2]}: {job.error_message}")]
    if job.status == Job.Status.RELEASED and job.release_reason:
        return [
            (
                "info",
                _("Put back: %(reason)s. Waiting spends no try.") % {"reason": engine_words.told(job.release_reason)},
            )
        ]
    if job.status == Job.Status.CANCELLED and job.release_reason:
        return [("info", _("Given up: %(reason)s") % {"reason": job.release_reason})]
    if job.status == Job.Status.PROCESSING and job.cancel_at:
        return [("warning", str(_("It was told to end; it is interrupted, or its process is killed.")))]
    return []
