"""Codes of an authenticator app, as RFC 6238 has them, and the codes for the day on which the telephone is lost."""

import hmac
import secrets
from typing import Final

import pyotp
import segno
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from askpro.console.entrance.models import SecondFactor

# Seconds for which a code is shown; the one before and the one after are taken as well, for clocks that differ.
STEP: Final = 30
RECOVERY_CODES: Final = 10
# In a session: the time at which its person's second factor was confirmed when she gave it here.
GIVEN: Final = "second_factor"
# Without letters and digits that look alike.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def of(user: object) -> SecondFactor | None:
    """The person's factor, confirmed or not. Read with the person (`ScopedBackend.get_user`)."""
    found = getattr(user, "second_factor", None)
    return found if isinstance(found, SecondFactor) else None


def is_asked(factor: SecondFactor) -> bool:
    """One that was never confirmed may not have reached the person's phone."""
    return factor.confirmed_at is not None


def is_given(request: HttpRequest, factor: SecondFactor) -> bool:
    """Whether this session has given the factor that the person has now."""
    return factor.confirmed_at is not None and request.session.get(GIVEN) == factor.confirmed_at.isoformat()


def note_given(request: HttpRequest, factor: SecondFactor) -> None:
    """The session is another one from here on: whoever knew its key before it was trusted does not know it now."""
    request.session.cycle_key()
    request.session[GIVEN] = factor.confirmed_at.isoformat() if factor.confirmed_at else ""


def is_right(factor: SecondFactor, typed: str) -> bool:
    """Whether the code is one of the app's, now, or a recovery code. Either is good once."""
    code = "".join(character for character in typed.casefold() if character.isalnum())
    if len(code) == 6 and code.isascii() and code.isdigit():
        return _is_apps(factor, code)
    return is_asked(factor) and factor.use_recovery(digest_of(code))


def new_recovery() -> list[str]:
    """Ten codes, each good once: 49 bits in two groups of five."""
    return [f"{_group()}-{_group()}" for _ in range(RECOVERY_CODES)]


def digest_of(code: str) -> str:
    """As the row keeps a recovery code."""
    return salted_hmac("console.entrance.recovery", code.replace("-", ""), algorithm="sha256").hexdigest()


def remove(user: object) -> bool:
    """Whether the person had one, confirmed or not."""
    factor = of(user)
    return factor is not None and factor.delete()[0] > 0


def new_secret() -> str:
    return pyotp.random_base32()


def picture(factor: SecondFactor, name: str) -> str:
    """The secret as a QR code that the app reads: an address of the form data:image/svg+xml."""
    about = pyotp.TOTP(factor.secret).provisioning_uri(name=name, issuer_name="AskPro")
    return segno.make(about, error="m").svg_data_uri(scale=5, border=3, light="white")


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def _is_apps(factor: SecondFactor, code: str) -> bool:
    app, now = pyotp.TOTP(factor.secret), int(timezone.now().timestamp()) // STEP
    right = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(app.at(step * STEP), code)]
    return any(factor.use_step(step) for step in right)
