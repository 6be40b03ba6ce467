"""The product's pages and the sandbox's, served from this process."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.control import Control
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.mailbox import MailServer
from askpro.dev.sandbox.sandbox import Sandbox
from askpro.dev.sandbox.server import Server

HOST: Final = "127.0.0.1"
RATE_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the sandbox is: the product's settings name it before it has begun."""

    http: int
    smtp: int


@contextmanager
def product() -> Iterator[str]:
    """AskPro's web server; its address."""
    thread = LiveServerThread(HOST, StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://{HOST}:{thread.port}"
    finally:
        thread.terminate()


@contextmanager
def sandbox(ports: Ports, askpro_url: str) -> Iterator[SandboxClient]:
    """The vendors' stand-ins, which send their webhooks to `askpro_url`."""
    stand_ins = Sandbox(Credentials.from_settings(), askpro_url=askpro_url, calcom_rate_limit=RATE_LIMIT)
    with ExitStack() as undo:
        server = Server(HOST, ports.http, Control(stand_ins).handle)
        undo.callback(server.server_close)
        MailServer(stand_ins.mailbox, HOST, ports.smtp).start()
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        undo.callback(server.shutdown)
        yield SandboxClient(f"http://{HOST}:{server.port}", ports.smtp)
