"""The names of variables, ours and the agents', in one place: no name may be both.

The variables that our answer to `call_inbound` sets come back in `retell_llm_dynamic_variables` of every event of that
call, where they must never be taken for the caller's words.
"""

import re
from enum import StrEnum
from typing import Final

from calls.text import fold


class Source(StrEnum):
    """Where a wish was found; an earlier source comes before a later one."""

    ANALYSIS = "custom_analysis_data"
    COLLECTED = "collected_dynamic_variables"
    DYNAMIC = "retell_llm_dynamic_variables"
    UNDERSCORED = "underscored"


class Session(StrEnum):
    """The variables that our answer to `call_inbound` sets."""

    TODAY = "heute_datum"
    WEEKDAY = "wochentag"
    CLOCK = "aktuelle_uhrzeit"
    TOMORROW = "morgen_datum"
    DAY_AFTER_TOMORROW = "uebermorgen_datum"
    NEXT_MONDAY = "naechster_montag"
    NEXT_TUESDAY = "naechster_dienstag"
    NEXT_WEDNESDAY = "naechster_mittwoch"
    NEXT_THURSDAY = "naechster_donnerstag"
    NEXT_FRIDAY = "naechster_freitag"
    NEXT_SATURDAY = "naechster_samstag"
    NEXT_SUNDAY = "naechster_sonntag"
    COMPANY = "firma"
    BRANCH = "filiale"
    IS_KNOWN = "kunde_bekannt"
    OPENING_HOURS = "oeffnungszeiten"
    SERVICES = "angebotene_leistungen"
    STAFF = "team"
    FREE_TIMES = "naechste_freie_zeiten"
    NEXT_APPOINTMENT = "kunde_naechster_termin"


FORMER_CLOCK: Final = "uhrzeit"
"""The earlier name of `Session.CLOCK`, changed because agents use it for a wish; older sessions still have it."""

RETELL_NAMES: Final = (
    "current_agent_state",
    "current_calendar",
    "current_calendar_Europe/Berlin",
    "current_hour",
    "current_time",
    "current_time_Europe/Berlin",
    "previous_agent_state",
    "agent_number",
    "user_number",
    "direction",
    "session_type",
    "session_duration",
    "call_id",
    "call_type",
    "chat_id",
)
"""The variables that Retell itself sets in every session. Never read; a test compares the fields below with them."""

WISH_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    # When an appointment is to be moved, the plain names may mean the old time.
    "date": ("neues_datum", "new_date", "datum", "termin_datum", "wunschdatum", "wunschtermin", "appointment_date"),
    "time": (
        "neue_uhrzeit",
        "new_time",
        "uhrzeit",
        "termin_uhrzeit",
        "wunschzeit",
        "wunschuhrzeit",
        "appointment_time",
    ),
    "moment": ("appointment_datetime", "appointment_start", "termin_zeitpunkt"),
    "service": ("dienstleistung", "leistung", "service_name", "service"),
    "staff": (
        "mitarbeiter_wunsch",
        "mitarbeiterwunsch",
        "mitarbeiter",
        "preferred_staff",
        "staff_name",
        "staff",
    ),
    # "filiale" is a variable of the session.
    "branch": (
        "wunschfiliale",
        "filiale_wunsch",
        "standort",
        "wunschstandort",
        "niederlassung",
        "branch_name",
        "preferred_branch",
        "location_name",
    ),
    "notes": ("kundenpraeferenzen", "anmerkungen", "notizen", "notes"),
}
"""Fields of one wished appointment."""

NEW_TIME_FIELDS: Final = frozenset({"neues_datum", "new_date", "neue_uhrzeit", "new_time"})
"""Fields of the time to which an appointment is to be moved."""

LISTED_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "date": ("date", "tag"),
    "time": ("time", "zeit"),
    "moment": ("datetime", "start", "starts_at", "start_time"),
}
"""Names so general that they mean the appointment only inside a list of appointments."""

CALLER_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name", "kundenname", "customer_name"),
    "phone": ("telefonnummer", "telefon", "phone_number", "customer_phone", "phone"),
    "email": ("email", "e_mail", "email_adresse", "customer_email"),
    "sms_consent": ("sms_einwilligung", "sms_consent", "sms_opt_in"),
    "email_consent": ("email_einwilligung", "e_mail_einwilligung", "email_consent"),
    "alternatives": ("alternative_termine_gewuenscht", "alternatives_wanted"),
}
"""Fields of the caller, which hold for every appointment of the call that says nothing else."""

REQUESTED: Final = ("appointment_requested", "termin_gewuenscht", "terminwunsch")
CALLBACK: Final = ("callback_requested", "rueckruf_gewuenscht", "rueckruf_erwuenscht")
LISTS: Final = ("termine", "appointments", "termin", "appointment")

FIELDS: Final = {**WISH_FIELDS, **CALLER_FIELDS}
_KNOWN: Final = frozenset(name for names in FIELDS.values() for name in names)
_NUMBERED: Final = re.compile(r"(.+?)_?([1-9])")


def folded_name(key: str) -> str:
    """`Kundenpräferenzen`, `_uhrzeit` and `email-adresse` as they are written above."""
    return fold(key[:100]).replace("-", "_").replace(" ", "_").strip("_")


def numbered(name: str) -> tuple[str, int]:
    """A folded name without its number, and the number of its appointment: `datum_2` is the `datum` of the second."""
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match and match[1] in _KNOWN else (name, 1)
