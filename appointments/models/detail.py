"""What a follow-up, or a failed booking, tells the person who takes over."""

from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence


class Detail(Sentence):
    """Why a person is asked, why a person is no longer needed, or what went wrong at Cal.com.

    `calls.models.Unclear` says what was unclear in the caller's words.
    """

    # What our own rows say against booking.
    NOTHING_NAMED = "nothing_named", _("No day and time were named.")
    NO_SUCH_SERVICE = "no_such_service", _("The company does not offer this service.")
    NO_EVENT_TYPE = "no_event_type", _("%(service)s has no event type at Cal.com.")
    TIME_OVER = "time_over", _("The time had passed before it could be booked.")
    SHORT_NOTICE = "short_notice", _("Less than the service's minimum notice is left.")
    TOO_FAR_AHEAD = "too_far_ahead", _("The time is more than twelve months ahead.")
    CLOSED = "closed", _("The branch is closed on this day: %(why)s.")

    # What kind of event type it is.
    HAS_SEATS = "has_seats", _("Several people share one time of this service: book it at Cal.com.")
    IS_SERIES = "is_series", _("One booking of this service makes a series: book it at Cal.com.")
    IS_PAID = "is_paid", _("This service is paid at Cal.com: book it there.")
    IS_TEMPLATE = (
        "is_template",
        _("This service's event type is a template at Cal.com: enter the event type of a member instead."),
    )
    UNMAPPED_FIELDS = (
        "unmapped_fields",
        _("Cal.com asks for fields that nobody has mapped on the service's page: %(fields)s."),
    )
    MORE_ASKED = "more_asked", _("Cal.com asks for more than was said: %(fields)s.")

    # What a call says after its wish was read.
    SAID_OTHERWISE = "said_otherwise", _("Later it was said: %(said)s.")
    NOT_WANTED = "not_wanted", _("Later it was said that no appointment is wanted.")
    NO_SMS = "no_sms", _("Later it was said that no SMS may be sent.")

    # Which appointment a caller wants to cancel or to move.
    ABOUT = "about", _("Probably this one: %(appointment)s.")
    ABOUT_ONE_OF = "about_one_of", _("One of these: %(appointments)s.")
    ABOUT_NONE = "about_none", _("No appointment ahead is known of this caller.")
    MENTIONED = "mentioned", _("The caller spoke of cancelling or moving; the agent noted no such wish.")

    # What a freed time settles, and a waiting list asks for.
    FREED_TIME = "freed_time", _("A freed time was offered, accepted and booked.")
    WAITED_IN_VAIN = "waited_in_vain", _("On the waiting list for %(service)s until %(day)s: no time became free.")

    # What Cal.com says.
    TAKEN = "taken", _("The time is taken at Cal.com or by another caller.")
    REFUSED_PAST = "refused_past", _("Cal.com says that the time is in the past.")
    REFUSED_BOUNDS = "refused_bounds", _("The time is too soon or too far ahead for this event type at Cal.com.")
    REFUSED_LIMIT = "refused_limit", _("This person has as many bookings at Cal.com as are allowed.")
    REFUSED_KEY = "refused_key", _("The API key may not book this event type at Cal.com.")
    REFUSED_NO_EVENT_TYPE = "refused_no_event_type", _("The event type does not exist at Cal.com.")
    REFUSED_FIELDS = "refused_fields", _("The event type asks for something that AskPro does not send to Cal.com.")
    REFUSED_INVALID = "refused_invalid", _("Cal.com calls the request invalid.")
    REJECTED = "rejected", _("It was rejected or cancelled at Cal.com before it was confirmed.")
    OTHER_BOOKING = "other_booking", _("Cal.com answered with another booking.")
    OTHER_TIME = "other_time", _("Cal.com booked another time than asked for; it is cancelled there.")
    OTHER_PERSON = "other_person", _("It was booked with somebody else than the caller wished.")
    STILL_BOOKED = (
        "still_booked",
        _("A booking at Cal.com that nobody wants could not be cancelled by AskPro: cancel it there."),
    )
    OTHER_ATTENDEE = (
        "other_attendee",
        _("Cal.com names another attendee of this booking than our customer: look there."),
    )
    HOST_SILENT = "host_silent", _("The host has not confirmed the appointment yet: ask, and tell the customer.")
    HOST_WANTS_OTHER_TIME = (
        "host_wants_other_time",
        _("The host has cancelled and wants another time: agree one with the customer."),
    )
    MOVE_REJECTED = (
        "move_rejected",
        _("The host did not agree to move the appointment, and the old time is given up: agree another."),
    )
    UNKNOWN_HOST = (
        "unknown_host",
        _("Somebody who is not on the list of staff holds the appointment now: tell the customer."),
    )
    BOOKED_AFTER_ALL = (
        "booked_after_all",
        _("Cal.com booked it after all, after a person had taken it over: is it there twice?"),
    )
    TAKES_LONG = "takes_long", _("Booking it takes longer than usual; it is still being tried.")
    NO_ANSWER = "no_answer", _("Cal.com does not answer; booking is still being tried.")

    # What stands against a change of an appointment.
    CHANGE_OVER = "change_over", _("The appointment has begun, or does not take place any more.")
    CHANGE_NOTICE = "change_notice", _("The company's notice for changes has begun: a person must decide.")
    SAME_TIME = "same_time", _("The appointment is at this time already.")
    NOT_BOOKED_YET = "not_booked_yet", _("The appointment is still being booked.")
    NO_BOOKING = "no_booking", _("No booking at Cal.com is known of this appointment.")
    SHARED_TIME = "shared_time", _("Several people share this appointment's time: change it at Cal.com.")
    NOT_ASKED = "not_asked", _("The host's word is not waited for any more.")
    NOT_BEGUN = "not_begun", _("The appointment has not begun yet.")
    NEVER_STOOD = "never_stood", _("The appointment was cancelled, or was never confirmed.")
    CROSSED_MOVE = "crossed_move", _("Meanwhile it was moved at Cal.com: ask the customer which time is right.")
    CROSSED_CANCEL = "crossed_cancel", _("Meanwhile it was cancelled at Cal.com: agree a new time with the customer.")
    CHANGE_WAITS = "change_waits", _("Cal.com has not carried out the change yet; it is still being tried.")
    CHANGE_FAILED = (
        "change_failed",
        _("Carrying out the change failed again and again; the job can be retried in the console."),
    )
    CHANGE_TOO_LATE = "change_too_late", _("The change could not be carried out before its time had come.")

    # What Cal.com is told about a change.
    BY_PHONE = "by_phone", _("Asked for by the customer on the phone.")
    BY_SMS = "by_sms", _("Asked for by the customer by SMS.")
    BY_PAGE = "by_page", _("Asked for by the customer online.")
    BY_API = "by_api", _("Asked for through the company's own system.")
    BY_STAFF = "by_staff", _("Asked for by the company.")

    # Jobs that gave up.
    READING_FAILED = (
        "reading_failed",
        _("Reading the request failed again and again; the job can be retried in the console."),
    )
    BOOKING_FAILED = "booking_failed", _("Booking it failed again and again; the job can be retried in the console.")

    BOOKING_NEEDS_MENDING = (
        "booking_needs_mending",
        _("Booking it failed for a reason that no retry mends: its failed job in the console says which."),
    )

    # Calls whose end was never reported.
    CALL_UNKNOWN = (
        "call_unknown",
        _("Retell never reported how this call ended, and does not know it: what was said is lost. Please call back."),
    )
    END_UNKNOWN = (
        "end_unknown",
        _("The call began a day ago, and nobody could find out how it ended. Please call back."),
    )

    # What the customer could not be told.
    BOOKED_UNTOLD = (
        "booked_untold",
        _("The appointment is booked, but the customer could not be told: please call %(number)s."),
    )
    MOVED_UNTOLD = (
        "moved_untold",
        _("The appointment was moved, but the customer could not be told: please call %(number)s."),
    )
    WAITING_UNTOLD = (
        "waiting_untold",
        _("A change waits for the host's word, but the customer could not be told: please call %(number)s."),
    )
    OTHER_STAFF_UNTOLD = (
        "other_staff_untold",
        _("Somebody else holds the appointment now, but the customer could not be told: please call %(number)s."),
    )
    WAITING_UNTOLD_NO_NUMBER = (
        "waiting_untold_no_number",
        _("A change waits for the host's word, but the customer could not be told, and no number is known."),
    )
    OTHER_STAFF_UNTOLD_NO_NUMBER = (
        "other_staff_untold_no_number",
        _("Somebody else holds the appointment now, but the customer could not be told, and no number is known."),
    )
    CANCELLED_UNTOLD = (
        "cancelled_untold",
        _("The appointment was cancelled, but the customer could not be told: please call %(number)s."),
    )
    BOOKED_UNTOLD_NO_NUMBER = (
        "booked_untold_no_number",
        _("The appointment is booked, but the customer could not be told, and no number is known."),
    )
    MOVED_UNTOLD_NO_NUMBER = (
        "moved_untold_no_number",
        _("The appointment was moved, but the customer could not be told, and no number is known."),
    )
    CANCELLED_UNTOLD_NO_NUMBER = (
        "cancelled_untold_no_number",
        _("The appointment was cancelled, but the customer could not be told, and no number is known."),
    )
    TEXT_UNUSABLE = (
        "text_unusable",
        _("Your own text “%(text)s” cannot be filled any more: AskPro's is sent until you correct it."),
    )
    TOLD_MEANWHILE = "told_meanwhile", _("The customer was told after all.")
    CHANGED_MEANWHILE = "changed_meanwhile", _("The appointment has changed again.")

    # What customers answer by SMS.
    ANSWERED = "answered", _("Answered by SMS.")
    ANSWERED_FROM = "answered_from", _("Answered by SMS from %(number)s.")
    WANTS_TO_CANCEL = "wants_to_cancel", _("Wants to cancel, by SMS.")
    WANTS_TO_MOVE = "wants_to_move", _("Wants to move, by SMS.")
    WANTS_TO_MOVE_FROM = "wants_to_move_from", _("Wants to move, by SMS from %(number)s.")
    WANTS_TO_CANCEL_FROM = "wants_to_cancel_from", _("Wants to cancel, by SMS from %(number)s.")

    # Why a booking was ended there; Cal.com is told the first one.
    SURPLUS = "surplus", _("Cancelled automatically: booked twice, or not the time wished for.")
    NOT_THERE = "not_there", _("Cal.com does not have it.")

    # Why a follow-up is settled, or a reservation let go.
    BOOKED_MEANWHILE = "booked_meanwhile", _("Booked in the meantime.")
    BOOKED_FROM_HERE = "booked_from_here", _("Booked from here.")
    WISH_MET = "wish_met", _("It is with the person whom the caller wished for after all.")
    CANCELLED_MEANWHILE = "cancelled_meanwhile", _("It was cancelled at Cal.com in the meantime.")
    CHANGE_DONE = "change_done", _("The change was carried out after all.")
    CANCELLED_AS_WISHED = "cancelled_as_wished", _("The customer has cancelled.")
    ERASED = "erased", _("The customer's data was erased.")
    REPLACED = "replaced", _("Something newer is known.")
    SETTLED_OTHERWISE = "settled_otherwise", _("Settled another way.")
    READ_AFTER_ALL = "read_after_all", _("The request was read after all.")
    TAKEN_OVER = "taken_over", _("A person has taken the request over.")
