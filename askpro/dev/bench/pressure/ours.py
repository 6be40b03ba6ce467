"""Our side under pressure: `queues_run` with the production pools, and what its ledger says."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, Count
from dramatiq import Message

from askpro.dev.bench import tasks
from askpro.dev.bench.pressure.marks import UNMEASURED
from askpro.dev.bench.pressure.mix import COMPANIES, Spec
from askpro.dev.bench.pressure.pools import SHARE
from askpro.dev.bench.sides.program import Program
from askpro.queues import chain, send_many
from askpro.queues.ids import uuid7
from askpro.queues.models import Job, Worker


class AskPro:
    """The forker, its chores and its workers, in `share` of their numbers."""

    name = "AskPro"
    # Patterns of `schema.table`: all that it keeps, and where its jobs are.
    tables = r"public.queues\_%"
    job_tables = r"public.queues\_job%"
    sender = "askpro.dev.bench.pressure.ours"
    # Sessions of which one a second is ended.
    victims = "application_name LIKE 'askpro worker %%'"

    def __init__(self, folder: Path, share: float, processes: int) -> None:
        argv = (sys.executable, "-m", "django", "queues_run", "--environment", "pressure")
        self.program = Program("askpro", argv, folder, {SHARE: str(share), "PGAPPNAME": ""})
        self._processes = processes
        self._first: UUID = uuid7()
        self._began = datetime.now(UTC)

    def wait(self) -> None:
        self.program.wait(lambda: Worker.objects.filter(status=Worker.Status.RUNNING).count() >= self._processes)

    def workers(self) -> Sequence[int]:
        """The process ids of its workers."""
        return list(Worker.objects.filter(status=Worker.Status.RUNNING).values_list("pid", flat=True))

    def unfinished(self) -> int:
        """Jobs that are ready or run."""
        return Job.objects.filter(status__in=(Job.Status.QUEUED, Job.Status.PROCESSING)).count()

    def begin(self) -> None:
        """From here on jobs are counted."""
        self._first, self._began = uuid7(), datetime.now(UTC)

    def counted(self) -> tuple[int, float | None]:
        """Jobs that were sent and completed since `begin`, and how often each was claimed."""
        done = Job.objects.filter(pk__gt=self._first, status=Job.Status.COMPLETED, finished_at__lte=datetime.now(UTC))
        found = done.aggregate(Count("pk"), Avg("claim_no"))
        return found["pk__count"], found["claim_no__avg"]


def send(specs: Sequence[Spec], moment: int) -> None:
    """Send the jobs in one transaction; `moment` is when they became due."""
    with transaction.atomic():
        send_many([_message(spec, moment) for spec in specs if spec.steps == 1])
        for spec in specs:
            if spec.steps > 1:
                chain([_message(spec, UNMEASURED if step else moment) for step in range(spec.steps)]).send()


def _message(spec: Spec, moment: int) -> Message[object]:
    actors = tasks.pressed_keyed if spec.is_keyed else tasks.pressed
    message: Message[object] = actors[spec.queue].message(
        call_id=spec.number,
        company_id=spec.number % COMPANIES,
        milliseconds=spec.milliseconds,
        sent=UNMEASURED if spec.is_keyed else moment,
    )
    return message
