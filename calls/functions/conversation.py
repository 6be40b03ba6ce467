"""One question on the phone: whose call it is, in which language, and how long the answer may take."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from calls.functions.asked import Asked
from calls.functions.wording import WORDS
from calls.models import BookingRequest, Branch, Call, FunctionCall
from calls.models.company import Language
from calls.spoken import moments
from calls.text import fold

Outcome = FunctionCall.Outcome

# Seconds after which Retell must have its answer; its own limit is ten.
READ_WITHIN: Final = 3.0
WRITE_WITHIN: Final = 8.0
# Seconds of these that are kept for our own rows after Cal.com was waited for: more where a change has to be written.
KEPT_OF_READ: Final = 0.6
KEPT_OF_WRITE: Final = 1.5
# A caller keeps few choices in mind.
MOST_CHOICES: Final = 3
_ENGLISH: Final = ("en", "english", "englisch")
_GERMAN: Final = ("de", "german", "deutsch")


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the agent gets: words to say, data beside them, and what came of the request."""

    outcome: FunctionCall.Outcome
    status: str
    spoken: str
    data: dict[str, Any] = field(default_factory=dict)
    starts_at: datetime | None = None
    request: BookingRequest | None = None

    def as_json(self) -> dict[str, Any]:
        return {"status": self.status, "spoken": self.spoken, "data": self.data}


@dataclass(frozen=True, slots=True, repr=False)
class Conversation:
    call: Call
    asked: Asked
    language: str
    ends_at: float
    has_place: bool

    @classmethod
    def of(cls, call: Call, asked: Asked, began: float, has_place: bool) -> "Conversation":
        """`began` is when the request came in, by the monotonic clock."""
        waits = WRITE_WITHIN - KEPT_OF_WRITE if asked.function.writes else READ_WITHIN - KEPT_OF_READ
        return cls(call, asked, language_of(call, asked), began + waits, has_place)

    @property
    def patience(self) -> float:
        """Seconds for which Cal.com may be waited for; 0 where there is no place to wait in."""
        return max(self.ends_at - time.monotonic(), 0.0) if self.has_place else 0.0

    @property
    def branch(self) -> Branch:
        return self.call.branch

    def say(self, code: str, **facts: str) -> str:
        # A sentence that ends in "p.m." has its full stop.
        words = WORDS[self.language][code].format(**facts).replace(".m..", ".m.")
        return words[:1].upper() + words[1:] if words.endswith((".", "?")) else words

    def when(self, moment: datetime, branch: Branch | None = None) -> str:
        """The moment aloud, as the branch's clocks show it."""
        zone = (branch or self.branch).zone
        return moments.moment(moment.astimezone(zone), timezone.now().astimezone(zone), self.language)

    def choice(self, times: Sequence[datetime], branch: Branch | None = None) -> str:
        zone = (branch or self.branch).zone
        return moments.choice([each.astimezone(zone) for each in times], timezone.now().astimezone(zone), self.language)

    def any_of(self, names: Sequence[str]) -> str:
        return moments.alternatives(names, self.language)

    def times(self, times: Iterable[datetime], branch: Branch | None = None) -> list[dict[str, str]]:
        """The times as data for the agent: it passes `date` and `time` back as they are."""
        zone = (branch or self.branch).zone
        local = (each.astimezone(zone) for each in times)
        return [{"date": f"{each:%Y-%m-%d}", "time": f"{each:%H:%M}"} for each in local]

    def ask(self, code: str, choices: Sequence[str] = (), **data: Any) -> Answer:
        """Ask back instead of guessing."""
        more = {"choices": [*choices]} if choices else {}
        spoken = self.say(code, choices=self.any_of(choices))
        return Answer(Outcome.ASKED, "ask", spoken, {"about": code, **more, **data})


def language_of(call: Call, asked: Asked | None = None) -> str:
    """What the agent says that is spoken, else the caller's language, else the company's."""
    stated = fold(asked.text("language", "sprache")) if asked is not None else ""
    if stated.startswith(_ENGLISH):
        return Language.ENGLISH
    if stated.startswith(_GERMAN):
        return Language.GERMAN
    known = call.customer.language if call.customer is not None else call.company.language
    return known if known in WORDS else Language.GERMAN


def spoken_due(conversation: Conversation, due_at: datetime) -> str:
    """When somebody calls back: "heute um sechzehn Uhr", or with the day."""
    zone = conversation.branch.zone
    local, now = due_at.astimezone(zone), timezone.now().astimezone(zone)
    if local.date() == now.date():
        words = moments.LANGUAGES[conversation.language]
        return f"{WORDS[conversation.language]['today']} {words.clock(local)}"
    return moments.moment(local, now, conversation.language)
