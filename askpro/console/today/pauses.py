"""What somebody has paused."""

from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.today.signs import Sign, What
from askpro.console.today.trouble import WARNING, Trouble

# A pause is no condition of the watch; the jobs that wait for its end are.
CODE: Final = "waiting_too_long"


def pauses(found: list[Sign]) -> Iterator[Trouble]:
    for sign in found:
        yield Trouble(
            tone=WARNING,
            code=CODE,
            about=f"{sign.what} {sign.name}",
            what=_what(sign),
            why=_("%(who)s: %(why)s") % {"who": sign.by, "why": sign.why} if sign.by and sign.why else sign.why,
            todo=_("Resume it as soon as the reason is over. Its jobs wait until then."),
            address=reverse("admin:queue_board"),
            label=_("Queues"),
            since=sign.since,
        )


def _what(sign: Sign) -> str:
    facts = {"name": sign.name, "until": display.local(sign.until, "SHORT_DATETIME_FORMAT") if sign.until else ""}
    if sign.what == What.QUEUE:
        until, forever = _("The queue %(name)s is paused until %(until)s."), _("The queue %(name)s is paused.")
    else:
        until, forever = _("Jobs %(name)s are paused until %(until)s."), _("Jobs %(name)s are paused.")
    return (until if sign.until else forever) % facts
