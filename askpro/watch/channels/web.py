"""One POST in bounded time and size. Not `askpro.http`: its gates are rows of the PostgreSQL that may be away."""

import math
from collections.abc import Mapping
from typing import Any, Final

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError

from askpro.connections import Adapter
from askpro.deadline import deadline
from askpro.watch.channels.errors import Failed, NotReached, Refused, Throttled

LARGEST: Final = 64 * 1024
LONGEST_PAUSE: Final = 3600.0


def post(
    url: str,
    *,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> bytes:
    """The body of its answer, when that is below 300. Raises `ChannelError`."""
    with requests.Session() as session:
        # The environment's proxies and .netrc must not decide where alerts go.
        session.trust_env = False
        session.mount("https://", Adapter())
        session.mount("http://", Adapter())
        try:
            with deadline(settings.ALERT_TIMEOUT, LARGEST):
                answer = session.post(
                    url, json=json, data=data, auth=auth, timeout=settings.ALERT_TIMEOUT, allow_redirects=False
                )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise NotReached(f"no answer: {type(error).__name__}") from error
    _judge(answer)
    return answer.content


def _judge(answer: requests.Response) -> None:
    status = answer.status_code
    if status == 429:
        raise Throttled("too many messages (429)", pause=_pause(answer.headers.get("Retry-After")))
    if status >= 500:
        raise Failed(f"it has trouble of its own ({status})")
    if status >= 300:
        raise Refused(f"it refuses the message ({status})")


def _pause(text: str | None) -> float:
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0.0
    return min(seconds, LONGEST_PAUSE) if math.isfinite(seconds) and seconds > 0 else 0.0
