"""The set-up that people enter is checked, and its secrets are write-only."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory

from appointments.models import Appointment
from askpro import gates
from askpro.console.model_admin import ReadOnlyModelAdmin
from calls.models import Branch, Company, Customer, PhoneNumber
from notifications.opt_outs import opt_out
from tests.console.tenants import bound
from tests.console.world import World
from webhooks.models import WebhookAddress

SET_UP = [each for each in admin.site._registry.values() if not isinstance(each, ReadOnlyModelAdmin)]


def company_form(company: Company, **changes: str) -> dict[str, str]:
    form = {
        "name": company.name,
        "slug": company.slug,
        "timezone": "Europe/Berlin",
        "country": "DE",
        "language": "de",
        "is_active": "on",
        "quiet_from": "21:00",
        "quiet_until": "08:00",
        "change_notice_minutes": "0",
        "report_hour": "20",
        "offer_minutes": "20",
        "offer_lead_minutes": "120",
    }
    for prefix in ("branches", "phone_numbers"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return {**form, **changes}


def save(client: Client, company: Company, **changes: str) -> None:
    answer = client.post(f"/admin/calls/company/{company.pk}/change/", company_form(company, **changes))
    assert answer.status_code == 302, answer.context["adminform"].form.errors


def test_it_never_shows_a_key(admin_client: Client, world: World) -> None:
    page = admin_client.get(f"/admin/calls/company/{world.companies[0].pk}/change/").content.decode()

    assert "cal_secret" not in page
    assert "A key is stored" in page


def test_it_tells_operators_the_gate_of_each_company(admin_client: Client, client: Client, world: World) -> None:
    company = world.companies[0]
    page = f"/admin/calls/company/{company.pk}/change/"
    gate = gates.calcom(company.calcom_api_key).name
    client.force_login(bound(company))

    assert gate in admin_client.get(page).content.decode()
    assert gate not in client.get(page).content.decode()
    Company.objects.update(calcom_api_key="")
    assert f"{gates.calcom(settings.CALCOM_API_KEY).name}, together with all" in admin_client.get(page).content.decode()


def test_it_keeps_replaces_and_forgets_a_key(admin_client: Client, world: World) -> None:
    company = world.companies[0]

    save(admin_client, company)
    assert Company.objects.get(pk=company.pk).calcom_api_key == "cal_secret_salon"
    save(admin_client, company, new_calcom_api_key="cal_new")
    assert Company.objects.get(pk=company.pk).calcom_api_key == "cal_new"
    save(admin_client, company, forget_calcom_api_key="on")
    assert Company.objects.get(pk=company.pk).calcom_api_key == ""


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("030 23125199", "+493023125199"),
        ("Salon Kaethe", None),
        ("MG123", None),
        ("SalonKaethe", "SalonKaethe"),
        ("", ""),
    ],
)
def test_it_keeps_a_sender_that_sms_can_come_from_and_refuses_the_others(
    admin_client: Client, world: World, written: str, kept: str | None
) -> None:
    company = world.companies[0]
    page = f"/admin/calls/company/{company.pk}/change/"
    answer = admin_client.post(page, company_form(company, sms_sender=written))
    assert (answer.status_code == 302) is (kept is not None)
    if kept is None:
        assert "at most 11 letters" in answer.context["adminform"].form.errors["sms_sender"][0]
    else:
        assert Company.objects.get(pk=company.pk).sms_sender == kept


def test_it_opens_the_pages_of_work_although_a_key_cannot_be_read(admin_client: Client, world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE calls_company SET calcom_api_key = 'encrypted with a key that is gone'")

    call, appointment = world.calls[0].pk, world.appointments[0].pk
    for page in (
        "",
        "calls/company/",
        f"calls/company/{world.companies[0].pk}/change/",
        "calls/call/",
        f"calls/call/{call}/change/",
        "appointments/followup/",
        f"appointments/appointment/{appointment}/change/",
        "calls/phonenumber/",
        "notifications/notification/",
        f"webhooks/webhookevent/{world.events[0].pk}/change/",
        f"appointments/followup/{world.follow_ups[0].pk}/change/",
        f"notifications/notification/{world.messages[0].pk}/change/",
    ):
        assert admin_client.get(f"/admin/{page}").status_code == 200, page


@pytest.mark.parametrize("typed", ["030 23125 177", "+49 30 23125177", "0049/30/23125177"])
def test_it_keeps_a_number_in_one_form(admin_client: Client, world: World, typed: str) -> None:
    company = world.companies[0]
    form = {"company": company.pk, "branch": company.branches.get().pk, "number": typed, "is_active": "on"}

    admin_client.post("/admin/calls/phonenumber/add/", form)

    assert PhoneNumber.objects.filter(number="+493023125177").exists()


def test_it_refuses_a_branch_of_another_company(admin_client: Client, world: World) -> None:
    one, other = world.companies
    form = {"company": one.pk, "branch": other.branches.get().pk, "number": "+493023125178", "is_active": "on"}

    answer = admin_client.post("/admin/calls/phonenumber/add/", form)

    assert "belongs to another company" in answer.content.decode()
    assert not PhoneNumber.objects.filter(number="+493023125178").exists()


def test_it_refuses_services_of_another_company(admin_client: Client, world: World) -> None:
    staff = world.companies[0].staff.earliest("pk")
    form = {"company": staff.company_id, "branch": staff.branch_id, "name": staff.name, "is_active": "on"}
    strange = world.companies[1].services.earliest("pk").pk

    answer = admin_client.post(f"/admin/calls/staff/{staff.pk}/change/", {**form, "services": [strange]})

    assert "Some of these services belong to another company" in answer.content.decode()
    assert not staff.services.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("timezone", "Europa/Berlin", "Write a time zone"),
        ("opening_hours_mo", "montags", "cannot be read"),
        ("opening_hours_so", "18-9", "overlap, or end before they begin"),
    ],
)
def test_it_refuses_what_a_job_could_not_read(
    admin_client: Client, world: World, field: str, value: str, said: str
) -> None:
    branch = Branch.objects.first()
    assert branch is not None
    form = {"company": str(branch.company_id), "name": "Mitte", field: value}
    form |= {"phone_numbers-TOTAL_FORMS": "0", "phone_numbers-INITIAL_FORMS": "0"}

    answer = admin_client.post(f"/admin/calls/branch/{branch.pk}/change/", form)

    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_it_lets_a_person_correct_a_customer_but_not_the_number(admin_client: Client, world: World) -> None:
    customer = world.customers[1]
    form = {"name": "Anneliese Groß", "language": "de", "phone": "+491555999999", "email": "", "contact_phone": ""}

    admin_client.post(f"/admin/calls/customer/{customer.pk}/change/", form)

    saved = Customer.objects.get(pk=customer.pk)
    assert (saved.name, saved.phone) == ("Anneliese Groß", customer.phone)


def test_a_customers_page_names_nobody_where_an_appointment_has_no_host(admin_client: Client, world: World) -> None:
    appointment = Appointment.objects.filter(customer__isnull=False).first()
    assert appointment is not None
    Appointment.objects.filter(pk=appointment.pk).update(service=None, staff=None)

    page = admin_client.get(f"/admin/calls/customer/{appointment.customer_id}/change/").content.decode()

    assert "None" not in page


def test_a_customers_page_says_in_words_whether_sms_may_be_sent(admin_client: Client, world: World) -> None:
    customer = world.customers[1]
    Company.objects.filter(pk=customer.company_id).update(sms_sender="+493023125199")
    address = f"/admin/calls/customer/{customer.pk}/change/"
    assert ">no<" in "".join(admin_client.get(address).content.decode().split())

    opt_out(customer.phone, ["+493023125199"])

    assert "yes, no SMS is sent" in admin_client.get(address).content.decode()


def address_form(**changes: str) -> dict[str, str]:
    return {"secrets-TOTAL_FORMS": "0", "secrets-INITIAL_FORMS": "0", "account": "", **changes}


def test_an_address_of_a_companys_own_is_made_and_its_secret_never_shown(admin_client: Client, world: World) -> None:
    company = world.companies[0]
    made = address_form(company=str(company.pk), provider="calcom", new_secret="cal_whsec_first")
    assert admin_client.post("/admin/webhooks/webhookaddress/add/", made).status_code == 302
    address = WebhookAddress.objects.get(company=company)
    assert address.active_secrets() == ["cal_whsec_first"]
    page = admin_client.get(f"/admin/webhooks/webhookaddress/{address.pk}/change/").content.decode()
    assert f"/webhooks/calcom/{address.public_id}/" in page
    assert "cal_whsec_first" not in page


def test_the_secret_of_an_address_is_changed_in_two_steps(admin_client: Client, world: World) -> None:
    address = WebhookAddress.objects.create(company=world.companies[0], provider="retell")
    address.add_secret("key_old")
    page = f"/admin/webhooks/webhookaddress/{address.pk}/change/"
    assert admin_client.post(page, address_form(new_secret="key_new")).status_code == 302
    assert address.active_secrets() == ["key_new", "key_old"]
    assert admin_client.post(page, address_form(new_secret="key_third", retire_older="on")).status_code == 302
    assert address.active_secrets() == ["key_third"]
    assert admin_client.post(page, address_form()).status_code == 302
    assert address.active_secrets() == ["key_third"]


@pytest.mark.parametrize(
    ("provider", "account", "sender"),
    [
        ("twilio", "", "+493023125100"),
        ("twilio", "SK123", "+493023125100"),
        ("twilio", "AC123", ""),
        ("calcom", "AC1", ""),
    ],
)
def test_an_account_is_twilios_and_sends_from_a_number_of_its_own(
    admin_client: Client, world: World, provider: str, account: str, sender: str
) -> None:
    company = world.companies[0]
    Company.objects.filter(pk=company.pk).update(sms_sender=sender)
    form = address_form(company=str(company.pk), provider=provider, account=account, new_secret="token")
    assert admin_client.post("/admin/webhooks/webhookaddress/add/", form).status_code == 200
    assert not WebhookAddress.objects.exists()


@pytest.mark.parametrize("model_admin", SET_UP, ids=lambda each: each.model._meta.label)
def test_no_field_is_named_by_its_name_in_the_code(rf: RequestFactory, admin_user: User, model_admin: Any) -> None:
    request = rf.get("/")
    request.user = admin_user

    form = model_admin.get_form(request)()

    # Django makes an English name of it, for readers of every language.
    assert [name for name, field in form.fields.items() if field.label is None] == []
