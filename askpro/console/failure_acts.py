"""Sending all dead jobs of a kind again: asked with what is done again, some hundreds at a time, on record."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from askpro.console import effects
from askpro.console.failures import Kind, members
from askpro.console.fleet_forms import ReasonForm
from askpro.queues import interventions
from askpro.queues.fleet import events
from askpro.queues.models import Job

# In one request: each is a transaction of its own, some milliseconds long.
MOST_AT_ONCE = 500


def retry_view(request: HttpRequest) -> HttpResponse:
    """Ask on GET, act on POST."""
    if not request.user.has_perm("queues.change_job"):
        raise PermissionDenied
    kind = Kind.of(request)
    ids = [pk for pk, _ in members(kind)]
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
    follows = ["Each gets one more run, at once; ids and history stay.", *effects.of_retry(jobs)]
    if len(ids) > MOST_AT_ONCE:
        follows.append(
            f"{len(ids)} are dead of it; {MOST_AT_ONCE} are sent again now, the newest first, the rest after that."
        )
    context = {
        **admin.site.each_context(request),
        "title": f"Retry {len(now)} × {kind.actor_name} after {kind.name}",
        "act": {"label": f"Retry {len(now)}"},
        "follows": follows if ids else ["Nothing is dead of it any more."],
        "form": form,
        "back": kind.address,
    }
    return TemplateResponse(request, "console/fleet_act.html", context)


def _retry(request: HttpRequest, kind: Kind, ids: list[UUID], reason: str) -> None:
    jobs = Job.objects.filter(pk__in=ids[:MOST_AT_ONCE], status=Job.Status.DEAD).only("actor_name", "tags")
    done = [job for job in jobs if interventions.retry(job.pk)]
    if done:
        words = f"Sent again with all of its kind: {reason}"
        LogEntry.objects.log_actions(int(request.user.pk or 0), done, CHANGE, change_message=words)
        what = f"retry {len(done)} dead {kind.actor_name} jobs after {kind.name}"
        events.note_command(what, request.user.get_username(), reason)
    left = len(ids) - len(done)
    messages.success(request, f"{len(done)} sent again{f', {left} are left' if left else ''}.")
