"""Twilio's Messages: send one, look for one, ask for its status, erase one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from askpro import gates
from askpro.http import Answer, Client, Throttled
from askpro.metrics.exchange import Result
from askpro.metrics.routes import Routes
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown
from askpro.reading import Fields, Unreadable, mapping, name
from notifications import senders
from notifications.gsm import gsm_text
from notifications.twilio.errors import (
    KEY_CODES,
    NOT_FOUND,
    QUEUE_FULL,
    STILL_SENDING,
    SUSPENDED_CODES,
    Reaction,
    reaction_to,
)
from webhooks.models import Provider, WebhookAddress

# A sender's queue drains at one message a second, so a full one needs minutes.
QUEUE_FULL_PAUSE: Final = 180.0
ROUTES: Final = Routes(
    ("/2010-04-01/Accounts/{}/Messages.json", "/2010-04-01/Accounts/{}/Messages/{}.json"),
)
# Pages of 100 messages to one number within a day; no number gets more than a few messages.
MOST_PAGES: Final = 3
# 1,600 characters in UCS-2, and a hundred times what such a message costs anywhere.
MOST_SEGMENTS: Final = 24
MOST_CHARGED: Final = 1000
# For whole lists: so many messages in a page at most, and so many pages.
LARGEST_PAGE: Final = 1000
MOST_LARGE_PAGES: Final = 200
# Asks for more retries of a status callback: three, after any failure. A fragment is neither sent nor signed.
CALLBACK_RETRIES: Final = "#rc=3&rp=ct,rt,5xx"


class Refused(JobError):
    """Twilio answered that it will not send this; `reaction` says what to do about the code."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.reaction = reaction_to(code)
        super().__init__(self.reaction.tell({"code": code}, "en"))


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """`sender` is a number, a name, or a messaging service (MG…); `validity` in seconds, `callback` the URL that
    Twilio reports to."""

    to: str
    sender: str
    body: str
    callback: str
    validity: int

    def form(self) -> dict[str, str]:
        return {
            "To": self.to,
            "MessagingServiceSid" if senders.is_service(self.sender) else "From": self.sender,
            "Body": self.body,
            "StatusCallback": self.callback,
            "ValidityPeriod": str(self.validity),
            "SmartEncoded": "true",
        }


@dataclass(frozen=True, slots=True)
class Message:
    """What Twilio knows about a message: what it is charged as only some time after it was sent."""

    sid: str
    status: str
    body: str
    created_at: datetime | None
    error_code: int | None
    to: str = ""
    segments: int | None = None
    price: Decimal | None = None
    currency: str = ""

    @classmethod
    def from_api(cls, data: Any) -> "Message":
        """Raises `Unreadable` for anything that is not a message."""
        fields = Fields.of(data)
        sid = name(fields.source.get("sid"), 64)
        if not sid:
            raise Unreadable("sid is missing or no name")
        return cls(
            sid=sid,
            status=fields.text("status", 24),
            # Unchanged, to be compared with what was sent.
            body=str(fields.source.get("body") or ""),
            created_at=_moment(fields.source.get("date_created")),
            error_code=fields.number("error_code"),
            to=fields.text("to", 32),
            segments=_segments(fields),
            **_charge(fields),
        )


class Twilio:
    """Twilio with one account.

    Every method raises `RateLimited`, `Unavailable`, `Refused`, and `Unknown` if a message may have been sent.
    """

    def __init__(self, base_url: str, account_sid: str, token: str) -> None:
        gate = replace(gates.twilio(account_sid), is_own=_is_senders_own)
        self._http = Client(
            "Twilio",
            base_url,
            speaks=_is_word,
            gate=gate,
            auth=(account_sid, token),
            routes=ROUTES,
            refusal=_meaning,
        )
        self._messages = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages"

    def send(self, sms: OutgoingSms) -> Message:
        """Hand a message over. There is no idempotency key: after `Unknown`, `find` it before sending it again."""
        response = self._request("POST", ".json", data=sms.form())
        try:
            return Message.from_api(response.json())
        except Unreadable as error:
            raise Unknown("Twilio: accepted, but the answer is not readable") from error

    def find(self, to: str, body: str, since: datetime) -> list[Message]:
        """Messages to this number with exactly this text, created since then, oldest first."""
        wanted = comparable(body)
        found = [
            message
            for message in self._list(to, since)
            if comparable(message.body) == wanted and (message.created_at is None or message.created_at >= since)
        ]
        return found[::-1]

    def since(self, moment: datetime) -> list[Message]:
        """All messages of the account that were created since then, newest first, those to us included."""
        messages = self._pages({"PageSize": LARGEST_PAGE}, moment, MOST_LARGE_PAGES)
        return [message for message in messages if message.created_at is None or message.created_at >= moment]

    def get(self, sid: str) -> Message:
        """A message with its status. Raises `Refused` with 20404 if Twilio does not have it."""
        return _readable(self._request("GET", f"/{quote(sid, safe='')}.json"))

    def delete(self, sid: str) -> bool:
        """Erase a message, one that was sent or one that came in; False if Twilio does not have it (any more).

        Raises `Unavailable` while Twilio still sends it.
        """
        try:
            answer = self._request("DELETE", f"/{quote(sid, safe='')}.json")
        except Unknown as error:
            # It is erased once, however often it is asked for.
            asked_again = Unavailable(str(error))
            asked_again.parking = error.parking
            raise asked_again from error
        except Refused as refused:
            if refused.code == NOT_FOUND:
                return False
            if refused.code == STILL_SENDING:
                raise Unavailable("Twilio: the message is still being sent") from refused
            raise
        if answer.status_code != HTTPStatus.NO_CONTENT:
            raise Unavailable("Twilio: unreadable answer: not the empty one of an erased message")
        return True

    def _list(self, to: str, since: datetime) -> list[Message]:
        # Newest first. Twilio's DateSent filter would leave out queued messages, which have no such date yet.
        return self._pages({"To": to, "PageSize": 100}, since, MOST_PAGES)

    def _pages(self, query: Mapping[str, Any], since: datetime, most: int) -> list[Message]:
        messages: list[Message] = []
        response = self._request("GET", ".json", params=query)
        for _ in range(most):
            page = _object(response)
            if not isinstance(page.get("messages"), list):
                raise Unavailable("Twilio: the list is not readable")
            messages += [_message(item) for item in page["messages"]]
            following = page.get("next_page_uri")
            if _reaches_back_to(since, messages) or not isinstance(following, str):
                break
            if not following.startswith(self._messages):
                raise Unavailable("Twilio: the next page is not readable")
            response = self._request("GET", following.removeprefix(self._messages))
        return messages

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Answer:
        try:
            response = self._http.request(method, self._messages + path, params=params, data=data)
        except Throttled as throttled:
            if _code(throttled.response) == QUEUE_FULL:
                raise RateLimited(max(throttled.after, QUEUE_FULL_PAUSE), "the sender's queue is full") from throttled
            raise
        if response.ok:
            return response
        raise _refusal(response)


