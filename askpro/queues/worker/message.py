"""The message that Dramatiq's threads are given."""

from typing import Any

import dramatiq
from dramatiq import MessageProxy

from askpro.queues.ledger.claim import Claim


class LedgerMessage(MessageProxy):
    """A message with the claim behind it."""

    def __init__(self, message: dramatiq.Message[Any], claim: Claim) -> None:
        super().__init__(message)
        self.claim = claim
