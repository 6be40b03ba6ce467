"""The address that Prometheus asks."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from askpro.health.operators import may_read_figures
from askpro.metrics.exposition import scrape


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for operators (METRICS_TOKEN, METRICS_NETWORKS); for everybody else there is nothing here."""
    if not may_read_figures(request):
        return HttpResponse("not found\n", status=404, content_type="text/plain")
    text, content_type = scrape.text(request.headers.get("Accept", ""))
    return HttpResponse(text, content_type=content_type)
