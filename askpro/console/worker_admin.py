"""Processes that run jobs: what each does now, what it has done, and what happened to it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display, fleet_acts, fleet_board
from askpro.console.fleet_admin import event_pill, words_of
from askpro.console.fleet_board import Host, WorkerLine
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.table import Table, job_table
from askpro.console.term import Term
from askpro.language import engine_words
from askpro.language.text import Text
from askpro.queues.models import FleetEvent, Job, Supervisor, Worker

MOST_ROWS = 100
MOST_EVENTS = 20


@admin.register(Worker)
class WorkerAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "pool", "host", "process", "progress", "code_version", "began", "ended")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_help_text = _("Id, pool, host or process id")
    empty_text = _("No worker has run yet. Start them with: python3 manage.py queues_run")
    page_related = ("supervisor",)

    def find(self, rows: QuerySet[Worker], term: Term) -> QuerySet[Worker]:
        return rows.filter(_meant(term, "pool"))

    @admin.display(description=_("Process"))
    def process(self, worker: Worker) -> str:
        return str(worker.pid)

    @admin.display(description=_("Status"))
    def progress(self, worker: Worker) -> SafeString:
        return display.state(worker)

    @admin.display(description=_("Started"))
    def began(self, worker: Worker) -> SafeString | str:
        return display.moment(worker.started_at)

    @admin.display(description=_("Ended"))
    def ended(self, worker: Worker) -> SafeString | str:
        return display.moment(worker.ended_at) if worker.ended_at else ""

    def detail(self, request: HttpRequest, worker: Worker) -> dict[str, Any]:
        held = Job.objects.filter(worker_id=worker.pk, status=Job.Status.PROCESSING).prefetch_related("attempts")
        line = _line(worker)
        return {
            "headline": _("Worker %(number)s: %(where)s") % {"number": worker.pk, "where": worker},
            "state": display.pill(line.state, str(worker.get_status_display())),
            "facts": [
                (_("Pool"), worker.pool),
                (_("Host"), worker.host),
                (_("Process"), worker.pid),
                (_("Supervisor"), display.link(worker.supervisor)),
                (_("Code"), worker.code_version),
                (_("Started"), display.dated(worker.started_at)),
                *_vitals(line),
                *([(_("Ended"), display.dated(worker.ended_at))] if worker.ended_at else []),
            ],
            "tables": [
                _running(line),
                job_table(request.user, held[:MOST_ROWS], _("It holds no job."), _("Jobs that it holds")),
            ],
        }


@admin.register(Supervisor)
class SupervisorAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "host", "process", "environment", "progress", "code_version", "began", "beat")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_help_text = _("Id, host or process id")
    empty_text = _("No supervisor has run yet. Start one with: python3 manage.py queues_run")

    def find(self, rows: QuerySet[Supervisor], term: Term) -> QuerySet[Supervisor]:
        return rows.filter(_meant(term, "environment"))

    @admin.display(description=_("Process"))
    def process(self, supervisor: Supervisor) -> str:
        return str(supervisor.pid)

    @admin.display(description=_("Status"))
    def progress(self, supervisor: Supervisor) -> SafeString:
        return _state(supervisor)

    @admin.display(description=_("Started"))
    def began(self, supervisor: Supervisor) -> SafeString | str:
        return display.moment(supervisor.started_at)

    @admin.display(description=_("Last beat"))
    def beat(self, supervisor: Supervisor) -> SafeString | str:
        return display.ago(supervisor.beat_at)

    def offered(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        if obj.status not in Supervisor.LIVING:
            return []
        acts = [act for act in (fleet_acts.RESTART, fleet_acts.STOP) if request.user.has_perm(act.permission)]
        return [
            {"label": str(act.label), "icon": act.icon, "href": fleet_acts.address(act, supervisor=obj.pk)}
            for act in acts
        ]

    def detail(self, request: HttpRequest, supervisor: Supervisor) -> dict[str, Any]:
        return {
            "headline": _("Supervisor %(number)s: %(where)s") % {"number": supervisor.pk, "where": supervisor},
            "state": _state(supervisor),
            "facts": [
                (_("Host"), supervisor.host),
                (_("Process"), supervisor.pid),
                (_("Environment"), supervisor.environment),
                (_("Pools"), ", ".join(supervisor.pools)),
                (_("Code"), supervisor.code_version),
                (_("Started"), display.dated(supervisor.started_at)),
                (_("Last beat"), display.dated(supervisor.beat_at)),
            ],
            "tables": [_workers(supervisor), _commands(supervisor), _events(supervisor)],
        }


def _state(supervisor: Supervisor) -> SafeString:
    host = Host(supervisor, timezone.now() - supervisor.beat_at)
    return display.pill(host.state, str(supervisor.get_status_display()))


def _line(worker: Worker) -> WorkerLine:
    """With what its forker says of it, while both live."""
    if worker.supervisor is not None and worker.status == Worker.Status.RUNNING:
        for line in fleet_board.worker_lines([worker.supervisor]):
            if line.row.pk == worker.pk:
                return line
    return WorkerLine(worker)


def _vitals(line: WorkerLine) -> list[tuple[Text, Any]]:
    if line.done is None:
        return []
    sign = _("%(seconds)s s before the supervisor's last beat") % {"seconds": display.number(line.silent, 1)}
    return [
        (_("Memory"), f"{line.memory} MB" if line.memory else None),
        (_("Jobs run"), line.done),
        (_("Sign of life"), sign),
    ]


def _running(line: WorkerLine) -> Table:
    rows = [
        [
            display.page_link("queues_job", run.job_id, run.actor_name),
            display.duration(run.age),
            format_html('<span class="ap-bad">{}</span>', _("past its limit"))
            if run.left < 0
            else _("%(seconds)s s are left of its limit") % {"seconds": display.number(run.left, 0)},
        ]
        for run in line.runs
    ]
    return Table(_("Runs now"), [_("Job"), _("For"), _("Limit")], rows, _("Nothing, as far as its supervisor knows."))


def _workers(supervisor: Supervisor) -> Table:
    workers = supervisor.workers.order_by("-id")[:MOST_ROWS]
    said = {line.row.pk: line for line in fleet_board.worker_lines([supervisor])}
    rows = []
    for row in workers:
        line = said.get(row.pk, WorkerLine(row))
        runs = ", ".join(run.actor_name for run in line.runs)
        memory = f"{line.memory} MB" if line.memory else "–"
        done = "–" if line.done is None else line.done
        rows.append([display.link(row, row.pk), row.pool, display.pill(line.state), runs, done, memory])
        rows[-1].append(display.ago(row.started_at))
    heads = [_("Worker"), _("Pool"), _("State"), _("Runs now"), _("Jobs run"), _("Memory"), _("Started")]
    return Table(_("Workers"), heads, rows, _("No worker."), numbers=(4, 5))


def _commands(supervisor: Supervisor) -> Table:
    told = supervisor.commands.order_by("-pk")[:MOST_EVENTS]
    rows = [[display.link(row, words_of(row)), row.by, display.ago(row.at), display.ago(row.taken_at)] for row in told]
    return Table(
        _("Commands"), [_("Command"), _("By"), _("Given"), _("Taken")], rows, _("It has been given no command.")
    )


def _events(supervisor: Supervisor) -> Table:
    # Without an index on the supervisor: the newest of the whole fleet are enough to look among.
    newest = FleetEvent.objects.order_by("-pk").values("pk")[:1000]
    events = FleetEvent.objects.filter(pk__in=newest, supervisor_id=supervisor.pk).order_by("-pk")[:MOST_EVENTS]
    rows = [[display.ago(row.at), event_pill(row), engine_words.told(row.text)] for row in events]
    return Table(_("Events"), [_("When"), _("What"), _("Event")], rows, _("Nothing has happened to it."))


def _meant(term: Term, kind: str) -> Q:
    meant = Q(host__icontains=term.text) | Q(**{kind: term.text})
    # Process ids are integers of 32 bits.
    return meant | Q(pk=term.number) | Q(pid=min(term.number, 2**31 - 1)) if term.number is not None else meant
