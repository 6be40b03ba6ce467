"""Each channel hands a message over in bounded time, and says what went wrong without quoting the other side."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from askpro.dev.sandbox.control import Control
from askpro.dev.sandbox.credentials import LOCAL, Credentials
from askpro.dev.sandbox.exchange import Request
from askpro.dev.sandbox.mailbox import MailServer
from askpro.dev.sandbox.sandbox import Sandbox
from askpro.dev.sandbox.server import Server
from askpro.dev.sandbox.slack import HOOK
from askpro.watch.channels import sending, slack
from askpro.watch.channels.errors import Failed, NotReached, Refused, Throttled
from askpro.watch.conditions.base import Severity
from askpro.watch.models import Delivery, Notice

OPS, MOBILE, SENDER = "ops@askpro.example", "+4915112345678", "+493023125199"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Sandbox, Server, MailServer]]:
    sandbox = Sandbox(Credentials.from_settings())
    server = Server("127.0.0.1", 0, Control(sandbox).handle)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    mail = MailServer(sandbox.mailbox, "127.0.0.1", 0)
    mail.start()
    yield sandbox, server, mail
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox(servers, settings) -> Sandbox:
    sandbox, server, mail = servers
    sandbox.reset()
    url = f"http://127.0.0.1:{server.port}"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "askpro.smtp.EmailBackend",
        "127.0.0.1",
        mail.port,
    )
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.ALERT_EMAILS, settings.ALERT_ESCALATION_EMAILS = [OPS, "second@askpro.example"], ["chief@askpro.example"]
    settings.ALERT_SLACK_URL = f"{url}{HOOK}"
    settings.ALERT_SMS_TO, settings.ALERT_SMS_FROM = [MOBILE], SENDER
    settings.ALERT_TIMEOUT = 0.3
    settings.TWILIO_BASE_URL = f"{url}/twilio"
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_ACCOUNT_SID or LOCAL["TWILIO_ACCOUNT_SID"]
    settings.TWILIO_AUTH_TOKENS = settings.TWILIO_AUTH_TOKENS or [LOCAL["TWILIO_AUTH_TOKENS"]]
    return sandbox


def delivery(channel: str, **more) -> Delivery:
    values = {
        "kind": "began",
        "severity": Severity.CRITICAL,
        "subject": "CRITICAL Late",
        "text": "What: <late> & so on",
    }
    notice = Notice(**values | {"short": "AskPro: late", "created_at": datetime.now(UTC)} | more)
    return Delivery(notice=notice, channel=channel)


class TestWhatArrives:
    def test_a_mail_to_all_in_a_thread_with_an_id_of_its_own(self, sandbox) -> None:
        sent = delivery("email", thread="0191b3a8-0000-7000-8000-000000000001")
        sending.send(sent)
        (mail,) = sandbox.mailbox.listed()
        assert (mail["to"], mail["subject"]) == ([OPS, "second@askpro.example"], "AskPro: CRITICAL Late")
        assert mail["text"].strip() == "What: <late> & so on"
        assert mail["headers"]["Message-ID"] == f"<{sent.notice.pk}@askpro.example>"
        assert mail["headers"]["References"].startswith("<0191b3a8-")
        assert mail["headers"]["Auto-Submitted"] == "auto-generated"

    def test_the_escalation_goes_to_others(self, sandbox) -> None:
        sending.send(delivery("escalation"))
        assert sandbox.mailbox.listed()[0]["to"] == ["chief@askpro.example"]

    def test_a_post_with_slacks_characters_escaped(self, sandbox) -> None:
        sending.send(delivery("slack"))
        (post,) = sandbox.slack.posts()
        assert post["text"] == ":red_circle: *CRITICAL Late*\n```What: &lt;late&gt; &amp; so on```"

    def test_a_long_post_is_cut(self, sandbox) -> None:
        assert len(slack.text(delivery("slack", text="&" * 9000).notice)) <= slack.LONGEST

    def test_an_sms_from_the_number_that_is_set(self, sandbox) -> None:
        sending.send(delivery("sms"))
        (message,) = sandbox.twilio.messages()
        assert (message["to"], message["from"], message["body"]) == (MOBILE, SENDER, "AskPro: late")


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("channel", "route", "fault", "kind"),
        [
            ("slack", "slack.post", {"status": 403}, Refused),
            ("slack", "slack.post", {"status": 404}, Refused),
            ("slack", "slack.post", {"status": 410}, Refused),
            ("slack", "slack.post", {"status": 302}, Refused),
            ("slack", "slack.post", {"status": 500}, Failed),
            ("slack", "slack.post", {"status": 429, "headers": {"Retry-After": "7"}}, Throttled),
            ("slack", "slack.post", {"drop": "before"}, NotReached),
            ("slack", "slack.post", {"reset": "before"}, NotReached),
            ("slack", "slack.post", {"latency_ms": 600}, NotReached),
            ("slack", "slack.post", {"drip_ms": 50}, NotReached),
            ("slack", "slack.post", {"padding": 200_000}, NotReached),
            ("sms", "twilio.create_message", {"status": 401}, Refused),
            ("sms", "twilio.create_message", {"status": 503}, Failed),
            ("email", "smtp.message", {"status": 451}, Failed),
            ("email", "smtp.message", {"status": 550}, Refused),
            ("email", "smtp.recipient", {"status": 550}, Refused),
            ("email", "smtp.message", {"drop": "before"}, NotReached),
            ("email", "smtp.message", {"drip_ms": 50}, NotReached),
        ],
    )
    def test_it_is_told_by_its_class_in_time_and_in_our_words(self, sandbox, channel, route, fault, kind) -> None:
        sandbox.faults.add({"route": route, "fault": fault, "times": 9})
        began = time.monotonic()
        with pytest.raises(kind) as caught:
            sending.send(delivery(channel))
        assert type(caught.value) is kind
        assert time.monotonic() - began < 2
        assert not any(secret in caught.value.words for secret in (OPS, MOBILE, "127.0.0.1", "sandbox", "hooks"))
        assert caught.value.pause == (7.0 if kind is Throttled else 0.0)

    @pytest.mark.parametrize("pause", ["nan", "-1", "soon", "", "inf"])
    def test_a_pause_that_makes_no_sense_is_none(self, sandbox, pause) -> None:
        sandbox.faults.add({"route": "slack.post", "fault": {"status": 429, "headers": {"Retry-After": pause}}})
        with pytest.raises(Throttled) as caught:
            sending.send(delivery("slack"))
        assert caught.value.pause == 0.0

    @pytest.mark.parametrize(
        ("channel", "gone"),
        [
            ("email", {"ALERT_EMAILS": []}),
            ("slack", {"ALERT_SLACK_URL": ""}),
            ("sms", {"ALERT_SMS_TO": []}),
            ("sms", {"TWILIO_AUTH_TOKENS": []}),
            ("escalation", {"ALERT_ESCALATION_EMAILS": []}),
            ("pigeon", {}),
        ],
    )
    def test_a_channel_that_the_settings_no_longer_have(self, sandbox, channel, gone) -> None:
        with override_settings(**gone), pytest.raises(Refused):
            sending.send(delivery(channel))

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1", "ftp://x/"])
    def test_a_slack_that_is_not_there(self, sandbox, url) -> None:
        with override_settings(ALERT_SLACK_URL=url), pytest.raises(NotReached):
            sending.send(delivery("slack"))

    def test_no_mail_server(self, sandbox) -> None:
        with override_settings(EMAIL_PORT=1), pytest.raises(NotReached):
            sending.send(delivery("email"))


class TestTheSandboxesSlack:
    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            (b'{"text": "Hello"}', 200, b"ok"),
            (b'{"text": ', 400, b"invalid_payload"),
            (b"[]", 400, b"invalid_payload"),
            (b'{"text": 7}', 400, b"invalid_payload"),
            (b'{"text": ""}', 400, b"no_text"),
        ],
    )
    def test_it_answers_as_the_contract_says(self, sandbox, body, status, words) -> None:

        asked = Request("POST", HOOK, "", {"Content-Type": "application/json"}, body)
        answer = sandbox.handle(asked)
        assert (answer.status, answer.body) == (status, words)

    def test_another_address_is_no_service(self, sandbox, settings) -> None:
        settings.ALERT_SLACK_URL = settings.ALERT_SLACK_URL.replace("/sandbox", "/removed")
        with pytest.raises(Refused, match="404"):
            sending.send(delivery("slack"))


class TestTheCommand:
    def test_it_sends_a_test_through_each_channel(self, sandbox, capsys) -> None:
        call_command("alerts_test")
        assert capsys.readouterr().out.splitlines() == [
            f"{each} 0: taken" for each in ("email", "slack", "sms", "escalation")
        ]
        assert [len(sandbox.mailbox.listed()), len(sandbox.slack.posts()), len(sandbox.twilio.messages())] == [2, 1, 1]

    def test_it_says_which_did_not_take_it_and_why(self, sandbox, capsys) -> None:
        sandbox.faults.add({"route": "slack.post", "fault": {"status": 404}})
        with pytest.raises(CommandError, match="1 of 4 were not taken"):
            call_command("alerts_test")
        assert "slack 0: it refuses the message (404)" in capsys.readouterr().out

    def test_one_channel_alone(self, sandbox) -> None:
        call_command("alerts_test", "--channel", "slack")
        assert (len(sandbox.slack.posts()), sandbox.mailbox.listed()) == (1, [])

    def test_one_that_is_not_configured(self, sandbox, settings) -> None:
        settings.ALERT_SLACK_URL = ""
        with pytest.raises(CommandError, match="Not configured: slack"):
            call_command("alerts_test", "--channel", "slack")

    def test_none_at_all(self, settings) -> None:
        settings.ALERT_EMAILS = settings.ALERT_ESCALATION_EMAILS = settings.ALERT_SMS_TO = []
        settings.ALERT_SLACK_URL = ""
        with pytest.raises(CommandError, match="No channel is configured"):
            call_command("alerts_test")
