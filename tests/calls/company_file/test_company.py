"""A company from one file: written once, changed when the file changes, and refused with the line of each fault."""

import io
from datetime import date, time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calls.company_file.company import FileRefused, write
from calls.models import Branch, ClosedDay, Company, PhoneNumber, Service, Staff
from webhooks.models import WebhookAddress

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy/company.example.yaml"
SMALL = """\
company:
  slug: salon-zaunkoenig
  name: Salon Zaunkönig
branches:
  - name: Mitte
"""
DAYS = "closed_days:\n  - first_day: 2026-12-24\n    last_day: 2026-12-01\n    reason: Ferien\n"


def faults(text: str) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        write(text)
    assert not Company.objects.exists(), "nothing is written"
    return [str(fault) for fault in refused.value.faults]


def run(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("company_create", str(path), *options, stdout=out, stderr=out)
    return out.getvalue()


class TestTheExample:
    def test_it_is_a_whole_company(self) -> None:
        said = run(EXAMPLE)
        company = Company.objects.get(slug="salon-zaunkoenig")
        assert (company.name, company.sms_sender, company.change_notice_minutes) == (
            "Salon Zaunkönig",
            "+493023125199",
            120,
        )
        branch = Branch.objects.get(company=company)
        assert (branch.postal_code, branch.phone, branch.state) == ("10119", "+493023125160", "BE")
        assert branch.opening_hours["do"] == [["09:00", "13:00"], ["14:00", "20:00"]]
        service = Service.objects.get(company=company)
        assert (str(service.price), service.calcom_event_type_id) == ("79.00", 4712)
        assert "Tönung" in service.synonyms
        staff = Staff.objects.get(company=company)
        assert (staff.branch, [*staff.services.all()], staff.calcom_user_id) == (branch, [service], 20817)
        number = PhoneNumber.objects.get(company=company)
        assert (number.number, number.branch, number.retell_agent_id) == ("+493023125160", branch, "agent_zaunkoenig")
        assert ClosedDay.objects.get(company=company).last_day == date(2027, 1, 2)
        assert said.endswith("salon-zaunkoenig: 6 written.\n")

    def test_again_it_has_nothing_to_do(self) -> None:
        run(EXAMPLE)
        assert run(EXAMPLE) == "salon-zaunkoenig: nothing to do.\n"

    def test_a_dry_run_says_the_same_and_writes_nothing(self) -> None:
        said = run(EXAMPLE, "--dry-run")
        assert "branch Mitte: new\n" in said and said.endswith("6 would be written.\n")
        assert not Company.objects.exists()

    def test_what_stands_behind_remarks_can_be_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("CALCOM_KEY", "RETELL_KEY", "TWILIO_TOKEN"):
            monkeypatch.setenv(f"ZAUNKOENIG_{name}", f"secret {name}")
        text = EXAMPLE.read_text("utf-8").replace("AC…", "AC" + "0" * 32)
        lines = text.splitlines()
        shown = ("# calcom_api_key", "# webhooks", "#   retell", "#   twilio")
        uncommented = [line.replace("# ", "", 1) if line.strip().startswith(shown) else line for line in lines]
        write("\n".join(uncommented))
        assert Company.objects.get().calcom_api_key == "secret CALCOM_KEY"
        assert {each.provider: each.active_secrets() for each in WebhookAddress.objects.all()} == {
            "retell": ["secret RETELL_KEY"],
            "twilio": ["secret TWILIO_TOKEN"],
        }
        assert write("\n".join(uncommented)).changes == []


class TestChanges:
    def test_what_the_file_says_otherwise_is_changed_and_told(self) -> None:
        write(SMALL)
        outcome = write(
            SMALL.replace("name: Mitte", "name: Mitte\n    city: Berlin\n    opening_hours: {mo: 09:00-17:30}")
        )
        (change,) = outcome.changes
        assert "branch Mitte: city '' → 'Berlin'" in change
        assert Branch.objects.get().opening_hours == {"mo": [["09:00", "17:30"]]}

    def test_what_it_does_not_mention_stays(self) -> None:
        write(SMALL.replace("name: Mitte", "name: Mitte\n    city: Berlin"))
        company = Company.objects.get()
        Branch.objects.create(company=company, name="Nord")
        Company.objects.update(quiet_from="20:00")
        outcome = write(SMALL)
        assert outcome.changes == [] and outcome.left == ["branch Nord"]
        assert Branch.objects.get(name="Mitte").city == "Berlin"
        assert Company.objects.get().quiet_from == time(20, 0)

    def test_a_secret_is_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write(SMALL)
        monkeypatch.setenv("KEY", "cal_live_secret")
        outcome = write(SMALL.replace("name: Salon", "calcom_api_key: {env: KEY}\n  name: Salon"))
        assert outcome.changes == ["company salon-zaunkoenig: calcom_api_key"]
        assert Company.objects.get().calcom_api_key == "cal_live_secret"

    def test_a_member_of_staff_moves_to_another_service(self) -> None:
        text = SMALL + "services:\n  - name: A\n  - name: B\nstaff:\n  - name: Mara Buche\n    services: [A]\n"
        write(text)
        assert write(text.replace("[A]", "[A, B]")).changes == ["staff Mara Buche: services: 1 → 2"]
        assert Staff.objects.get().services.count() == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: It needs company: with a slug and a name."),
        ("- a", "line 1: The file has to be a mapping, beginning with company:"),
        ("company: [", "line 1: This is no YAML: expected the node content, but found '<stream end>'."),
        ("a: &a {slug: x}\ncompany: *a", "line 1: It has aliases (*name): write each value out."),
        (SMALL + "brunches: []\n", "line 6: The file has no 'brunches'. Did you mean branches?"),
        (SMALL.replace("name: S", "nmae: S\n  name: S"), "line 3: A company has no 'nmae'. Did you mean name?"),
        (SMALL.replace("  name: S", "  name:\n  sms_enabled: on #"), "line 3: name: This field cannot be blank."),
        (SMALL + "    name: Nord\n", "line 6: 'name' stands here twice; first in line 5."),
        (SMALL.replace("  name: S", "  timezone: Europe/Berlni\n  name: S"), "line 3: timezone: there is no such"),
        (SMALL + "    opening_hours: {mo: 9-18}\n", "line 6: opening_hours: Opening hours, mo"),
        (SMALL + "    opening_hours: always\n", "line 6: opening_hours: Write each weekday with its hours"),
        (SMALL + "    state: XX\n", "line 6: state: The federal states are "),
        (SMALL + "    is_active: perhaps\n", "line 6: is_active: This has to be true or false."),
        (SMALL + "    city: [Berlin]\n", "line 6: city: This has to be a single value."),
        (SMALL + "services:\n  - name: A\n    duration_minutes: long\n", "line 8: duration_minutes: "),
        (SMALL + "services:\n  - name: A\n    synonyms: B\n", "line 8: synonyms: This has to be a list."),
        (SMALL + "services:\n  - duration_minutes: 30\n", "line 7: A service needs name."),
        (SMALL + "services:\n  - A\n", "line 7: services: an entry has to be a mapping"),
        (SMALL + "services:\n  - name: A\n  - name: A\n", "line 8: service A stands in the file twice."),
        (SMALL + "services:\n  - name: A\n    branch: Mite\n", "line 8: There is no branch Mite. Did you mean Mitte?"),
        (SMALL + "staff:\n  - name: M\n    services: [A]\n", "line 8: There is no service A."),
        (SMALL + "numbers:\n  - number: 12\n", "line 7: number: "),
        (SMALL + DAYS, "line 8: last_day: It is before"),
        (SMALL + "closed_days: Ferien\n", "line 6: closed_days has to be a list"),
        (SMALL.replace("  name: S", "  calcom_api_key: cal_1\n  name: S"), "line 3: calcom_api_key: A secret does not"),
        (SMALL.replace("  name: S", "  calcom_api_key: {env: NO}\n  name: S"), "line 3: calcom_api_key: The env"),
        (SMALL + "webhooks:\n  retell: {}\n", "line 7: retell needs a secret."),
        (SMALL + "webhooks:\n  zoom: {}\n", "line 7: webhooks has no 'zoom'. There are retell, calcom, twilio."),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(text: str, said: str) -> None:
    (told,) = faults(text)
    assert told.startswith(said)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(SMALL + "    state: XX\nservices:\n  - name: A\n    branch: Nord\n    price: much\nstaf: []\n")
    out = io.StringIO()
    with pytest.raises(CommandError, match="4 to mend; nothing was written"):
        call_command("company_create", str(path), stdout=out, stderr=out)
    assert [line.partition(":")[0] for line in out.getvalue().splitlines()] == [
        "line 6",
        "line 9",
        "line 10",
        "line 11",
    ]


def test_a_number_of_another_company_is_refused() -> None:
    write(SMALL + "numbers:\n  - number: 030 23125 160\n")
    with pytest.raises(FileRefused) as refused:
        write((SMALL + "numbers:\n  - number: 030 23125 160\n").replace("zaunkoenig", "amsel"))
    assert [str(fault) for fault in refused.value.faults] == [
        "line 7: number +493023125160 belongs to salon-zaunkoenig."
    ]
    assert Company.objects.count() == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "company.yaml"
    if content:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=r"cannot be read|is not UTF-8"):
        call_command("company_create", str(path))
