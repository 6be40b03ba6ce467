"""What a person does to the fleet: asked with what will follow, done by the functions of the commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from dramatiq import get_broker

from askpro.console import audit, consequences, display
from askpro.console.fleet_forms import PauseForm, ReasonForm, ScaleForm
from askpro.console.permissions import May
from askpro.console.term import Term
from askpro.language.text import Text
from askpro.queues.config import pools, queue_names
from askpro.queues.fleet import commands, pauses
from askpro.queues.models import FleetCommand, Pause, Supervisor

KINDS: Final[dict[str, Text]] = {
    "queue": _("queue %(name)s"),
    "actor": _("jobs %(name)s"),
    "pool": _("pool %(name)s"),
    "fleet": _("the whole fleet"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act is about: a queue, an actor, a pool, one host, or the whole fleet."""

    kind: str
    name: str = ""
    supervisor: Supervisor | None = None

    def __str__(self) -> str:
        if self.supervisor is not None:
            about = {"number": self.supervisor.pk, "host": self.supervisor.host}
            return _("supervisor %(number)s on %(host)s") % about
        return KINDS[self.kind] % {"name": self.name}


@dataclass(frozen=True, slots=True)
class FleetAct:
    """A verb. `title` names its subject; `explain` tells what will follow, counted now; `run` does it and returns what
    to say then.
    """

    name: str
    label: Text
    title: Text
    icon: str
    permission: str
    kinds: tuple[str, ...]
    form: type[ReasonForm]
    explain: Callable[[Subject], list[str]]
    run: Callable[[Subject, dict[str, Any], str], str]


def _pause(subject: Subject, said: dict[str, Any], by: str) -> str:
    pauses.pause(Pause.Kind(subject.kind), [subject.name], said["until"], by, said["reason"])
    if said["until"]:
        until = display.local(said["until"], "THIS_YEAR_FORMAT")
        return _("Paused until %(until)s: %(subject)s.") % {"until": until, "subject": subject}
    return _("Paused: %(subject)s.") % {"subject": subject}


def _resume(subject: Subject, said: dict[str, Any], by: str) -> str:
    ended = pauses.resume(Pause.Kind(subject.kind), [subject.name], by, said["reason"])
    told = _("Resumed: %(subject)s.") if ended else _("Another person has resumed it before: %(subject)s.")
    return told % {"subject": subject}


def _scale(subject: Subject, said: dict[str, Any], by: str) -> str:
    count = said["processes"]
    told = commands.command(FleetCommand.Kind.SCALE, subject.name, count, by, reason=said["reason"])
    return _told(told)


def _command(kind: FleetCommand.Kind) -> Callable[[Subject, dict[str, Any], str], str]:
    def run(subject: Subject, said: dict[str, Any], by: str) -> str:
        key = subject.supervisor.pk if subject.supervisor else None
        told = commands.command(kind, by=by, reason=said["reason"], supervisor_id=key)
        return _told(told)

    return run


def _told(told: list[FleetCommand]) -> str:
    if not told:
        return gettext("No host runs it: no supervisor was told.")
    sentence = ngettext(
        "%(count)s supervisor was told. It acts within a second.",
        "%(count)s supervisors were told. They act within a second.",
        len(told),
    )
    return sentence % {"count": display.number(len(told))}


