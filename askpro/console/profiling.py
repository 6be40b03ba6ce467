"""Where a running job spends its time: asked from its page for some seconds, and shown there; a file for speedscope."""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console import audit
from askpro.console.deeds import ASKED_PROFILE
from askpro.console.nonsense import Nonsense
from askpro.console.term import Term
from askpro.queues.insight import profiles, speedscope
from askpro.queues.insight.asking import NotAsked
from askpro.queues.insight.profiles import Stage
from askpro.queues.models import Job, Profile

PERMISSION: Final = "queues.add_profile"
# A right to ask is none to jobs.
VIEW: Final = "queues.view_job"
TEMPLATE: Final = "console/profile.html"
# What a person can choose, in seconds, and the lines that are shown of what was found.
LENGTHS: Final = (5, 30, 120)
MOST_LINES: Final = 10


def may_ask(request: HttpRequest) -> bool:
    return request.user.has_perms((PERMISSION, VIEW))


def shown(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What the job's page says: the newest profile of it, also after its end, and whether another can be asked for."""
    if not may_ask(request):
        return {}
    newest = Profile.objects.filter(job_id=job.pk).order_by("-id").first()
    if newest is None and job.status != Job.Status.PROCESSING:
        return {}
    return _context(job, newest)


def profile_view(request: HttpRequest, job_id: Any) -> HttpResponse:
    """Ask on POST; on GET, look how far the profile has come that the address names. Returns that part of the page
    only.
    """
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    job = _job(request, job_id)
    if request.method == "POST":
        return _ask(request, job)
    return TemplateResponse(request, TEMPLATE, _context(job, _named(request, job)))


def file_view(request: HttpRequest, job_id: Any) -> HttpResponse:
    """The profile that the address names, as a file for https://www.speedscope.app."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    profile = _named(request, _job(request, job_id))
    runs = list(profile.runs.all())
    if not runs:
        raise Http404
    name = f"{profile.actor_name}-{profile.pk}.speedscope.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(speedscope.file_of(profile.actor_name, runs), "application/json", headers=headers)


def _job(request: HttpRequest, job_id: Any) -> Job:
    """Raises `PermissionDenied`, and `Http404` where the person sees no such job."""
    if not may_ask(request):
        raise PermissionDenied
    job: Job | None = admin.site.get_model_admin(Job).get_queryset(request).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


def _named(request: HttpRequest, job: Job) -> Profile:
    number = Term.of(request.GET.get("request", "")).number or 0
    profile = Profile.objects.filter(pk=number, job_id=job.pk).first()
    if profile is None:
        raise Http404
    return profile


def _ask(request: HttpRequest, job: Job) -> HttpResponse:
    seconds = next((each for each in LENGTHS if str(each) == request.POST.get("seconds")), None)
    if seconds is None:
        raise Nonsense(_("That many seconds cannot be chosen."))
    try:
        profile = profiles.want_run(job.pk, seconds, request.user.get_username())
    except NotAsked as reason:
        return TemplateResponse(request, TEMPLATE, {**_context(job, None), "profile_why": str(reason)})
    audit.note(request, job, "profile", after={"seconds": seconds}, words=f"{ASKED_PROFILE}.")
    return TemplateResponse(request, TEMPLATE, _context(job, profile))


def _context(job: Job, profile: Profile | None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "profile_address": reverse("admin:job_profile", args=[job.pk]),
        "lengths": LENGTHS if job.status == Job.Status.PROCESSING else (),
        "profile": profile,
    }
    if profile is None:
        return context
    stage = profiles.stage_of(profile)
    found = _found(profile) if stage == Stage.READY else {}
    return {**context, "profile_stage": stage, "profile_waits": stage in (Stage.ASKED, Stage.SAMPLING), **found}


def _found(profile: Profile) -> dict[str, Any]:
    run = profile.runs.earliest("pk")
    lines = profiles.hottest(profiles.stacks_of(run), MOST_LINES)
    return {"profiled": run, "lines": lines, "profile_file": reverse("admin:job_profile_file", args=[profile.job_id])}
