"""`manage.py queues_profile`: where the next runs of a kind of job spend their time, as a file for speedscope."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from askpro.queues.fleet import events
from askpro.queues.insight import profiles, speedscope
from askpro.queues.management import names
from askpro.queues.models import Profile

LOOK_EVERY = 0.5


class Command(BaseCommand):
    help = (
        "Sample the next runs of a kind of job, in whatever worker has them, and write a file for"
        " https://www.speedscope.app. Exit code 1 when no run was sampled in time."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("actor", metavar="ACTOR")
        parser.add_argument("--runs", type=int, default=1, help="how many (default 1)")
        parser.add_argument("--seconds", type=float, default=60.0, help="of one run at most (default 60)")
        parser.add_argument(
            "--wait", type=float, default=60.0, metavar="SECONDS", help="for runs to begin, then for them to end"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: ACTOR-NUMBER.speedscope.json")
        parser.add_argument("--fetch", type=int, metavar="NUMBER", help="write what an earlier profile has by now")

    def handle(self, *args: Any, actor: str, fetch: int | None, output: Path | None, **options: Any) -> None:
        (name,) = names.known_actors([actor])
        if fetch is not None:
            profile = Profile.objects.filter(pk=fetch, actor_name=name).first()
            if profile is None:
                raise CommandError(f"No profile {fetch} of {name}; it may be too old.")
        else:
            profile = self._want(name, **options)
        runs = list(profile.runs.all())
        if not runs:
            raise CommandError(f"No run of {name} was sampled. Fetch later ones with --fetch {profile.pk}.")
        file = output or Path(f"{name}-{profile.pk}.speedscope.json")
        file.write_text(speedscope.file_of(name, runs), encoding="utf-8")
        samples = sum(run.samples for run in runs)
        self.stdout.write(f"{file}: {len(runs)} runs, {samples} stacks. Open it at https://www.speedscope.app.")

    def _want(self, name: str, *, runs: int, seconds: float, wait: float, **_: Any) -> Profile:
        try:
            profile = profiles.want(name, runs, seconds, wait, names.me())
        except ValueError as error:
            raise CommandError(str(error)) from None
        events.note_command(f"profile {name}", names.me())
        self.stdout.write(f"Profile {profile.pk} waits for {runs} runs of {name} …")
        until = profile.until + timedelta(seconds=seconds)
        while not self._is_over(profile) and timezone.now() < until:
            time.sleep(LOOK_EVERY)
        return profile

    def _is_over(self, profile: Profile) -> bool:
        profile.refresh_from_db()
        kept = profile.runs.count()
        is_closed = timezone.now() > profile.until
        return kept >= (profile.begun if is_closed else profile.wanted)
