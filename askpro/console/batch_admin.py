"""Batches: how far, what failed, which callbacks were sent; retry what failed, cancel what has not begun."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.permissions import May
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.language import engine_words
from askpro.language.text import Text
from askpro.queues import interventions
from askpro.queues.models import Batch, Job

MOST_ROWS = 50
# Members are counted by state no further.
MOST_COUNTED = 10_000
CALLBACKS = {
    "on_success_id": _("On success"),
    "on_failure_id": _("On the first failure"),
    "on_finish_id": _("At the end"),
}
# Whether a callback was sent, by its job's state.
SENT = {"waiting": _("not yet"), "cancelled": _("ruled out")}


@admin.register(Batch)
class BatchAdmin(ReadOnlyModelAdmin):
    list_display = ("called", "state", "bar", "number_failed", "began", "ended")
    list_filter = (("status", ChoicesDropdownFilter), period("created_at", _("created")))
    search_help_text = _("Name or id")
    empty_text = _("Batches appear here when a job sends one: askpro.queues.Batch([…]).send().")
    detail_template = "console/batch.html"
    acts = (
        Act(
            name="retry-failed",
            permissions=(May.RETRY,),
            label=_("Retry failed"),
            icon="replay",
            explain=_("Its dead and cancelled members run again, as a new generation with callbacks of its own."),
            done=_("sent again"),
            note=_("Why?"),
            possible=lambda batch: batch.failed > 0,
            run=lambda batch, user, note: bool(interventions.retry_batch(batch.pk)),
        ),
        Act(
            name="cancel",
            permissions=(May.RETRY,),
            label=_("Cancel"),
            icon="cancel",
            explain=_("Members that have not begun are cancelled; those that run finish."),
            done=_("cancelled"),
            note=_("Why?"),
            note_required=True,
            possible=lambda batch: batch.status == Batch.Status.OPEN,
            run=lambda batch, user, note: _cancel(batch),
        ),
    )

    def named(self, obj: Batch) -> str:
        about = {"batch": obj, "done": obj.processed, "all": obj.total, "failed": obj.failed}
        return _("%(batch)s (%(done)s of %(all)s, %(failed)s failed)") % about

    def find(self, rows: QuerySet[Batch], term: Term) -> QuerySet[Batch]:
        return rows.filter(pk=term.uuid) if term.uuid else rows.filter(name__icontains=term.text)

    @admin.display(description=_("Batch"))
    def called(self, batch: Batch) -> str:
        return batch.name or f"{str(batch.pk)[:13]}…"

    @admin.display(description=_("State"))
    def state(self, batch: Batch) -> SafeString:
        return display.state(batch)

    @admin.display(description=_("Done"))
    def bar(self, batch: Batch) -> SafeString:
        return progress_bar(batch)

    @admin.display(description=_("Failed"))
    def number_failed(self, batch: Batch) -> SafeString | str:
        return format_html('<span class="ap-bad">{}</span>', batch.failed) if batch.failed else ""

    @admin.display(description=_("Created"))
    def began(self, batch: Batch) -> SafeString | str:
        return display.moment(batch.created_at)

    @admin.display(description=_("Over"))
    def ended(self, batch: Batch) -> SafeString | str:
        return display.moment(batch.finished_at) if batch.finished_at else ""

    def detail(self, request: HttpRequest, batch: Batch) -> dict[str, Any]:
        members = Job.objects.filter(batch_id=batch.pk)
        counts, is_capped = _counts(members)
        count_failed = counts[Job.Status.DEAD] + counts[Job.Status.CANCELLED]
        light = members.defer("args", "kwargs", "options")
        failed = light.filter(status__in=[Job.Status.DEAD, Job.Status.CANCELLED]).order_by("batch_id", "status", "-pk")
        # Straight from the index on batch and state: the newest of a million would have to be sorted first.
        others = light.exclude(status__in=[Job.Status.DEAD, Job.Status.CANCELLED]).order_by("batch_id", "status")
        return {
            "headline": batch.name or _("Batch without a name"),
            "state": display.state(batch),
            "lead": _("%(done)s of %(all)s are over, %(failed)s of them failed.")
            % {"done": batch.processed, "all": batch.total, "failed": batch.failed},
            "bar": progress_bar(batch),
            "states": [(state, counts[state]) for state in Job.Status.values if counts[state]],
            "is_capped": is_capped,
            "callbacks": _callbacks(batch),
            "chain": _chain(batch),
            "took": batch.finished_at - batch.created_at if batch.finished_at else None,
            "facts": _facts(batch),
            "tables": [
                _members(_("Failed"), failed, _("Nothing has failed."), count_failed),
                _members(_("Other members"), others, _("It has no other members."), counts.total()),
            ],
        }


@dataclass(frozen=True, slots=True)
class Callback:
    """A job that follows from how a batch goes: when, which (None: it is gone), and whether it was sent."""

    when: Text
    job: Job | None
    sent: Text
    tone: str


def _counts(members: QuerySet[Job]) -> tuple[Counter[str], bool]:
    """Members by state, and whether there are more than were counted; read in the order of their index."""
    sql, values = members.order_by("batch_id", "status").values("status")[: MOST_COUNTED + 1].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT status, count(*) FROM ({sql}) AS member GROUP BY 1", values)
        counts = Counter(dict(cursor.fetchall()))
    return counts, counts.total() > MOST_COUNTED


def progress_bar(batch: Batch) -> SafeString:
    """How much is over, the failed part in red."""
    total = max(batch.total, 1)
    told = _("%(done)s of %(all)s") % {"done": display.number(batch.processed), "all": display.number(batch.total)}
    good, bad = 100 * (batch.processed - batch.failed) / total, 100 * batch.failed / total
    return format_html(
        '<svg class="ap-progress" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect width="{}" height="1"/><rect class="ap-failed" x="{}" width="{}" height="1"/></svg>'
        ' <span class="ap-nowrap">{}</span>',
        told,
        f"{max(good, 0):.1f}",
        f"{max(good, 0):.1f}",
        f"{bad:.1f}",
        told,
    )


def _cancel(batch: Batch) -> bool:
    interventions.cancel_batch(batch.pk)
    batch.refresh_from_db(fields=["status"])
    return batch.status == Batch.Status.CANCELLED


def _facts(batch: Batch) -> list[tuple[Text, Any]]:
    return [
        (_("Created"), display.dated(batch.created_at)),
        (_("Over"), display.dated(batch.finished_at)),
        (_("A failure"), _("leaves the others alone") if batch.allow_failures else _("cancels what has not begun")),
        (_("Generation"), _("%(number)s (rises with each retry)") % {"number": batch.generation}),
        (_("In chain"), _chain(batch)),
        (_("Batch id"), batch.pk),
    ]


def _chain(batch: Batch) -> SafeString | str:
    if batch.chain_id is None:
        return display.NOTHING
    from askpro.console import chain

    return format_html('<a class="ap-link" href="{}">{}</a>', chain.address(batch.chain_id), batch.chain_id)


def _callbacks(batch: Batch) -> list[Callback]:
    keys: dict[str, UUID] = {field: getattr(batch, field) for field in CALLBACKS if getattr(batch, field)}
    jobs = Job.objects.in_bulk(list(keys.values()))
    return [_callback(CALLBACKS[field], jobs.get(key)) for field, key in keys.items()]


def _callback(when: Text, job: Job | None) -> Callback:
    if job is None:
        return Callback(when, None, _("its job is gone"), "done")
    tones = {"waiting": "behind", "cancelled": "behind", "dead": "failed", "completed": "done"}
    return Callback(when, job, SENT.get(job.status, _("sent")), tones.get(job.status, "current"))


def _members(title: Text, members: QuerySet[Job], empty: Text, count: int) -> Table:
    rows = [
        [
            display.link(job, job.actor_name),
            display.state(job),
            "" if job.chain_step is None else _("step %(number)s") % {"number": job.chain_step + 1},
            display.shorten(", ".join(job.tags), 40),
            display.ago(job.finished_at),
            display.shorten(job.error_message or engine_words.told(job.release_reason), 90),
        ]
        for job in members[:MOST_ROWS]
    ]
    note = _("the first %(count)s") % {"count": MOST_ROWS} if len(rows) == MOST_ROWS < count else ""
    return Table(
        title, [_("Job"), _("State"), _("Chain"), _("About"), _("Over"), _("Error or reason")], rows, empty, note
    )
