"""The product's URLs and the bare view: served by the same processes, behind the same middleware."""

from django.urls import path

from askpro.dev.bench.sides.bare_view import insert
from askpro.urls import urlpatterns as product

urlpatterns = [*product, path("insert", insert)]
