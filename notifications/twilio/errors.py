"""What to do about each of Twilio's error codes."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence


class Reaction(Sentence):
    """What to do about an error, and what support reads about it."""

    PERMANENT = "permanent", _("Twilio refuses this message (%(code)s).")
    OUR_BUG = "our_bug", _("AskPro sent Twilio something that makes no sense (%(code)s).")
    CONFIGURATION = "configuration", _("Twilio refuses the account or the sender (%(code)s).")
    BAD_NUMBER = "bad_number", _("The number does not exist (%(code)s).")
    LANDLINE = "landline", _("The number takes no SMS (%(code)s).")
    OPTED_OUT = "opted_out", _("The recipient had answered STOP (%(code)s).")
    SNOOZE = "snooze", _("Twilio wants a pause (%(code)s).")
    LOOK = "look", _("Twilio may have taken it (%(code)s).")
    RESEND = "resend", _("It was lost on its way (%(code)s).")
    NOT_A_MESSAGE = "not_a_message", _("Twilio could not reach AskPro (%(code)s).")


# contracts: the vendor's dictionary of 2023 and its pages. Codes are matched as numbers only: Twilio's own
# specification warns that texts change. 2xxxx are answers to a request, 3xxxx come after acceptance.
REACTIONS: Final[dict[int, Reaction]] = {
    **dict.fromkeys((11200, 11205, 11206, 11210, 11220, 11237), Reaction.NOT_A_MESSAGE),
    14107: Reaction.PERMANENT,
    **dict.fromkeys((20001, 20004), Reaction.OUR_BUG),
    **dict.fromkeys((20003, 20005, 20006, 20008, 20403, 20404), Reaction.CONFIGURATION),
    **dict.fromkeys((20409, 20500, 20503), Reaction.LOOK),
    **dict.fromkeys((20429, 21611), Reaction.SNOOZE),
    **dict.fromkeys((21211, 21214, 21217, 21401), Reaction.BAD_NUMBER),
    **dict.fromkeys((21212, 21601, 21603, 21606, 21607, 21616, 21618), Reaction.CONFIGURATION),
    # A trial account, or a country that is not switched on: the account's owner can change that.
    **dict.fromkeys((21219, 21408, 21608), Reaction.CONFIGURATION),
    **dict.fromkeys((21602, 21604, 21605, 21609, 21617, 21619, 21620, 21624), Reaction.OUR_BUG),
    21610: Reaction.OPTED_OUT,
    21612: Reaction.PERMANENT,
    21614: Reaction.LANDLINE,
    **dict.fromkeys((21701, 21703, 21704, 21705), Reaction.CONFIGURATION),
    **dict.fromkeys((30001, 30003, 30008, 30017, 30020, 30021, 30022, 30023, 30410, 30450), Reaction.RESEND),
    30002: Reaction.CONFIGURATION,
    **dict.fromkeys((30004, 30007, 30009, 30010, 30019), Reaction.PERMANENT),
    30005: Reaction.BAD_NUMBER,
    30006: Reaction.LANDLINE,
    **dict.fromkeys((30018, 30024, 30032, 30033, 30034, 30035), Reaction.CONFIGURATION),
}

QUEUE_FULL: Final = 21611
NOT_FOUND: Final = 20404
# Twilio takes no request with this key; and none of this account, which it closes when its balance is used up.
KEY_CODES: Final = (20003, 20006, 20008)
SUSPENDED_CODES: Final = (20005,)
# The same, of a message that was accepted before.
SUSPENDED_LATER: Final = (30002,)
# Answered to a DELETE. Not in the vendor's dictionary of 2023.
STILL_SENDING: Final = 20009
# These are about the number, not the message: the next message would fail in the same way.
DEAD_NUMBER_CODES: Final = tuple(
    str(code) for code, reaction in REACTIONS.items() if reaction in (Reaction.BAD_NUMBER, Reaction.LANDLINE)
)


def reaction_to(code: int) -> Reaction:
    """The reaction to a code; unknown ones are final."""
    return REACTIONS.get(code, Reaction.PERMANENT)
