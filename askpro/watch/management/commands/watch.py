"""`manage.py watch`: tells people what is wrong, until SIGTERM."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from askpro import sentry
from askpro.logging import tell_what_nobody_caught
from askpro.watch.channels.names import configured
from askpro.watch.conditions.registry import every_condition
from askpro.watch.waiting import bound_postgres
from askpro.watch.watcher import Watcher


class Command(BaseCommand):
    help = "Look at every condition, tell people what is wrong, and its end, until SIGTERM."
    # PostgreSQL may be away when it starts, and it must start all the same.
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        tell_what_nobody_caught()
        sentry.start()
        bound_postgres()
        watcher = Watcher()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: watcher.stop())
        channels = ", ".join(configured()) or "no channel: alerts are only logged"
        self.stdout.write(f"Watching {len(every_condition())} conditions; {channels}")
        watcher.run()
        self.stdout.write("Stopped.")
