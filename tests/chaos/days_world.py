"""The whole of AskPro on servers that can be killed: web, queues, and the vendors' stand-ins with their faults."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from django.db import connection

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import environment as vendors_environment
from askpro.dev.sandbox.testing import running_sandbox
from askpro.dev.up import ports
from tests.chaos.world import World
from tests.scenarios.processes import Queues, running_web
from tests.vendors.faults import HTTP_FAULTS, SMTP_FAULTS, Fault

# Of the requests to a vendor, this part meets a fault; each kind of fault is as likely as the others.
SHARE = 0.05
ROUTES = {"calcom.*": HTTP_FAULTS, "twilio.*": HTTP_FAULTS, "smtp.*": SMTP_FAULTS}
# What only an address plays, and what takes minutes of a processor: a test of its own has these.
LEFT_OUT = ("600 MB", "packed 30 MB", "drip", "redirect")
SHORTENED = {"VENDOR_TIMEOUT": "1", "EMAIL_TIMEOUT": "1", "ANALYSIS_WAIT": "1"}
UNLIMITED = {"CALCOM_REQUESTS_PER_MINUTE": "0", "TWILIO_REQUESTS_PER_MINUTE": "0", "MAILS_PER_MINUTE": "0"}


class DaysWorld(World):
    """Servers first; `open` starts the rest once Django knows them."""

    vendors: SandboxClient

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._port = ports.choose()
        self._sandbox, self._web = ExitStack(), ExitStack()

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self._port}"

    def start_vendors(self) -> None:
        """The stand-ins; the environment leads to them from then on."""
        self.vendors = self._sandbox.enter_context(running_sandbox())
        leads = vendors_environment(self.vendors.url, self.vendors.smtp_port)
        os.environ.update(leads | SHORTENED | UNLIMITED | {"ASKPRO_PUBLIC_URL": self.url})

    def open(self) -> None:
        """Web and queues."""
        self.vendors.switch(askpro_url=self.url, webhooks="async", calcom_rate_limit=1_000_000, sms_step_ms=20)
        self._queues = self._new_queues("queues.log").start(wait=False)
        self._start_web()
        self.queues.wait_for_workers()

    def misbehave(self) -> None:
        for route, faults in ROUTES.items():
            kinds = [fault for fault in faults if not fault.address and fault.name not in LEFT_OUT]
            for fault in kinds:
                self._set(route, fault, SHARE / len(kinds))

    def behave(self) -> None:
        self.vendors.clear_faults()

    def blows(self) -> list[Callable[[], None]]:
        """Each kills something with kill -9, and starts it again where nobody else would."""
        return [
            self._kill_a_worker,
            self.kill_the_web,
            self.kill_the_redis,
            self._kill_a_worker,
            self.kill_postgresql,
            self.kill_the_supervisor_alone,
        ]

    def kill_the_web(self) -> None:
        self._web.close()
        self._start_web()

    def kill_the_redis(self) -> None:
        self.kill_redis(away=0.3)

    def kill_the_supervisor_alone(self) -> None:
        self.queues.kill()
        self.queues.start(wait=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.close()
        self._sandbox.close()
        super().__exit__(kind, error, trace)

    def _set(self, route: str, fault: Fault, share: float) -> None:
        self.vendors.fault(route, times=1_000_000, share=share, **fault.spec)

    def _start_web(self) -> None:
        connection.close()
        log = self._home.logs / "web.log"
        self._web.enter_context(running_web(dict(os.environ), self._port, log))

    def _new_queues(self, log: str) -> Queues:
        return Queues(dict(os.environ), self._home.logs / log)
