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
    # Twilio names the price of an SMS only later, if at all: nothing is made up for it.
    yield Words.SMS_COST.tell(language=language), Words.NOT_KNOWN.tell(language=language)


def cost(counted: Numbers, language: Language) -> str:
    """What Retell said that the calls cost, in dollars, and of how many calls it said nothing."""
    if counted.known_cost_usd is None:
        return Words.NOT_KNOWN.tell(language=language)
    amount = format_currency(counted.known_cost_usd, "USD", locale=language.value)
    if not counted.without_cost:
        return amount
    return Words.PARTLY_KNOWN.tell({"cost": amount, "count": counted.without_cost}, language)
