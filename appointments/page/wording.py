"""What customers read on their page; the German is in the catalogue."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from askpro.language.sentences import Sentence


class Words(Sentence):
    """Each sentence of the page by a name that templates use: `{{ words.WHEN.label }}`."""

    # Where the appointment stands: a headline, and what that means.
    BOOKED = "booked", _("Your appointment")
    BOOKED_LEAD = "booked_lead", _("It is confirmed. We look forward to seeing you.")
    COMING = "coming", _("You are coming")
    COMING_LEAD = "coming_lead", _("Thank you for telling us. We look forward to seeing you.")
    WAITS = "waits", _("Your request")
    WAITS_LEAD = "waits_lead", _("This time is not confirmed yet: we still have to agree to it.")
    BEING_BOOKED = "being_booked", _("Your appointment is being booked")
    BEING_BOOKED_LEAD = (
        "being_booked_lead",
        _("It holds once it is confirmed. Please look here again in a few minutes."),
    )
    BEING_CANCELLED = "being_cancelled", _("Your appointment is being cancelled")
    BEING_CANCELLED_LEAD = (
        "being_cancelled_lead",
        _("This takes a moment. Until it says so here, it is not cancelled yet."),
    )
    BEING_MOVED = "being_moved", _("Your appointment is being moved")
    BEING_MOVED_LEAD = "being_moved_lead", _("To %(when)s. This takes a moment; until then the time below holds.")
    CANCELLED = "cancelled", _("Your appointment is cancelled")
    CANCELLED_LEAD = "cancelled_lead", _("It does not take place. You do not need to do anything else.")
    OVER = "over", _("Your appointment")
    OVER_LEAD = "over_lead", _("Its time has come. It can no longer be changed here.")

    # What came of the last wish.
    MOVED = "moved", _("Your appointment has been moved to this time.")
    STALE = "stale", _("Your appointment has changed in the meantime, so nothing was done. This is how it stands now.")
    NOT_CANCELLED = "not_cancelled", _("Your appointment could not be cancelled here. It still stands. Please call us.")
    NOT_MOVED = "not_moved", _("Your appointment could not be moved here. It stays at this time. Please call us.")
    TAKEN = "taken", _("The time you chose has just been taken. Your appointment stays at this time.")
    CLOSED = "closed", _("We are closed on the day you chose. Your appointment stays at this time.")
    TOO_SOON = "too_soon", _("The time you chose is too close. Your appointment stays at this time.")

    # Why nothing can be changed here.
    TOO_LATE = "too_late", _("It is too late to change it here. Please call us if you cannot come.")
    CALL_US = "call_us", _("This appointment cannot be changed here. Please call us if you cannot come.")
    CALL_US_NOW = "call_us_now", _("Questions, or would you like something else? Please call us.")

    # The facts.
    WHEN = "when", _("When")
    WHAT = "what", pgettext_lazy("appointment", "What")
    WITH_WHOM = "with_whom", _("With")
    WHERE = "where", _("Where")
    UNTIL_NOW = "until_now", _("Until now")
    NEW_TIME = "new_time", _("New time")

    # What can be done.
    COME = "come", _("I am coming")
    MOVE = "move", _("Move the appointment")
    CANCEL = "cancel", _("Cancel the appointment")
    CALENDAR = "calendar", _("Add to calendar")
    CALL = "call", _("Call %(number)s")
    LOOK_AGAIN = "look_again", _("Look again")
    BACK = "back", _("Back to the appointment")
    OTHER_TIMES = "other_times", _("Choose another time")

    # Cancelling.
    REALLY_CANCEL = "really_cancel", _("Really cancel?")
    REALLY_CANCEL_LEAD = "really_cancel_lead", _("Your time is then given to somebody else.")
    YES_CANCEL = "yes_cancel", _("Yes, cancel it")
    NO_KEEP = "no_keep", _("No, keep it")

    # Moving.
    CHOOSE = "choose", _("Choose a new time")
    CHOOSE_LEAD = "choose_lead", _("So far: %(when)s. It stays until you have chosen another time.")
    LATER = "later", _("Later times")
    FROM_THE_BEGINNING = "from_the_beginning", _("From the beginning")
    NOTHING_FREE = "nothing_free", _("No free times are left in the next weeks. Please call us, we will find one.")
    CANNOT_LOOK = "cannot_look", _("We cannot look for free times right now. Please try again in a minute, or call us.")
    MOVE_TO_THIS = "move_to_this", _("Move to this time?")
    ANOTHER_HOST = "another_host", _("Who has time for you then, you will see here afterwards.")
    YES_MOVE = "yes_move", _("Yes, move it")

    # A freed time that is offered.
    FREED = "freed", _("A time has become free")
    FREED_LEAD = "freed_lead", _("Would you like it? Your answer counts until %(until)s.")
    YES_BOOK = "yes_book", _("Yes, book this appointment")
    NO_THANKS = "no_thanks", _("No, thank you")
    DECLINED = "declined", _("You did not want this time")
    OFFER_OVER = "offer_over", _("This offer no longer holds")
    WAITS_ON = "waits_on", _("You stay on our list.")
    CALLED_BACK = "called_back", _("We will call you")
    CALLED_BACK_LEAD = "called_back_lead", _("This time could not be booked here. Somebody will call you.")

    # Around it.
    ONLY_YOURS = "only_yours", _("Whoever has this link can change the appointment. Please do not pass it on.")

    # Pages about nothing, for whoever asks.
    GONE = "gone", _("This page does not exist")
    GONE_LEAD = (
        "gone_lead",
        _("The link is incomplete, or its time is over. If it is about an appointment, please call."),
    )
    BUSY = "busy", _("Too many requests")
    BUSY_LEAD = "busy_lead", _("Please wait a minute and then try again.")
    AWAY = "away", _("Please try again in a moment")
    AWAY_LEAD = "away_lead", _("We cannot show this page right now. Nothing has been changed.")
