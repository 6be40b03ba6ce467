"""What a person may do in the console beyond looking at rows and changing them by forms."""

from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


class May(StrEnum):
    """Asked by `user.has_perm(May.RETRY)`: a value is a permission of Django's. They are made with `Access`.

    REVEAL goes before SEE_PEOPLE: who has both, as superusers do, reads personal data masked until he reveals it
    (`masking.py`).
    """

    SEE_PEOPLE = "console.see_people"
    REVEAL = "console.reveal"
    RETRY = "console.retry"
    REPLAY = "console.replay"
    BULK = "console.bulk"
    FORCE = "console.force"
    PAUSE = "console.pause"
    EDIT = "console.edit_arguments"
    DISCARD = "console.discard"
    PURGE = "console.purge"
    EXPORT = "console.export"

    @property
    def codename(self) -> str:
        return self.value.partition(".")[2]


# What makes sense for who is bound to companies; everything else is about the engine, and for operators only.
WITHIN_COMPANIES: Final = frozenset({May.SEE_PEOPLE, May.REVEAL, May.EXPORT})

# As Django shows them where permissions are given.
LABELS: Final[dict[May, Any]] = {
    May.SEE_PEOPLE: _("Sees personal data as it is"),
    May.REVEAL: _("Sees personal data masked, and may reveal it with a reason, on record"),
    May.RETRY: _("Retries, runs now and cancels jobs"),
    May.REPLAY: _("Replays webhook events"),
    May.BULK: _("Acts on everything that a filter matches"),
    May.FORCE: _("Acts although a guard says that it is done already"),
    May.PAUSE: _("Pauses and resumes queues, jobs and the schedule"),
    May.EDIT: _("Edits a job's arguments and retries it"),
    May.DISCARD: _("Discards jobs"),
    May.PURGE: _("Deletes jobs that are over, with their history"),
    May.EXPORT: _("Exports lists as CSV and JSON"),
}
