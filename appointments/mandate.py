"""For whose appointments a message of Cal.com's may speak."""

from collections.abc import Callable
from dataclasses import dataclass


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
