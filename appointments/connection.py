"""Connects a company with Cal.com: checks its key and its event types, and registers its webhook."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.conf import settings
from django.utils import timezone

from appointments.calcom import client as calcom
from appointments.calcom.account import UNPUBLISHED, WANTED, Webhook
from appointments.calcom.client import Calcom
from appointments.calcom.errors import WebhookRefused
from appointments.calcom.event_types import EventType
from askpro.encryption import Unreadable
from askpro.queues.errors import JobError, Rejected, Unknown
from calls.models import Company, Service, Staff
from webhooks.models import Provider, WebhookAddress, WebhookSecret

# Days before a key expires from which on a new one is missing.
WARN_DAYS: Final = 30

Say = Callable[[str], None]


@dataclass(slots=True)
class Connection:
    """One look at a company's connection. Everything found is said; what is missing is kept as well.

    Doing it again changes nothing more. With `is_dry` nothing is changed at all, neither here nor at Cal.com.
    """

    company: Company
    say: Say
    is_dry: bool = False
    missing: list[str] = field(default_factory=list)

    def connect(self) -> list[str]:
        """Look at everything, register the webhook, and return what is missing, in plain words.

        Raises what the client raises when Cal.com is away.
        """
        try:
            client = calcom.for_company(self.company)
            owner = client.owner()
        except (Rejected, Unreadable) as error:
            self._miss(str(error))
            return self.missing
        shared = sharing(self.company)
        whose = f"also that of {', '.join(each.name for each in shared)}" if shared else "this company's alone"
        self.say(f"Key: of {owner.name or owner.username or 'an unnamed user'} at Cal.com; {whose}.")
        if owner.time_zone and owner.time_zone != self.company.timezone:
            self.say(f"Time zone: {owner.time_zone} at Cal.com, {self.company.timezone} here.")
        self._look_at_expiry(timezone.localdate())
        self._look_at_event_types(client)
        self._try("read schedules", lambda: self._look_at_hours(client))
        self._try("read bookings", lambda: next(client.list_bookings({"status": "upcoming"}), None))
        self._try("register webhooks", lambda: self._look_at_webhook(client, bool(shared)))
        return self.missing

    def _look_at_expiry(self, today: date) -> None:
        expires = self.company.calcom_key_expires_on
        if expires is None:
            self.say("Key: no day of expiry is entered; if it has one, enter it on the company's page.")
        elif (expires - today).days <= WARN_DAYS:
            self._miss(f"A new API key: this one {'expired' if expires < today else 'expires'} on {expires:%d.%m.%Y}.")

    def _try(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except Rejected:
            self._miss(f"A key that may {what}: Cal.com refuses it to this one.")

    def _look_at_event_types(self, client: Calcom) -> None:
        found: list[EventType] = []
        self._try("read event types", lambda: found.extend(client.event_types()))
        by_id = {event_type.id: event_type for event_type in found}
        services = list(Service.objects.filter(company=self.company, is_active=True))
        self.say(f"Event types: {len(by_id)} at Cal.com, {len(services)} active services here.")
        for service in services if found else ():
            self._look_at_service(service, by_id)
        if not services:
            self._miss("Services: run sync_calcom, then activate those that callers may book.")

    def _look_at_service(self, service: Service, by_id: dict[int, EventType]) -> None:
        if service.calcom_event_type_id is None:
            return self._miss(f"An event type for {service.name}.")
        event_type = by_id.get(service.calcom_event_type_id)
        if event_type is None:
            return self._miss(f"The event type of {service.name} ({service.calcom_event_type_id}): it is not shown.")
        for obstacle in event_type.obstacles:
            self._miss(f"{service.name} cannot be booked by phone: {obstacle}.")
        if unmapped := [each["slug"] for each in event_type.required if not service.answer_to(each["slug"])]:
            self._miss(f"{service.name}: an answer on its page for each of these fields: {', '.join(unmapped)}.")
        known = Staff.objects.filter(company=self.company, calcom_user_id__in=event_type.hosts)
        strangers = event_type.hosts.keys() - set(known.values_list("calcom_user_id", flat=True))
        for id_ in sorted(strangers):
            self._miss(f"{service.name}: {event_type.hosts[id_] or 'a host'} (Cal.com user {id_}) as staff.")
        return None

    def _look_at_hours(self, client: Calcom) -> None:
        """A branch without opening hours can tell nobody when it is open; a schedule may say what they are."""
        branches = [each for each in self.company.branches.filter(is_active=True) if not each.opening_hours]
        if not branches:
            return
        usual = next((each for each in client.schedules() if each.is_default), None)
        said = f"; the schedule {usual.name} says {json.dumps(usual.hours)}" if usual and usual.hours else ""
        for branch in branches:
            self._miss(f"Opening hours of {branch.name}, on its page{said}.")

    def _look_at_webhook(self, client: Calcom, is_shared: bool) -> None:
        registered = client.webhooks()
        if is_shared:
            return self._look_at_shared(registered)
        address = WebhookAddress.objects.filter(company=self.company, provider=Provider.CALCOM).first()
        known = next((each for each in registered if address is not None and each.url == address.url), None)
        if address is not None and known is not None and known.is_complete and _signs(known, address):
            self.say("Webhook: registered, and signed with this company's secret.")
        elif self.is_dry:
            self._miss("The webhook: it is registered without --dry-run.")
        else:
            self._register(client, known)
        if any(each.url == shared_address() and each.is_active for each in registered):
            self._miss(f"Switch off the user's webhook to {shared_address()}: each event would come twice.")
        return None

    def _look_at_shared(self, registered: list[Webhook]) -> None:
        """Companies that share a key share its webhook: only the events say whose they are."""
        if any(each.url == shared_address() and each.is_complete for each in registered):
            self.say("Webhook: registered, for all companies of this key.")
        else:
            self._miss(
                f"A webhook to {shared_address()} with a secret of CALCOM_WEBHOOK_SECRETS and the triggers"
                f" {', '.join(sorted(WANTED - UNPUBLISHED))}; or an API key for this company alone."
            )

    def _register(self, client: Calcom, known: Webhook | None) -> None:
        """Store a new secret first: what is signed with it may arrive before Cal.com's answer."""
        address, _ = WebhookAddress.objects.get_or_create(company=self.company, provider=Provider.CALCOM)
        keeps_secret = known is not None and _signs(known, address)
        secret = "" if keeps_secret else secrets.token_urlsafe(32)
        row = address.add_secret(secret) if secret else None
        try:
            self._write(client, address.url, known, secret)
        except WebhookRefused as error:
            _forget(row)
            self._miss(f"The webhook to {address.url}: {error}")
        except Unknown:
            # It may be registered: then it signs with this secret.
            raise
        except JobError:
            _forget(row)
            raise
        else:
            done = "registered now, with a secret of its own" if row else "switched on, with all triggers"
            self.say(f"Webhook: {done}.")

    def _write(self, client: Calcom, url: str, known: Webhook | None, secret: str) -> None:
        """Ask for all triggers; Cal.com may not know the one that it does not publish."""

        def ask(triggers: frozenset[str]) -> None:
            if known is None:
                client.create_webhook(url, secret, triggers)
            else:
                client.change_webhook(known.id, secret, triggers | known.triggers)

        try:
            ask(WANTED)
        except WebhookRefused:
            ask(WANTED - UNPUBLISHED)

    def _miss(self, what: str) -> None:
        self.missing.append(what)


def sharing(company: Company) -> list[Company]:
    """The other active companies that ask Cal.com with the same key."""
    key = _key(company)
    others = Company.objects.filter(is_active=True).exclude(pk=company.pk)
    return [other for other in others if _key(other) == key]


def shared_address() -> str:
    return f"{settings.PUBLIC_URL}/webhooks/{Provider.CALCOM}/"


def _key(company: Company) -> str:
    try:
        return company.calcom_api_key or settings.CALCOM_API_KEY
    except Unreadable:
        return ""


def _signs(webhook: Webhook, address: WebhookAddress) -> bool:
    """Whether it signs with a secret of this address; if Cal.com shows no secret, one that is here is believed."""
    active = address.active_secrets()
    return webhook.secret in active if webhook.secret else bool(active)


def _forget(row: WebhookSecret | None) -> None:
    """Nothing was signed with it, and while it stands the installation's secrets are not accepted."""
    if row is not None:
        row.delete()
