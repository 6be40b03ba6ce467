import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.dev.sandbox.control import Control
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.mailbox import MailServer
from askpro.dev.sandbox.sandbox import Sandbox
from askpro.dev.sandbox.server import Server

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Run the stand-ins for Cal.com, Twilio, Retell and a mail server until Ctrl-C. For this machine only."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--http-port", type=int, default=int(os.environ.get("SANDBOX_HTTP_PORT", "8090")))
        parser.add_argument("--smtp-port", type=int, default=int(os.environ.get("SANDBOX_SMTP_PORT", "8025")))
        parser.add_argument(
            "--calcom-rate-limit", type=int, default=120, help="Requests a minute and key, as the vendor's (120)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sandbox = Sandbox(
            Credentials.from_settings(),
            askpro_url=settings.PUBLIC_URL,
            calcom_rate_limit=options["calcom_rate_limit"],
        )
        try:
            server = Server(HOST, options["http_port"], Control(sandbox).handle)
            mail = MailServer(sandbox.mailbox, HOST, options["smtp_port"])
            mail.start()
        except OSError as error:
            raise CommandError(f"A port of the sandbox is taken: {error}") from error
        # A TERM ends it as a Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.stdout.write(f"Sandbox ready: http://{HOST}:{server.port}/sandbox/ smtp://{HOST}:{mail.port}")
        self.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            server.server_close()
