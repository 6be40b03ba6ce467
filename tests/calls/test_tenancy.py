import pytest

from calls.models import PhoneNumber
from calls.tenancy import number_of, other_party
from tests.calls.practice import NUMBER, practice
from tests.calls.recorded import recorded_call

pytestmark = pytest.mark.django_db


def named(**changes: object) -> PhoneNumber | None:
    return number_of(recorded_call("call_ended", **{"agent_id": "agent_unknown", **changes}))


@pytest.fixture
def number() -> PhoneNumber:
    return practice()


@pytest.mark.parametrize("written", [NUMBER, NUMBER.removeprefix("+"), "0049 30 23125200"])
def test_it_finds_the_number_however_it_is_written(number: PhoneNumber, written: str) -> None:
    assert named(to_number=written) == number


@pytest.mark.parametrize("written", ["+493023125201", "23125200", "+4930231252000", "", "anonymous", "' OR 1=1"])
def test_incident_25_nobody_is_found_by_a_number_that_only_resembles(number: PhoneNumber, written: str) -> None:
    assert named(to_number=written) is None


def test_it_asks_the_number_that_called_when_the_call_was_made_by_us(number: PhoneNumber) -> None:
    assert named(direction="outbound", from_number=NUMBER, to_number="+4915551230011") == number
    assert named(direction="outbound", from_number="+4915551230011", to_number=NUMBER) is None


@pytest.mark.parametrize("what", ["number", "company"])
def test_it_finds_nobody_when_number_or_company_is_inactive(number: PhoneNumber, what: str) -> None:
    row = number if what == "number" else number.company
    row.is_active = False
    row.save()
    assert named(to_number=NUMBER) is None


def test_it_goes_by_the_agent_when_the_number_is_unknown_and_the_agent_has_one_number(number: PhoneNumber) -> None:
    assert named(to_number="+493023125299", agent_id="agent_71c0") == number
    practice("+493023125201", "salon-birke")  # the same agent answers a second number now
    assert named(to_number="+493023125299", agent_id="agent_71c0") is None
    PhoneNumber.objects.filter(pk=number.pk).update(is_active=False)
    assert named(to_number="+493023125299", agent_id="agent_71c0") is not None


def test_it_never_takes_an_absent_agent_for_one(number: PhoneNumber) -> None:
    PhoneNumber.objects.update(retell_agent_id="")
    assert named(to_number="+493023125299", agent_id="") is None


def test_it_does_not_believe_the_payloads_metadata(number: PhoneNumber) -> None:
    assert named(to_number="+493023125299", metadata={"askpro_tenant": number.company.slug}) is None


def test_the_other_party_is_who_is_not_us() -> None:
    assert other_party("inbound", "+4915551230011", NUMBER, "DE") == "+4915551230011"
    assert other_party("outbound", NUMBER, "+4915551230011", "DE") == "+4915551230011"
    assert other_party("inbound", "anonymous", NUMBER, "DE") is None
