"""Whom the console speaks of: one name for each vendor on every page, and no job that asks somebody nobody names."""

from django.test import Client
from dramatiq import get_broker

from askpro.console import vendors
from askpro.console.repair.jobs import VENDOR
from askpro.queues.jobs.catalogue import said
from calls.admin import connections
from calls.models import Company


def test_every_job_that_calls_somebody_is_one_of_a_vendors() -> None:
    calling = {name for name, actor in get_broker().actors.items() if said(actor, "Calls") != "–"}
    by_vendor = vendors.jobs()

    assert {name for names in by_vendor.values() for name in names} == calling
    assert all(by_vendor[vendor] for vendor in vendors.VENDORS)


def test_each_vendor_is_called_the_same_wherever_one_is_chosen(admin_client: Client) -> None:
    names = vendors.names()
    company = Company.objects.create(name="Salon", slug="salon")
    tested = admin_client.get(f"/admin/calls/company/{company.pk}/connections/").context["lines"]
    tabs = [label for label, _query, _is_chosen in admin_client.get("/admin/board/metrics/").context["tabs"]]

    assert dict(VENDOR.labels(())) == names
    assert {vendor.name: vendor.label for vendor, _tried in tested} == names
    assert tabs[1:] == [names[vendor] for vendor in vendors.VENDORS]
    assert {vendor.name for vendor in connections.VENDORS} == set(names)
