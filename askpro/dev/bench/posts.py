"""Invented calls as Retell posts them, some 10 kB each, signed."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.retell import events


@dataclass(frozen=True, slots=True)
class Post:
    """One `call_ended` webhook. It is signed when it is written: a signature holds for five minutes."""

    call_id: str
    body: bytes

    def written(self, path: str, key: str) -> bytes:
        """The whole HTTP request."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Retell-Signature: {retell_signature(key, self.body)}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("ascii") + self.body


def ended(slot: datetime) -> Post:
    """A caller who wants a haircut at `slot`."""
    call = call_object(SCENARIOS["booked"], somebody(), slot, datetime.now(UTC))
    return Post(call["call_id"], events.body(events.ENDED, call))


def many(count: int) -> list[Post]:
    """Different calls made cheaply: the same conversation, each under its own id."""
    first = ended(datetime.now(UTC) + timedelta(days=3))
    ids = [f"call_{secrets.token_hex(14)}" for _ in range(count)]
    return [Post(each, first.body.replace(first.call_id.encode(), each.encode())) for each in ids]
