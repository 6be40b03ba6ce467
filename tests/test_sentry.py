"""Error reports carry classes and places, never what somebody said."""

from askpro.sentry import WITHHELD, scrub


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
    assert scrub(event, {}) == {
        "exception": {"values": [{"type": "IntegrityError", "value": WITHHELD}]},
        "request": {"url": "https://askpro.example/webhooks/twilio/"},
    }


def test_it_passes_an_event_without_any_of_it():
    assert scrub({"message": "started"}, {}) == {"message": "started"}
