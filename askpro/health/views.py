"""What load balancers, orchestrators and monitors ask."""

import logging
from dataclasses import asdict

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from askpro.health.operators import may_read_figures
from askpro.health.ready import readiness
from askpro.health.result import Verdict
from askpro.health.verdict import verdict

log = logging.getLogger(__name__)


class Said:
    """The word that was answered last, so that a change is logged, and not each answer."""

    def __init__(self, about: str, good: str) -> None:
        self._about, self._good, self._word = about, good, good

    def note(self, word: str, why: str) -> None:
        if word != self._word:
            self._word = word
            log.log(logging.INFO if word == self._good else logging.WARNING, "%s: %s (%s)", self._about, word, why)


_ready = Said("health/ready", "ready")
_queues = Said("health/queues", Verdict.HEALTHY)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process serves requests at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when jobs and webhooks can be taken: PostgreSQL can be written to and its schema is complete; else 503.

    With the version that answers, which tells how far an update has come. Without a living worker it is `degraded`,
    still with 200. Redis is only reported: everything works without it.
    """
    found = readiness()
    checks = asdict(found)
    _ready.note(found.word, ", ".join(f"{name} {word}" for name, word in checks.items()))
    body = {"status": found.word, "version": settings.CODE_VERSION, "checks": checks}
    return JsonResponse(body, status=200 if found.is_ready else 503)


@never_cache
@require_safe
def queues(request: HttpRequest) -> JsonResponse:
    """The verdict on the queues: 200 healthy or degraded, 503 unhealthy, or when PostgreSQL does not answer.

    Its reasons are for operators (METRICS_TOKEN, METRICS_NETWORKS); everybody else gets the word alone.
    """
    found = verdict()
    _queues.note(found.status, ", ".join(f"{issue.code} of {issue.about}" for issue in found.issues))
    code = 503 if found.status == Verdict.UNHEALTHY else 200
    return JsonResponse(found.as_dict() if may_read_figures(request) else {"status": found.status}, status=code)
