"""Connections for `askpro.http`, within the bounds of `askpro.deadline`; a failed one proves that nothing was sent."""

import socket
import ssl
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError, SSLError
from urllib3.util.ssl_ import create_urllib3_context

from askpro.deadline import bounded, connect

_WORDS: dict[type[Exception], str] = {
    socket.gaierror: "its name is not found",
    ssl.SSLError: "no TLS with it",
    SSLError: "no TLS with it",
    TimeoutError: "no connection in time",
    ConnectionRefusedError: "connection refused",
}


class NotConnected(NewConnectionError):
    """Nothing of the request left this host; `words` say why."""

    def __init__(self, conn: HTTPConnection, error: Exception) -> None:
        super().__init__(conn, type(error).__name__)
        self.words = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), "not reachable")


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        try:
            return connect(self._dns_host, self.port, settings.VENDOR_CONNECT_TIMEOUT)
        except OSError as error:
            raise NotConnected(self, error) from error


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, SSLError) as error:
            raise NotConnected(self, error) from error


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """The transport of a `requests.Session`. It never repeats a request: the queue retries the job."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=bounded(create_urllib3_context()))
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
