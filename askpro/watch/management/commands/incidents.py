"""`manage.py incidents`: what is wrong now; acknowledge it, mute it."""

import getpass
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from askpro.watch.conditions.base import ABOUT
from askpro.watch.conditions.registry import by_code, every_condition, threshold
from askpro.watch.models import Incident, Mute, open_incidents

LONGEST = timedelta(days=30)


class Command(BaseCommand):
    help = "List what is wrong, acknowledge it (no repetition, no escalation), or mute a condition for some hours."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action")
        listing = actions.add_parser("list", help="open incidents and mutes (the default)")
        listing.add_argument("--all", action="store_true", help="also the last hundred that are over")
        actions.add_parser("conditions", help="what is watched, with the times and thresholds that are in force")
        ack = actions.add_parser("ack", help="somebody is at it")
        ack.add_argument("code", help="the condition, such as postgres_away; all of its incidents, or one by --about")
        mute = actions.add_parser("mute", help="tell nobody of it for some hours")
        mute.add_argument("code")
        mute.add_argument("--hours", type=float, required=True)
        unmute = actions.add_parser("unmute", help="end its mutes")
        unmute.add_argument("code")
        for action, is_required in ((ack, False), (mute, True), (unmute, None)):
            action.add_argument("--about", default="", help="only what is about this")
            if is_required is not None:
                action.add_argument("--reason", default="", required=is_required)

    def handle(self, *args: Any, action: str | None, **options: Any) -> None:
        now = timezone.now()
        {
            None: self._list,
            "list": self._list,
            "conditions": self._conditions,
            "ack": self._acknowledge,
            "mute": self._mute,
            "unmute": self._unmute,
        }[action](now, options)

    def _list(self, now: datetime, options: dict[str, Any]) -> None:
        found = list(open_incidents())
        for incident in found:
            self.stdout.write(_line(incident))
        if not found:
            self.stdout.write("Nothing is wrong.")
        for mute in Mute.objects.filter(until__gt=now):
            until = timezone.localtime(mute.until)
            self.stdout.write(f"muted until {until:%Y-%m-%d %H:%M}: {mute} by {mute.by}: {mute.reason}")
        if options.get("all"):
            for incident in Incident.objects.filter(status=Incident.Status.OVER)[:100]:
                self.stdout.write(_line(incident))

    def _conditions(self, now: datetime, options: dict[str, Any]) -> None:
        for each in every_condition():
            limits = " ".join(f"{name}={threshold(f'{each.code}.{name}'):g}" for name in sorted(each.thresholds))
            times = f"every {each.every:g} s, told after {each.lasts:g} s, over after {each.clears:g} s"
            self.stdout.write(f"{each.severity:8} {each.code:24} {times}  {limits}".rstrip())

    def _acknowledge(self, now: datetime, options: dict[str, Any]) -> None:
        code = _known(options["code"])
        found = open_incidents().filter(code=code, acknowledged_at=None)
        if options["about"]:
            found = found.filter(about=options["about"])
        count = sum(each.acknowledge(_me(), now, options["reason"]) for each in found)
        if not count:
            raise CommandError(f"There is no open, unacknowledged incident of {code}.")
        self.stdout.write(f"{count} acknowledged.")

    def _mute(self, now: datetime, options: dict[str, Any]) -> None:
        length = timedelta(hours=options["hours"])
        if not timedelta(0) < length <= LONGEST:
            raise CommandError(f"--hours is more than 0 and at most {LONGEST / timedelta(hours=1):g}.")
        Mute.objects.create(
            code=_known(options["code"]),
            about=options["about"][:ABOUT],
            until=now + length,
            reason=options["reason"][:500],
            by=_me(),
            created_at=now,
        )
        self.stdout.write(f"Muted until {timezone.localtime(now + length):%Y-%m-%d %H:%M}.")

    def _unmute(self, now: datetime, options: dict[str, Any]) -> None:
        found = Mute.objects.filter(code=_known(options["code"]), about=options["about"][:ABOUT], until__gt=now)
        count = sum(each.lift(now) for each in found)
        if not count:
            raise CommandError("There is no such mute.")
        self.stdout.write(f"{count} lifted.")


def _known(code: str) -> str:
    if by_code(code) is None:
        known = ", ".join(each.code for each in every_condition())
        raise CommandError(f"There is no condition {code}; there are {known}.")
    return code


def _me() -> str:
    try:
        return getpass.getuser()[:150]
    except (KeyError, OSError):
        return "unknown"


def _line(incident: Incident) -> str:
    began = timezone.localtime(incident.began_at)
    state = f"acknowledged by {incident.acknowledged_by}" if incident.acknowledged_at else incident.get_status_display()
    how_bad = f"{incident.value:g} (limit {incident.threshold:g})"
    return f"{incident.severity:8} {incident} since {began:%Y-%m-%d %H:%M:%S}, {how_bad}: {state}"
