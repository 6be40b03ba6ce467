"""Log lines are JSON, and name the job they belong to."""

import json
import logging
import sys
from types import SimpleNamespace

import pytest
import redis
from django.db import OperationalError
from dramatiq.errors import BrokerConnectionError

from askpro.logging import JsonFormatter, Outages
from askpro.queues.errors import Rejected, Unreached
from askpro.queues.ledger.current import current


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch):
    monkeypatch.setattr(current, "claim", None)


def line(message="hello", exc_info=None):
    record = logging.LogRecord("calls", logging.INFO, __file__, 1, message, None, exc_info)
    return json.loads(JsonFormatter().format(record))


def test_a_line_is_one_json_object():
    written = line("Grüße\n")
    assert (written["level"], written["logger"], written["message"]) == ("INFO", "calls", "Grüße\n")
    assert "job" not in written


def test_a_line_of_a_job_names_it():
    current.claim = SimpleNamespace(id="01", claim_no=2, actor_name="extract_call_data", options={})
    try:
        written = line()
    finally:
        current.claim = None
    assert (written["job"], written["attempt"], written["actor"]) == ("01", 2, "extract_call_data")
    assert written["correlation"] == "01"


def away() -> BrokerConnectionError:
    """As Dramatiq logs it."""
    try:
        raise BrokerConnectionError("OperationalError") from OperationalError("connection refused")
    except BrokerConnectionError as error:
        return error


@pytest.mark.parametrize(
    ("arguments", "more", "level"),
    [
        (("%s", away()), {}, "WARNING"),
        (("failed",), {"exc_info": redis.ConnectionError("refused")}, "WARNING"),
        (("failed",), {"extra": {"cause": Unreached("Cal.com: no connection in time")}}, "WARNING"),
        (("failed",), {"exc_info": ValueError("a bug")}, "ERROR"),
        (("%s", Rejected("Cal.com refuses the API key")), {}, "ERROR"),
    ],
)
def test_an_outage_is_a_warning_wherever_it_is_written(arguments, more, level, caplog):
    logging.getLogger("calls").error(*arguments, **more)
    (record,) = caplog.records
    assert Outages().filter(record)
    assert record.levelname == level


def test_an_errors_text_stays_out_of_the_log():
    try:
        raise ValueError("Jürgen Weiß, +4915550100123")
    except ValueError:
        written = json.dumps(line("failed", sys.exc_info()))
    assert "ValueError" in written
    assert "test_logging.py" in written
    assert "+49155" not in written
