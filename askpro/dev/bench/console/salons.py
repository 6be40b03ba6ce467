"""Companies with what they have, and their customers."""

from typing import Final

from askpro.dev.bench.console.filling import fill, noise, one_of
from askpro.dev.bench.console.scale import COMPANIES, Scale
from calls.models import (
    Branch,
    ClosedDay,
    Company,
    Customer,
    CustomerNumber,
    NamePart,
    PhoneNumber,
    Service,
    Staff,
)
from calls.text import name_parts

BRANCHES_EACH: Final = 2
STAFF_EACH: Final = 4
SERVICES_EACH: Final = 5
FIRST: Final = ("Ayşe", "Björn", "Claudia", "Dieter", "Elif", "Friederike", "Günther", "Hannah", "İlker", "Jürgen")
LAST: Final = ("Groß", "Yılmaz", "Müller", "Schmitz", "Weiß", "Öztürk", "Jäger", "Krüger", "Lindner", "Meyer-Vogt")
SERVICES: Final = ("Herrenschnitt", "Damenschnitt", "Farbe", "Beratung", "Maniküre")


def of_call(call: str = "n") -> str:
    """SQL for the company of a call: one has a fifth of all."""
    return f"(CASE WHEN ({call}) % 5 = 0 THEN 1 ELSE 1 + ({call}) % {COMPANIES} END)"


def customer_of(call: str, scale: Scale) -> str:
    """SQL for the customer who called, one of that company's."""
    own = scale.customers // COMPANIES
    return f"({of_call(call)} + {COMPANIES} * ({noise('customer', call)} % {own}))"


def branch_of(call: str = "n") -> str:
    return f"({BRANCHES_EACH} * ({of_call(call)} - 1) + 1 + ({call}) / 7 % {BRANCHES_EACH})"


def staff_of(call: str = "n") -> str:
    """SQL for a member of staff at the branch."""
    return f"({branch_of(call)} * 2 - ({call}) / 3 % 2)"


def service_of(call: str = "n") -> str:
    return f"({SERVICES_EACH} * ({of_call(call)} - 1) + 1 + ({call}) / 11 % {SERVICES_EACH})"


def number_of(customer: str) -> str:
    """SQL for a customer's number, from the range that is never given to anybody."""
    return f"'+49152' || lpad(({customer})::text, 8, '0')"


def fill_companies(scale: Scale) -> None:
    branches = COMPANIES * BRANCHES_EACH
    company = f"1 + (n - 1) / {BRANCHES_EACH}"
    fill(Company, COMPANIES, name="'Salon Nr. ' || n", slug="'salon-' || n")
    fill(Branch, branches, company_id=company, name="'Filiale ' || n", city="'Köln'", opening_hours="'{}'")
    fill(PhoneNumber, branches, company_id=company, branch_id="n", number="'+4922100' || lpad(n::text, 5, '0')")
    fill(
        Service,
        COMPANIES * SERVICES_EACH,
        company_id=f"1 + (n - 1) / {SERVICES_EACH}",
        name=one_of(*SERVICES) + " || ' ' || n",
    )
    fill(
        Staff,
        COMPANIES * STAFF_EACH,
        company_id=f"1 + (n - 1) / {STAFF_EACH}",
        branch_id=f"1 + (n - 1) / {STAFF_EACH // BRANCHES_EACH}",
        name=one_of(*FIRST),
    )
    fill(
        ClosedDay,
        COMPANIES * 10,
        company_id=f"1 + n % {COMPANIES}",
        first_day="current_date + n % 300",
        last_day="current_date + n % 300 + 1",
        reason="'Betriebsferien'",
    )
    fill(NamePart, COMPANIES, company_id="n", part="'salon'")


def fill_customers(scale: Scale) -> None:
    company = f"1 + (n - 1) % {COMPANIES}"
    name = f"{one_of(*FIRST, of='n / 200')} || ' ' || {one_of(*LAST, of='n / 2000 + n / 200')}"
    fill(
        Customer,
        scale.customers,
        company_id=company,
        name=name,
        phone=number_of("n"),
        email="'gast' || n || '@example.org'",
        last_contact_at=f"now() - interval '1 minute' * ({noise('contact')} % 80000)",
    )
    fill(CustomerNumber, scale.customers, company_id=company, customer_id="n", number=number_of("n"), kind="'line'")
    for place, (words, of) in enumerate(((FIRST, "n / 200"), (LAST, "n / 2000 + n / 200"))):
        fill(
            NamePart,
            scale.customers,
            id=f"n + {COMPANIES + place * scale.customers}",
            company_id=company,
            customer_id="n",
            part=one_of(*(name_parts(word)[0] for word in words), of=of),
        )
