"""What reports say; the German is in the catalogue."""

from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence


class Words(Sentence):
    """The names of the numbers, as in `Numbers`, and what stands around them."""

    CALLS = "calls", _("Calls")
    BOOKED = "booked", _("Booked")
    CHANGED = "changed", _("Cancelled or moved")
    TO_PEOPLE = "to_people", _("Handed to a person")
    NO_REQUEST = "no_request", _("Without a wish for an appointment")
    MISSED = "missed", _("Missed or lost")
    BEING_WORKED_ON = "being_worked_on", _("Still being worked on")
    CALLED_BACK = "called_back", _("Called back")
    NO_SHOWS = "no_shows", _("Did not come")
    MINUTES = "minutes", _("Minutes on the phone")
    COST = "cost", _("Cost of the calls")
    SMS = "sms", _("SMS sent")
    SMS_COST = "sms_cost", _("Cost of the SMS")
    WAITING = "waiting", _("Waits for a person now")

    # Mails about days.
    DAY_OF = "day_of", _("Your %(day)s")
    WEEK_FROM = "week_from", _("Your week from %(day)s")
    CALLS_AND_BOOKED = "calls_and_booked", _("%(calls)s calls, %(booked)s booked")
    COUNTED_AT = "counted_at", _("Counted on %(when)s.")
    PICTURE = "picture", _("Calls and bookings of the last seven days: %(days)s.")
    LEGEND = "legend", _("Grey: calls. Green: booked.")
    NOTHING_WAITS = "nothing_waits", _("Nothing waits for a person.")
    SO_MANY_WAIT = "so_many_wait", _("Waits for a person: %(count)s, late: %(late)s")
    CALL_BACK_BY = "call_back_by", _("%(reason)s, call back by %(due)s")
    ALL_NUMBERS = "all_numbers", _("All numbers in AskPro")
    WHO_GETS_IT = "who_gets_it", _("Your company's settings in AskPro say who gets this report, and when.")

    # Mails about one call.
    CALL_SUBJECT = "call_subject", _("Call: %(came)s")
    CALL_BOOKED = "call_booked", _("An appointment is booked")
    CALL_CHANGED = "call_changed", _("An appointment is cancelled or moved")
    CALL_TO_PEOPLE = "call_to_people", _("A person has to go on with it")
    CALL_NO_REQUEST = "call_no_request", _("No appointment was asked for")
    CALL_LOST = "call_lost", _("Nobody knows how the call ended")
    CALL_LEAD = "call_lead", _("This is what came of a call.")
    CALL_BEGAN = "call_began", _("Called")
    CALL_LASTED = "call_lasted", _("Lasted (min)")
    CALLER = "caller", _("Caller")
    BRANCH = "branch", _("Branch")
    APPOINTMENT = "appointment", _("Appointment")
    OPEN_CALL = "open_call", _("Open the call in AskPro")
    WHO_GETS_CALLS = "who_gets_calls", _("Your company's settings in AskPro say whether each call is told.")

    # The table.
    DAY = "day", _("Day")
    TOTAL = "total", _("Total")
    NOT_KNOWN = "not_known", _("not known")
    NONE = "none", _("none")
    PARTLY_KNOWN = "partly_known", _("%(cost)s (calls of which it is not known: %(count)s)")
    SMS_PARTLY_KNOWN = "sms_partly_known", _("%(cost)s (SMS of which it is not known: %(count)s)")
