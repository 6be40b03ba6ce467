"""The endpoints for trusted callers."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.models import Appointment, Change
from askpro.api.serializers import ErrorSerializer, StateSerializer, WishSerializer
from askpro.api.submissions import submit
from askpro.api.view import ApiView
from calls.models import BookingRequest
from notifications.models import Notification

LONGEST_KEY = 200
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 200 printable ASCII characters. The same key with the same body gives the same request, once.",
)
ERRORS: dict[int, Any] = {
    400: OpenApiResponse(ErrorSerializer, "The body or a field makes no sense."),
    401: OpenApiResponse(ErrorSerializer, "No valid token."),
    403: OpenApiResponse(ErrorSerializer, "The token does not allow this."),
    429: OpenApiResponse(ErrorSerializer, "Too many requests; see Retry-After."),
    503: OpenApiResponse(ErrorSerializer, "Nothing was stored; see Retry-After."),
}
LARGE = {413: OpenApiResponse(ErrorSerializer, "The body is too large.")}
REUSED = {422: OpenApiResponse(ErrorSerializer, "The Idempotency-Key was used for another body.")}
MISSING = {404: OpenApiResponse(ErrorSerializer, "No such request of this company.")}


class AppointmentRequestsView(ApiView):
    """New requests."""

    takes = "may_request"

    @extend_schema(
        operation_id="create_appointment_request",
        summary="Ask for an appointment",
        description="It is booked in the background, at the wished time or not at all; read its state afterwards.",
        parameters=[KEY],
        request=WishSerializer,
        responses={201: StateSerializer, 200: OpenApiResponse(StateSerializer, "Known already."), **ERRORS}
        | LARGE
        | REUSED,
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        wish = WishSerializer(data=request.data, context={"country": country(request)})
        wish.is_valid(raise_exception=True)
        booking_request, is_new = submit(request.auth, wish.validated_data, key)  # type: ignore[arg-type]
        location = reverse("appointment-request", args=[booking_request.pk])
        return Response(state(booking_request), status=201 if is_new else 200, headers={"Location": location})


class AppointmentRequestView(ApiView):
    """One request."""

    takes = "may_read"

    @extend_schema(
        operation_id="read_appointment_request",
        summary="Read what became of it",
        responses={200: StateSerializer, **ERRORS} | MISSING,
    )
    def get(self, request: Request, request_id: int) -> Response:
        return Response(state(wanted(request, request_id)))


def wanted(request: Request, request_id: int) -> BookingRequest:
    """The company's request with this id. Raises `Http404`."""
    rows = BookingRequest.objects.select_related("service", "staff", "branch", "company")
    company_id = request.auth.company_id  # type: ignore[union-attr]
    return get_object_or_404(rows, pk=request_id, company_id=company_id, call=None)


def idempotency_key(request: Request) -> str | None:
    """The header's value, or None without one. Raises `ValidationError`."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise ValidationError({"Idempotency-Key": "1 to 200 printable ASCII characters."})
    return key


def country(request: Request) -> str:
    """The country whose national numbers this request uses: the branch's if it can only be one, else the company's."""
    company = request.auth.company  # type: ignore[union-attr]
    wished = request.data.get("branch") if isinstance(request.data, dict) else None
    branches = company.branches.filter(is_active=True)
    found = list((branches.filter(pk=wished) if type(wished) is int and 0 < wished < 2**63 else branches)[:2])
    return found[0].home if len(found) == 1 else company.country


def state(request: BookingRequest) -> Any:
    """The request as the API shows it."""
    appointment = Appointment.objects.select_related("staff").filter(booking_request=request).first()
    told = Notification.objects.filter(appointment=appointment) if appointment else Notification.objects.none()
    return StateSerializer(
        {
            "id": request.pk,
            "status": request.status,
            "created_at": request.created_at,
            "starts_at": request.starts_at,
            "service": request.service,
            "staff": request.staff,
            "branch": request.branch,
            "appointment": appointment,
            "changes": Change.objects.filter(appointment=appointment).order_by("pk") if appointment else [],
            "follow_ups": request.follow_ups.order_by("pk"),
            "messages": told.exclude(kind__in=Notification.TO_STAFF).order_by("pk"),
        }
    ).data
