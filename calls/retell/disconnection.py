"""How a call ended: Retell's values, and the kind of end that each is."""

from enum import StrEnum
from typing import Final


class Disconnection(StrEnum):
    """What kind of end Retell reports. The vendor's list is open: an unlisted value is UNKNOWN."""

    TALKED = "talked"
    MACHINE = "machine"
    WISH = "wish"  # the caller wants to be called back, or never again
    NOT_CONNECTED = "not_connected"
    LIMIT = "limit"  # money or concurrency: the operator must act
    CARRIER = "carrier"
    VENDOR_ERROR = "vendor_error"
    UNKNOWN = "unknown"


DO_NOT_CALL: Final = "user_requested_dnc"
CALL_BACK: Final = "user_requested_callback"
# A person has talked to the caller.
TRANSFER_ENDS: Final = ("call_transfer", "transfer_bridged", "call_take_over")
TRANSFER_CANCELLED: Final = "transfer_cancelled"

# Retell holds no calls until somebody pays.
UNPAID: Final = ("no_valid_payment", "credit_exhausted", "budget_reached")
# More calls at once than were paid for.
CROWDED: Final = ("concurrency_limit_reached", "no_concurrency_fallback")

# The values of retell-sdk 6.2.13.
_VALUES: Final[dict[Disconnection, str]] = {
    Disconnection.TALKED: (
        "user_hangup agent_hangup call_transfer transfer_bridged transfer_cancelled inactivity "
        "max_duration_reached call_take_over manual_stopped"
    ),
    Disconnection.MACHINE: "voicemail_reached ivr_reached",
    Disconnection.WISH: f"{DO_NOT_CALL} {CALL_BACK}",
    Disconnection.NOT_CONNECTED: (
        "dial_busy dial_no_answer dial_failed user_declined invalid_destination registered_call_timeout "
        "error_user_not_joined"
    ),
    Disconnection.LIMIT: " ".join((*CROWDED, *UNPAID)),
    Disconnection.CARRIER: (
        "telephony_provider_permission_denied telephony_provider_unavailable sip_routing_error "
        "network_blocked marked_as_spam scam_detected"
    ),
    Disconnection.VENDOR_ERROR: (
        "error_llm_websocket_open error_llm_websocket_lost_connection error_llm_websocket_runtime "
        "error_llm_websocket_corrupt_payload error_no_audio_received error_asr error_retell error_unknown"
    ),
}
_KIND: Final = {value: kind for kind, values in _VALUES.items() for value in values.split()}
# After such an end nobody has wished anything, even if the agent's fields say so.
NO_TALK: Final = frozenset({Disconnection.MACHINE, Disconnection.NOT_CONNECTED})


def classify(reason: str) -> Disconnection:
    return _KIND.get(reason, Disconnection.UNKNOWN)
