"""The page of metrics: charts of what its address asks for, and what they are made of, line by line."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from askpro.console import fleet_acts, vendors
from askpro.console.charts import Chart
from askpro.console.metrics import job_charts, lines, period
from askpro.console.metrics.focus import Focus
from askpro.console.metrics.lines import SORTS, Lines
from askpro.console.metrics.measured import Measured
from askpro.console.metrics.period import RANGES, Period
from askpro.console.metrics.vendor_charts import vendor_charts
from askpro.metrics.figures import vendor_series
from askpro.queues.config import promise, queue_names
from askpro.queues.metrics.figures import Figures, job_series, total
from askpro.queues.models import Pause, SlowRun

MOST_SLOW: Final = 10


def board(request: HttpRequest) -> dict[str, Any]:
    """The page's context."""
    now = timezone.now()
    chosen, focus = period.read(request.GET, now), Focus.read(request.GET)
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "runs"
    found = _of_vendor(focus, chosen, sort) if focus.vendor else _of_jobs(focus, chosen, sort)
    return {
        "period": chosen,
        "focus": focus,
        "subject": focus.title,
        "ranges": [(name, words, focus.query({"range": name}, sort=sort)) for name, (words, _l, _s) in RANGES.items()],
        "sorts": [(name, words, focus.query(chosen.said, sort=name)) for name, (words, _key) in SORTS.items()],
        "sort": sort,
        "tabs": _tabs(focus, chosen),
        "whole": Focus().query(chosen.said),
        **found,
        **_pause(request, focus),
    }


def _of_jobs(focus: Focus, chosen: Period, sort: str) -> dict[str, Any]:
    filters: dict[str, Any] = {
        "queue": focus.queue or None,
        "actor": focus.actor or None,
        "company": focus.company,
    }
    steps = job_series(chosen.start, chosen.end, chosen.step, **filters).get("", {})
    promised = promise(focus.queue) if focus.queue in queue_names() else None
    charts = job_charts.job_charts(steps, chosen, Measured.now(), promised)
    if focus.queue and not focus.actor and focus.company is None:
        charts.append(job_charts.oldest(focus.queue, chosen, promised))
    return {
        "charts": charts,
        "sum": lines.of_jobs({"": total(steps.values())}, lambda name: ""),
        "tables": list(_tables(focus, chosen, sort, filters)),
        "slow_runs": _slow_runs(focus, chosen),
    }


def _tables(focus: Focus, chosen: Period, sort: str, filters: Mapping[str, Any]) -> list[Lines]:
    """What the jobs of the charts differ by, as far as figures tell it apart."""

    def found(by: Any) -> Mapping[str, Figures]:
        whole = job_series(chosen.start, chosen.end, by=by, **filters)
        return {key: total(figures.values()) for key, figures in whole.items()}

    def leads(part: str) -> Callable[[str], str]:
        return lambda name: focus.query(chosen.said, **{part: name})

    tables = []
    if focus.company is None and not focus.actor:
        of_actors = lines.of_jobs(found("actor"), leads("actor"))
        tables.append(lines.table(_("By job"), _("Job"), of_actors, sort))
    if not focus.queue:
        of_queues = lines.of_jobs(found("queue"), leads("queue"))
        tables.append(lines.table(_("By queue"), _("Queue"), of_queues, sort))
    if focus.company is None and not focus.actor:
        of_companies = lines.of_jobs(found("company"), leads("company"))
        tables.append(lines.of_companies(lines.table(_("By company"), _("Company"), of_companies, sort)))
    return tables


def _of_vendor(focus: Focus, chosen: Period, sort: str) -> dict[str, Any]:
    filters: dict[str, Any] = {"vendor": focus.vendor, "company": focus.company}
    steps = vendor_series(chosen.start, chosen.end, chosen.step, **filters).get("", {})
    whole = chosen.end - chosen.start + chosen.step

    def found(by: Any) -> dict[Any, Any]:
        told = vendor_series(chosen.start, chosen.end, whole, by=by, **filters)
        # One step alone, but for what is kept in hours and began in the hour before.
        return {key: each for key, figures in told.items() for each in figures.values()}

    routes = {key.partition(" ")[2]: each for key, each in found("route").items()}
    of_routes = lines.of_vendors(routes, lambda key: "")
    tables = [lines.table(_("By route"), _("Route"), of_routes, sort, has_waits=False)]
    if focus.company is None:
        companies = {key: each for key, each in found("company").items() if key}
        of_companies = lines.of_vendors(companies, lambda key: focus.query(chosen.said, company=key))
        table = lines.table(_("By company"), _("Company"), of_companies, sort, has_waits=False)
        tables.append(lines.of_companies(table))
    charts: list[Chart] = vendor_charts(steps, chosen)
    return {"charts": charts, "tables": tables, "sum": [], "slow_runs": []}


def _slow_runs(focus: Focus, chosen: Period) -> Any:
    """The slowest runs of the period, of those that passed their `slow`."""
    rows = SlowRun.objects.filter(began_at__gte=chosen.start, began_at__lt=chosen.end)
    wanted = {"actor_name": focus.actor, "queue_name": focus.queue, "company_id": focus.company}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return list(rows.defer("statements", "calls").order_by("-seconds", "-pk")[:MOST_SLOW])


def _tabs(focus: Focus, chosen: Period) -> list[tuple[str, str, bool]]:
    tabs = [(_("Jobs"), Focus(company=focus.company).query(chosen.said), not focus.vendor)]
    for vendor in vendors.VENDORS:
        query = Focus(vendor=vendor, company=focus.company).query(chosen.said)
        tabs.append((vendors.name(vendor), query, focus.vendor == vendor))
    return tabs


def _pause(request: HttpRequest, focus: Focus) -> dict[str, Any]:
    """Whether the kind of job that the page is about is paused, and who may change that."""
    if not focus.actor:
        return {}
    return {
        "pause": Pause.objects.filter(kind=Pause.Kind.ACTOR, name=focus.actor).first(),
        "may_pause": request.user.has_perm(fleet_acts.PAUSE.permission),
        "may_resume": request.user.has_perm(fleet_acts.RESUME.permission),
    }
