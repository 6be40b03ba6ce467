"""How many days a class of data is kept: the installation's, or a company's own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from askpro.privacy.classes import default_days
from askpro.privacy.models import RetentionRule


@dataclass(frozen=True, slots=True)
class Days:
    """For one class of data. None: for ever."""

    default: int | None
    own: dict[int, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str) -> Self:
        """Raises `ValueError` when the setting cannot be read."""
        rules = RetentionRule.objects.filter(kind=kind).values_list("company_id", "days")
        return cls(default_days()[kind], dict(rules))

    def youngest(self, now: datetime) -> datetime | None:
        """Nothing younger is over its time in any company; None where everything is kept for ever."""
        some = [days for days in (self.default, *self.own.values()) if days is not None]
        return now - timedelta(days=min(some)) if some else None

    def is_over(self, company_id: int | None, age: datetime, now: datetime) -> bool:
        """Whether what is from then is to go. Rows of no company follow the installation's days."""
        days = self.default if company_id is None else self.own.get(company_id, self.default)
        return days is not None and age < now - timedelta(days=days)
