"""Where the pages are, so that others can lead to a filter that is filled already."""

from urllib.parse import urlencode

from django.urls import reverse


def address(kind: str, verb: str = "", **chosen: object) -> str:
    """The page of a kind, or the question before one of its verbs, with this filter: `since` and `until` as moments.

    `address("failures", "retry", vendor="calcom", since=nine, until=ten)` asks what a person says as "Cal.com was down
    from nine to ten: repair it".
    """
    page = reverse("admin:repair_act", args=[kind, verb]) if verb else reverse("admin:repair", args=[kind])
    query = urlencode([(NAMES.get(name, name), _said(value)) for name, value in chosen.items() if value])
    return f"{page}?{query}" if query else page


NAMES = {"since": "from", "until": "to"}


def _said(value: object) -> str:
    # A moment with its zone means the same to everybody who opens the address.
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
