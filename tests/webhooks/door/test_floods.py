"""A flood of requests that nobody signed costs neither a look at the body nor the database's time, and is counted."""

import time

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.webhooks.signing import FORM, post_retell
from tests.webhooks.tenants import tenant
from webhooks.door import refusal
from webhooks.models import RefusedWebhook

pytestmark = pytest.mark.django_db
FEW = 2


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new second begins, in which few are counted at once; no thread writes the others."""
    monkeypatch.setattr(refusal, "AT_ONCE", FEW)
    monkeypatch.setattr(refusal, "_later", later := refusal._Later())
    monkeypatch.setattr(later, "_wake", lambda: None)
    monkeypatch.setattr(time, "monotonic", lambda: 1_000.0)


def counted() -> int:
    return RefusedWebhook.objects.aggregate(total=Sum("count"))["total"] or 0


class Unread:
    """A body that must not be read."""

    def read(self, *size: int) -> bytes:
        raise AssertionError("it was read")

    readline = read


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("vendor", "kind"), [("retell", "application/json"), ("calcom", FORM), ("twilio", FORM)])
def test_what_nobody_signed_is_refused_unread_and_asks_nothing(few: None, vendor: str, kind: str, own: bool) -> None:
    place = f"{tenant('anna', own=True).ids[vendor]}/" if own else ""
    for _ in range(FEW):
        post_retell(b"{}", signature="")

    with CaptureQueriesContext(connection) as asked:
        answer = Client().post(
            f"/webhooks/{vendor}/{place}",
            **{"wsgi.input": Unread(), "CONTENT_TYPE": kind, "CONTENT_LENGTH": 5_000_000},
        )

    assert answer.status_code == 401
    assert len(asked) == 0


def test_a_forged_signature_at_the_shared_address_asks_nothing(few: None) -> None:
    for _ in range(FEW):
        post_retell(b"{}", signature="")

    with CaptureQueriesContext(connection) as asked:
        assert post_retell(b"{}", signature="v=1,d=" + "0" * 64).status_code == 401

    assert len(asked) == 0


def test_each_is_counted_in_the_end(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(9):
        post_retell(b"{}", signature="")
    assert counted() == FEW

    refusal._later.write()
    assert counted() == 9

    monkeypatch.setattr(time, "monotonic", lambda: 1_001.5)
    post_retell(b"{}", signature="")
    assert counted() == 10


@pytest.mark.django_db(transaction=True)
def test_a_thread_counts_the_rest_when_the_second_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "AT_ONCE", 0)
    monkeypatch.setattr(refusal, "SECOND", 0.05)
    post_retell(b"{}", signature="")
    until = time.monotonic() + 5

    while counted() == 0 and time.monotonic() < until:
        time.sleep(0.02)

    assert counted() == 1
