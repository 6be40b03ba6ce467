"""Our side under pressure: `queues_run` with the production pools, and what its ledger says."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, Count
from dramatiq import Message

from askpro.dev.bench import tasks
from askpro.dev.bench.pressure.mix import COMPANIES, Spec, measured_from
from askpro.dev.bench.pressure.pools import SHARE
from askpro.dev.bench.sides.program import Program
from askpro.queues import chain, send_many
from askpro.queues.ids import uuid7
from askpro.queues.models import Job, Worker


class AskPro:
    """The forker, its chores and its workers: the pools of `environment`, in `share` of their numbers."""

    name = "AskPro"
    tables = r"public.queues\_%"
    job_tables = r"public.queues\_job%"
    env: Mapping[str, str] = {}
    victims = "application_name LIKE 'askpro worker %'"

    def __init__(
        self,
        folder: Path,
        processes: int,
        share: float = 1.0,
        environment: str = "pressure",
        sender: str = "askpro.dev.bench.pressure.ours",
    ) -> None:
        argv = (sys.executable, "-m", "django", "queues_run", "--environment", environment)
        self.sender = sender
        self.program = Program("askpro", argv, folder, {SHARE: str(share), "PGAPPNAME": ""})
        self._processes = processes
        self._first: UUID = uuid7()
        self._began = datetime.now(UTC)

    def wait(self) -> None:
        self.program.wait(lambda: Worker.objects.filter(status=Worker.Status.RUNNING).count() >= self._processes)

    def workers(self) -> Sequence[int]:
        return list(Worker.objects.filter(status=Worker.Status.RUNNING).values_list("pid", flat=True))

    def unfinished(self) -> int:
        return Job.objects.filter(status__in=(Job.Status.QUEUED, Job.Status.PROCESSING)).count()

    def begin(self) -> None:
        self._first, self._began = uuid7(), datetime.now(UTC)

    def counted(self) -> tuple[int, float | None]:
        done = Job.objects.filter(pk__gt=self._first, status=Job.Status.COMPLETED, finished_at__lte=datetime.now(UTC))
        found = done.aggregate(Count("pk"), Avg("claim_no"))
        return found["pk__count"], found["claim_no__avg"]


def send(specs: Sequence[Spec], moment: int) -> None:
    """Send the jobs in one transaction; `moment` is when they became due."""
    with transaction.atomic():
        send_many([_message(spec, 0, moment) for spec in specs if spec.steps == 1])
        for spec in specs:
            if spec.steps > 1:
                chain([_message(spec, step, moment) for step in range(spec.steps)]).send()


def _message(spec: Spec, step: int, moment: int) -> Message[object]:
    actors = tasks.pressed_keyed if spec.is_keyed else tasks.pressed
    message: Message[object] = actors[spec.queue].message(
        call_id=spec.number,
        company_id=spec.number % COMPANIES,
        milliseconds=spec.milliseconds,
        sent=measured_from(spec, step, moment),
    )
    return message
