"""Customers: two hundred people with names as they are in Berlin, and numbers and addresses of nobody."""

from datetime import timedelta
from typing import Final

from askpro.dev.pictures.week.rows import BATCH, Week, made_at
from calls.models import Customer, NamePart
from calls.text import name_parts

FIRST: Final = (
    *("Anneliese", "Ayşe", "Björn", "Brigitte", "Carlotta", "Christoph", "Dilara", "Elif", "Emil", "Frieda"),
    *("Georg", "Hannelore", "Henrike", "Ingrid", "Jürgen", "Karim", "Katharina", "Leonie", "Lukas", "Magdalena"),
    *("Mehmet", "Mia", "Nora", "Olaf", "Paulina", "Rüdiger", "Sabine", "Søren", "Tatjana", "Thilo"),
    *("Ursula", "Vanessa", "Wiebke", "Yannick", "Zoë"),
)
LAST: Final = (
    *("Albrecht", "Bauer", "Becker", "Çelik", "Demir", "Engel", "Fischer", "Größler", "Günther", "Hartmann"),
    *("Hoang", "Jansen", "Kaya", "Keller", "Kowalski", "Krämer", "Krüger", "Lange", "Lorenz", "Meyer"),
    *("Müller-Lüdenscheidt", "Neumann", "Öztürk", "Petersen", "Richter", "Schäfer", "Schröder", "Schulze"),
    *("Sommer", "Thiele", "Vogel", "Wagner", "Weiß", "Winkler", "Yıldız", "Ziegler"),
)
HOW_MANY: Final = 200
_PLAIN: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "ë": "e", "ı": "i", "ç": "c", "ğ": "g", "ø": "o"}
)


def make_people(week: Week) -> None:
    for place in range(HOW_MANY):
        first, last = week.dice.choice(FIRST), week.dice.choice(LAST)
        address = f"{first}.{last}{place}".lower().translate(_PLAIN)
        week.customers.append(
            Customer(
                # Two of three are the salon's.
                company=week.companies[place % 3 == 2],
                name=f"{first} {last}",
                phone=f"+491555{place * 48611 % 10_000_000:07d}",
                email=f"{address}@example.org" if place % 4 else None,
                sms_consent_at=week.now - timedelta(days=30) if place % 5 else None,
            )
        )
    Customer.objects.bulk_create(week.customers, batch_size=BATCH)
    made_at(week.customers, (week.now - timedelta(days=place + 8) for place in range(HOW_MANY)))
    NamePart.objects.bulk_create(
        (
            NamePart(company_id=each.company_id, customer=each, part=part)
            for each in week.customers
            for part in name_parts(each.name)
        ),
        batch_size=BATCH,
    )
