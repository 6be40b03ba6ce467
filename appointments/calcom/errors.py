"""What Cal.com's refusals mean. Only the stable part of a message is read, and no message is passed on."""

from typing import Final

from appointments.models import Detail
from askpro import http
from askpro.http import Answer
from askpro.queues.errors import JobError, Rejected
from askpro.reading import mapping


class KeyRefused(http.KeyRefused):
    """Cal.com refuses the API key (401): enter a valid one, then retry this job."""


class SlotGone(JobError):
    """The time is not free. Our own earlier request may have taken it, so look before believing it."""


class NotFound(JobError):
    """Cal.com does not have it."""


class WebhookRefused(JobError):
    """Cal.com registers no webhook for this address, or not with these triggers."""


class BookingRefused(JobError):
    """Cal.com refuses for a reason that no retry changes: a person must decide."""

    def __init__(self, detail: Detail) -> None:
        super().__init__(detail.tell(language="en"))
        self.detail = detail


# How the message begins, or what it contains → what it means. The vendor's words, contract of July 2026.
_REFUSALS: Final = {
    "meeting in the past": Detail.REFUSED_PAST,
    "can't be booked at the": Detail.REFUSED_BOUNDS,
    "maximum number of active bookings": Detail.REFUSED_LIMIT,
    "Bad Request Exception": Detail.REFUSED_INVALID,
}


def is_word(answer: Answer) -> bool:
    """Whether a refusal is in one of the two shapes that Cal.com's errors have; a proxy's page or JSON is not."""
    body = mapping(answer.json())
    in_controllers = body.get("status") == "error" and isinstance(mapping(body.get("error")).get("message"), str)
    below_them = body.get("statusCode") == answer.status_code and isinstance(body.get("message"), str)
    return in_controllers or below_them


def common_error(status: int, message: str) -> JobError | None:
    """What an answer means for every call; None if that depends on the call."""
    if status == 401:
        return KeyRefused(KeyRefused.__doc__)
    if status == 404 and message.startswith("Cannot "):
        return Rejected("Cal.com does not know this path in this cal-api-version (404): a bug of AskPro.")
    return None


def read_error(status: int) -> JobError:
    if status == 404:
        return NotFound(NotFound.__doc__)
    return Rejected(f"Cal.com refuses a question ({status}): a bug of AskPro, or this key may not read.")


def create_error(status: int, message: str) -> JobError:
    if status == 409 or "already has booking at this time" in message:
        return SlotGone(SlotGone.__doc__)
    if status == 403:
        return BookingRefused(Detail.REFUSED_KEY)
    if status == 404:
        return BookingRefused(Detail.REFUSED_NO_EVENT_TYPE)
    found = (reason for words, reason in _REFUSALS.items() if words in message)
    return BookingRefused(next(found, Detail.REFUSED_FIELDS))


def cancel_error(status: int, message: str) -> JobError | None:
    if "has been cancelled already" in message:
        return None
    return NotFound(NotFound.__doc__) if status == 404 else BookingRefused(Detail.REFUSED_INVALID)


def answer_error(status: int, message: str) -> JobError:
    """What it means for the host's yes or no, and for who came: also what is so already is refused."""
    return NotFound(NotFound.__doc__) if status == 404 else BookingRefused(Detail.REFUSED_INVALID)


def webhook_error(status: int, message: str) -> JobError:
    if status == 404:
        return NotFound(NotFound.__doc__)
    if status == 409:
        return WebhookRefused("Cal.com has a webhook for this address already.")
    if "URL" in message:
        return WebhookRefused("Cal.com sends webhooks to public HTTPS addresses only.")
    if status == 400:
        return WebhookRefused("Cal.com calls the webhook invalid.")
    return Rejected(f"Cal.com refuses the webhook ({status}): this key may not register one.")


def reschedule_error(status: int, message: str) -> JobError | None:
    if "rescheduled already to booking" in message:
        return None
    return NotFound(NotFound.__doc__) if status == 404 else create_error(status, message)
