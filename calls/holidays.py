"""Public holidays, by country and state."""

from datetime import date
from functools import cache

from holidays import country_holidays, list_supported_countries

# The library's languages, by ours. Where it does not know one, names are in the country's own language.
_LANGUAGES = {"de": "de", "en": "en_US"}


def is_state(country: str, state: str) -> bool:
    """Whether the holidays of this state (ISO 3166-2 without the country, such as BE for Berlin) are known."""
    return state in _states().get(country, ())


def states(country: str) -> list[str]:
    return sorted(_states().get(country, ()))


def public_holidays(country: str, state: str, first: date, last: date, language: str = "de") -> dict[date, str]:
    """Those from the first day to the last, with their names; none for a state that is not known."""
    if not is_state(country, state):
        return {}
    named = {
        day: name for year in range(first.year, last.year + 1) for day, name in _of(country, state, year, language)
    }
    return {day: name for day, name in sorted(named.items()) if first <= day <= last}


def national_holidays(country: str, first: date, last: date) -> set[date]:
    """Those of the whole country from the first day to the last; none for a country that is not known."""
    if country not in _states():
        return set()
    years = range(first.year, last.year + 1)
    return {day for year in years for day, _ in _of(country, None, year, "") if first <= day <= last}


@cache
def _of(country: str, state: str | None, year: int, language: str) -> tuple[tuple[date, str], ...]:
    found = country_holidays(country, subdiv=state, years=year, language=_LANGUAGES.get(language))
    return tuple(found.items())


@cache
def _states() -> dict[str, list[str]]:
    return list_supported_countries()
