"""Print the functions of a voice agent as Retell takes them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from askpro.commands.arguments import company as company_of
from calls.functions.schema import tools
from calls.models import Company
from calls.models.company import Language
from webhooks.models import Provider, WebhookAddress


class Command(BaseCommand):
    help = "Print the functions of a voice agent as JSON, for the tools of an agent at Retell (docs/agent.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="Slug: the functions at its own address, if it has one.")
        parser.add_argument("--language", choices=Language.values, default="", help="Of what the agent says meanwhile.")

    def handle(self, *args: Any, company: str | None, language: str, **options: Any) -> None:
        owner = company_of(company) if company else None
        spoken = language or (owner.language if owner else Language.GERMAN.value)
        self.stdout.write(json.dumps(tools(_base_url(owner), spoken), ensure_ascii=False, indent=2))


def _base_url(company: Company | None) -> str:
    own = WebhookAddress.of(company.pk, Provider.RETELL) if company else None
    return own.url.rstrip("/") if own else f"{settings.PUBLIC_URL}/webhooks/retell"
