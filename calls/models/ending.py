"""How calls end, in words: Retell's values as staff read them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Ending(models.TextChoices):
    """Retell's reasons of an end, those of `calls.retell.disconnection`."""

    USER_HANGUP = "user_hangup", _("The caller hung up")
    AGENT_HANGUP = "agent_hangup", _("The agent hung up")
    CALL_TRANSFER = "call_transfer", _("Put through to a person")
    TRANSFER_BRIDGED = "transfer_bridged", _("Put through, the person took the call")
    TRANSFER_CANCELLED = "transfer_cancelled", _("Putting through was broken off")
    INACTIVITY = "inactivity", _("Nobody spoke any more")
    MAX_DURATION_REACHED = "max_duration_reached", _("The longest length of a call was reached")
    CALL_TAKE_OVER = "call_take_over", _("A person took the call over")
    MANUAL_STOPPED = "manual_stopped", _("Ended by hand at Retell")
    VOICEMAIL_REACHED = "voicemail_reached", _("An answering machine answered")
    IVR_REACHED = "ivr_reached", _("A telephone menu answered")
    USER_REQUESTED_DNC = "user_requested_dnc", _("The caller wants no more calls")
    USER_REQUESTED_CALLBACK = "user_requested_callback", _("The caller wants to be called back")
    DIAL_BUSY = "dial_busy", _("The line was busy")
    DIAL_NO_ANSWER = "dial_no_answer", _("Nobody answered")
    DIAL_FAILED = "dial_failed", _("The call could not be put through")
    USER_DECLINED = "user_declined", _("The call was declined")
    INVALID_DESTINATION = "invalid_destination", _("The number called does not exist")
    REGISTERED_CALL_TIMEOUT = "registered_call_timeout", _("The call was announced and never began")
    ERROR_USER_NOT_JOINED = "error_user_not_joined", _("The caller never joined")
    CONCURRENCY_LIMIT_REACHED = "concurrency_limit_reached", _("More calls at once than Retell's plan allows")
    NO_CONCURRENCY_FALLBACK = "no_concurrency_fallback", _("More calls at once than allowed, and no way around")
    NO_VALID_PAYMENT = "no_valid_payment", _("Retell has no valid means of payment")
    CREDIT_EXHAUSTED = "credit_exhausted", _("The credit at Retell is used up")
    BUDGET_REACHED = "budget_reached", _("The budget set at Retell is used up")
    TELEPHONY_PROVIDER_PERMISSION_DENIED = (
        "telephony_provider_permission_denied",
        _("The telephone company did not allow the call"),
    )
    TELEPHONY_PROVIDER_UNAVAILABLE = "telephony_provider_unavailable", _("The telephone company was not reachable")
    SIP_ROUTING_ERROR = "sip_routing_error", _("The call was routed wrongly")
    NETWORK_BLOCKED = "network_blocked", _("The network blocked the call")
    MARKED_AS_SPAM = "marked_as_spam", _("The call was taken for spam")
    SCAM_DETECTED = "scam_detected", _("The call was taken for fraud")
    ERROR_LLM_WEBSOCKET_OPEN = "error_llm_websocket_open", _("Retell could not reach the agent's language model")
    ERROR_LLM_WEBSOCKET_LOST_CONNECTION = (
        "error_llm_websocket_lost_connection",
        _("Retell lost the agent's language model"),
    )
    ERROR_LLM_WEBSOCKET_RUNTIME = "error_llm_websocket_runtime", _("The agent's language model failed")
    ERROR_LLM_WEBSOCKET_CORRUPT_PAYLOAD = (
        "error_llm_websocket_corrupt_payload",
        _("The agent's language model sent what Retell cannot read"),
    )
    ERROR_NO_AUDIO_RECEIVED = "error_no_audio_received", _("Retell heard nothing of the caller")
    ERROR_ASR = "error_asr", _("Retell could not turn speech into text")
    ERROR_RETELL = "error_retell", _("A fault at Retell")
    ERROR_UNKNOWN = "error_unknown", _("A fault that Retell does not explain")


def ending_in_words(reason: str) -> str:
    """One of Retell's reasons in the active language; one that Retell has added since as it came."""
    return str(Ending(reason).label) if reason in Ending.values else reason.replace("_", " ")
