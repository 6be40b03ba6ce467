"""Companies' own texts in the console: begun as the shipped one, checked, looked at, put in use, taken back."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from appointments.models import Appointment, FollowUp
from calls.models import Company
from notifications.links import link_for
from notifications.models import MessageTemplate
from notifications.text.shipped import shipped
from tests.console.tenants import bound
from tests.console.world import World

LIST = "/admin/notifications/messagetemplate/"


@pytest.fixture
def company(world: World) -> Company:
    return world.companies[0]


def page(template: MessageTemplate) -> str:
    return f"{LIST}{template.pk}/change/"


def own(company: Company, **values: Any) -> MessageTemplate:
    defaults = {"kind": "confirmation", "channel": "sms", "text": "Bis {when}!"}
    return MessageTemplate.objects.create(company=company, **(defaults | values))


def newest(company: Company) -> Appointment:
    return company.appointments.latest("pk")


def test_a_new_text_begins_as_the_shipped_one_and_is_a_draft(admin_client: Client, company: Company) -> None:
    form = {"company": company.pk, "kind": "reminder", "channel": "email", "language": "de"}
    answer = admin_client.post(f"{LIST}add/", form)
    template = MessageTemplate.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(template))
    text = shipped("reminder", "email", "de")
    assert (template.text, template.subject, template.is_active) == (text.text, text.subject, False)


@pytest.mark.parametrize(
    ("kind", "channel"), [("callback", "email"), ("staff", "email"), ("nonsense", "sms"), ("", "")]
)
def test_no_text_is_begun_that_is_never_sent(admin_client: Client, company: Company, kind: str, channel: str) -> None:
    form = {"company": company.pk, "kind": kind, "channel": channel, "language": "de"}
    answer = admin_client.post(f"{LIST}add/", form)
    assert answer.status_code == 200 and answer.context["adminform"].form.errors
    assert not MessageTemplate.objects.exists()


def test_a_text_is_checked_when_it_is_saved(admin_client: Client, company: Company) -> None:
    template = own(company)
    answer = admin_client.post(page(template), {"text": "Bis {wann}!", "is_active": "on"})
    assert "“{wann}” is not known here" in answer.context["adminform"].form.errors["text"][0]
    assert admin_client.post(page(template), {"text": "Am {when}.", "is_active": "on"}).status_code == 302
    template.refresh_from_db()
    assert (template.text, template.is_active) == ("Am {when}.", True)


def test_a_long_text_is_saved_with_a_warning(admin_client: Client, company: Company) -> None:
    template = own(company)
    answer = admin_client.post(page(template), {"text": "{when}" + "x" * 400}, follow=True)
    assert "This text is 3 SMS" in answer.content.decode()


def test_it_is_shown_as_the_customer_would_get_it_with_its_price(admin_client: Client, company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(sms_price=Decimal("0.075"), currency="CHF")
    template = own(company, text="{company}: {when}" + "x" * 160 + ". {link}")
    preview = admin_client.get(page(template)).context["preview"]
    assert preview.text.startswith(f"{company.name}: ")
    assert dict(preview.facts) | {"Characters": ""} == {
        "Encoding": "GSM-7",
        "Characters": "",
        "SMS": "2",
        "Price": "CHF0.15",
    }
    assert "as 2 SMS" in preview.warning
    link = link_for(newest(company))
    assert link not in preview.text and len(preview.text.rpartition(". ")[2]) == len(link)


def test_the_price_is_not_known_without_one(admin_client: Client, company: Company) -> None:
    preview = admin_client.get(page(own(company))).context["preview"]
    assert dict(preview.facts)["Price"] == "not known"


def test_another_appointment_can_be_chosen(admin_client: Client, company: Company, world: World) -> None:
    template = own(company, text="{when}[ mit {service}]")
    other = company.appointments.earliest("pk")
    preview = admin_client.get(page(template), {"about": other.pk}).context["preview"]
    assert preview.chosen == other.pk
    theirs = world.companies[1].appointments.first()
    for nonsense in (theirs.pk if theirs else 0, "x", "-1", "9" * 30):
        assert admin_client.get(page(template), {"about": nonsense}).context["preview"].chosen == newest(company).pk


def test_a_mail_is_shown_in_a_frame_that_may_do_nothing(admin_client: Client, company: Company) -> None:
    template = own(company, channel="email", subject="Bis {date}", text="<script>alert(1)</script>{greeting}")
    shown = admin_client.get(page(template))
    said = shown.content.decode()
    assert '<iframe class="ap-mail" sandbox=""' in said
    assert "<script>alert(1)" not in said
    assert shown.context["preview"].subject.startswith("Bis ")


def test_a_text_that_an_older_release_saved_says_what_is_wrong(admin_client: Client, company: Company) -> None:
    preview = admin_client.get(page(own(company, text="{gone}"))).context["preview"]
    assert "“{gone}” is not known here" in preview.problem


def test_a_call_back_is_shown_of_a_follow_up(admin_client: Client, company: Company) -> None:
    FollowUp.objects.filter(company=company).update(reason="slot_gone")
    template = own(company, kind="callback", text="{reason} Bis {due}.")
    shown = admin_client.get(page(template)).context["preview"]
    assert shown.chosen == FollowUp.objects.filter(company=company).latest("pk").pk
    assert " Bis " in shown.text


def test_the_shipped_text_can_be_taken_back(admin_client: Client, company: Company) -> None:
    template = own(company)
    assert "Restore AskPro" in admin_client.get(page(template)).content.decode()
    admin_client.post(f"{LIST}{template.pk}/restore/", {"confirmed": "yes"})
    template.refresh_from_db()
    assert template.text == shipped("confirmation", "sms", "de").text


def test_nobody_sees_appointments_in_a_preview_who_may_not_see_them(client: Client, company: Company) -> None:
    may = Permission.objects.filter(codename__in=["view_messagetemplate", "change_messagetemplate"])
    client.force_login(bound(company, permissions=may))
    template = own(company)
    preview = client.get(page(template)).context["preview"]
    assert (preview.text, preview.rows) == ("", ())
    assert "nothing yet" in preview.problem
