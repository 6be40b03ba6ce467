"""What a change of a phone number takes elsewhere: told before it is saved."""

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from askpro.console import display
from calls.models import Call, PhoneNumber

# Calls of this time stand for those to come.
WITHIN: Final = timedelta(days=30)
MOST: Final = 10_000
# What decides whose a call is.
DECIDES: Final = frozenset({"company", "branch", "number", "is_active"})


def warning(before: PhoneNumber, changed: Any, cleaned: dict[str, Any]) -> str:
    """What the change does to calls that would come in as before; empty where it does nothing to any."""
    if not before.is_active or DECIDES.isdisjoint(changed):
        return ""
    count = lately(before)
    if not count:
        return ""
    number = display.number(min(count, MOST)) + ("+" if count > MOST else "")
    came = ngettext(
        "In the last 30 days %(count)s call came in by %(number)s.",
        "In the last 30 days %(count)s calls came in by %(number)s.",
        count,
    ) % {"count": number, "number": before.number}
    return f"{came} {_where_to(changed, cleaned)}"


def lately(number: PhoneNumber) -> int:
    """Calls that came in by it lately, one more than `MOST` at most: by the index of its company's calls."""
    rows = Call.objects.filter(company=number.company_id, started_at__gte=timezone.now() - WITHIN)
    return rows.filter(phone_number=number).order_by()[: MOST + 1].count()


def _where_to(changed: Any, cleaned: dict[str, Any]) -> str:
    if "number" in changed or not cleaned.get("is_active"):
        return _("From now on such calls belong to nobody, until somebody enters that number again.")
    return _("From now on such calls belong to %(branch)s.") % {"branch": cleaned["branch"]}
