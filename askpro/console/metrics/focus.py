"""What the page of metrics is about: all jobs, or those of a queue, a kind or a company; or a vendor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from askpro.console import vendors
from calls.models import Company

LONGEST = 100
LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Focus:
    """What an address chose; each part may be empty. Figures know no actor's jobs of one company, so one of them is."""

    queue: str = ""
    actor: str = ""
    company: int | None = None
    vendor: str = ""

    @classmethod
    def read(cls, said: Mapping[str, str]) -> "Focus":
        words = {
            name: said.get(name, "").replace("\x00", "")[:LONGEST] for name in ("queue", "actor", "company", "vendor")
        }
        company = _number(words["company"])
        if words["vendor"] in vendors.VENDORS:
            return cls(vendor=words["vendor"], company=company)
        return cls(words["queue"], "" if company is not None else words["actor"], company)

    @property
    def title(self) -> str:
        """What to call it; empty where it is everything."""
        parts = [vendors.name(self.vendor) if self.vendor else "", self.queue, self.actor, self._company_name]
        return ", ".join(part for part in parts if part)

    def query(self, period: Mapping[str, str], **changed: object) -> str:
        """The address of the page about this, with some parts changed, over the same period."""
        parts = {name: value for name, value in {**asdict(self), **changed}.items() if value not in ("", None)}
        return "?" + urlencode({**period, **parts})

    @property
    def _company_name(self) -> str:
        if self.company is None:
            return ""
        name = Company.objects.filter(pk=self.company).values_list("name", flat=True).first()
        return name or _("company %(id)s, deleted") % {"id": self.company}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < LARGEST else None
