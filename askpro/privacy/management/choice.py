"""Options of the commands that are about a person."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from askpro.commands import arguments
from askpro.privacy.models import Wanted
from askpro.privacy.person import Sought, read_number, wanted
from calls.models import Company, Customer


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--number", metavar="NUMBER", help="a phone number, as people write it; only exact matches count"
    )
    parser.add_argument("--email", metavar="ADDRESS", help="an e-mail address; only exact matches count")
    parser.add_argument(
        "--customer",
        type=arguments.positive,
        action="append",
        default=[],
        metavar="ID",
        help="this customer; repeatable",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--company", metavar="SLUG", help="in this company")
    where.add_argument("--all-companies", action="store_true", help="in every company where the person is known")
    parser.add_argument("--everybody", action="store_true", help="all customers who share the number or address")


def chosen(options: dict[str, Any]) -> tuple[Company | None, Wanted]:
    """The company (None: all) and the person that the options name.

    Raises `CommandError`, with a list, where several people are meant: families share numbers.
    """
    if not (options["company"] or options["all_companies"]):
        raise CommandError("Say where: --company SLUG or --all-companies.")
    company = arguments.company(options["company"]) if options["company"] else None
    sought = _sought(options, company)
    found = list(sought.customers())
    customers = _named(found, options["customer"]) if options["customer"] else found
    one_of_each = len({customer.company_id for customer in customers}) == len(_apart(customers))
    if not (options["customer"] or options["everybody"] or one_of_each):
        listed = "\n".join(f"  --customer {customer.pk}  {customer.company.slug}" for customer in customers)
        raise CommandError(f"Several people are meant. Name those who are, or say --everybody:\n{listed}")
    return company, wanted(sought, customers)


def who() -> str:
    """Who runs the command, by the name at the operating system."""
    try:
        return f"{getpass.getuser()} (command)"
    except (KeyError, OSError):
        return "command"


def _sought(options: dict[str, Any], company: Company | None) -> Sought:
    companies = None if company is None else frozenset({company.pk})
    if options["number"] and options["email"]:
        raise CommandError("Give --number or --email, not both.")
    if options["number"]:
        number = read_number(options["number"])
        if number is None:
            raise CommandError("The number cannot be read, or as two. Write it with its country: +49 30 23125 100.")
        return Sought(number=number, companies=companies)
    if options["email"]:
        return Sought(email=options["email"].strip().casefold(), companies=companies)
    if not options["customer"]:
        raise CommandError("Say who: --number, --email or --customer.")
    return Sought(customer=options["customer"][0], companies=companies)


def _named(found: list[Customer], ids: list[int]) -> list[Customer]:
    named = [customer for customer in found if customer.pk in ids or customer.merged_into_id in ids]
    erased = Customer.objects.filter(pk__in=ids, erased_at__isnull=False).values_list("pk", flat=True)
    missing = {*ids} - {customer.pk for customer in named} - {*erased}
    if missing:
        raise CommandError(f"No such customer is meant: {', '.join(map(str, sorted(missing)))}.")
    return named


def _apart(customers: list[Customer]) -> list[Customer]:
    """Customers who are not the same person's rows that became one."""
    ids = {customer.pk for customer in customers}
    return [customer for customer in customers if customer.merged_into_id not in ids]
