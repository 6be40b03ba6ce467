"""The peer of the webhook intake: a view that stores the request's body and does nothing else."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from askpro.dev.bench.models import Post


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    Post.objects.create(body=request.body)
    return HttpResponse(status=204)


urlpatterns = [path("insert", insert)]
