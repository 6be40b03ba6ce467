"""What Retell's refusals mean: by the status alone, since its messages are made for people. None is passed on."""

from typing import Final

from askpro import http
from askpro.http import Answer
from askpro.queues.errors import JobError, Rejected, Unavailable
from askpro.reading import mapping


class KeyRefused(http.KeyRefused):
    """Retell refuses the API key (401): enter a valid one."""


class OutOfCredit(http.OutOfCredit):
    """Retell wants to be paid (402): its trial or its credit is over."""


class UnknownCall(JobError):
    """Retell does not know the call under this key; a call of the last seconds may not be there yet."""


_REFUSALS: Final = {
    403: "Retell forbids this key to read or erase calls (403).",
}


def is_word(answer: Answer) -> bool:
    """Whether a refusal has the shape of Retell's errors; a proxy's page or JSON has not."""
    body = mapping(answer.json())
    return body.get("status") == "error" and isinstance(body.get("message"), str)


def read_error(status: int, *, of_one: bool) -> JobError:
    """What a refused question means; `of_one` says that it was about one call, by its id."""
    if status == 401:
        return KeyRefused(KeyRefused.__doc__)
    if status == 402:
        return OutOfCredit(OutOfCredit.__doc__)
    if of_one and status in (404, 422):
        return UnknownCall(UnknownCall.__doc__)
    if status in (408, 409):
        return Unavailable(f"Retell: cannot answer now ({status})")
    return Rejected(_REFUSALS.get(status, f"Retell refuses a question ({status}): a bug of AskPro."))
