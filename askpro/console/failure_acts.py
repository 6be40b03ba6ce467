"""Sending all dead jobs of a kind again: asked with what is done again, some hundreds at a time, on record."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from askpro.console import audit, display, effects
from askpro.console.deeds import RETRIED_TOGETHER
from askpro.console.failures import Kind, members
from askpro.console.fleet_forms import ReasonForm
from askpro.console.permissions import May
from askpro.queues import interventions
from askpro.queues.fleet import events
from askpro.queues.models import Job

# In one request: each is a transaction of its own, some milliseconds long.
MOST_AT_ONCE = 500


def retry_view(request: HttpRequest) -> HttpResponse:
    """Ask on GET, act on POST."""
    if not request.user.has_perms((May.RETRY, May.BULK)):
        raise PermissionDenied
    kind = Kind.of(request)
    ids = [pk for pk, _at in members(kind)]
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _retry(request, kind, ids, form.cleaned_data["reason"])
        return HttpResponseRedirect(kind.address)
    return _ask(request, kind, ids, form)


def _ask(request: HttpRequest, kind: Kind, ids: list[UUID], form: ReasonForm) -> HttpResponse:
    # Imported here: the site leads to this view.
    from django.contrib import admin

    now = ids[:MOST_AT_ONCE]
    jobs = list(Job.objects.filter(pk__in=now).only("actor_name", "tags", "chain_id"))
    follows = [_("Each gets one more run, at once; ids and history stay."), *effects.of_retry(jobs)]
    if len(ids) > MOST_AT_ONCE:
        counts = {"all": display.number(len(ids)), "now": display.number(MOST_AT_ONCE)}
        follows.append(
            _("%(all)s jobs died of this. The newest %(now)s are retried now; repeat for the rest.") % counts
        )
    facts = {"count": display.number(len(now)), "job": kind.actor_name, "error": kind.name}
    context = {
        **admin.site.each_context(request),
        "title": _("Retry %(count)s × %(job)s after %(error)s") % facts,
        "act": {"label": _("Retry %(count)s") % facts},
        "follows": follows if ids else [_("There are no such dead jobs any more.")],
        "form": form,
        "back": kind.address,
    }
    return TemplateResponse(request, "console/fleet_act.html", context)


def _retry(request: HttpRequest, kind: Kind, ids: list[UUID], reason: str) -> None:
    jobs = Job.objects.filter(pk__in=ids[:MOST_AT_ONCE], status=Job.Status.DEAD).only("actor_name", "tags")
    done = [job for job in jobs if interventions.retry(job.pk)]
    if done:
        audit.note(request, done, "retry_group", reason, words=f"{RETRIED_TOGETHER}: {reason}")
        what = f"retry {len(done)} dead {kind.actor_name} jobs after {kind.name}"
        events.note_command(what, request.user.get_username(), reason)
    left = len(ids) - len(done)
    counts = {"count": display.number(len(done)), "left": display.number(left)}
    told = _("%(count)s retried, %(left)s are left.") if left else _("%(count)s retried.")
    messages.success(request, told % counts)
