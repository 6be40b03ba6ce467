"""Slow runs: the list, and the page with what took the time of one."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from askpro.console import display
from askpro.console.filters import period
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from askpro.queues.models import SlowRun
from calls.models import Company


@admin.register(SlowRun)
class SlowRunAdmin(ReadOnlyModelAdmin):
    list_display = ("actor", "queue_name", "began", "took", "sql", "locks", "vendors", "computing", "error")
    list_filter = (period("began_at", _("began")),)
    list_defer = ("statements", "calls")
    search_help_text = _("Job id, or the beginning of a job's name")
    empty_text = _("No run has taken longer than its job's `slow`, or its queue's.")

    def find(self, rows: QuerySet[SlowRun], term: Term) -> QuerySet[SlowRun]:
        return rows.filter(job_id=term.uuid) if term.uuid else rows.filter(actor_name__startswith=term.text)

    @admin.display(description=_("Job"))
    def actor(self, row: SlowRun) -> str:
        return row.actor_name

    @admin.display(description=_("Began"))
    def began(self, row: SlowRun) -> SafeString | str:
        return display.moment(row.began_at)

    @admin.display(description=_("Took"))
    def took(self, row: SlowRun) -> str:
        length = _length(row.seconds)
        return length if row.finished_at else _("%(length)s so far") % {"length": length}

    @admin.display(description=_("Statements"))
    def sql(self, row: SlowRun) -> str:
        return _length(row.sql_seconds)

    @admin.display(description=_("Of it locks"))
    def locks(self, row: SlowRun) -> str:
        return _length(row.lock_seconds)

    @admin.display(description=_("Vendors"))
    def vendors(self, row: SlowRun) -> str:
        return _length(row.vendor_seconds)

    @admin.display(description=_("Computing"))
    def computing(self, row: SlowRun) -> str:
        return _length(row.cpu_seconds)

    @admin.display(description=_("Error"))
    def error(self, row: SlowRun) -> SafeString | str:
        return display.error_class(row.error_class)

    def detail(self, request: HttpRequest, row: SlowRun) -> dict[str, Any]:
        company = Company.objects.only("name").filter(pk=row.company_id).first() if row.company_id else None
        return {
            "headline": row.actor_name,
            "lead": _("This run took %(length)s; from %(slow)s on it is slow.")
            % {"length": _length(row.seconds), "slow": _length(row.threshold)},
            "notes": [] if row.finished_at else [("warning", str(_("Not ended yet, or its process died.")))],
            "facts": [
                (_("Statements"), _for(row.sql_seconds, row.sql_count)),
                (_("… of it waiting for locks"), _length(row.lock_seconds)),
                (_("Vendors"), _for(row.vendor_seconds, row.vendor_count)),
                (_("Computing"), _length(row.cpu_seconds)),
                (_("Everything else"), _length(row.other_seconds)),
                (_("Error"), display.error_class(row.error_class)),
                (_("Queue"), row.queue_name),
                (_("Company"), display.link(company) if company else None),
                (_("Job"), display.page_link("queues_job", row.job_id, str(row.job_id))),
                (_("Worker"), display.page_link("queues_worker", row.worker_id, str(row.worker_id))),
                (_("Began"), display.dated(row.began_at)),
                (_("Ended"), display.dated(row.finished_at)),
            ],
            "tables": [_statements(row), _calls(row)],
        }


def _statements(row: SlowRun) -> Table:
    rows = [[told["text"], *_times(told)] for told in row.statements]
    return Table(
        _("Statements"),
        [_("Statement, without values"), _("Count"), _("Together"), _("Longest")],
        rows,
        numbers=(1, 2, 3),
    )


def _calls(row: SlowRun) -> Table:
    rows = [[told["vendor"], told["route"], told["result"], *_times(told)] for told in row.calls]
    heads = [_("Vendor"), _("Route"), _("Result"), _("Count"), _("Together"), _("Longest")]
    return Table(_("Calls to vendors"), heads, rows, numbers=(3, 4, 5))


def _times(told: dict[str, Any]) -> list[str]:
    return [str(told["count"]), _length(told["seconds"]), _length(told["longest"])]


def _for(seconds: float, count: int) -> str:
    return _("%(length)s for %(count)s") % {"length": _length(seconds), "count": display.number(count)}


def _length(seconds: float) -> str:
    return display.duration(timedelta(seconds=seconds))
