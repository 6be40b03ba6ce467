"""Any request at any address of the vendors, signed or not, is answered below 500, and is either stored, answered in
words to the agent, or counted as refused: nothing goes missing."""

import gzip
import os
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from django.db.models import Sum
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from askpro.dev.sandbox import world
from askpro.dev.sandbox.management.commands.seed_demo import seed
from calls.functions.serving import SERVED
from tests.webhooks.door.test_hostile_bodies import told
from tests.webhooks.signing import (
    CALCOM_SECRET,
    FORM,
    RETELL_KEY,
    TWILIO_TOKEN,
    calcom_signature,
    compact,
    recorded,
    retell_signature,
    twilio_signature,
)
from tests.webhooks.tenants import tenant
from webhooks.door import refusal
from webhooks.models import RefusedWebhook

pytestmark = pytest.mark.django_db
MANY = 1_500 if os.environ.get("ASKPRO_TEST_LONG") == "1" else 40
KEYS = {"retell": RETELL_KEY, "calcom": CALCOM_SECRET, "twilio": TWILIO_TOKEN}
UNKNOWN = "A" * 22
NAMES = [*SERVED, "list_services_v17", "nonsense"]
TYPES = (
    *("application/json", FORM, "application/json; charset=utf-16", f"{FORM}; charset=iso-8859-1", "text/xml", ""),
    *(f"{FORM}; charset=utf-7", "multipart/form-data; boundary=x", "multipart/form-data", "application/json;;=,"),
    *("application/json; charset=\x7f", "APPLICATION/JSON", "application/x-www-form-urlencoded; charset=hex"),
)
CALL = compact(recorded("retell", "call_ended"))
DEEP = b'{"event":"call_ended","call":' + b'{"a":' * 900 + b"1" + b"}" * 901
BODIES = st.one_of(
    st.binary(max_size=120),
    st.text(st.characters(exclude_categories=[]), max_size=40).map(lambda said: said.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            *(
                b"",
                b"\x00" * 400,
                b"{",
                b"null",
                b"[" * 5000,
                b"9" * 6000,
                b'{"event":1e999}',
                b"a=%00&a=%ED%A0%80&%ff",
            ),
            *(gzip.compress(CALL), CALL, CALL.decode().encode("utf-16"), CALL + b"\x00", DEEP, b"&=" * 3000, b"=&=&="),
            *(
                b'{"event":"call_ended","call":{"call_id":"call_1234567","from_number":"\\ud800\\u0000"}}',
                b"\xef\xbb\xbf{}",
            ),
            *(b'{"triggerEvent":"BOOKING_CREATED","createdAt":"9999-12-31T23:59:59-23:59","payload":{"uid":"a"}}',),
            *(
                b"MessageSid=SM1&MessageStatus=sent&ErrorCode=" + b"9" * 5000,
                b"MessageSid=%E2%80%AE&Body=STOP&From=%00",
            ),
        ]
    ),
)
HEADERS = st.sampled_from(
    ["", "\x01", "v=1,d=" + "0" * 64, "no-secret-provided", "ü", "a" * 9000, "v=" + "9" * 40 + ",d=0"]
)
OTHER = {
    "Content-Encoding": ["gzip", "br", "\x01"],
    "Transfer-Encoding": ["gzip"],
    "X-Forwarded-For": ["::1%x, 9", "999.1.1.1"],
    "X-Twilio-Webhooks-Signature-Settings": ["key=a,algorithm=HMAC_SHA256", "=,=,", "key=\x01,algorithm=MD5"],
    "Accept": ["text/nothing;q=x"],
    "X-Correlation-Id": ["0" * 500, "\x00"],
    "Accept-Language": ["de;q=9" * 300],
    "Cookie": ["sessionid=\x01; csrftoken"],
}


@pytest.fixture
def places() -> list[tuple[str, str, str]]:
    """Each address, whose vendor it is of, and the secret that signs there."""
    seed(world.SALON)
    own = tenant("anna", own=True)
    found = []
    for vendor in KEYS:
        for inner, secret in (("", KEYS[vendor]), (f"{own.ids[vendor]}/", own.secrets[vendor]), (f"{UNKNOWN}/", "x")):
            ends = ("", "status/", "inbound", "json/") if vendor == "twilio" else ("",)
            ends += tuple(f"functions/{name}/" for name in NAMES) if vendor == "retell" else ()
            found += [(f"/webhooks/{vendor}/{inner}{end}", vendor, secret) for end in ends]
    return found


def signature(vendor: str, path: str, body: bytes, secret: str) -> dict[str, str]:
    match vendor:
        case "retell":
            return {"X-Retell-Signature": retell_signature(body, secret)}
        case "calcom":
            return {"X-Cal-Signature-256": calcom_signature(body, secret)}
    return {"X-Twilio-Signature": twilio_signature(path, dict(form(body)), secret)}


def form(body: bytes) -> Iterator[tuple[str, str]]:
    """The fields, where the body is a form that Twilio could have sent."""
    try:
        yield from parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        return


def counted() -> int:
    """How many requests were stored, counted on a stored one, or refused; those that wait for their second, too."""
    refusal._later.write()
    return told() + (RefusedWebhook.objects.aggregate(total=Sum("count"))["total"] or 0)


def test_every_request_is_answered_and_none_goes_missing(places: list[tuple[str, str, str]]) -> None:
    statuses: dict[int, int] = {}

    @how(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        body = data.draw(BODIES)
        kind = data.draw(st.sampled_from(TYPES))
        odd = {
            name: data.draw(st.sampled_from(OTHER[name]))
            for name in data.draw(st.sets(st.sampled_from([*OTHER]), max_size=2))
        }
        header = data.draw(st.one_of(st.none(), st.none(), HEADERS))
        for path, vendor, secret in data.draw(st.lists(st.sampled_from(places), min_size=3, max_size=6, unique=True)):
            signed = signature(vendor, path, body, secret)
            before = counted()
            said = signed if header is None else dict.fromkeys(signed, header)
            answer = Client(raise_request_exception=True).generic("POST", path, body, kind, headers={**odd, **said})
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, (path, body[:80], kind, odd)
            if "/functions/" in path:
                # A name that is none is nobody's; what is served is answered, not stored.
                assert counted() - before == (0 if answer.status_code == 200 or "nonsense" in path else 1), (
                    answer.content
                )
            elif answer.status_code != 400 or "Ask in UTF-8" not in answer.content.decode():
                assert counted() - before == 1, (path, answer.status_code, answer.content)

    ask()

    # Few examples need not have one of each kind.
    assert MANY < 1_000 or ({400, 401, 404, 415} <= set(statuses) and statuses.keys() & {200, 204}), statuses
