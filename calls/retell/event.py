"""What Retell's webhooks say of a call."""

from enum import StrEnum
from typing import Final


class Transfer(StrEnum):
    """How far the caller was put through to a person, the farthest last."""

    NONE = ""
    STARTED = "started"
    CANCELLED = "cancelled"
    BRIDGED = "bridged"

    @property
    def rank(self) -> int:
        return list(Transfer).index(self)

    @property
    def may_have_talked(self) -> bool:
        """A person may have talked to the caller; of a transfer whose end is not known, one has to assume so."""
        return self in (Transfer.STARTED, Transfer.BRIDGED)


TRANSFERS: Final = {
    "transfer_started": Transfer.STARTED,
    "transfer_bridged": Transfer.BRIDGED,
    "transfer_ended": Transfer.BRIDGED,
    "transfer_cancelled": Transfer.CANCELLED,
}
