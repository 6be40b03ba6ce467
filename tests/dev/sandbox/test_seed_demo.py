"""The demo world in the database."""

import pytest
from django.core.management import call_command

from askpro.dev.sandbox import world
from calls.models import Company, Service, Staff


def test_it_seeds_the_demo_once(db: None, django_user_model: type) -> None:
    call_command("seed_demo", user="chef", password="a-long-password")
    Company.objects.filter(slug=world.SALON.slug).update(name="Renamed by a person")
    call_command("seed_demo", user="chef", password="another")

    assert Company.objects.count() == len(world.COMPANIES)
    assert Company.objects.get(slug=world.SALON.slug).name == "Renamed by a person"
    assert Service.objects.count() == sum(len(company.event_types) for company in world.COMPANIES)
    assert Staff.objects.count() == sum(len(company.hosts) for company in world.COMPANIES)
    assert {host.name for host in Staff.objects.filter(services__name="Färben")} == {"Käthe Grün"}
    assert django_user_model.objects.get(username="chef").check_password("a-long-password")


def test_it_prints_a_password_only_when_it_made_it_up(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_demo", user="one", password="a-long-password")
    assert "a-long-password" not in capsys.readouterr().out
    call_command("seed_demo", user="two", password="")
    assert "two, password" in capsys.readouterr().out
