"""The whole product as `manage.py up` runs it: sandbox, web and workers."""

import http.client
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from django.conf import settings

from askpro.dev.bench import posts
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.program import Program
from askpro.dev.bench.sides.web import Web
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import environment
from askpro.dev.sandbox.world import SALON
from askpro.dev.up import ports
from askpro.dev.up.failure import Failure
from askpro.dev.up.process import wait_until
from askpro.queues.models import Job, Worker
from notifications.models import Notification

# Seconds within which a call must be done.
LONGEST = 30.0
LOOK_EVERY = 0.01
SELDOM = 0.25
# Afternoon hours whose haircuts do not overlap; when spoken, they need no guess.
HOURS = range(13, 18)
DAYS = (2, 30)
BUSY = (Job.Status.QUEUED, Job.Status.PROCESSING, Job.Status.WAITING)


class Product:
    """Its programs end when the exit stack is closed."""

    def __init__(self, session: Session, stack: ExitStack) -> None:
        http_port, smtp_port = ports.choose(), ports.choose()
        self.client = SandboxClient(f"http://127.0.0.1:{http_port}", smtp_port)
        env = environment(self.client.url, smtp_port) | {"CALCOM_REQUESTS_PER_MINUTE": "0"}

        def program(name: str, *arguments: str) -> Program:
            argv = (sys.executable, "-m", "django", *arguments)
            started = Program(name, argv, session.folder, env)
            stack.callback(started.stop)
            return started

        listen = ("--http-port", str(http_port), "--smtp-port", str(smtp_port))
        self._sandbox = program("sandbox", "sandbox_run", *listen, "--calcom-rate-limit", "1000000")
        self._queues = program("queues", "queues_run", "--environment", "local")
        self._web = Web("web-of-all", session.folder, "askpro.dev.bench.settings", "/health/live", **env)
        stack.callback(self._web.program.stop)
        self.web, self.queues = self._web.program, self._queues
        self.programs = (self._sandbox, self.queues, self.web)

    def wait(self) -> None:
        self._sandbox.wait(self.client.ready)
        self._queues.wait(Worker.objects.filter(status=Worker.Status.RUNNING).exists)
        self._web.wait()
        self.client.switch(askpro_url=f"http://127.0.0.1:{self._web.port}")

    def hold(self) -> None:
        for program in self.programs:
            program.hold()

    def release(self) -> None:
        for program in self.programs:
            program.release()

    def free_slots(self) -> list[datetime]:
        """Times that Cal.com has free, in the salon's zone."""
        event_type = SALON.event_types[0].id
        return self.client.free_hours(event_type, key=settings.CALCOM_API_KEY, days=DAYS, hours=HOURS)

    def take_call(self, slot: datetime) -> float:
        """Milliseconds from the answer to `call_ended` until AskPro knows that Twilio accepted the SMS.

        That is a little later than the acceptance itself.
        """
        post = posts.ended(slot)
        accepted = self._post(post)
        notification = self._sms(post.call_id)
        self.fall_idle()
        sent_at: datetime = notification.sent_at or datetime.max.replace(tzinfo=UTC)
        return (sent_at - accepted).total_seconds() * 1000

    def take_calls(self, slots: Sequence[datetime]) -> None:
        """All one after the other, until the last one is done. It is looked at seldom meanwhile, since that costs."""
        for slot in slots:
            self._post(posts.ended(slot))
        self._expect(lambda: not Job.objects.filter(status__in=BUSY).exists(), "The jobs do not end", pause=SELDOM)

    def fall_idle(self) -> None:
        """Wait until no job is left that could run now."""
        self._expect(lambda: not Job.objects.filter(status__in=BUSY).exists(), "The jobs do not end")

    def _post(self, post: posts.Post) -> datetime:
        connection = http.client.HTTPConnection("127.0.0.1", self._web.port, timeout=LONGEST)
        signature = retell_signature(settings.RETELL_API_KEYS[0], post.body)
        headers = {"Content-Type": "application/json", "X-Retell-Signature": signature}
        connection.request("POST", "/webhooks/retell/", post.body, headers)
        code = connection.getresponse().status
        accepted = datetime.now(UTC)
        connection.close()
        if code != 204:
            raise Failure(f"A call was answered with {code}.")
        return accepted

    def _sms(self, call_id: str) -> Notification:
        sent = Notification.objects.filter(
            call__retell_call_id=call_id, channel=Notification.Channel.SMS, sent_at__isnull=False
        )
        self._expect(sent.exists, f"No SMS went out for {call_id}")
        return sent.get()

    def _expect(self, condition: Callable[[], bool], problem: str, pause: float = LOOK_EVERY) -> None:
        if not wait_until(condition, LONGEST, pause=pause):
            unfinished = Job.objects.exclude(status=Job.Status.COMPLETED).values_list("actor_name", "status")
            raise Failure(f"{problem} within {LONGEST:.0f} s. Not completed: {list(unfinished)[:20]}")
        time.sleep(LOOK_EVERY)
