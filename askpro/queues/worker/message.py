"""The message that Dramatiq's threads are given."""

from typing import Any

import dramatiq
from dramatiq import MessageProxy
from dramatiq.middleware import SkipMessage

from askpro.queues.errors import Rejected
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.outcome import Outcome


class RejectedByMiddleware(Rejected):
    """A middleware rejected the message."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class LedgerMessage(MessageProxy):
    """A message with the claim behind it."""

    def __init__(self, message: dramatiq.Message[Any], claim: Claim) -> None:
        super().__init__(message)
        # Asked for a dozen times in each run: the proxy would look for them in itself first.
        self.queue_name, self.actor_name, self.message_id = message.queue_name, message.actor_name, message.message_id
        self.args, self.kwargs, self.options = message.args, message.kwargs, message.options
        self.claim = claim
        # What becomes of the job, once that is decided.
        self.outcome: Outcome | None = None

    @property
    def error(self) -> BaseException | None:
        """What the run ended with; also, that a middleware rejected a message whose function did not fail."""
        error = self._exception
        is_rejected = self.failed and (error is None or isinstance(error, SkipMessage))
        return RejectedByMiddleware() if is_rejected else error

    def withhold(self) -> None:
        """Leave of the error its class: what is told of a failure from here on may be stored (`Results`), and the
        error's text may quote somebody."""
        if self._exception is not None:
            self.stuff_exception(type(type(self._exception).__name__, (Exception,), {})())
