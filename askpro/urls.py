"""Every address of AskPro, but for those that machines ask (`PROBES`, askpro/health/probes.py)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("askpro.api.urls")),
    path("t/", include("appointments.page.urls")),
    path("webhooks/", include("webhooks.door.urls")),
    path("admin/", admin.site.urls),
]

# Django looks for these names here.
handler400 = "askpro.incoming.error_pages.bad_request"
handler403 = "askpro.incoming.error_pages.permission_denied"
handler404 = "askpro.incoming.error_pages.page_not_found"
handler500 = "askpro.incoming.error_pages.server_error"
