"""Every address of AskPro, but for those that machines ask (`PROBES`, askpro/health/probes.py)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("askpro.api.urls")),
    path("t/", include("appointments.page.urls")),
    path("webhooks/", include("webhooks.door.urls")),
    path("admin/", admin.site.urls),
]
