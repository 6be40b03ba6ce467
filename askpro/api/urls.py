"""`/api/v1/`: the endpoints, their description, and a page to read it."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from askpro.api.changes import CancelView, RescheduleView
from askpro.api.views import AppointmentRequestsView, AppointmentRequestView

# Its script is a file of its own, as the Content-Security-Policy demands.
DOCS = SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html")

urlpatterns = [
    path("appointment-requests/", AppointmentRequestsView.as_view(), name="appointment-requests"),
    path("appointment-requests/<int:request_id>/", AppointmentRequestView.as_view(), name="appointment-request"),
    path("appointment-requests/<int:request_id>/cancel/", CancelView.as_view(), name="appointment-cancel"),
    path("appointment-requests/<int:request_id>/reschedule/", RescheduleView.as_view(), name="appointment-reschedule"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", DOCS, name="api-docs"),
]
