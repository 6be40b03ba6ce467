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

    DAY = "day", _("Day")
    TOTAL = "total", _("Total")
    NOT_KNOWN = "not_known", _("not known")
    PARTLY_KNOWN = "partly_known", _("%(cost)s; of %(count)s calls not known")
