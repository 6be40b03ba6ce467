"""Writes to the database the demo world, which the sandbox serves as Cal.com, and an administrator."""

import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from askpro.dev.sandbox import world
from calls.models import Branch, Company, PhoneNumber, Service, Staff


class Command(BaseCommand):
    help = (
        "Write the demo companies with branches, numbers, services and staff, and an administrator. It can run again:"
        " rows that exist stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", default=os.environ.get("ASKPRO_ADMIN_USER", "admin"))
        parser.add_argument(
            "--password",
            default=os.environ.get("ASKPRO_ADMIN_PASSWORD", ""),
            help="Default: ASKPRO_ADMIN_PASSWORD, else one is made up and printed.",
        )

    def handle(self, *args: Any, user: str, password: str, **options: Any) -> None:
        with transaction.atomic():
            for company in world.COMPANIES:
                seed(company)
            made_up = create_administrator(user, password)
        self.stdout.write(f"Demo companies: {', '.join(company.name for company in world.COMPANIES)}.")
        if made_up:
            self.stdout.write(f"Administrator {user}, password {made_up}")


def seed(said: world.Company) -> Company:
    """Write a company and its rows, those that are missing."""
    company, _ = Company.objects.get_or_create(
        slug=said.slug,
        defaults={
            "name": said.name,
            "timezone": world.TIMEZONE,
            "sms_sender": said.sms_sender,
            "notification_email": said.notification_email,
        },
    )
    place = said.branch
    branch, _ = Branch.objects.get_or_create(
        company=company,
        name=place.name,
        defaults={
            "street": place.street,
            "postal_code": place.postal_code,
            "city": place.city,
            "phone": place.number,
            "opening_hours": place.opening_hours,
        },
    )
    PhoneNumber.objects.get_or_create(
        number=place.number, defaults={"company": company, "branch": branch, "retell_agent_id": place.agent_id}
    )
    _seed_offer(said, company, branch)
    return company


def create_administrator(name: str, password: str) -> str:
    """Create the superuser if missing; return the password if one was made up."""
    users = get_user_model().objects
    if users.filter(username=name).exists():
        return ""
    made_up = "" if password else secrets.token_urlsafe(12)
    users.create_superuser(name, password=password or made_up)
    return made_up


def _seed_offer(said: world.Company, company: Company, branch: Branch) -> None:
    services = {}
    for event_type in said.event_types:
        services[event_type.id], _ = Service.objects.get_or_create(
            company=company,
            name=event_type.title,
            defaults={
                "synonyms": list(event_type.synonyms),
                "duration_minutes": event_type.minutes,
                "minimum_notice_minutes": event_type.minimum_notice,
                "price": event_type.price,
                "calcom_event_type_id": event_type.id,
                "calcom_slug": event_type.slug,
            },
        )
    for host in said.hosts:
        staff, created = Staff.objects.get_or_create(
            company=company,
            calcom_user_id=host.id,
            defaults={"branch": branch, "name": host.name, "email": host.email},
        )
        if created:
            offered = [event_type.id for event_type in said.event_types if host.id in event_type.hosts]
            staff.services.set([services[event_type] for event_type in offered])
