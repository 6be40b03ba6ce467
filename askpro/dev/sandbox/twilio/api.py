"""Twilio's API: sends, looks up, lists and erases messages, and reports what becomes of them."""

import base64
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from askpro.dev.sandbox.courier import Courier, Delivery
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.exchange import Answer, Request, Route, as_json
from askpro.dev.sandbox.switches import Switches
from askpro.dev.sandbox.twilio import callbacks, checks, refusals
from askpro.dev.sandbox.twilio.messages import FINAL, UNSENT, Message, inbound_form, inbound_message
from askpro.dev.sandbox.twilio.refusals import Refused
from askpro.dev.sandbox.world import SMS_SENDERS

PREFIX = "/twilio"
BASE = PREFIX + r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages"
DEFAULT_PAGE = 50
LARGEST_PAGE = 1000


class Twilio:
    def __init__(self, courier: Courier, switches: Switches, credentials: Credentials) -> None:
        self._courier = courier
        self._switches = switches
        self._credentials = credentials
        self._lock = threading.Lock()
        self._messages: dict[str, Message] = {}
        # What customers have sent; Twilio stores it, too.
        self._received: dict[str, Message] = {}
        self._opted_out: set[str] = set()

    def routes(self) -> list[Route]:
        sid = r"/(?P<sid>[^/.]+)"
        return [
            self._route("create_message", "POST", r"\.json", self._create),
            self._route("list_messages", "GET", r"\.json", self._list),
            self._route("get_message", "GET", rf"{sid}\.json", self._get),
            self._route("delete_message", "DELETE", rf"{sid}\.json", self._delete),
        ]

    def unknown(self, request: Request) -> Answer:
        return refusals.answer(20404)

    def usual(self, status: int, request: Request) -> Answer:
        return refusals.usual(status)

    def messages(self) -> list[dict[str, Any]]:
        """All messages, oldest first. We add `accepted_at`, since the API has no fractions of a second."""
        with self._lock:
            return [
                message.listed() | {"accepted_at": message.created_at.isoformat()}
                for message in self._messages.values()
            ]

    def received(self) -> list[dict[str, Any]]:
        """What customers have sent, oldest first."""
        with self._lock:
            return [message.listed() for message in self._received.values()]

    def opted_out(self) -> list[str]:
        return sorted(self._opted_out)

    def receive(self, sender: str, to: str, body: str) -> Delivery:
        """Send AskPro an SMS from a customer. STOP and START are obeyed first, as Twilio does."""
        word = body.strip().upper()
        if word == "STOP":
            self._opted_out.add(sender)
        elif word == "START":
            self._opted_out.discard(sender)
        form = inbound_form(self._credentials.account_sid, self._credentials.messaging_service, sender, to, body)
        with self._lock:
            self._received[form["MessageSid"]] = inbound_message(form)
        url = f"{self._switches.askpro_url}/webhooks/twilio/"
        return callbacks.send(self._courier, self._credentials.auth_token, url, "inbound", form["MessageSid"], form)

    def report(self, sid: str, status: str, error_code: int | None = None) -> Delivery | None:
        """Move a message to `status`, in any order, and call back; None when it is unknown or wants no callbacks."""
        message = self._messages.get(sid)
        if message is None:
            return None
        now = datetime.now(UTC)
        with self._lock:
            message.status, message.error_code, message.updated_at = status, error_code, now
            message.sender = message.sender or SMS_SENDERS[0]
            if status == "sent":
                message.sent_at = now
        if not message.callback:
            return None
        return callbacks.send(
            self._courier,
            self._credentials.auth_token,
            message.callback,
            f"status.{status}",
            sid,
            message.callback_form(),
        )

    def _route(self, name: str, method: str, path: str, action: Callable[[Request], Answer]) -> Route:
        def handle(request: Request) -> Answer:
            try:
                self._check_account(request)
                return action(request)
            except Refused as refused:
                return refusals.answer(refused.code)

        return Route(f"twilio.{name}", method, re.compile(BASE + path), handle)

    def _check_account(self, request: Request) -> None:
        known = f"{self._credentials.account_sid}:{self._credentials.auth_token}".encode()
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or sent.strip() != base64.b64encode(known).decode():
            raise Refused(20003)
        if request.parts["account"] != self._credentials.account_sid:
            raise Refused(20404)

    def _create(self, request: Request) -> Answer:
        form = request.form
        checks.check(form, self._credentials.messaging_service)
        if form["To"] in self._opted_out:
            raise Refused(21610)
        service = form.get("MessagingServiceSid", "")
        message = Message(
            account_sid=self._credentials.account_sid,
            to=form["To"],
            body=form.get("Body", ""),
            sender=form.get("From", ""),
            service=service,
            callback=form.get("StatusCallback", ""),
            status="accepted" if service and not form.get("From") else "queued",
            created_at=self._switches.twilio_now(),
        )
        with self._lock:
            self._messages[message.sid] = message
        answer = as_json(201, message.listed())
        self._plan(message)
        return answer

    def _plan(self, message: Message) -> None:
        """Schedule the message's statuses. The first one is never called back."""
        outcome = self._switches.sms_outcome
        steps = ["queued"] if message.status == "accepted" else []
        if outcome != "queued":
            steps += ["sent"] if outcome != "failed" else []
            steps += [outcome] if outcome != "sent" else []
        for position, status in enumerate(steps, start=1):
            code = self._switches.sms_error_code if status in ("undelivered", "failed") else None
            if code and self._switches.sms_error_code_later:
                self._courier.later(
                    position * self._switches.sms_step_ms / 1000,
                    lambda status=status: self.report(message.sid, status),  # type: ignore[misc]
                )
                position += 1
            self._courier.later(
                position * self._switches.sms_step_ms / 1000,
                lambda status=status, code=code: self._step(message, status, code),  # type: ignore[misc]
            )

    def _step(self, message: Message, status: str, code: int | None) -> None:
        """Take the next scheduled step; once a final status was reported, only another final one is."""
        if message.status not in FINAL or status in FINAL:
            self.report(message.sid, status, code)

    def _get(self, request: Request) -> Answer:
        return as_json(200, self._known(request).listed())

    def _delete(self, request: Request) -> Answer:
        if self._known(request).status in UNSENT:
            raise Refused(20009)
        with self._lock:
            self._messages.pop(request.parts["sid"], None)
            self._received.pop(request.parts["sid"], None)
        return Answer(204)

    def _known(self, request: Request) -> Message:
        sid = request.parts["sid"]
        message = self._messages.get(sid) or self._received.get(sid)
        if message is None:
            raise Refused(20404)
        return message

    def _list(self, request: Request) -> Answer:
        query = request.query
        with self._lock:
            every = sorted([*self._messages.values(), *self._received.values()], key=lambda each: each.created_at)
            found = [message for message in reversed(every) if _passes(message, query)]
        size = min(_whole(query.get("PageSize", ""), DEFAULT_PAGE), LARGEST_PAGE)
        number = _whole(query.get("Page", ""), 0)
        rows = found[number * size : (number + 1) * size]
        more = (number + 1) * size < len(found)
        return as_json(
            200,
            {
                "messages": [message.listed() for message in rows],
                "first_page_uri": _page_uri(request, size, 0),
                "next_page_uri": _page_uri(request, size, number + 1) if more else None,
                "previous_page_uri": _page_uri(request, size, number - 1) if number else None,
                "page": number,
                "page_size": size,
                "start": number * size,
                "end": max(0, number * size + len(rows) - 1),
                "uri": _page_uri(request, size, number),
            },
        )


def _passes(message: Message, query: dict[str, str]) -> bool:
    """Apply To, From and the three DateSent filters, which take days in GMT; both bounds include their day."""
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    day = f"{message.when:%Y-%m-%d}"
    bounds = {name: query[name][:10] for name in ("DateSent", "DateSent>", "DateSent<") if query.get(name)}
    return (
        bounds.get("DateSent", day) == day
        and bounds.get("DateSent>", day) <= day
        and bounds.get("DateSent<", day) >= day
    )


def _page_uri(request: Request, size: int, number: int) -> str:
    kept = {name: value for name, value in request.query.items() if name not in ("PageSize", "Page")}
    pairs = [*kept.items(), ("PageSize", str(size)), ("Page", str(number))]
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{request.path.removeprefix(PREFIX)}?{query}"


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise
