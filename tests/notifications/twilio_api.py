"""A Twilio that remembers what it was told, and fails on demand. It answers with the shapes of tests/fixtures."""

import copy
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlparse

import requests
import responses

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "twilio_api"
ACCOUNT = "AC11111111111111111111111111111111"
SERVICE = "MG22222222222222222222222222222222"
NUMBER = "+493023125210"
URL = "https://api.twilio.com"


def fixture(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name).read_text())


class TwilioApi:
    """`messages` holds what was accepted, `requests` every form posted, `answers` what comes next instead of 201."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.messages: list[dict[str, Any]] = []
        self.requests: list[dict[str, str]] = []
        self.answers: list[Any] = []
        self.is_down = False
        self.list_body = ""
        pattern = re.compile(rf"{URL}/2010-04-01/Accounts/{ACCOUNT}/Messages.*")
        mock.add_callback(responses.POST, pattern, callback=self._post)
        mock.add_callback(responses.GET, pattern, callback=self._get)
        mock.add_callback(responses.DELETE, pattern, callback=lambda request: self.answers.pop(0))

    def will(self, *answers: Any) -> None:
        """Let the next POSTs fail: with an error code, HTTP status and headers, or with an exception."""
        self.answers += answers

    def lists(self, body: str) -> None:
        """Set the answer to later queries for messages."""
        self.list_body = body

    def accept(self, form: dict[str, str]) -> dict[str, Any]:
        message = copy.deepcopy(fixture("message.json"))
        message |= {
            "sid": f"SM{len(self.messages) + 1:032x}",
            "body": form["Body"],
            "to": form["To"],
            "date_created": format_datetime(datetime.now(UTC)),
        }
        self.messages.append(message)
        return message

    def _post(self, request: requests.PreparedRequest) -> Any:
        form = dict(parse_qsl(str(request.body), keep_blank_values=True))
        self.requests.append(form)
        if self.is_down:
            return (503, {}, json.dumps({"code": 20503, "message": "Service unavailable", "status": 503}))
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer(self, form)
        if isinstance(answer, Exception):
            raise answer
        return answer or (201, {}, json.dumps(self.accept(form)))

    def _get(self, request: requests.PreparedRequest) -> Any:
        if self.is_down:
            return (503, {}, "<html>Service unavailable</html>")
        url = urlparse(str(request.url))
        if not url.path.endswith("/Messages.json"):
            sid = url.path.rsplit("/", 1)[1].removesuffix(".json")
            found = [message for message in self.messages if message["sid"] == sid]
            return (200, {}, json.dumps(found[0])) if found else error(20404, 404)
        if self.list_body:
            return (200, {}, self.list_body)
        to = parse_qs(url.query).get("To")
        listed = [message for message in self.messages if to is None or message["to"] == to[0]][::-1]
        return (200, {}, json.dumps(fixture("list.json") | {"messages": listed}))


def error(code: int, status: int = 400, **headers: str) -> Any:
    body = {"code": code, "message": f"wording of {code} is not to be relied on", "status": status}
    return (status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body))


def timeout_after_accepting(api: TwilioApi, form: dict[str, str]) -> Exception:
    api.accept(form)
    return requests.ReadTimeout("the answer was lost")


def timeout_before_accepting(api: TwilioApi, form: dict[str, str]) -> Exception:
    return requests.ReadTimeout("the request was lost")
