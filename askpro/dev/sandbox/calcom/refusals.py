"""Cal.com's errors: two shapes of body, and the texts by which clients tell them apart."""

from collections.abc import Mapping
from datetime import datetime
from http.client import responses
from typing import Any

from askpro.dev.sandbox.calcom.text import milliseconds
from askpro.dev.sandbox.exchange import Answer, as_json

SLOT_GONE = "User either already has booking at this time or is not available"
SLOT_GONE_TEAM = "One of the hosts either already has booking at this time or is not available"
PAST = "Attempting to book a meeting in the past."
OUT_OF_BOUNDS = (
    "The event type can't be booked at the \"start\" time provided. This could be because it's too soon (violating "
    "the minimum booking notice) or too far in the future (outside the event's scheduling window). Try fetching "
    'available slots first using the GET /v2/slots endpoint and then make a booking with "start" time equal to one '
    "of the available slots."
)
SEATS_FULL = "No more seats left at this seated booking."
NOT_BEGUN = "Bookings can only be marked as absent after their start time."
INVALID = "Bad Request Exception"
KEY_NOT_VALID = "ApiAuthStrategy - api key - Your api key is not valid"
KEY_UNKNOWN = "CustomThrottlerGuard - Invalid API Key"
NO_KEY = (
    "ApiAuthStrategy - no auth - No authentication method provided. Either pass an API key as 'Bearer' header or "
    "OAuth client credentials as 'x-cal-secret-key' and 'x-cal-client-id' headers"
)
TOO_MANY = "CustomThrottlerGuard - Too many requests. Please try again later."
WEBHOOK_NOT_PUBLIC = "Webhook URL is not allowed: only HTTPS URLs to public hosts are permitted"
WEBHOOK_EXISTS = "Webhook with this subscriber url already exists for this user"

NAMES = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    409: "ConflictException",
    422: "UnprocessableEntityException",
    500: "InternalServerErrorException",
    502: "BadGatewayException",
    503: "ServiceUnavailableException",
    504: "GatewayTimeoutException",
}


class Refused(Exception):
    """Ends a request with an error in shape A: status, timestamp, path, error."""

    def __init__(self, status: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class Bare(Refused):
    """Shape B, `{"statusCode", "message"}`: thrown below Cal.com's controllers."""


def unknown(uid: str) -> Refused:
    return Refused(404, f"Booking with uid={uid} was not found in the database")


def ended_already(uid: str) -> Refused:
    """The refusal to cancel it."""
    return Refused(
        400,
        f"Can't cancel booking with uid={uid} because it has been cancelled already. Please provide uid of a booking "
        "that is not cancelled.",
    )


def not_movable(uid: str, moved_to: str) -> Refused:
    """The refusal to move it, because it was cancelled or moved before."""
    if not moved_to:
        return Refused(
            400,
            f"Can't reschedule booking with uid={uid} because it has been cancelled. Please provide uid of a booking "
            "that is not cancelled.",
        )
    return Refused(
        400,
        f"Can't reschedule booking with uid={uid} because it has been cancelled and rescheduled already to booking "
        f"with uid={moved_to}. You probably want to reschedule {moved_to} instead by passing it within the request "
        "URL.",
    )


def template(event_type_id: int) -> Refused:
    """The refusal to book a managed event type."""
    return Refused(
        400,
        f"Event type with id={event_type_id} is the parent managed event type that can't be booked. You have to "
        "provide the child event type id aka id of event type that has been assigned to one of the users.",
    )


def invalid(errors: list[dict[str, Any]]) -> Refused:
    return Refused(400, INVALID, {"errors": errors})


def answer(refused: Refused, path: str, now: datetime, headers: Mapping[str, str]) -> Answer:
    if isinstance(refused, Bare):
        return as_json(refused.status, {"statusCode": refused.status, "message": refused.message}, dict(headers))
    code = "ThrottlerException" if refused.status == 429 else NAMES.get(refused.status, "HttpException")
    error = {"code": code, "message": refused.message, "details": refused.details or _details(refused)}
    body = {"status": "error", "timestamp": milliseconds(now), "path": path, "error": error}
    return as_json(refused.status, body, dict(headers))


def usual(status: int) -> Refused:
    """What Cal.com would most likely say with `status`: for faults without a body."""
    if status == 409:
        return Bare(409, "booking_conflict_error")
    if status == 500:
        return Bare(500, "Internal server error")
    messages = {400: SLOT_GONE, 401: KEY_NOT_VALID, 404: "Not Found", 429: TOO_MANY}
    return Refused(status, messages.get(status) or responses.get(status, "Error"))


def _details(refused: Refused) -> Any:
    if refused.status == 429:
        return refused.message
    phrase = responses.get(refused.status, "Error")
    # Node uses RFC 4918's phrase for this status.
    phrase = "Unprocessable Entity" if refused.status == 422 else phrase
    return {"message": refused.message, "error": phrase, "statusCode": refused.status}
