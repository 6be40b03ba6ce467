"""How often somebody may try a password or a code: asked before either is looked at, since that is what costs.

Three limits, over the last quarter of an hour: of one name from one network; of one network, whatever the names; and of
one name from networks that it has not been seen in before, so that a guess spread over many computers ends, and whoever
causes it cannot keep a person out of her own practice.

An attempt is written down before it is judged: guesses that arrive at the same moment count each other. One that is
refused writes nothing, so a flood costs one look in an index each.
"""

import unicodedata
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from askpro.console.entrance.models import LoginAttempt
from askpro.network import network_of, tells_apart

SPAN: Final = timedelta(minutes=15)
OF_A_PAIR: Final = 5
OF_A_NETWORK: Final = 50
OF_A_NAME: Final = 20
# For how long a name is at home in a network from which it has logged in.
HOME: Final = timedelta(days=90)


class Throttled(Exception):
    """Too many attempts. `until`: when the next one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"until {until:%H:%M}")
        self.until = until


def begin(request: HttpRequest, name: str, step: LoginAttempt.Step) -> LoginAttempt:
    """Write the attempt down. Raises `Throttled` when it is not to be looked at."""
    digest, network, now = _digest(name, step), network_of(request), timezone.now()
    _within_limits(digest, network, now)
    known = User.objects.filter(username=name).values_list("pk", flat=True).first() if _is_text(name) else None
    return LoginAttempt.objects.create(at=now, user_id=known, step=step, name_digest=digest, network=network)


def _within_limits(digest: str, network: str, now: datetime) -> None:
    of_name, of_network = Q(name_digest=digest), Q(network=network)
    recent = LoginAttempt.objects.filter(of_name | of_network, at__gt=now - SPAN, counts=True)
    found = recent.aggregate(
        of_pair=Count("pk", filter=of_name & of_network),
        of_network=Count("pk", filter=of_network),
        of_name=Count("pk", filter=of_name),
        last_of_pair=Max("at", filter=of_name & of_network),
        last_of_network=Max("at", filter=of_network),
        last_of_name=Max("at", filter=of_name),
    )
    if found["of_pair"] >= OF_A_PAIR:
        raise Throttled(found["last_of_pair"] + SPAN)
    if found["of_network"] >= OF_A_NETWORK and tells_apart(network):
        raise Throttled(found["last_of_network"] + SPAN)
    if found["of_name"] >= OF_A_NAME and not _is_home(digest, network, now):
        raise Throttled(found["last_of_name"] + SPAN)


def _is_home(digest: str, network: str, now: datetime) -> bool:
    succeeded = LoginAttempt.objects.filter(outcome=LoginAttempt.Outcome.SUCCEEDED, at__gt=now - HOME)
    return succeeded.filter(name_digest=digest, network=network).exists()


def _digest(name: str, step: LoginAttempt.Step) -> str:
    """The same for all spellings of a name."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    kept = folded.encode(errors="surrogatepass").hex()
    return salted_hmac("console.entrance", f"{step}:{kept}", algorithm="sha256").hexdigest()[:32]


def _is_text(name: str) -> bool:
    """What PostgreSQL takes as a text."""
    return "\x00" not in name and name.isprintable()
