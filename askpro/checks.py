"""What an installation must have and what it must not do: `manage.py check` reports it, with the fix in the message."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from askpro.encryption import keys
from askpro.environment import REMARK
from askpro.health import operators
from askpro.health.thresholds import thresholds
from askpro.privacy.classes import default_days

HINT = "Set {} in the environment (deploy/env.example)."
VENDORS = (
    "RETELL_API_KEYS",
    "CALCOM_API_KEY",
    "CALCOM_WEBHOOK_SECRETS",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKENS",
)
BOUNDS = (
    "VENDOR_CONNECT_TIMEOUT",
    "VENDOR_TIMEOUT",
    "VENDOR_MAX_BYTES",
    "EMAIL_TIMEOUT",
    "WEBHOOK_MAX_BYTES",
    "RETELL_LONGEST_CALL",
    "API_MAX_BYTES",
    "API_REQUESTS_PER_MINUTE",
    "WATCH_PACE",
    "ALERT_TIMEOUT",
    "WATCH_DAYS",
)


@register(Tags.security)
def check_secret_key(**_: Any) -> list[CheckMessage]:
    """With this key anyone could forge a session and read the stored secrets."""
    if settings.ENVIRONMENT in settings.ENVIRONMENTS_WITH_A_PUBLIC_KEY:
        return []
    try:
        key = str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # raised by Django when it is empty
        key = ""
    if not key.strip():
        return [Error("SECRET_KEY is empty.", hint=HINT.format("SECRET_KEY"), id="askpro.E001")]
    if REMARK.search(key) or key == settings.PUBLIC_KEY:
        return [Error("SECRET_KEY is a publicly known text.", hint=HINT.format("SECRET_KEY"), id="askpro.E002")]
    return []


@register(Tags.security)
def check_data_keys(**_: Any) -> list[CheckMessage]:
    """There is a key to encrypt what is stored of callers, one that nobody else has."""
    found: list[CheckMessage] = [
        Error(fault, hint=keys.HOW, id="askpro.E008") for fault in keys.faults(settings.DATA_KEYS)
    ]
    if settings.ENVIRONMENT in settings.ENVIRONMENTS_WITH_A_PUBLIC_KEY:
        return found
    if settings.PUBLIC_DATA_KEY in settings.DATA_KEYS:
        found.append(Error("DATA_KEYS holds a publicly known key.", hint=keys.HOW, id="askpro.E009"))
    if {key.lower() for key in settings.DATA_KEYS} & {str(key).lower() for key in _secret_keys()}:
        hint = f"Either must be replaceable without the other. {keys.HOW}"
        found.append(Error("A key of DATA_KEYS is also SECRET_KEY.", hint=hint, id="askpro.E010"))
    return found


@register(Tags.security, deploy=True)
def check_remarks(**_: Any) -> list[CheckMessage]:
    """No variable contains a remark that was written after its value."""
    hint = "Put the remark on a line of its own: behind a value it is read as a part of the value."
    return [Error(f"{name} holds a remark (#).", hint=hint, id="askpro.E003") for name in settings.REMARKS_AS_VALUES]


@register(Tags.security, deploy=True)
def check_ops_emails(**_: Any) -> list[CheckMessage]:
    """OPS_EMAILS says who is told when a job gives up, a queue is late or a host falls silent."""
    if not settings.OPS_EMAILS:
        return [Error("OPS_EMAILS is empty: alerts reach nobody.", hint=HINT.format("OPS_EMAILS"), id="askpro.E004")]
    wrong = [address for address in settings.OPS_EMAILS if not _is_address(address)]
    hint = "Write addresses alone, separated by commas."
    return (
        [Error(f"OPS_EMAILS has entries that are no addresses: {len(wrong)}.", hint=hint, id="askpro.E005")]
        if wrong
        else []
    )


@register(Tags.security, deploy=True)
def check_vendors(**_: Any) -> list[CheckMessage]:
    """There are keys to call the vendors and to verify their webhooks, for companies without keys of their own."""
    missing = [name for name in VENDORS if not getattr(settings, name)]
    return [Warning(f"{name} is empty.", hint=HINT.format(name), id="askpro.W001") for name in missing]


@register(Tags.compatibility)
def check_bounds(**_: Any) -> list[CheckMessage]:
    """Time-outs and sizes are above zero: at zero every exchange would fail without saying why."""
    hint = "Leave it out for the default (deploy/env.example), or write a number above 0."
    wrong = [name for name in BOUNDS if not getattr(settings, name) > 0]
    return [Error(f"{name} is {getattr(settings, name):g}.", hint=hint, id="askpro.E007") for name in wrong]


@register(Tags.compatibility)
def check_retention(**_: Any) -> list[CheckMessage]:
    """RETENTION_DAYS can be read: else nothing would be deleted."""
    try:
        default_days()
    except ValueError as error:
        hint = "Write RETENTION_DAYS=class=days,class=never (deploy/env.example); docs/privacy.md has the classes."
        return [Error(str(error), hint=hint, id="askpro.E012")]
    return []


@register(Tags.compatibility)
def check_health(**_: Any) -> list[CheckMessage]:
    """HEALTH_THRESHOLDS can be read: else there would be no verdict on the queues."""
    try:
        thresholds()
    except ValueError as error:
        hint = "Write HEALTH_THRESHOLDS=late.unhealthy=20,ready.degraded=5000 (deploy/env.example)."
        return [Error(str(error), hint=hint, id="askpro.E013")]
    return []


@register(Tags.security)
def check_metrics(**_: Any) -> list[CheckMessage]:
    """Who may read figures is meant as it is written."""
    hint = 'Make a token with: python3 -c "import secrets; print(secrets.token_urlsafe(32))" (deploy/env.example).'
    return [Error(fault, hint=hint, id="askpro.E014") for fault in operators.faults()]


def _secret_keys() -> list[str]:
    try:
        return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    except ImproperlyConfigured:  # raised by Django when it is empty
        return [*settings.SECRET_KEY_FALLBACKS]


def _is_address(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
