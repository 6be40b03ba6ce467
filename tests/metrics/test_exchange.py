"""Each exchange with a vendor is noted once: under its route, with what became of it, and for whom."""

import ast
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import responses

from appointments.calcom import client as calcom
from askpro.gates import on_the_line
from askpro.metrics.exchange import VENDORS, by_status, exchange
from askpro.metrics.recorder import Recorder
from askpro.metrics.routes import Routes
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown, Unreached
from calls.retell import client as retell
from notifications.twilio import client as twilio

pytestmark = pytest.mark.django_db

SID = "AC" + "0" * 32


def noted(recorder: Recorder) -> Counter[tuple[str, str, str]]:
    return Counter((name, part, result) for _, _, name, part, result, *_ in recorder._notes)


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, {"status": "success", "data": {}}, "ok"),
        (401, {"status": "error", "error": {"message": "Invalid API key"}}, "key_refused"),
        (404, {"status": "error", "error": {"message": "Not found"}}, "refused"),
        (429, {}, "throttled"),
        (503, {}, "unavailable"),
    ],
)
def test_a_question_to_calcom_is_noted_with_its_end(
    noting: Recorder, settings: Any, status: int, body: Any, result: str
) -> None:
    client = calcom.Calcom("https://cal.example", f"cal_{result}")
    responses.get("https://cal.example/v2/bookings/abc", status=status, json=body)
    with pytest.raises(JobError):
        client.get_booking("abc")
    assert noted(noting) == {("calcom", "GET /v2/bookings/{}", result): 1}


@responses.activate
def test_a_write_without_an_answer_is_unknown(noting: Recorder) -> None:
    responses.post("https://cal.example/v2/bookings/abc/cancel", status=502)
    with pytest.raises(Unknown):
        calcom.Calcom("https://cal.example", "cal_unknown").cancel("abc", "because")
    assert noted(noting) == {("calcom", "POST /v2/bookings/{}/cancel", "unknown"): 1}


@responses.activate
def test_retell_wants_to_be_paid(noting: Recorder) -> None:
    responses.get("https://retell.example/v2/get-call/call_1", status=402, json={"status": "error", "message": "no"})
    with pytest.raises(Rejected):
        retell.Retell("https://retell.example", "key_paid", 1000).get_call("call_1")
    assert noted(noting) == {("retell", "GET /v2/get-call/{}", "out_of_credit"): 1}


@responses.activate
@pytest.mark.parametrize(
    ("status", "code", "result"),
    [(401, 20003, "key_refused"), (403, 20005, "out_of_credit"), (400, 21211, "refused"), (401, 0, "unavailable")],
)
def test_twilios_codes_say_whether_it_is_the_key_or_the_account(
    noting: Recorder, status: int, code: int, result: str
) -> None:
    body = {"code": code, "message": "no", "status": status} if code else {}
    responses.get(f"https://twilio.example/2010-04-01/Accounts/{SID}/Messages/SM1.json", status=status, json=body)
    with pytest.raises(JobError):
        twilio.Twilio("https://twilio.example", SID, f"token{code}").get("SM1")
    assert noted(noting) == {("twilio", "GET /2010-04-01/Accounts/{}/Messages/{}.json", result): 1}


def test_what_nobody_had_time_to_ask_is_no_exchange(noting: Recorder) -> None:
    with on_the_line(0.0), pytest.raises(Unavailable):
        calcom.Calcom("https://cal.example", "cal_hurried").owner()
    assert not noting._notes


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Unreached("away"), "unavailable"),
        (RateLimited(1.0), "throttled"),
        (Unknown("?"), "unknown"),
        (Rejected("no log-in"), "key_refused"),
        (JobError("not this mail"), "refused"),
    ],
)
def test_a_mail_servers_answer_is_noted_by_its_error(noting: Recorder, error: JobError, result: str) -> None:
    with pytest.raises(type(error)), exchange("mail", "send"):
        raise error
    assert noted(noting) == {("mail", "send", result): 1}


def test_a_hurried_failure_says_nothing_about_the_vendor(noting: Recorder) -> None:
    error = Unavailable("no time")
    error.is_hurried = True
    with pytest.raises(Unavailable), exchange("calcom", "other"):
        raise error
    assert noted(noting) == {("calcom", "other", "hurried"): 1}


def test_an_exchange_that_a_time_limit_breaks_off_may_have_happened(noting: Recorder) -> None:
    with pytest.raises(KeyboardInterrupt), exchange("calcom", "other"):
        raise KeyboardInterrupt
    assert noted(noting) == {("calcom", "other", "unknown"): 1}


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v2/things", "GET /v2/things"),
        ("/v2/things/77?who=+4915550100456", "GET /v2/things/{}"),
        ("/v2/things/77/parts/8", "GET /v2/things/{}/parts/{}"),
        ("/v2/things/", "other"),
        ("/v2/things/77/whole", "other"),
        ("/+4915550100456", "other"),
    ],
)
def test_a_path_counts_under_its_route_and_never_under_itself(path: str, route: str) -> None:
    assert Routes(["/v2/things", "/v2/things/{}", "/v2/things/{}/parts/{}"]).of("get", path) == route


@pytest.mark.parametrize(("status", "result"), [(401, "key_refused"), (402, "out_of_credit"), (403, "refused")])
def test_a_status_says_what_a_refusal_means(status: int, result: str) -> None:
    assert by_status(status) == result


def asked_paths(module: ModuleType) -> list[str]:
    """Every path that a vendor's file writes, with a number for what varies."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [
        node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in inner
    ]
    written = [re.sub(r"\{.*?\}", "7", ast.unparse(node).strip("f\"'")) for node in texts]
    return [path for path in written if re.match(r"/v\d/", path) and "{" not in path]


@pytest.mark.parametrize("module", [calcom, retell], ids=["calcom", "retell"])
def test_every_path_that_is_asked_has_its_route(module: ModuleType) -> None:
    paths = asked_paths(module)
    assert len(paths) > 2
    assert [path for path in paths if module.ROUTES.of("GET", path) == "other"] == []


def test_every_vendor_is_told_before_it_is_asked() -> None:
    clients = [
        calcom.Calcom("https://cal.example", "key"),
        retell.Retell("https://retell.example", "key", 1000),
        twilio.Twilio("https://twilio.example", SID, "token"),
    ]
    assert {client._http._label for client in clients} | {"mail"} == set(VENDORS)
