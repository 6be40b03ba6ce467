"""The rules that Cal.com's requests must obey."""

from dataclasses import dataclass

from askpro.dev.sandbox.calcom.predicates import (
    Predicate,
    is_absence,
    is_between,
    is_comma_list_of,
    is_date,
    is_digits,
    is_digits_list,
    is_email,
    is_filled,
    is_flag,
    is_list_of,
    is_location,
    is_metadata,
    is_number,
    is_object,
    is_one_of,
    is_phone,
    is_text,
    is_url,
    is_zone,
)

LANGUAGES = (
    *("ar", "ca", "de", "es", "eu", "he", "id", "ja", "lv", "pl", "ro", "sr", "th", "vi", "az", "cs", "el", "es-419"),
    *("fi", "hr", "it", "km", "nl", "pt", "ru", "sv", "tr", "zh-CN", "bg", "da", "en", "et", "fr", "hu", "iw", "ko"),
    *("no", "pt-BR", "sk", "ta", "uk", "zh-TW", "bn"),
)
TRIGGERS = (
    "BOOKING_CREATED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    "BOOKING_RESCHEDULED",
    "BOOKING_REQUESTED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
    "BOOKING_REASSIGNED",
    "FORM_SUBMITTED",
    "FORM_SUBMITTED_NO_EVENT",
    "MEETING_STARTED",
    "MEETING_ENDED",
    "RECORDING_READY",
    "RECORDING_TRANSCRIPTION_GENERATED",
    "INSTANT_MEETING",
    "OOO_CREATED",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
    "DELEGATION_CREDENTIAL_ERROR",
    "WRONG_ASSIGNMENT_REPORT",
)
LOCATIONS = (
    "address",
    "attendeeAddress",
    "attendeeDefined",
    "attendeePhone",
    "integration",
    "link",
    "phone",
    "organizersDefaultApp",
)
STATUSES = ("upcoming", "recurring", "past", "cancelled", "unconfirmed")
BOUNDS = ("afterStart", "beforeEnd", "afterCreatedAt", "beforeCreatedAt", "afterUpdatedAt", "beforeUpdatedAt")
ORDERS = ("sortStart", "sortEnd", "sortCreated", "sortUpdatedAt")

NUMBER = "must be a number conforming to the specified constraints"
METADATA = "Metadata must have at most 50 keys, each key up to 40 characters, and string values up to 500 characters."
DATE = "must be a valid ISO 8601 date string"
COUNTRY_CODE = "must be a valid phone number in the international format. The country code should be included"


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one property, and the text when it is broken. A missing optional property passes."""

    name: str
    constraint: str
    holds: Predicate
    message: str
    required: bool = False


def _required(name: str, constraint: str, holds: Predicate, message: str) -> Rule:
    return Rule(name, constraint, holds, f"{name} {message}", required=True)


def _optional(name: str, constraint: str, holds: Predicate, message: str) -> Rule:
    return Rule(name, constraint, holds, f"{name} {message}")


START = _required("start", "isDateString", is_date, DATE)
BOOKING = (
    START,
    _optional("eventTypeId", "isNumber", is_number, NUMBER),
    _optional("eventTypeSlug", "isString", is_text, "must be a string"),
    _optional("username", "isString", is_text, "must be a string"),
    Rule("guests", "isEmail", is_list_of(is_email), "each value in guests must be an email"),
    _optional("bookingFieldsResponses", "isObject", is_object, "must be an object"),
    Rule("metadata", "isMetadata", is_metadata, METADATA),
    _optional("location", "locationValidator", is_location(LOCATIONS), f"has a type of {', '.join(LOCATIONS)}"),
    _optional("lengthInMinutes", "isNumber", is_number, NUMBER),
    _optional("recurrenceCount", "isNumber", is_number, NUMBER),
    Rule("rrHostSubsetIds", "isInt", is_list_of(is_number), "each value in rrHostSubsetIds must be an integer number"),
)
ATTENDEE = (
    _required("name", "isString", is_filled, "must be a string"),
    _required("timeZone", "isTimeZone", is_zone, "must be a valid IANA time-zone"),
    _optional("email", "isEmail", is_email, "must be an email"),
    _optional("phoneNumber", "isPhoneNumber", is_phone, COUNTRY_CODE),
    _optional("language", "isEnum", is_one_of(LANGUAGES), f"must be one of: {', '.join(LANGUAGES)}"),
)
SEAT = _optional("seatUid", "isString", is_text, "must be a string")
CANCEL = (_optional("cancellationReason", "isString", is_text, "must be a string"), SEAT)
DECLINE = (_optional("reason", "isString", is_text, "must be a string"),)
RESCHEDULE = (
    START,
    _optional("rescheduledBy", "isEmail", is_email, "must be an email"),
    _optional("reschedulingReason", "isString", is_text, "must be a string"),
    SEAT,
)
ABSENT = (
    _optional("host", "isBoolean", is_flag, "must be a boolean value"),
    Rule("attendees", "isArray", is_list_of(is_absence), "each value in attendees must have email and absent"),
)
SECRET = _optional("secret", "isString", is_text, "must be a string")
WEBHOOK = (
    _required("active", "isBoolean", is_flag, "must be a boolean value"),
    _required("subscriberUrl", "isUrl", is_url, "must be a URL address"),
    _required("triggers", "isEnum", is_list_of(is_one_of(TRIGGERS)), f"are among {', '.join(TRIGGERS)}"),
    SECRET,
)
WEBHOOK_CHANGE = (
    _optional("active", "isBoolean", is_flag, "must be a boolean value"),
    _optional("subscriberUrl", "isUrl", is_url, "must be a URL address"),
    _optional("triggers", "isEnum", is_list_of(is_one_of(TRIGGERS)), f"are among {', '.join(TRIGGERS)}"),
    SECRET,
)
LIST = (
    _optional("status", "isEnum", is_comma_list_of(STATUSES), f"may hold {', '.join(STATUSES)}"),
    _optional("attendeeEmail", "isEmail", is_email, "must be an email"),
    _optional("eventTypeId", "isInt", is_digits, "must be an integer number"),
    _optional("eventTypeIds", "isInt", is_digits_list, "must be integer numbers"),
    *(_optional(name, "isISO8601", is_date, DATE) for name in BOUNDS),
    *(_optional(name, "isEnum", is_one_of(("asc", "desc")), 'must be either "asc" or "desc".') for name in ORDERS),
    _optional("take", "max", is_between(1, 250), "must not be greater than 250"),
    _optional("skip", "min", is_between(0, 10**9), "must not be less than 0"),
)
SLOTS = (
    START,
    _required("end", "isDateString", is_date, DATE),
    _optional("timeZone", "isTimeZone", is_zone, "must be a valid IANA time-zone"),
    _optional("format", "isEnum", is_one_of(("time", "range")), "must be either 'range' or 'time'"),
    _optional("eventTypeId", "isNumber", is_digits, NUMBER),
    _optional("rrHostSubsetIds", "isInt", is_digits_list, "must be integer numbers"),
)
