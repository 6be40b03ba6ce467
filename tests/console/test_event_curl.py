"""An event as a curl command: a shell reads the very body from it, it holds no secret, and it is given on record."""

import base64
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from askpro.console.models import Deed
from askpro.console.permissions import May
from webhooks.admin.curl import LONGEST, PLACEHOLDER, command
from webhooks.models import Provider, WebhookEvent

BODY = '{"call": {"transcript": "Müller\'s $(rm -rf /) `id` \\"x\\" @/etc/passwd"}}'.encode()


# In place of curl: prints what it would send.
STAND_IN = """
curl() {
    for word; do
        case $before in --data-raw) printf %s "$word" ;; --data-binary) cat ;; esac
        before=$word
    done
}
"""


def event(body: bytes, **values: Any) -> WebhookEvent:
    words = {"provider": Provider.RETELL, "content_type": "application/json", "event_type": "call_ended", **values}
    return WebhookEvent(body=body, **words)


def body_of(told: str) -> bytes:
    """What a shell would hand to curl."""
    parts = shlex.split(told)
    if parts[0] == "printf":
        assert parts[parts.index("--data-binary") + 1] == "@-"
        return base64.b64decode(parts[2])
    return parts[parts.index("--data-raw") + 1].encode()


@hypothesis_settings(deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=300).map(str.encode)))
@example(BODY)
@example(b"@/etc/passwd")
@example(b"'\"\\\n\r\t!$`")
@example(b"\x00")
@example(b"\xff")
def test_a_shell_reads_the_very_body(body: bytes) -> None:
    assert body_of(command(event(body))) == body


@hypothesis_settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
@example("a={b,c}[1-2]&d='x'; rm -rf /")
def test_nothing_in_the_address_is_a_word_of_the_shell(query: str) -> None:
    parts = shlex.split(command(event(b"{}", query=query)))
    assert parts[0] == "curl" and parts[-1].partition("?")[2] == query and "--globoff" in parts


@pytest.mark.parametrize("body", [BODY, b"\x00\xff'\n", b"x" * (LONGEST + 1)], ids=["text", "bytes", "long"])
def test_a_real_shell_does_too(body: bytes) -> None:
    told = subprocess.run(["sh"], input=(STAND_IN + command(event(body))).encode(), capture_output=True, check=True)
    assert told.stdout == body


def test_it_holds_no_signature_and_no_secret() -> None:
    headers = {"X-Retell-Signature": "v=1,d=abc"}
    told = command(event(BODY, headers=headers, verified_by="0123456789ab"))
    assert f"X-Retell-Signature: {PLACEHOLDER}" in told and "d=abc" not in told and "0123456789ab" not in told


@pytest.fixture
def stored(db: None) -> WebhookEvent:
    row = event(BODY, event_key="call_ended:1", body_sha256="0" * 64, status="processed")
    row.save()
    return row


def page(row: WebhookEvent) -> str:
    return f"/admin/webhooks/webhookevent/{row.pk}/curl/"


def test_it_is_shown_by_post_and_on_record(admin_client: Client, stored: WebhookEvent) -> None:
    assert b"--data-raw" not in admin_client.get(page(stored)).content and not Deed.objects.exists()
    assert admin_client.post(page(stored)).context["command"] == command(stored)
    assert Deed.objects.get().act == "curl"


def test_who_sees_masks_does_not_get_it(admin_client: Client, stored: WebhookEvent, settings: Any) -> None:
    settings.REVEAL_FIRST = True
    answer = admin_client.post(page(stored))
    assert "command" not in answer.context and not Deed.objects.exists()
    assert "rm -rf" not in answer.content.decode() and "Reveal personal data" in answer.content.decode()


def test_it_takes_the_permission_to_export(staff_with: Callable[..., Client], stored: WebhookEvent) -> None:
    assert staff_with("webhooks.view_webhookevent").post(page(stored)).status_code == 403
    assert staff_with("webhooks.view_webhookevent", May.EXPORT).post(page(stored)).status_code == 200


def test_a_body_that_was_deleted_cannot_be_sent(admin_client: Client, stored: WebhookEvent) -> None:
    stored.delete_body()
    assert "command" not in admin_client.post(page(stored)).context
