"""Why a machine must not book a wish."""

from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence
from calls.german.moment import Reason


class About(StrEnum):
    """What a wish is unclear about."""

    TIME = "time"
    SERVICE = "service"
    STAFF = "staff"
    BRANCH = "branch"
    CALLBACK = "callback"
    EXISTING = "existing"  # an appointment that is to be moved or cancelled
    BOOKED = "booked"  # what somebody may have booked already
    WISH = "wish"  # what is wished at all


class Unclear(Sentence):
    """Why no machine may book what was said: each reason of `calls.german.moment`, and what else is not clear."""

    NO_DATE = Reason.NO_DATE.value, _("No day was named.")
    NO_TIME = Reason.NO_TIME.value, _("No time of day was named.")
    UNREADABLE = Reason.UNREADABLE.value, _("The words for day and time were not understood.")
    AMBIGUOUS_DATE = Reason.AMBIGUOUS_DATE.value, _("Several days may be meant.")
    AMBIGUOUS_TIME = Reason.AMBIGUOUS_TIME.value, _("Several times of day may be meant.")
    WEEKDAY_MISMATCH = Reason.WEEKDAY_MISMATCH.value, _("The weekday and the date named are not the same day.")
    VAGUE_WEEK = Reason.VAGUE_WEEK.value, _("A week was named, but no day.")
    WINDOW_ONLY = Reason.WINDOW_ONLY.value, _("A span of time was named, but no time of day.")
    INVALID_DATE = Reason.INVALID_DATE.value, _("A day was named that is not in the calendar.")
    INVALID_TIME = Reason.INVALID_TIME.value, _("A time was named that is not on the clock.")
    NONEXISTENT_TIME = Reason.NONEXISTENT_TIME.value, _("The clocks skip the time named on that day.")
    AMBIGUOUS_LOCAL_TIME = (
        Reason.AMBIGUOUS_LOCAL_TIME.value,
        _("The time named comes twice on that day, for the clocks are set back."),
    )
    PAST_DATE = Reason.PAST_DATE.value, _("The time named had passed already.")
    TOO_FAR = Reason.TOO_FAR.value, _("The day named is more than twelve months ahead.")
    UNKNOWN_SERVICE = "unknown_service", _("The service named is none of the company's.")
    AMBIGUOUS_SERVICE = "ambiguous_service", _("Several services may be meant.")
    UNKNOWN_STAFF = "unknown_staff", _("Nobody of that name does this here.")
    AMBIGUOUS_STAFF = "ambiguous_staff", _("Several members of staff may be meant.")
    NO_BRANCH = "no_branch", _("This number serves several branches, and none was named.")
    UNKNOWN_BRANCH = "unknown_branch", _("The branch named is none of those that this number serves.")
    AMBIGUOUS_BRANCH = "ambiguous_branch", _("Several branches may be meant.")
    CALLBACK = "callback", _("The caller wants to be called back.")
    MOVE = "move", _("The caller wants to move an appointment.")
    CANCEL = "cancel", _("The caller wants to cancel an appointment.")
    MIXED = "mixed", _("The caller seems to want a new appointment and to cancel or move one.")
    CONTRADICTION = "contradiction", _("What was said about the appointment contradicts itself.")
    PERHAPS_BOOKED = "perhaps_booked", _("The agent may have booked it during the call.")
    TRANSFERRED = "transferred", _("The caller was put through to somebody, who may have booked it.")

    @classmethod
    def of(cls, code: str) -> "Unclear":
        """The value for a stored code; a code of another release is read as words that were not understood."""
        return cls(code) if code in cls.values else cls.UNREADABLE

    @property
    def about(self) -> About:
        return ABOUT.get(self, About.TIME)

    @property
    def asks_for_booking(self) -> bool:
        """Whether an appointment was wished at all; if not, a person is needed even if AskPro does not book."""
        return self.about not in (About.CALLBACK, About.EXISTING)


def codes() -> list[tuple[str, Any]]:
    """The choices of `BookingRequest.unclear`, as a function so that a new one needs no migration."""
    return Unclear.choices


# All the others are about the time.
ABOUT: Final = {
    Unclear.UNKNOWN_SERVICE: About.SERVICE,
    Unclear.AMBIGUOUS_SERVICE: About.SERVICE,
    Unclear.UNKNOWN_STAFF: About.STAFF,
    Unclear.AMBIGUOUS_STAFF: About.STAFF,
    Unclear.NO_BRANCH: About.BRANCH,
    Unclear.UNKNOWN_BRANCH: About.BRANCH,
    Unclear.AMBIGUOUS_BRANCH: About.BRANCH,
    Unclear.CALLBACK: About.CALLBACK,
    Unclear.MOVE: About.EXISTING,
    Unclear.CANCEL: About.EXISTING,
    Unclear.MIXED: About.EXISTING,
    Unclear.CONTRADICTION: About.WISH,
    Unclear.PERHAPS_BOOKED: About.BOOKED,
    Unclear.TRANSFERRED: About.BOOKED,
}
