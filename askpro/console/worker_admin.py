"""Processes that run jobs. To look at: they are steered by commands."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from askpro.queues.models import Job, Supervisor, Worker

MOST_ROWS = 100


@admin.register(Worker)
class WorkerAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "pool", "host", "pid", "progress", "code_version", "began", "ended")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_help_text = "Id, pool, host or process id"
    empty_text = "No worker has run yet. Start them with: python3 manage.py queues_run"

    def find(self, rows: QuerySet[Worker], term: Term) -> QuerySet[Worker]:
        return rows.filter(_meant(term, "pool"))

    @admin.display(description="Status")
    def progress(self, worker: Worker) -> SafeString:
        return display.state(worker)

    @admin.display(description="Started")
    def began(self, worker: Worker) -> SafeString | str:
        return display.moment(worker.started_at)

    @admin.display(description="Ended")
    def ended(self, worker: Worker) -> SafeString | str:
        return display.moment(worker.ended_at)

    def detail(self, request: HttpRequest, worker: Worker) -> dict[str, Any]:
        held = Job.objects.filter(worker_id=worker.pk, status=Job.Status.PROCESSING).prefetch_related("attempts")
        return {
            "headline": f"Worker {worker.pk}: {worker}",
            "state": display.state(worker),
            "facts": [
                ("Pool", worker.pool),
                ("Host", worker.host),
                ("Process", worker.pid),
                ("Supervisor", display.link(worker.supervisor)),
                ("Code", worker.code_version),
                ("Started", display.moment(worker.started_at)),
                ("Ended", display.moment(worker.ended_at)),
            ],
            "tables": [job_table(held[:MOST_ROWS], "It holds no job.")],
        }


@admin.register(Supervisor)
class SupervisorAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "host", "pid", "environment", "progress", "code_version", "began", "beat")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_help_text = "Id, host or process id"
    empty_text = "No supervisor has run yet. Start one with: python3 manage.py queues_run"

    def find(self, rows: QuerySet[Supervisor], term: Term) -> QuerySet[Supervisor]:
        return rows.filter(_meant(term, "environment"))

    @admin.display(description="Status")
    def progress(self, supervisor: Supervisor) -> SafeString:
        return display.state(supervisor)

    @admin.display(description="Started")
    def began(self, supervisor: Supervisor) -> SafeString | str:
        return display.moment(supervisor.started_at)

    @admin.display(description="Last beat")
    def beat(self, supervisor: Supervisor) -> SafeString | str:
        return display.moment(supervisor.beat_at)

    def detail(self, request: HttpRequest, supervisor: Supervisor) -> dict[str, Any]:
        workers = supervisor.workers.order_by("-id")[:MOST_ROWS]
        rows = [[display.link(row), row.pool, display.state(row), display.moment(row.started_at)] for row in workers]
        return {
            "headline": f"Supervisor {supervisor.pk}: {supervisor}",
            "state": display.state(supervisor),
            "facts": [
                ("Host", supervisor.host),
                ("Process", supervisor.pid),
                ("Environment", supervisor.environment),
                ("Code", supervisor.code_version),
                ("Started", display.moment(supervisor.started_at)),
                ("Last beat", display.moment(supervisor.beat_at)),
            ],
            "tables": [Table("Workers", ["Worker", "Pool", "State", "Started"], rows, "No worker.")],
        }


def _meant(term: Term, kind: str) -> Q:
    meant = Q(host__icontains=term.text) | Q(**{kind: term.text})
    # Process ids are integers of 32 bits.
    return meant | Q(pk=term.number) | Q(pid=min(term.number, 2**31 - 1)) if term.number is not None else meant
