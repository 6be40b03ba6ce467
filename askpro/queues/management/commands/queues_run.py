"""`manage.py queues_run`: the supervisor of this host."""

import os
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import autodiscover_modules

from askpro.queues.config import InvalidQueueSettings, Pool, pools
from askpro.queues.fleet import heartbeat
from askpro.queues.ledger import pooler
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.supervisor import reexec
from askpro.queues.supervisor.forker import Forker


class Command(BaseCommand):
    help = "Work the queues: a forker, a chores process, and the workers of each pool, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", default=settings.ENVIRONMENT, help="pools to run (default: ASKPRO_ENV)")
        parser.add_argument("--pool", action="append", help="run only this pool; may be repeated")

    def handle(self, *args: Any, environment: str, pool: list[str] | None, **options: Any) -> None:
        chosen = self._pools(environment, pool)
        autodiscover_modules("tasks")
        if reexec.is_preflight():
            return
        inherited = reexec.inherit()
        supervisor_id = inherited.supervisor_id if inherited else self._register(environment, chosen)
        self.stdout.write(f"Working {', '.join(map(_in_words, chosen))}; pid {os.getpid()}")
        Forker(chosen, supervisor_id, inherited).run()
        self.stdout.write("Stopped.")

    def _pools(self, environment: str, only: list[str] | None) -> list[Pool]:
        try:
            known = pools(environment)
        except InvalidQueueSettings as error:
            raise CommandError(str(error)) from error
        if unknown := set(only or ()) - {item.name for item in known}:
            raise CommandError(f"No pool {sorted(unknown)}; known: {', '.join(item.name for item in known)}.")
        return [item for item in known if not only or item.name in only]

    def _register(self, environment: str, chosen: list[Pool]) -> int:
        names = [pool.name for pool in chosen]
        database = EngineConnection()
        while True:
            try:
                if pooler.is_in_between():
                    raise CommandError(pooler.CURE)
                return heartbeat.register_supervisor(database, os.getpid(), environment, settings.CODE_VERSION, names)
            except CONNECTION_ERRORS as error:
                self.stderr.write(f"Waiting for PostgreSQL: {str(error).strip().splitlines()[0]}")
                time.sleep(2)
            finally:
                # Nothing may be open when the first child is forked.
                database.close()


def _in_words(pool: Pool) -> str:
    processes = str(pool.max_processes)
    if pool.min_processes < pool.max_processes and pool.strategy != "off":
        processes = f"{pool.min_processes} to {processes}"
    return f"{pool.name} ({processes} x {pool.threads})"
