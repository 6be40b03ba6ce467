"""Strangers' payloads are shown readably, exactly and harmlessly."""

import json

from hypothesis import given
from hypothesis import strategies as st

from askpro.console.payload import LONGEST, indented, readable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_it_changes_nothing_but_white_space(value: object) -> None:
    assert json.loads(indented(json.dumps(value))) == value


@given(st.binary(max_size=300), st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]))
def test_it_takes_any_bytes(body: bytes, content_type: str) -> None:
    shown = readable(body, content_type)

    shown.encode("utf-8")
    assert "\x00" not in shown


def test_it_keeps_big_numbers_exact() -> None:
    assert "12345678901234567890123.4500" in readable(b'{"big": 12345678901234567890123.4500}')


def test_it_spells_out_umlauts_and_keeps_what_utf8_cannot_carry() -> None:
    assert '"Käthe"' in readable(b'["K\\u00e4the"]')
    assert '"\\ud800"' in readable(b'["\\ud800"]')


def test_it_needs_no_recursion_for_depth() -> None:
    assert readable(b"[" * 50_000).count("[") == 50_000


def test_it_cuts_what_nobody_reads() -> None:
    shown = readable(b'{"a": "' + b"x" * (LONGEST * 2) + b'"}')

    assert len(shown) < LONGEST + 200
    assert "cut here" in shown


def test_it_shows_a_form_one_field_a_line() -> None:
    shown = readable(b"MessageSid=SM1&Body=Danke%2C+bis+morgen%21", "application/x-www-form-urlencoded")

    assert shown == "MessageSid = SM1\nBody = Danke, bis morgen!"


def test_it_lays_out_objects_and_lists() -> None:
    assert indented('{"a":[1,{}],"b":[]}') == '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}'
