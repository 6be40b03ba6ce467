"""How agents name what they collect: German, as our agents do, and English, as vendors' examples do."""

from calls.text import fold

WISH_FIELDS: dict[str, tuple[str, ...]] = {
    "date": ("datum", "termin_datum", "wunschdatum", "wunschtermin", "appointment_date"),
    "time": ("uhrzeit", "termin_uhrzeit", "wunschzeit", "wunschuhrzeit", "appointment_time"),
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
    "notes": ("kundenpraeferenzen", "anmerkungen", "notizen", "notes"),
}
"""What belongs to one wished appointment."""

LISTED_FIELDS: dict[str, tuple[str, ...]] = {
    "date": ("date", "tag"),
    "time": ("time", "zeit"),
    "moment": ("datetime", "start", "starts_at", "start_time"),
}
"""Names so general that they mean the appointment only inside a list of appointments."""

CALLER_FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("name", "kundenname", "customer_name"),
    "phone": ("telefonnummer", "telefon", "phone_number", "customer_phone", "phone"),
    "email": ("email", "e_mail", "email_adresse", "customer_email"),
    "sms_consent": ("sms_einwilligung", "sms_consent", "sms_opt_in"),
    "email_consent": ("email_einwilligung", "e_mail_einwilligung", "email_consent"),
    "alternatives": ("alternative_termine_gewuenscht", "alternatives_wanted"),
}
"""What belongs to the caller, and so to every appointment of the call that says nothing else."""

REQUESTED = ("appointment_requested", "termin_gewuenscht", "terminwunsch")
CALLBACK = ("callback_requested", "rueckruf_gewuenscht", "rueckruf_erwuenscht")
LISTS = ("termine", "appointments", "termin", "appointment")


def folded_name(key: str) -> str:
    """`Kundenpräferenzen`, `_uhrzeit` and `email-adresse` as they are written above."""
    return fold(key).replace("-", "_").replace(" ", "_").strip("_")
