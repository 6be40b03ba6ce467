"""What people did, as the record keeps it: in English, and told in the language of whoever reads it."""

from typing import Final

from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

RETRIED_TOGETHER: Final = _("Retried together with all jobs of this failure")
ASKED_WHERE: Final = _("Asked where it is")
ASKED_PROFILE: Final = _("Asked what takes its time")


def told(entry: LogEntry) -> str:
    """What was done, translated, and the words of the person as they are: "Sent again: it was the vendor"."""
    message = entry.get_change_message()
    deed, colon, words = message.partition(": ")
    ended = "" if colon else deed[len(deed.rstrip(".")) :]
    deed = deed.removesuffix(ended)
    known = gettext(deed)
    if known == deed and deed:
        # Acts are named in the middle of a sentence, and noted at its beginning.
        known = gettext(deed[0].lower() + deed[1:])
        known = known[:1].upper() + known[1:]
    return f"{known}{ended}{colon}{words}"
