"""Where a running job is: asked from its page, and shown there when its worker has answered."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from askpro.console import audit
from askpro.console.deeds import ASKED_WHERE
from askpro.console.term import Term
from askpro.queues.insight import asking, sessions
from askpro.queues.models import Job, StackRequest

PERMISSION = "queues.add_stackrequest"
# A right to ask is none to jobs.
VIEW = "queues.view_job"
TEMPLATE = "console/where.html"


def may_ask(request: HttpRequest) -> bool:
    return request.user.has_perms((PERMISSION, VIEW))


def address(job: Job) -> str:
    return reverse("admin:job_where", args=[job.pk])


def shown(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What the job's page says of where it is: the newest answer of this run, if somebody has asked."""
    if job.status != Job.Status.PROCESSING or not may_ask(request):
        return {}
    asked = StackRequest.objects.filter(job_id=job.pk, claim_no=job.claim_no).order_by("-id").first()
    return _context(address(job), asked)


def where_view(request: HttpRequest, job_id: Any) -> HttpResponse:
    """Ask on POST; on GET, look whether the request that the address names is answered. Returns that part of the page
    only.
    """
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if not may_ask(request):
        raise PermissionDenied
    job = admin.site.get_model_admin(Job).get_queryset(request).filter(pk=job_id).first()
    if job is None:
        raise Http404
    if request.method == "POST":
        return _ask(request, job)
    number = Term.of(request.GET.get("request", "")).number or 0
    asked = StackRequest.objects.filter(pk=number, job_id=job.pk).first()
    if asked is None:
        raise Http404
    return TemplateResponse(request, TEMPLATE, _context(address(job), asked))


def _ask(request: HttpRequest, job: Job) -> HttpResponse:
    try:
        asked = asking.ask(job.pk, request.user.get_username())
    except asking.NotAsked as reason:
        return TemplateResponse(request, TEMPLATE, {"where_address": address(job), "where_why": str(reason)})
    audit.note(request, job, "where", words=f"{ASKED_WHERE}.")
    return TemplateResponse(request, TEMPLATE, _context(address(job), asked))


def _context(where: str, asked: StackRequest | None) -> dict[str, Any]:
    if asked is None:
        return {"where_address": where}
    is_late = timezone.now() - asked.at > timedelta(seconds=asking.LONGEST_WAIT)
    is_waiting = not (asking.is_over(asked) or is_late)
    return {
        "where_address": where,
        "asked": asked,
        "where_waits": is_waiting,
        "where_why": "" if is_waiting else asking.why_not(asked),
        "sessions": [] if is_waiting else sessions.busy(asked.worker_id),
        "threads": [thread for thread in asked.threads if thread["is_job"]],
        "others": [thread for thread in asked.threads if not thread["is_job"]],
    }
