"""Sends mail by SMTP within EMAIL_TIMEOUT seconds, even if the server answers slowly or without end."""

import smtplib
import socket
import ssl
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

from askpro.deadline import bounded, connect, deadline

# The limit for all that a server says in one exchange, greetings and replies together.
MOST_BYTES = 256 * 1024


class EmailBackend(smtp.EmailBackend):
    """Django's backend with one deadline for the whole dialogue, connecting and TLS included."""

    @property
    def connection_class(self) -> Any:
        return _SmtpOverTls if self.use_ssl else _Smtp

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return bounded(super().ssl_context)

    @property
    def may_have_been_taken(self) -> bool:
        """Whether the server was given the message; if not, a failure proves that it was not delivered."""
        return isinstance(self.connection, _Smtp) and self.connection.hands_over

    def open(self) -> bool | None:
        with deadline(settings.EMAIL_TIMEOUT, MOST_BYTES):
            return super().open()

    def send_messages(self, email_messages: Any) -> int:
        with deadline(settings.EMAIL_TIMEOUT, MOST_BYTES):
            return super().send_messages(email_messages)

    def close(self) -> None:
        with deadline(settings.EMAIL_TIMEOUT, MOST_BYTES):
            super().close()


class _Smtp(smtplib.SMTP):
    hands_over = False

    def data(self, msg: Any) -> Any:
        self.hands_over = True
        return super().data(msg)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(host, port, timeout)


class _SmtpOverTls(smtplib.SMTP_SSL, _Smtp):
    pass