def for_company(company_id: int) -> Twilio:
    """The company's own account, else the installation's. Raises `Rejected` when none is set."""
    address = WebhookAddress.of(company_id, Provider.TWILIO)
    tokens = address.active_secrets() if address is not None else []
    if address is None or not tokens:
        return client()
    return _client(settings.TWILIO_BASE_URL, address.account, tokens[0], settings.TWILIO_REQUESTS_PER_MINUTE)


def client() -> Twilio:
    """The installation's account. Raises `Rejected` when none is set."""
    if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKENS:
        raise Rejected("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKENS.")
    account = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS[0]
    return _client(settings.TWILIO_BASE_URL, *account, settings.TWILIO_REQUESTS_PER_MINUTE)


def comparable(body: str) -> str:
    """A text as two of them are compared: Twilio's smart encoding may have replaced characters, blanks do not count."""
    return " ".join(gsm_text(body).split())


def status_callback(reference: str, address: WebhookAddress | None = None) -> str:
    """The URL for Twilio's reports on a message; `address` is the company's own. It contains the reference, because a
    report can come before our commit."""
    place = address.url if address is not None else f"{settings.PUBLIC_URL}/webhooks/twilio/"
    return f"{place}status/?ref={reference}{CALLBACK_RETRIES}"


@lru_cache(maxsize=8)
def _client(base_url: str, account_sid: str, token: str, per_minute: int) -> Twilio:
    return Twilio(base_url, account_sid, token)


def _is_word(answer: Answer) -> bool:
    """Whether a refusal is Twilio's own: it has a code and repeats its status. A proxy's page has neither."""
    return _code(answer) > 0 and mapping(answer.json()).get("status") == answer.status_code


def _meaning(answer: Answer) -> Result:
    """What a refusal says of the account, for the metrics."""
    code = _code(answer)
    if code in KEY_CODES or (not code and answer.status_code == HTTPStatus.UNAUTHORIZED):
        return Result.KEY_REFUSED
    return Result.OUT_OF_CREDIT if code in SUSPENDED_CODES else Result.REFUSED


def _is_senders_own(error: JobError) -> bool:
    """Whether only one sender's queue is full, so that messages from others are still sent."""
    return isinstance(error, Throttled) and _code(error.response) == QUEUE_FULL


def _refusal(answer: Answer) -> JobError:
    refused = Refused(_code(answer))
    if refused.reaction == Reaction.LOOK:
        return Unknown(str(refused))
    if refused.reaction == Reaction.SNOOZE:
        return RateLimited(QUEUE_FULL_PAUSE, str(refused))
    return refused


def _code(answer: Answer) -> int:
    """Twilio's code, or 0."""
    code = mapping(answer.json()).get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else 0


def _readable(answer: Answer) -> Message:
    return _message(_object(answer))


def _message(data: Any) -> Message:
    try:
        return Message.from_api(data)
    except Unreadable as error:
        raise Unavailable("Twilio: the answer is not readable") from error


def _object(answer: Answer) -> dict[str, Any]:
    data = answer.json()
    if not isinstance(data, dict):
        raise Unavailable("Twilio: the answer is no object")
    return data


def _reaches_back_to(since: datetime, messages: list[Message]) -> bool:
    oldest = messages[-1].created_at if messages else None
    return oldest is not None and oldest < since


def _segments(fields: Fields) -> int | None:
    """How many SMS it is; None while the sender is not chosen, when Twilio says 0."""
    segments = fields.number("num_segments")
    return segments if segments is not None and 0 < segments <= MOST_SEGMENTS else None


def _charge(fields: Fields) -> dict[str, Any]:
    """What was charged, which Twilio writes as a negative text; nothing of what is no amount with its currency."""
    currency = fields.text("price_unit", 8)
    try:
        price = -Decimal(fields.text("price", 16))
    except InvalidOperation:
        return {}
    is_amount = price.is_finite() and 0 <= price < MOST_CHARGED
    is_currency = len(currency) == 3 and currency.isascii() and currency.isalpha()
    return {"price": price, "currency": currency.upper()} if is_amount and is_currency else {}


def _moment(text: Any) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
