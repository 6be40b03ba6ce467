"""For whose appointments a message of Cal.com's may speak."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final


class OtherTenant(Exception):
    """The secret that signed a message does not speak for the company that it is about; the text says why."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """`objection` says why nothing of a company, named by id, may change; empty when it may."""

    objection: Callable[[int], str]

    def require(self, company_id: int) -> None:
        """Raises `OtherTenant`."""
        if why_not := self.objection(company_id):
            raise OtherTenant(why_not)

    def allowed(self, companies: Iterable[int]) -> list[int]:
        """Those of these companies that it speaks for. Raises `OtherTenant` when it speaks for none of them."""
        named = sorted({*companies})
        allowed = [company_id for company_id in named if not self.objection(company_id)]
        if named and not allowed:
            self.require(named[0])
        return allowed


# Of what Cal.com itself answers to our own requests.
EVERYBODYS: Final = Mandate(lambda company_id: "")
