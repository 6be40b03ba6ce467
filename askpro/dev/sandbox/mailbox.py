"""The mail catcher: an SMTP server that keeps every mail and delivers none."""

import asyncio
import base64
import logging
import threading
from email import message_from_bytes, policy
from email.message import MIMEPart
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from askpro.dev.sandbox.exchange import Request
from askpro.dev.sandbox.faults import Fault, Faults

ROUTE, TO_ROUTE = "smtp.message", "smtp.recipient"
_LINES = b"250-and so on\r\n" * 4096

# This logger writes every address at INFO.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class Mailbox:
    """The mails in the order they came, each read at once: a long day has more than can be read in one answer.

    A fault on `smtp.message` refuses one: 451 for now, 550 for good. A fault on `smtp.recipient` refuses
    before the message is sent. `drip_ms` answers slowly, `padding` endlessly.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._mails: list[dict[str, Any]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        recipients = list(envelope.rcpt_tos)
        fault = self._fault(ROUTE, ", ".join(recipients))
        if fault is None or fault.takes_effect:
            mail = _parsed(recipients, bytes(envelope.original_content or b""))
            with self._lock:
                self._mails.append(mail)
        return await _answer(fault, server)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return await _answer(self._fault(TO_ROUTE, address), server)

    def _fault(self, route: str, to: str) -> Fault | None:
        return self._faults.take(route, Request("SMTP", route, "", {}, b"", {"to": to}))

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._mails)

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()


class MailServer:
    """The SMTP server on its own thread; `port` is the one it listens on."""

    def __init__(self, mailbox: Mailbox, host: str, port: int) -> None:
        self.port = port
        self._mailbox, self._host = mailbox, host
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        threading.Thread(target=self._run, name="smtp", daemon=True).start()
        self._ready.wait()
        if self._error:
            raise self._error

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            listening = self._loop.run_until_complete(self._loop.create_server(self._connection, self._host, self.port))
        except OSError as error:
            self._error = error
            self._ready.set()
            return
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def _connection(self) -> SMTP:
        return SMTP(self._mailbox, hostname="sandbox", loop=self._loop, enable_SMTPUTF8=True)


async def _answer(fault: Fault | None, server: SMTP) -> str:
    transport: Any = server.transport
    if fault is None:
        return "250 OK"
    await asyncio.sleep(fault.latency_ms / 1000)
    if fault.drip_ms:
        for _ in range(10_000):
            transport.write(b"2")
            await asyncio.sleep(fault.drip_ms / 1000)
            if transport.is_closing():
                break
    for _ in range(0, fault.padding, len(_LINES)):
        transport.write(_LINES)
        await asyncio.sleep(0.001)
        if transport.is_closing():
            break
    if fault.reset:
        transport.abort()
    elif fault.silent:
        transport.close()
    return f"{fault.status} {fault.body or 'Refused by the sandbox'}" if fault.status else str(fault.body or "250 OK")


def _parsed(recipients: list[str], raw: bytes) -> dict[str, Any]:
    mail = message_from_bytes(raw, policy=policy.default)
    return {
        "to": recipients,
        "from": str(mail["From"] or ""),
        # A subject that is folded before its first word begins with the fold's space.
        "subject": str(mail["Subject"] or "").strip(),
        "text": _content(mail.get_body(("plain",))),
        "html": _content(mail.get_body(("html",))),
        "attachments": [_attachment(part) for part in mail.iter_attachments()],
        "headers": {name: str(value) for name, value in mail.items()},
    }


def _content(part: MIMEPart | None) -> str:
    return str(part.get_content()) if part is not None else ""


def _attachment(part: MIMEPart) -> dict[str, Any]:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    return {
        "name": part.get_filename() or "",
        "type": part.get_content_type(),
        "content": content.decode(errors="replace"),
        "base64": base64.b64encode(content).decode(),
    }
