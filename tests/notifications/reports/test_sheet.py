"""The numbers as a file for spreadsheets."""

import csv
import io
from datetime import date
from decimal import Decimal

from calls.models.company import Language
from notifications.reports.numbers import Numbers
from notifications.reports.sheet import sheet

DAYS = {
    date(2026, 11, 30): Numbers(
        calls=3,
        booked=2,
        missed=1,
        talked_ms=61_000,
        cost_usd=Decimal("0.4525"),
        sms=4,
        sms_prices=(("EUR", Decimal("0.37")),),
    ),
    date(2026, 12, 1): Numbers(calls=1, no_request=1, without_cost=1),
}


def test_it_has_a_row_for_each_day_and_their_total() -> None:
    text = sheet(DAYS, Language.ENGLISH)
    head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert head[:3] == ["Day", "Calls", "Booked"] and head[-2] == "Cost of the calls (USD)"
    assert [row[:3] for row in rows] == [["2026-11-30", "3", "2"], ["2026-12-01", "1", "0"], ["Total", "4", "2"]]
    # Where nothing is known, nothing is written; not a nought.
    assert [row[-2:] for row in rows] == [["0.45", "0.37 EUR"], ["", ""], ["0.45", "0.37 EUR"]]


def test_in_german_it_reads_as_german_excel_expects() -> None:
    first, second, *_ = sheet(DAYS, Language.GERMAN).splitlines()
    assert first.startswith("\ufeffTag;Anrufe;Gebucht;") and second.startswith("2026-11-30;3;2;")
    assert second.endswith(";0,45;0,37 EUR")
