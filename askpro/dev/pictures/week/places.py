"""The two companies of the sandbox, with more people, services and hours than its demo needs."""

from dataclasses import dataclass
from typing import Final

from askpro.dev.pictures.week.rows import Week
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.world import COMPANIES, PRACTICE, SALON
from calls.models import Branch, ClosedDay, Company, Service, Staff


@dataclass(frozen=True, slots=True)
class Offer:
    title: str
    minutes: int
    price: str
    event_type: int
    spoken: tuple[str, ...]


MORE_OFFERS: Final = {
    SALON.slug: (
        Offer("Strähnen", 120, "115.00", 4714, ("Strähnchen", "Foliensträhnen")),
        Offer("Kinderhaarschnitt", 30, "22.00", 4715, ("Kinder schneiden",)),
        Offer("Hochstecken", 60, "65.00", 4716, ("Hochsteckfrisur", "Brautfrisur")),
    ),
    PRACTICE.slug: (
        Offer("Kontrolle", 20, "0.00", 4812, ("Nachkontrolle", "Kontrolltermin")),
        Offer("Impfung", 15, "0.00", 4813, ("Impfen", "Grippeimpfung")),
        Offer("Blutabnahme", 15, "0.00", 4814, ("Blut abnehmen", "Labor")),
    ),
}
MORE_STAFF: Final = {
    SALON.slug: (("Lena Hoffmann", 20819), ("Marek Nowak", 20820)),
    PRACTICE.slug: (("Dr. Jonas Brandt", 20918), ("Miriam Adler", 20919)),
}


def make_places(week: Week) -> None:
    for said in COMPANIES:
        company = seed(said)
        company.offers_freed_times = company.daily_report = True
        company.save()
        _open_on_monday(company)
        _add_offers(company)
        week.companies.append(company)
    salon = week.companies[0]
    for day in (24, 25, 26):
        date = week.now.date().replace(month=12, day=day)
        ClosedDay.objects.create(company=salon, first_day=date, last_day=date, reason="Weihnachten")


def _open_on_monday(company: Company) -> None:
    """The salon, too: Cal.com's dead hour is on a Monday."""
    branch = company.branches.get()
    branch.opening_hours = {"mo": [["09:00", "18:00"]], **branch.opening_hours}
    branch.save()


def _add_offers(company: Company) -> None:
    branch = Branch.objects.get(company=company)
    for offer in MORE_OFFERS[company.slug]:
        Service.objects.create(
            company=company,
            name=offer.title,
            synonyms=list(offer.spoken),
            duration_minutes=offer.minutes,
            price=offer.price,
            calcom_event_type_id=offer.event_type,
        )
    services = list(company.services.all())
    for name, user in MORE_STAFF[company.slug]:
        address = f"{name.split()[-1].lower()}@example.org"
        person = Staff.objects.create(company=company, branch=branch, name=name, email=address, calcom_user_id=user)
        person.services.set(services)
