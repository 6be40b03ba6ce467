"""Why a webhook event has its state: what the door and the jobs write with it, told in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop as _

from askpro.language import vendor_words
from askpro.language.written import Written

# By the door, before a job sees it.
AT_THE_DOOR: Final = (
    _("Answered at once."),
    _("Another body was sent under this key before."),
    _("Unknown event type."),
    _("Unknown trigger."),
    _("Not about a message."),
    _("Neither a delivery report nor a message."),
    _("The transcript comes again with call_ended."),
    _("Agents' functions are not served at this address."),
    _("Text chats are not handled."),
    _("A test of the connection."),
    _("Changes no appointment here."),
    _("%(field)s is missing or no name."),
)
# What cannot be read, by its field.
UNREADABLE: Final = (
    *vendor_words.FIELDS,
    _("not readable as JSON"),
    _("not a JSON object"),
    _("nested too deeply"),
    _("not readable as a form"),
    _("Not a call: %(field)s is missing."),
    _("Not a call: %(field)s is not a text."),
    _("Not a call: %(field)s is not an object."),
    _("Not a call: %(field)s is a placeholder."),
    _("Not a call: %(field)s is not an id of 4 to 64 letters, digits and -_.:."),
    _("Not a call: %(field)s is not a time."),
    _("Not a call: %(field)s is before 2000 or after 2100."),
)
# Whose it is.
WHOSE: Final = (
    _("It is about another company than its address."),
    _("It came to the shared address, and its company has one of its own."),
    _("Neither the number nor the agent belongs to one active phone number."),
    _("The booking names no event type."),
    _("No service has the event type %(number)s."),
    _("More than one company knows this booking."),
    _("No company sends from this number."),
    _("Several companies send from this number, and none wrote to the sender."),
)
# What came of a report about a call, a booking or a message.
RESULTS: Final = (
    _("The person whom it is about was erased."),
    _("What was known of this call was deleted."),
    _("no appointment has this booking"),
    _("ended before it was heard of"),
    _("moved to a newer booking since"),
    _("booked for another time than asked; left to the booking job"),
    _("a booking that nobody wants; it is cancelled"),
    _("about another attendee of the booking"),
    _("%(trigger)s changes nothing here"),
    _("No message of ours has this sid."),
    _("Twilio named a status that AskPro does not know."),
    _("It is about another send of this message."),
    _("It is about an earlier send of this message."),
    _("Not more than what is known."),
    _("Job %(job)s gave up: %(error)s"),
    _("Job %(job)s was cancelled."),
    _("No job works on this type."),
)
# What came of a customer's answer by SMS.
ANSWERS: Final = (
    _("Opted out of SMS."),
    _("Opted in again."),
    _("Nothing to read."),
    _("A job carries it out."),
    _("A person decides."),
    _("A person reads it."),
    _("The customer comes."),
    _("The appointment stays."),
    _("The customer is asked whether really to cancel."),
    _("Answered before."),
    _("The offer had ended."),
    _("The freed time is booked by a job."),
    _("The freed time goes to the next."),
)
SENTENCES: Final = (*AT_THE_DOOR, *UNREADABLE, *WHOSE, *RESULTS, *ANSWERS)

told: Final = Written(SENTENCES).told
