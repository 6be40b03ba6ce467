"""What Retell's API tells of a call, as the events that would have told it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from askpro.reading import mapping
from calls.retell.call import RetellCall
from calls.retell.event import Event
from webhooks.door.intake import store_fetched
from webhooks.door.retell import Retell
from webhooks.net.accounts import Account

# Two of these report the end of a call; the later one also brings all that the earlier one does.
ENDS: Final = (Event.ENDED, Event.ANALYZED)
_OVER: Final = frozenset({"ended", "error", "not_connected"})


def is_over(told: RetellCall) -> bool:
    """Whether the call has ended. Its status alone does not say so: Retell also shows ended calls as registered."""
    return told.status in _OVER or told.ended_at is not None or bool(told.disconnection_reason)


def event_of(call: Mapping[str, Any]) -> Event:
    """The event that tells the most of this ended call."""
    return Event.ANALYZED if mapping(call.get("call_analysis")) else Event.ENDED


def hand_in(account: Account, call: Mapping[str, Any]) -> bool:
    """Store the event that this call of the API would have been, with its job; False if it is there."""
    payload = {"event": event_of(call).value, "call": dict(call)}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    vendor = Retell()
    return store_fetched(vendor, vendor.event(payload, body), body, account.fingerprint, account.address)
