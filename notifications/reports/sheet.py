"""The numbers of each day as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from calls.models.company import Language
from notifications.reports.numbers import Numbers, total
from notifications.reports.told import COUNTS
from notifications.reports.wording import Words


def sheet(numbers: Mapping[date, Numbers], language: Language) -> str:
    """CSV with a row for each day and their total. In German with semicolons and decimal commas, as Excel reads it."""
    file = io.StringIO()
    # Excel takes a file without this mark for one in the machine's own encoding.
    file.write("\ufeff")
    writer = csv.writer(file, delimiter=";" if language == Language.GERMAN else ",")
    writer.writerow(_head(language))
    for day, counted in numbers.items():
        writer.writerow([day.isoformat(), *_cells(counted, language)])
    writer.writerow([Words.TOTAL.tell(language=language), *_cells(total(numbers), language)])
    return file.getvalue()


def _head(language: Language) -> Iterator[str]:
    for word in (Words.DAY, *COUNTS):
        yield word.tell(language=language)
    yield f"{Words.COST.tell(language=language)} (USD)"
    yield Words.SMS_COST.tell(language=language)


def _cells(counted: Numbers, language: Language) -> Iterator[str]:
    for word in COUNTS:
        yield str(getattr(counted, word.value))
    cost = counted.known_cost_usd
    yield "" if cost is None else _amount(cost, language)
    # Almost always one currency: that of the account at Twilio.
    yield " + ".join(f"{_amount(price, language)} {currency}" for currency, price in counted.sms_prices)


def _amount(price: Decimal, language: Language) -> str:
    text = f"{price:.2f}"
    return text.replace(".", ",") if language == Language.GERMAN else text
