"""The demo world: two invented companies. The sandbox serves it as Cal.com, `seed_demo` writes it to the database."""

from dataclasses import dataclass
from decimal import Decimal

TIMEZONE = "Europe/Berlin"
# Salon and practice send from here; the sandbox's Twilio owns these numbers and no others.
SMS_SENDERS = ("+493023125198", "+493023125199")

Hours = dict[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class Host:
    """A person who holds appointments; `id` is the user's at Cal.com."""

    id: int
    name: str
    email: str
    username: str


@dataclass(frozen=True, slots=True)
class EventType:
    """A service, and its event type at Cal.com. Minutes throughout; `hosts` are ids, the first one owns it."""

    id: int
    slug: str
    title: str
    minutes: int
    hosts: tuple[int, ...]
    synonyms: tuple[str, ...]
    price: Decimal
    minimum_notice: int = 120


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    street: str
    postal_code: str
    city: str
    opening_hours: Hours
    number: str
    agent_id: str

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postal_code} {self.city}"


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    slug: str
    branch: Branch
    hosts: tuple[Host, ...]
    event_types: tuple[EventType, ...]
    sms_sender: str
    notification_email: str
    schedule_id: int
    team_id: int


SALON = Company(
    name="Salon Käthe Grün",
    slug="salon-kaethe-gruen",
    branch=Branch(
        name="Mitte",
        street="Torstraße 1",
        postal_code="10119",
        city="Berlin",
        opening_hours={
            "di": [["09:00", "18:00"]],
            "mi": [["09:00", "18:00"]],
            "do": [["09:00", "20:00"]],
            "fr": [["09:00", "18:00"]],
            "sa": [["09:00", "14:00"]],
        },
        number="+493023125100",
        agent_id="agent_b2f6c1d4e8a94f7c9d3e5a7b1c",
    ),
    hosts=(
        Host(20817, "Käthe Grün", "kaethe.gruen@example.org", "kaethe-gruen"),
        Host(20818, "Ömer Yıldız", "oemer.yildiz@example.org", "oemer-yildiz"),
    ),
    event_types=(
        EventType(
            4711,
            "haarschnitt",
            "Haarschnitt",
            45,
            (20817, 20818),
            ("Haare schneiden", "Schneiden", "Herrenschnitt", "Damenschnitt", "Waschen und schneiden"),
            Decimal("38.00"),
        ),
        EventType(
            4712,
            "faerben",
            "Färben",
            90,
            (20817,),
            ("Haare färben", "Farbe", "Ansatz färben", "Tönung"),
            Decimal("79.00"),
        ),
        EventType(
            4713,
            "bartpflege",
            "Bartpflege",
            20,
            (20818,),
            ("Bart", "Bart trimmen", "Bart schneiden", "Rasur"),
            Decimal("19.00"),
        ),
    ),
    sms_sender="+493023125199",
    notification_email="salon@example.org",
    schedule_id=55012,
    team_id=7301,
)

PRACTICE = Company(
    name="Praxis Dr. Weiß-Öztürk",
    slug="praxis-dr-weiss-oeztuerk",
    branch=Branch(
        name="Prenzlauer Berg",
        street="Kastanienallee 12",
        postal_code="10435",
        city="Berlin",
        opening_hours={
            "mo": [["08:00", "12:00"], ["14:00", "18:00"]],
            "di": [["08:00", "12:00"], ["14:00", "18:00"]],
            "mi": [["08:00", "12:00"]],
            "do": [["08:00", "12:00"], ["14:00", "18:00"]],
            "fr": [["08:00", "13:00"]],
        },
        number="+493023125200",
        agent_id="agent_77d1e0a4c6b84d3f9a2b5c8e1f",
    ),
    hosts=(Host(20917, "Dr. Şirin Weiß-Öztürk", "praxis.weiss-oeztuerk@example.org", "weiss-oeztuerk"),),
    event_types=(
        EventType(
            4811,
            "erstgespraech",
            "Erstgespräch",
            30,
            (20917,),
            ("Erstes Gespräch", "Kennenlerngespräch", "Ersttermin", "Erstberatung"),
            Decimal("0.00"),
        ),
    ),
    sms_sender="+493023125198",
    notification_email="praxis@example.org",
    schedule_id=55112,
    team_id=7302,
)

COMPANIES = (SALON, PRACTICE)
EVENT_TYPES = {event_type.id: event_type for company in COMPANIES for event_type in company.event_types}
HOSTS = {host.id: host for company in COMPANIES for host in company.hosts}
COMPANY_OF_EVENT_TYPE = {event_type.id: company for company in COMPANIES for event_type in company.event_types}
