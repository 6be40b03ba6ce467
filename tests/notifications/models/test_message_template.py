"""A company's own text is checked before it is saved."""

import pytest
from django.core.exceptions import ValidationError

from calls.models import Company
from calls.models.company import Language
from notifications.models import MessageTemplate
from notifications.models.message_template import kinds
from notifications.models.variable import channels
from notifications.text.shipped import shipped

OWN = "{company}: Bis {when}[ bei {staff}]"


def template(company: Company, **values: object) -> MessageTemplate:
    defaults: dict[str, object] = {"kind": "confirmation", "channel": "sms", "text": OWN}
    return MessageTemplate(company=company, **(defaults | values))  # type: ignore[misc]


def refusal(row: MessageTemplate) -> str:
    with pytest.raises(ValidationError) as error:
        row.full_clean()
    return " ".join(error.value.messages)


def test_it_takes_a_text_that_says_when(company: Company) -> None:
    for text in (OWN, "Am {date} um {time}", "{when}"):
        template(company, text=text).full_clean()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Am {when} {wann}", "“{wann}” is not known here. Known are: {when}, {date}"),
        ("Am {when} {due}", "“{due}” is not known here"),
        ("Am {when} {greeting}", "“{greeting}” is not known here"),
        ("Am {when.year}", "is no variable"),
        ("Am {when", "stands alone"),
        ("Am {when} bei {staff}", "“{staff}” may be empty"),
        ("Bis bald", "must name {when} / {date}, {time}, outside of square brackets"),
        ("Bis bald[ am {when}]", "must name {when}"),
        ("Am {date}", "must name {when}"),
        ("Am {when}\u200b", "cannot be printed"),
        ("Am {when}\x00", "cannot be printed"),
        ("Am {when}" + "x" * 600, "at most 600"),
        ("", "cannot be blank"),
    ],
)
def test_it_refuses_a_text_that_cannot_be_sent(company: Company, text: str, said: str) -> None:
    assert said in refusal(template(company, text=text))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "staff", "channel": "email"}, "not a valid choice"),
        ({"kind": "callback", "channel": "email", "text": "{due}"}, "not sent that way"),
        ({"kind": "cancel_question"}, "not a valid choice"),
        ({"kind": "callback", "text": "Wir rufen an[: {phone}]"}, "must name {due}"),
        ({"kind": "reminder", "text": "Am {when}"}, "must name {answer} in square brackets"),
        ({"kind": "reminder", "text": "Am {when}. {answer}?"}, "“{answer}” may be empty"),
        ({"kind": "offer", "text": "Frei: {when} bis {until}"}, "must name {when}, {answer}, {until}"),
        ({"subject": "Termin"}, "An SMS has no subject"),
        ({"channel": "email"}, "A mail needs a subject"),
        ({"channel": "email", "subject": "{staff}"}, "may be empty"),
        ({"channel": "email", "subject": "Ihr\nTermin {wann}"}, "“{wann}” is not known"),
    ],
)
def test_it_refuses_what_does_not_belong_to_its_message(company: Company, values: dict[str, str], said: str) -> None:
    assert said in refusal(template(company, **values))


def test_there_is_one_for_each_message_of_a_company(company: Company) -> None:
    template(company).save()
    assert "There is such a text already" in refusal(template(company))


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize(("kind", "channel"), [(kind, each) for kind, _ in kinds() for each in channels(kind)])
def test_what_is_shipped_would_be_taken_as_a_companys_own(
    company: Company, kind: str, channel: str, language: str
) -> None:
    text = shipped(kind, channel, language)
    own = template(company, kind=kind, channel=channel, language=language, text=text.text, subject=text.subject)
    own.full_clean()


def test_it_is_taken_out_of_use_once(company: Company) -> None:
    row = template(company, is_active=True)
    row.save()
    assert (row.retire(), row.retire()) == (True, False)
    assert not MessageTemplate.objects.get().is_active
