"""Whether anybody watches: what is not looked at is not well."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console.today.signs import Sign
from askpro.console.today.trouble import DANGER, Trouble
from askpro.watch.beats import LIVES


def last_look(watches: list[Sign], now: datetime) -> Sign | None:
    """The watch that has gone round last; None when none has done so lately."""
    newest = max(watches, key=lambda sign: sign.since, default=None)
    return newest if newest is not None and newest.since > now - LIVES else None


def unwatched(watches: list[Sign], now: datetime) -> Iterator[Trouble]:
    if last_look(watches, now) is not None:
        return
    newest = max(watches, key=lambda sign: sign.since, default=None)
    yield Trouble(
        tone=DANGER,
        code="watcher_missing",
        about=newest.name if newest else "watch",
        what=_("Nobody watches: the watch does not run, so nobody is told of what goes wrong."),
        todo=_("Start it: systemctl start askpro-watch, or python3 manage.py watch"),
        address=reverse("admin:watch_incident_changelist"),
        label=_("Incidents"),
        since=newest.since if newest else None,
    )
