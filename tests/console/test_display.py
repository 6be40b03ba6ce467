"""Single values as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from askpro.console import display
from askpro.console.trace import PROJECT, lines_of
from askpro.console.transcript import turns_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0004, "0 ms"),
        (0.85, "850 ms"),
        (5, "5 s"),
        (12.44, "12.4 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3 * 86400 + 3600, "3 d 1 h"),
    ],
)
def test_it_writes_a_length_of_time_in_two_units(seconds: float, words: str) -> None:
    assert display.duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "29 Mar 2026, 01:30"),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "29 Mar 2026, 03:30"),
    ],
)
def test_it_shows_berlin_time_and_utc_on_hover(moment: datetime, shown: str) -> None:
    html = str(display.minute(moment))

    assert shown in html
    assert f'title="{moment:%Y-%m-%d %H:%M:%S} UTC"' in html


def test_it_groups_a_number_and_escapes_what_is_none() -> None:
    assert "+49 30 23125123" in str(display.phone("+493023125123"))
    assert "<b>" not in str(display.phone("<b>"))


def test_it_tells_the_two_sides_of_a_call_apart() -> None:
    turns = turns_of("Agent: Guten Tag!\nUser: Hallo,\nich hätte gern: einen Termin.\n\nlaut: und deutlich")

    assert [(turn.speaker, turn.words) for turn in turns] == [
        ("Agent", "Guten Tag!"),
        ("Caller", "Hallo,\nich hätte gern: einen Termin.\n\nlaut: und deutlich"),
    ]


def test_it_emphasises_our_own_frames() -> None:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3/site-packages/dramatiq/worker.py", line 1, in run\n    go()\n'
        f'  File "{PROJECT}/calls/tasks.py", line 9, in work\n    fail()\n'
        f'  File "{PROJECT}/.venv/lib/python3.11/site-packages/x.py", line 2, in y\n    z()\nValueError: no'
    )

    own = [line.text for line in lines_of(trace) if line.own]

    assert own == ['  File "calls/tasks.py", line 9, in work', "    fail()"]
