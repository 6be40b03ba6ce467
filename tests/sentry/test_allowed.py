"""Error reports contain classes and places in the code, never what people said."""

import pytest

from askpro.queues.ledger.current import current
from askpro.sentry import WITHHELD, scrub


@pytest.fixture(autouse=True)
def _outside_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "claim", None)


def test_it_drops_every_text_that_may_quote_a_caller():
    event = {
        "exception": {"values": [{"type": "IntegrityError", "value": "Key (phone)=(+4915550100123) already exists."}]},
        "request": {
            "url": "https://askpro.example/webhooks/twilio/?ref=9f7b",
            "data": "Body=Ja",
            "headers": {"Cookie": "sessionid=1"},
            "query_string": "ref=9f7b",
        },
        "extra": {"args": [1]},
        "breadcrumbs": {"values": [{"message": "SELECT"}]},
    }
    assert scrub(event, {}) == {"exception": {"values": [{"type": "IntegrityError", "value": WITHHELD}]}}


def test_it_keeps_what_we_wrote_ourselves_without_what_fills_it():
    event = {"logger": "calls.tasks", "logentry": {"message": "Call %d failed", "params": ["Ole"]}, "level": "error"}
    assert scrub(event, {}) == {"logger": "calls.tasks", "logentry": {"message": "Call %d failed"}, "level": "error"}


def test_it_drops_the_sentences_of_others():
    assert scrub({"logger": "urllib3", "logentry": {"message": "Retrying /Ole"}}, {}) == {"logger": "urllib3"}


def test_a_page_is_called_by_its_route_never_by_the_address_that_was_asked_for():
    route = {"transaction": "admin/<path>", "transaction_info": {"source": "route"}}
    assert scrub(route, {}) == {"transaction": "admin/<path>"}
    assert scrub({"transaction": "/admin/Ole", "transaction_info": {"source": "url"}}, {}) == {}
