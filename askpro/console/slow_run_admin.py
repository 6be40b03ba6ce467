"""Slow runs: the list, and the page with what took the time of one."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

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
    list_filter = (period("began_at", "began"),)
    list_defer = ("statements", "calls")
    search_help_text = "Job id, or the beginning of a job's name"
    empty_text = "No run has taken longer than its job's `slow`, or its queue's."

    def find(self, rows: QuerySet[SlowRun], term: Term) -> QuerySet[SlowRun]:
        return rows.filter(job_id=term.uuid) if term.uuid else rows.filter(actor_name__startswith=term.text)

    @admin.display(description="Job")
    def actor(self, row: SlowRun) -> str:
        return row.actor_name

    @admin.display(description="Began")
    def began(self, row: SlowRun) -> SafeString | str:
        return display.moment(row.began_at)

    @admin.display(description="Took")
    def took(self, row: SlowRun) -> str:
        return f"{_length(row.seconds)}{'' if row.finished_at else ', so far'}"

    @admin.display(description="Statements")
    def sql(self, row: SlowRun) -> str:
        return _length(row.sql_seconds)

    @admin.display(description="Of it locks")
    def locks(self, row: SlowRun) -> str:
        return _length(row.lock_seconds)

    @admin.display(description="Vendors")
    def vendors(self, row: SlowRun) -> str:
        return _length(row.vendor_seconds)

    @admin.display(description="Computing")
    def computing(self, row: SlowRun) -> str:
        return _length(row.cpu_seconds)

    @admin.display(description="Error")
    def error(self, row: SlowRun) -> SafeString | str:
        return display.error_class(row.error_class)

    def detail(self, request: HttpRequest, row: SlowRun) -> dict[str, Any]:
        company = Company.objects.only("name").filter(pk=row.company_id).first() if row.company_id else None
        return {
            "headline": row.actor_name,
            "lead": f"This run took {_length(row.seconds)}; from {_length(row.threshold)} on it is slow.",
            "notes": [] if row.finished_at else [("warning", "Not ended yet, or its process died.")],
            "facts": [
                ("Statements", f"{_length(row.sql_seconds)} for {row.sql_count}"),
                ("… of it waiting for locks", _length(row.lock_seconds)),
                ("Vendors", f"{_length(row.vendor_seconds)} for {row.vendor_count}"),
                ("Computing", _length(row.cpu_seconds)),
                ("Everything else", _length(row.other_seconds)),
                ("Error", display.error_class(row.error_class)),
                ("Queue", row.queue_name),
                ("Company", display.link(company) if company else None),
                ("Job", display.page_link("queues_job", row.job_id, str(row.job_id))),
                ("Worker", display.page_link("queues_worker", row.worker_id, str(row.worker_id))),
                ("Began", display.dated(row.began_at)),
                ("Ended", display.dated(row.finished_at)),
            ],
            "tables": [_statements(row), _calls(row)],
        }


def _statements(row: SlowRun) -> Table:
    rows = [[told["text"], *_times(told)] for told in row.statements]
    return Table("Statements", ["Statement, without values", "Count", "Together", "Longest"], rows, numbers=(1, 2, 3))


def _calls(row: SlowRun) -> Table:
    rows = [[told["vendor"], told["route"], told["result"], *_times(told)] for told in row.calls]
    heads = ["Vendor", "Route", "Result", "Count", "Together", "Longest"]
    return Table("Calls to vendors", heads, rows, numbers=(3, 4, 5))


def _times(told: dict[str, Any]) -> list[str]:
    return [str(told["count"]), _length(told["seconds"]), _length(told["longest"])]


def _length(seconds: float) -> str:
    return display.duration(timedelta(seconds=seconds))
