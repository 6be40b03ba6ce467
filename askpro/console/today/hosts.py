"""Who works the queues: hosts that have fallen silent, or nobody at all."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console.today.signs import Sign
from askpro.console.today.trouble import DANGER, Trouble


def hosts(worked: list[Sign], silent: list[Sign]) -> Iterator[Trouble]:
    if not worked:
        yield _nobody(silent)
    for sign in silent:
        yield Trouble(
            tone=DANGER,
            code="supervisor_dead",
            about=sign.name,
            what=_("The host %(host)s has fallen silent.") % {"host": sign.name},
            todo=_("Look at the host and at the log of queues_run there. Other hosts have taken over its jobs."),
            address=reverse("admin:fleet_board"),
            label=_("Fleet"),
            since=sign.since,
        )


def _nobody(silent: list[Sign]) -> Trouble:
    return Trouble(
        tone=DANGER,
        code="no_queues_run",
        about="queues_run",
        what=_("Nobody works the queues: no queues_run is alive."),
        why=_("What vendors tell is stored, but nothing is booked, sent or retried."),
        todo=_("Start it: systemctl start askpro-queues, or python3 manage.py queues_run"),
        address=reverse("admin:fleet_board"),
        label=_("Fleet"),
        since=max((sign.since for sign in silent), default=None),
    )
