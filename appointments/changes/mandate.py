"""Which companies' appointments a message from Cal.com may change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final


class OtherTenant(Exception):
    """The secret that signed a message is not valid for the company that it is about; the text says why."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """`objection` says why nothing of a company, named by id, may change; empty when it may."""

    objection: Callable[[int], str]

    def require(self, company_id: int) -> None:
        """Raises `OtherTenant`."""
        if why_not := self.objection(company_id):
            raise OtherTenant(why_not)

    def allowed(self, companies: Iterable[int]) -> list[int]:
        """The companies of these that it may change. Raises `OtherTenant` if there is none."""
        named = sorted({*companies})
        allowed = [company_id for company_id in named if not self.objection(company_id)]
        if named and not allowed:
            self.require(named[0])
        return allowed


# For Cal.com's answers to our own requests.
EVERYBODYS: Final = Mandate(lambda company_id: "")
