"""One thing that is wrong now, in words, with what to do about it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.text import slugify

from askpro.console import runbook

# The tones of notes and pills: what hurts callers now, and what will.
DANGER: Final = "danger"
WARNING: Final = "warning"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`code` names the watch's condition and its section of the runbook, `about` the queue, host or vendor. `why` is a
    likely cause, where `what` does not say it. `address` is the page on which it is mended; `label` names that page.
    """

    tone: str
    code: str
    about: str
    what: str
    todo: str
    address: str
    label: str
    why: str = ""
    since: datetime | None = None
    # Where the jobs are retried that gave up of it.
    repair: str = ""
    # The page of the watch's incident about the same, if there is one, and who has said there that they are at it.
    incident: str = ""
    taken_by: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the page and the watch call the same."""
        return _SAME.get(self.code, self.code), self.about

    @property
    def runbook(self) -> str:
        """Where its section of the runbook is read; empty where there is none."""
        return runbook.address_of(self.code)

    @property
    def name(self) -> str:
        """Its id on the page."""
        return f"trouble-{slugify('-'.join(self.key))}"

    def known_as(self, other: "Trouble") -> "Trouble":
        """The same with what the watch knows of it: since when, and who is at it."""
        since = min((at for at in (self.since, other.since) if at is not None), default=None)
        return replace(self, since=since, taken_by=other.taken_by, incident=other.incident)


# Conditions that find the same by another measure.
_SAME: Final = {"dead_jobs_pressing": "dead_jobs"}
