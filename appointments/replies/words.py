"""What an answer by SMS says: a keyword, or a wish to cancel or move an appointment."""

import re
from dataclasses import dataclass
from typing import Final

from appointments.models import Change, Question
from calls.text import fold
from notifications.twilio.event import Reply

STOP_WORDS: Final = frozenset(
    # Twilio's own words and what people write here, but not CANCEL: to a salon it means the appointment.
    {"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout"}
    | {"stopp", "stop sms", "sms stop", "stopp sms", "sms stopp", "opt out", "abmelden", "abbestellen"}
    | {"keine sms", "keine sms mehr", "keine nachrichten", "keine nachrichten mehr", "no sms", "no more sms"}
)
POLITE_WORDS: Final = frozenset({"bitte", "danke", "vielen", "dank", "please", "thanks"})
START_WORDS: Final = frozenset({"start", "unstop"})
CANCEL_WORDS: Final = frozenset({"absage", "absagen", "termin absagen", "stornieren", "storno", "cancel"})
YES_WORDS: Final = frozenset(
    {"ja", "jo", "jawohl", "ja gern", "ja gerne", "gern", "gerne", "klar", "ok", "okay", "ja ok", "ja okay"}
    | {"in ordnung", "passt", "passt so", "ja passt", "ja das passt", "ich komme", "ja ich komme", "komme"}
    | {"wir kommen", "ja wir kommen", "yes", "yep", "yes ok", "sure", "i will come", "yes i will come", "confirm"}
)
NO_WORDS: Final = frozenset({"nein", "ne", "nee", "noe", "no", "nope"})
THUMBS_UP: Final = "\N{THUMBS UP SIGN}"
_MOVE: Final = re.compile(
    r"(?:bitte )?(?:(?:den |meinen )?termin )?(?:verschieben|verlegen|umbuchen)(?: auf)?(?: den)?[ :,]+(?P<when>\S.*)",
    re.IGNORECASE,
)
_POLITE_ENDS: Final = ("vielen dank", "danke", "bitte")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that a machine may carry out; `when` has the customer's words for the new time of a move."""

    kind: Change.Kind
    when: str = ""


def is_stop(reply: Reply) -> bool:
    return reply.opt_out_type == "STOP" or _word(reply) in STOP_WORDS


def is_start(reply: Reply) -> bool:
    return reply.opt_out_type == "START" or _word(reply) in START_WORDS


def cancels(reply: Reply) -> bool:
    return _word(reply) in CANCEL_WORDS


def answer_in(reply: Reply) -> Question.Answer | None:
    """What the whole answer says to a question; None if it says anything else, too."""
    word = _word(reply)
    if word in YES_WORDS or (not word and THUMBS_UP in reply.body):
        return Question.Answer.YES
    if word in NO_WORDS:
        return Question.Answer.NO
    return Question.Answer.CANCEL if word in CANCEL_WORDS else None


def wish_in(reply: Reply) -> Wish | None:
    """The wish that the whole answer is; None if it says anything else, too."""
    if cancels(reply):
        return Wish(Change.Kind.CANCEL)
    text = " ".join(reply.body.split())
    found = _MOVE.fullmatch(text) if len(text) <= _LONGEST else None
    return Wish(Change.Kind.MOVE, _without_polite_end(found["when"])) if found else None


def _word(reply: Reply) -> str:
    """The text as a keyword: `Stopp!`, `STOP` and `stop, bitte` are one."""
    words = fold(re.sub(r"[^\w ]", " ", reply.body)).split()
    return " ".join(word for word in words if word not in POLITE_WORDS)


def _without_polite_end(words: str) -> str:
    kept = words.rstrip(" .!")
    for polite in _POLITE_ENDS:
        before = kept[: -len(polite)]
        if kept.lower().endswith(polite) and not before[-1:].isalnum():
            return before.rstrip(" ,.!")
    return kept
