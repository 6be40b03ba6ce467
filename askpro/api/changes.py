"""The endpoints that cancel and move what was booked."""

from datetime import datetime

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.changes.request import Origin, cancel, move
from appointments.models import Appointment, Change
from askpro.api.serializers import CancellationSerializer, ErrorSerializer, MoveSerializer, StateSerializer
from askpro.api.view import ApiView
from askpro.api.views import ERRORS, LARGE, MISSING, state, wanted
from calls.models import BookingRequest

REFUSED = {
    409: OpenApiResponse(ErrorSerializer, "It cannot be changed like that; `error` is a code, `detail` says why.")
}
ANSWERS = {202: StateSerializer, **ERRORS} | LARGE | MISSING | REFUSED


class NotChangeable(APIException):
    status_code = 409


class CancelView(ApiView):
    """Cancels what a request has led to."""

    takes = "may_change"

    @extend_schema(
        operation_id="cancel_appointment",
        summary="Cancel the appointment",
        description="It is cancelled in the background; read its state afterwards. A second request changes nothing.",
        request=CancellationSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, request_id: int) -> Response:
        wish = CancellationSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        return _changed(wanted(request, request_id), None, wish.validated_data["reason"])


class RescheduleView(ApiView):
    """Moves what a request has led to."""

    takes = "may_change"

    @extend_schema(
        operation_id="reschedule_appointment",
        summary="Move the appointment",
        description="It is moved in the background, to this time or not at all; `changes` says what became of it. "
        "A second request for the same time changes nothing.",
        request=MoveSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, request_id: int) -> Response:
        wish = MoveSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        return _changed(wanted(request, request_id), wish.validated_data["starts_at"], wish.validated_data["reason"])


def _changed(request: BookingRequest, to: datetime | None, reason: str) -> Response:
    """Raises `NotChangeable`."""
    appointment = Appointment.objects.filter(booking_request=request).first()
    if appointment is None:
        _withdraw(request, to)
    else:
        by = Origin(Change.Channel.API)
        change = cancel(appointment, by, reason) if to is None else move(appointment, to, by, reason)
        if change.state == Change.State.REFUSED:
            raise NotChangeable(change.told(), change.detail)
    request.refresh_from_db()
    return Response(state(request), status=202)


def _withdraw(request: BookingRequest, to: datetime | None) -> None:
    """Close a request before it is booked, so that no job books it."""
    if to is not None or not request.close(BookingRequest.Status.DROPPED):
        raise NotChangeable("There is no appointment yet, and none is being booked.", "no_appointment")
