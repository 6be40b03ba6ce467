"""The numbers as people read them: a name and a text each."""

from collections.abc import Iterator

from babel.numbers import format_currency

from calls.models.company import Language
from notifications.reports.numbers import Numbers
from notifications.reports.wording import Words

# In their order. What came of the calls comes right after them.
COUNTS = (
    *(Words.CALLS, Words.BOOKED, Words.CHANGED, Words.TO_PEOPLE, Words.NO_REQUEST, Words.MISSED),
    *(Words.BEING_WORKED_ON, Words.CALLED_BACK, Words.NO_SHOWS, Words.MINUTES, Words.SMS),
)


def facts(counted: Numbers, language: Language) -> Iterator[tuple[str, str]]:
    for word in COUNTS:
        yield word.tell(language=language), str(getattr(counted, word.value))
    yield Words.COST.tell(language=language), cost(counted, language)
    yield Words.SMS_COST.tell(language=language), sms_cost(counted, language)


def cost(counted: Numbers, language: Language) -> str:
    """What Retell said that the calls cost, in dollars, and of how many calls it said nothing."""
    if counted.known_cost_usd is None:
        return Words.NOT_KNOWN.tell(language=language)
    amount = format_currency(counted.known_cost_usd, "USD", locale=language.value)
    return _with_rest(Words.PARTLY_KNOWN, amount, counted.without_cost, language)


def sms_cost(counted: Numbers, language: Language) -> str:
    """What Twilio charged for the SMS, in its currencies; it says so only some hours after it has sent one."""
    if not counted.sms_prices:
        return (Words.NOT_KNOWN if counted.sms else Words.NONE).tell(language=language)
    amounts = [format_currency(price, currency, locale=language.value) for currency, price in counted.sms_prices]
    return _with_rest(Words.SMS_PARTLY_KNOWN, " + ".join(amounts), counted.sms_without_price, language)


def _with_rest(partly: Words, known: str, unknown: int, language: Language) -> str:
    return partly.tell({"cost": known, "count": unknown}, language) if unknown else known