PAUSE = FleetAct(
    "pause",
    _("Pause"),
    _("Pause %(subject)s"),
    "pause",
    May.PAUSE,
    ("queue", "actor"),
    PauseForm,
    lambda subject: consequences.of_pause(subject.kind, subject.name),
    _pause,
)
RESUME = FleetAct(
    "resume",
    _("Resume"),
    _("Resume %(subject)s"),
    "play_arrow",
    May.PAUSE,
    ("queue", "actor"),
    ReasonForm,
    lambda subject: consequences.of_resume(subject.kind, subject.name),
    _resume,
)
SCALE = FleetAct(
    "scale",
    _("Scale"),
    _("Scale %(subject)s"),
    "tune",
    "queues.add_fleetcommand",
    ("pool",),
    ScaleForm,
    lambda subject: consequences.of_scale(subject.name),
    _scale,
)
RESTART = FleetAct(
    "restart",
    _("Restart"),
    _("Restart %(subject)s"),
    "restart_alt",
    "queues.add_fleetcommand",
    ("fleet", "supervisor"),
    ReasonForm,
    lambda subject: consequences.of_restart(subject.supervisor),
    _command(FleetCommand.Kind.RESTART),
)
STOP = FleetAct(
    "stop",
    _("Stop"),
    _("Stop %(subject)s"),
    "stop_circle",
    "queues.add_fleetcommand",
    ("fleet", "supervisor"),
    ReasonForm,
    lambda subject: consequences.of_stop(subject.supervisor),
    _command(FleetCommand.Kind.STOP),
)
ACTS = {act.name: act for act in (PAUSE, RESUME, SCALE, RESTART, STOP)}


def address(act: FleetAct, **subject: object) -> str:
    """Where an act asks, as in `address(PAUSE, queue="high")`."""
    query = "&".join(f"{key}={value}" for key, value in subject.items())
    return f"{reverse('admin:fleet_act', args=[act.name])}{f'?{query}' if query else ''}"


def act_view(request: HttpRequest, verb: str) -> HttpResponse:
    """Ask on GET, act on POST."""
    act = ACTS.get(verb)
    if act is None:
        raise Http404
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    subject = _subject(request, act)
    form = act.form(request.POST if request.method == "POST" else None, needs_reason=act is not RESUME)
    back = _back(request, subject)
    if request.method == "POST" and form.is_valid():
        messages.success(request, act.run(subject, form.cleaned_data, request.user.get_username()))
        wanted = {name: said for name, said in form.cleaned_data.items() if name in ("until", "processes")}
        audit.note(request, None, act.name, form.cleaned_data["reason"], after=wanted, about=str(subject))
        return HttpResponseRedirect(back)
    return _ask(request, act, subject, form, back)


def _ask(request: HttpRequest, act: FleetAct, subject: Subject, form: ReasonForm, back: str) -> HttpResponse:
    # Imported here: the site leads to this view.
    from django.contrib import admin

    context = {
        **admin.site.each_context(request),
        "title": act.title % {"subject": subject},
        "act": act,
        "follows": act.explain(subject),
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "console/fleet_act.html", context)


def _subject(request: HttpRequest, act: FleetAct) -> Subject:
    """Read from the address; a name that does not exist, or of a kind that the act does not know, is no page."""
    given = {kind: request.GET[kind] for kind in ("queue", "actor", "pool", "supervisor") if kind in request.GET}
    kind, name = next(iter(given.items()), ("fleet", ""))
    if kind not in act.kinds or len(given) > 1:
        raise Http404
    if kind == "supervisor":
        row = Supervisor.objects.filter(pk=Term.of(name).number or 0).first()
        if row is None:
            raise Http404
        return Subject(kind, name, row)
    if kind != "fleet" and name not in _known(kind):
        raise Http404
    return Subject(kind, name)


def _known(kind: str) -> set[str]:
    if kind == "queue":
        return set(queue_names()) | set(Pause.objects.filter(kind=kind).values_list("name", flat=True))
    if kind == "actor":
        return set(get_broker().actors) | set(Pause.objects.filter(kind=kind).values_list("name", flat=True))
    living = Supervisor.objects.filter(status__in=Supervisor.LIVING).values_list("environment", "pools")
    return {pool for _, names in living for pool in names} | {pool.name for pool in pools(settings.ENVIRONMENT)}


def _back(request: HttpRequest, subject: Subject) -> str:
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("admin:queue_board" if subject.kind in ("queue", "actor") else "admin:fleet_board")
