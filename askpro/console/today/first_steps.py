"""What to do first in an installation that has taken no call yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from askpro.console.today.counting import Count
from calls.models import Call, Company, PhoneNumber


@dataclass(frozen=True, slots=True)
class Step:
    what: str
    address: str
    is_done: bool


def asked() -> dict[str, QuerySet[Any]]:
    """The queries to be counted; one row of each decides."""
    return {
        "any_call": Call.objects.order_by()[:1],
        "companies": Company.objects.order_by()[:1],
        "phone_numbers": PhoneNumber.objects.filter(is_active=True).order_by()[:1],
    }


def first_steps(counts: Mapping[str, Count]) -> list[Step]:
    """None once a call has come in."""
    if "any_call" not in counts or counts["any_call"]:
        return []
    return [
        Step(_("Enter the company"), reverse("admin:calls_company_changelist"), bool(counts["companies"])),
        Step(
            _("Enter the phone number that callers dial, with its branch"),
            reverse("admin:calls_phonenumber_changelist"),
            bool(counts["phone_numbers"]),
        ),
        Step(_("At Retell, enter the webhook address of this installation: /webhooks/retell/"), "", False),
    ]
