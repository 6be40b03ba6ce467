"""Every address of AskPro."""

from django.contrib import admin
from django.urls import include, path

from askpro.health import live, ready

urlpatterns = [
    path("health/live", live),
    path("health/ready", ready),
    path("api/v1/", include("askpro.api.urls")),
    path("t/", include("appointments.page.urls")),
    path("webhooks/", include("webhooks.door.urls")),
    path("admin/", admin.site.urls),
]
