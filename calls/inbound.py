"""The variables for the voice agent when a call comes in, since a language model does not know today's date."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from calls.models import Customer
from calls.phone import normalise
from calls.tenancy import number_named
from calls.wishes.field_names import Session

WEEKDAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
NEXT_DAYS: Final = (
    Session.NEXT_MONDAY,
    Session.NEXT_TUESDAY,
    Session.NEXT_WEDNESDAY,
    Session.NEXT_THURSDAY,
    Session.NEXT_FRIDAY,
    Session.NEXT_SATURDAY,
    Session.NEXT_SUNDAY,
)


def dynamic_variables(to_number: str, from_number: str) -> dict[str, str]:
    """Today's date in the branch's zone and in words, and the branch.

    About the caller only whether the number is known, not the name: phones are shared, and the name would go to a
    language model.
    """
    number = number_named(to_number)
    zone = number.branch.zone if number else timezone.get_default_timezone()
    now = timezone.now().astimezone(zone)
    today = now.date()
    variables = {
        Session.TODAY.value: f"{today:%d.%m.%Y}",
        Session.WEEKDAY.value: WEEKDAYS[today.weekday()],
        Session.CLOCK.value: f"{now:%H:%M}",
        Session.TOMORROW.value: f"{today + timedelta(days=1):%d.%m.%Y}",
        Session.DAY_AFTER_TOMORROW.value: f"{today + timedelta(days=2):%d.%m.%Y}",
    }
    for days in range(1, 8):
        day = today + timedelta(days=days)
        variables[NEXT_DAYS[day.weekday()].value] = f"{day:%d.%m.%Y}"
    if number is not None:
        phone = normalise(from_number, number.branch.home)
        known = phone is not None and Customer.objects.filter(company=number.company, phone=phone).exists()
        variables |= {
            Session.COMPANY.value: number.company.name,
            # If the number serves several branches, the caller must say which.
            Session.BRANCH.value: number.branch.name if len(number.branches) == 1 else "",
            Session.IS_KNOWN.value: "ja" if known else "nein",
        }
    return variables
