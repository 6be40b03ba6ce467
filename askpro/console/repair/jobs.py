"""Jobs, and those of them that are dead by what killed them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from askpro.console import display, horizon, vendors
from askpro.console.permissions import May
from askpro.console.repair import settled
from askpro.console.repair.counting import names_of
from askpro.console.repair.kinds import Already, Asked, Facet, Outcome, Repairable, Text, Verb, register
from askpro.language import engine_words
from askpro.queues import corrections, interventions
from askpro.queues.chores import prune
from askpro.queues.ledger.history import COMPANY
from askpro.queues.metrics.fold import folded_until
from askpro.queues.models import Attempt, AttemptRow, Job
from askpro.queues.states import FAILED_DAY, LATER_STATES, LIVE_DAY
from calls.models import Company

Status = Job.Status
# What has completed goes with its day.
OVER: Final = (Status.DEAD, Status.CANCELLED)
NOT_STARTED: Final = (Status.WAITING, Status.QUEUED, *LATER_STATES)
# An argument as typed: its name, and its value.
_SIGN: Final = "="


def _tagged(text: str) -> Q:
    # The index leaves out jobs without tags, and PostgreSQL only takes it for a query that says so too.
    return Q(tags__contains=[text]) & ~Q(tags=[])


def _argued(text: str) -> Q:
    name, sign, value = (part.strip() for part in text.partition(_SIGN))
    if not sign or not name:
        raise ValueError(gettext("Write it as name=value, such as call_id=17."))
    whole = {name: int(value)} if value.isascii() and value.isdigit() and len(value) < 19 else {name: value}
    return Q(kwargs__contains=whole) | Q(kwargs__contains={name: value})


def _saying(text: str) -> Q:
    return Q(error_message__icontains=text) | Q(release_reason__icontains=text)


STATUS: Final = Facet("state", _("State"), "status", lambda values: dict(Status.choices))
QUEUE: Final = Facet("queue", _("Queue"), "queue_name")
ACTOR: Final = Facet("job", _("Job"), "actor_name")
ERROR: Final = Facet(
    "error", _("Error"), "error_class", lambda values: {each: each.rpartition(".")[2] for each in values}
)
CAUSE: Final = Facet("print", _("Place in the code"), "cause")
VENDOR: Final = Facet(
    "vendor", _("Vendor"), "actor_name", lambda values: vendors.names(), of="job", groups=vendors.jobs
)
COMPANIES: Final = Facet("company", _("Company"), "company", names_of(Company), is_number=True)
TEXTS: Final = (
    Text("tag", _("Tag"), _("such as call:17"), _tagged),
    Text("arg", _("Argument"), _("such as call_id=17"), _argued),
    Text("text", _("Error says"), _("a part of the message"), _saying),
)


def _succeeded_since(asked: Asked) -> Q:
    """Another job did the same later: same actor, same arguments. Jobs without tags cannot be found so."""
    same = {name: OuterRef(name) for name in ("actor_name", "args", "kwargs")}
    twins = (
        Job.objects.exclude(tags=[])
        .alias(ended_at=F("finished_at") + timedelta(0))
        .filter(
            # From the day of its death on, so that PostgreSQL need not look into all days' tables.
            day__gte=Cast(OuterRef("finished_at"), DateField()),
            tags__contains=OuterRef("tags"),
            status=Status.COMPLETED,
            # As a sum, so that PostgreSQL takes the tags' index alone: with it a BRIN would be read for each job.
            ended_at__gt=OuterRef("finished_at"),
            **same,
        )
    )
    return ~Q(tags=[]) & Q(Exists(twins))


def _outcome(key: str) -> Outcome:
    job = Job.objects.filter(pk=key).first()
    if job is None:
        return Outcome(is_over=True, why="gone")
    if job.status not in Job.FINAL:
        return Outcome()
    last = Attempt.objects.filter(job_id=key).order_by("-claim_no").values_list("code_version", flat=True).first()
    why = job.error_class.rpartition(".")[2] or job.status
    return Outcome(is_over=True, is_well=job.status == Status.COMPLETED, version=last or "", why=why)


def _retry() -> Verb:
    return Verb(
        name="retry",
        label=_("Retry"),
        icon="replay",
        explain=_("Each gets one more run, at once. Its id and its history stay; later steps of its chain follow."),
        done="sent again",
        permission=May.RETRY,
        possible=Q(status=Status.DEAD),
        run=lambda job, asked: interventions.retry(job.pk),
        otherwise=_("It is not dead, or not any more."),
        already=(
            Already("succeeded", _("Another job with the same arguments has succeeded since."), _succeeded_since),
            *settled.reasons(),
        ),
        outcome=_outcome,
        tries_first=True,
    )


def _retry_anyway() -> Verb:
    """For the jobs that `retry` leaves alone because they are done already, and for no others."""
    usual = _retry()
    return replace(
        usual,
        name="retry-anyway",
        label=_("Retry although done"),
        icon="warning",
        explain=_(
            "Each gets one more run although its work was done since. A job looks before it acts, so most will find"
            " nothing to do; what one does all the same is done a second time."
        ),
        possible=usual.possible & reduce(or_, (each.holds(Asked()) for each in usual.already)),
        otherwise=_("It is not dead any more, or nothing says that its work was done: “Retry” takes it."),
        already=(),
        forces=True,
    )


def _uncounted(asked: Asked) -> Q:
    return Q(finished_at__gt=folded_until() or datetime.min.replace(tzinfo=UTC))


DISCARD: Final = Verb(
    name="discard",
    label=_("Discard"),
    icon="delete",
    explain=_(
        "Each is given up: it does not run again, and the later steps of its chain do not either. It stays, with its"
        " error and your reason."
    ),
    done="discarded",
    permission=May.DISCARD,
    possible=Q(status=Status.DEAD),
    run=lambda job, asked: corrections.discard(job.pk, asked.reason),
    otherwise=_("It is not dead, or not any more."),
)
CANCEL: Final = Verb(
    name="cancel",
    label=_("Cancel"),
    icon="cancel",
    explain=_(
        "A job that waits does not run, and the later steps of its chain do not either. One that runs is interrupted;"
        " what it has done outside stays done."
    ),
    done="cancelled",
    permission=May.RETRY,
    possible=Q(status__in=NOT_STARTED) | Q(status=Status.PROCESSING, cancel_at=None),
    run=lambda job, asked: interventions.cancel(job.pk, asked.reason),
    otherwise=_("It is over, or was told to end before."),
)
RUN_NOW: Final = Verb(
    name="run-now",
    label=_("Run now"),
    icon="play_arrow",
    explain=_("It does not wait for its moment. A key that somebody holds, a limit and a pause still hold."),
    done="made ready",
    permission=May.RETRY,
    possible=Q(status__in=LATER_STATES, run_at__isnull=False),
    run=lambda job, asked: interventions.run_now(job.pk),
    otherwise=_("It does not wait for a time."),
)
PURGE: Final = Verb(
    name="purge",
    label=_("Delete for good"),
    icon="delete_forever",
    explain=_(
        "Each is deleted with its arguments, its error and its history, and cannot be looked at or retried any more."
        " Later steps of its chain do not run. Figures and what it has done stay."
    ),
    done="deleted",
    permission=May.PURGE,
    possible=Q(status__in=OVER),
    run=lambda job, asked: prune.forget_one(job.pk, asked.reason),
    otherwise=_("It is not over, or was retried."),
    already=(Already("uncounted", _("It ended a moment ago and is not in the figures yet."), _uncounted),),
)
RUN_LATER: Final = Verb(
    name="run-later",
    label=_("Run later"),
    icon="schedule",
    explain=_(
        "Each waits until the time below. Its deadline moves with it; the time after which it must not start does not."
    ),
    done="put off",
    permission=May.RETRY,
    possible=Q(status=Status.QUEUED, gate=None) | Q(status__in=LATER_STATES, run_at__isnull=False, gate=None),
    run=lambda job, asked: asked.at is not None and corrections.run_later(job.pk, asked.at),
    otherwise=_("It waits neither for a worker nor for a time."),
    already=(Already("expires", _("It would expire before that time."), lambda asked: Q(expires_at__lte=asked.at)),),
    asks_when=True,
)


class JobKind(Repairable):
    """Jobs that have not completed."""

    name = "jobs"
    title = _("Jobs")
    noun = _("jobs")
    permission = "queues.view_job"
    model = Job
    moment = "created_at"
    moment_label = _("Sent")
    facets: tuple[Facet, ...] = (STATUS, ACTOR, VENDOR, COMPANIES, QUEUE, ERROR)
    texts = TEXTS
    heads: tuple[Any, ...] = (_("Job"), _("State"), _("About"), _("Last error or reason"), _("Sent"))
    empty = _("No job that has not completed matches.")

    @property
    def verbs(self) -> tuple[Verb, ...]:
        # Made anew: apps may have told since when their rows are done with.
        return (_retry(), DISCARD, CANCEL, RUN_NOW, RUN_LATER, _retry_anyway(), PURGE)

    def rows(self) -> QuerySet[Job]:
        # Two tables, of those that hold jobs: what has completed is in those of the days.
        unfinished = Job.objects.filter(day__in=(LIVE_DAY, FAILED_DAY)).exclude(status=Status.COMPLETED)
        return _told(unfinished)

    def until(self, at: datetime) -> Q:
        return Q(pk__lt=horizon.first_id_of(at))

    def cells(self, job: Job) -> list[Any]:
        why = display.error_class(job.error_class) or display.shorten(engine_words.told(job.release_reason), 60)
        return [
            display.link(job, job.actor_name),
            display.state(job),
            display.shorten(", ".join(job.tags), 50),
            why,
            display.brief(job.created_at),
        ]

    def named(self, job: Job) -> Any:
        """With what it is about: many of a name stand side by side."""
        return display.link(job, f"{job.actor_name} ({', '.join(job.tags)})" if job.tags else job.actor_name)


class FailureKind(JobKind):
    """Dead jobs, by what killed them."""

    name = "failures"
    title = _("Failures")
    noun = _("dead jobs")
    moment = "finished_at"
    moment_label = _("Died")
    facets = (ERROR, ACTOR, CAUSE, VENDOR, COMPANIES, QUEUE)
    heads = (_("Job"), _("Error"), _("Message"), _("About"), _("Died"))
    empty = _("No dead job matches.")

    @property
    def verbs(self) -> tuple[Verb, ...]:
        return (_retry(), DISCARD, _retry_anyway(), PURGE)

    def rows(self) -> QuerySet[Job]:
        prints = AttemptRow.objects.filter(job_id=OuterRef("pk")).exclude(fingerprint="").order_by("-claim_no")
        cause = Coalesce(Subquery(prints.values("fingerprint")[:1]), Value(""))
        return super().rows().filter(status=Status.DEAD).annotate(cause=cause)

    def until(self, at: datetime) -> Q:
        return Q(finished_at__lte=at)

    def cells(self, job: Job) -> list[Any]:
        return [
            display.link(job, job.actor_name),
            display.error_class(job.error_class),
            display.shorten(engine_words.told(job.error_message), 80),
            display.shorten(", ".join(job.tags), 50),
            display.brief(job.finished_at),
        ]


def _told(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Without what is long, and with the company that each is about (NULL where nothing tells)."""
    company = RawSQL(f"nullif({COMPANY}, 0)", ())  # noqa: S611 - a constant of the code
    return jobs.defer("args", "kwargs", "options").annotate(company=company)


register(FailureKind())
register(JobKind())
