"""How agents write down what a caller wants, in German and English.

Everything here meets text that is folded (`calls.text.fold`), with blanks for `_`, `-` and between two words written
as one (`cancelAppointment`). The patterns repeat only bounded spans, so that no text makes them slow.
"""

import re
from typing import Final

from calls.text import word_set

_MOVE: Final = (
    r"verschieb|verschob|verleg|umbuch|umzubuch|umgebucht|umterminier|terminaender|reschedul|rebook|postpone|"
    r"termin.{0,40}aender|aender.{0,40}termin|appointment.{0,40}\bchang|chang\w{0,4}\b.{0,40}appointment"
)
_CANCEL: Final = (
    r"absag|abgesagt|abzusag|\bsag(?:e|en|t)?\b[^,.;!?]{0,40}\bab\b ?(?:$|[.,;!?])|storn(?:o|ier)|cancel|annullier|"
    r"termin.{0,40}\bnicht (?:wahrnehm|einhalt|kommen)|\bcan(?:no|')?t make"
)

MOVE: Final = re.compile(_MOVE)
CANCEL: Final = re.compile(_CANCEL)
"""Words that mean moving or cancelling in any field, such as a service or a remark."""

STATED_MOVE: Final = re.compile(
    rf"{_MOVE}|schieb|schob|^aender\w*$|\btausch|termintausch|terminwechsel|\bumleg|umzuleg|vorzieh|vorzuzieh|"
    r"nach hinten|\bander(?:e|en|er|es) (?:termin|tag|zeit|uhrzeit)|\bmov(?:e|ing|ed)\b|\bmodif|\bshift|\bdelay|"
    r"^chang\w*$|\bchang\w{0,4} (?:booking|time|date|day|reservation|slot)|(?:booking|time|date|reservation) chang"
)
STATED_CANCEL: Final = re.compile(
    rf"{_CANCEL}|loesch|streich|\bausfall(?:en|t)?\b|faellt aus|nicht kommen|verhindert|abmeld|abbestell|"
    r"\bdelet|\bcall off|\bcan(?:no|')?t come|no longer (?:need|want)"
)
STATED_CALL_BACK: Final = re.compile(r"rueckruf|zurueckruf|zurueckzuruf|\bruf.{0,40}\bzurueck|call ?back|\bcall me\b")
STATED_BOOK: Final = re.compile(
    r"buch|reserv|vereinbar|terminanfrag|terminwunsch|terminvergab|\bneu(?:e|en|er|es)? termin|"
    r"termin (?:aus)?machen|\bbook|schedul|new appointment|make an? appointment|"
    r"appointment (?:request|inquiry|enquiry)"
)
ANOTHER: Final = re.compile(r"\b(?:und|and|neu\w{0,2}|new|another|dafuer)\b")
STATED_EXISTING: Final = re.compile(
    r"bestaetig|confirm|\bzum termin|\bbestehend|\bexisting|verspaet|\blate\b|erinner|\bremind|nachfrag|\bstatus"
)
"""Words about an existing appointment that is neither to be moved nor cancelled."""
STATED_ASK: Final = re.compile(
    r"\bfrag|rueckfrag|auskunft|\binfo|preis|kosten|kostet|oeffnungszeit|\bquestion|inquir|enquir|\bpric|\bcost|"
    r"opening hours"
)
"""Words with this meaning only in a field whose purpose is to say what the caller wants."""

_MOVED: Final = (
    "verschieben verschiebung verschiebungswunsch verschoben verlegen verlegung verlegt vorverlegen umbuchen umbuchung "
    "umbuchungswunsch umgebucht umlegen aendern aenderung aenderungswunsch reschedule reschedules rescheduled "
    "rescheduling postpone postponed rebook rebooking move moved moving change modify"
)
_CANCELLED: Final = (
    "absage absagen absagewunsch abgesagt storno stornieren stornierung stornierungswunsch storniert annullieren "
    "annullierung loeschen loeschung cancel cancels cancelled canceled cancelling canceling cancellation delete"
)
_BOOKED: Final = "buchen buchung buchungswunsch vereinbaren reservieren reservierung book booking reserve"
_CALLED_BACK: Final = "rueckruf rueckrufwunsch zurueckrufen callback"


def _named(words: str) -> frozenset[str]:
    return frozenset(f"{prefix}{word}" for prefix in ("", "termin") for word in word_set(words))


NAMED_MOVE, NAMED_CANCEL = _named(_MOVED), _named(_CANCELLED)
NAMED_BOOK, NAMED_CALL_BACK = _named(_BOOKED), _named(_CALLED_BACK)
"""A field whose name has one of these and else only `BESIDE` is a flag: `termin_absagen`, `wants_to_reschedule`."""

FIELD: Final = word_set(
    "anliegen anliegens intent intents intention absicht anrufgrund anrufzweck anrufart zweck purpose vorgang "
    "aktion action anfrage request grund reason thema topic kategorie category wunsch kundenanliegen kundenwunsch "
    "anliegenart terminaktion gespraechsgrund"
)
"""A field whose name has one of these and otherwise only `BESIDE` says what the caller wants: `art_des_anliegens`."""

BESIDE: Final = word_set(
    "termin termine appointment appointments buchungs des der die das den ein einen eine the a an of for to is "
    "ist wird soll will moechte wants want wanted requested request gewuenscht erwuenscht bitte kunde kunden "
    "kundin anrufer anruferin anruf anrufs caller callers customer customers user users call typ type types art "
    "haupt main primary detected flag auf datum date uhrzeit time zeit zeitpunkt at am needs bestehenden existing "
    "alten old"
)

SUMMARY: Final = re.compile(r"zusammenfassung|summary|transkript|transcript|verlauf|recap")
"""A field that summarises the call: it may make a person look, but decides nothing."""

NEW: Final = word_set("neu neue neuer neues neuen new")
OLD: Final = word_set(
    "alt alte alter altes alten old bisherig bisherige bisheriger bisheriges bisherigen urspruenglich "
    "urspruengliche urspruenglicher urspruengliches original vorherig vorheriger vorheriges"
)
WHEN: Final = word_set("datum uhrzeit zeit tag zeitpunkt date time day datetime start")
"""`neues_datum` and `old_time` speak of an appointment that is to be moved, as does `alter_termin`."""
