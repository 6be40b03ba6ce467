"""Forms of the set-up, which check what people type before a job fails because of it."""

import re
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from calls import phone
from calls.admin.hours import HoursField
from calls.admin.moving import DECIDES, warning
from calls.admin.words import WordsField
from calls.models import PhoneNumber
from notifications import senders

# The facts that a mapped answer may name in braces; appointments.booking.fields fills them.
# `call.` and a name: what the agent collected under it.
FACTS: Final = frozenset({"name", "phone", "email", "notes", "service", "staff", "branch"})


class PhoneField(forms.CharField):
    """A phone number as people write it; NumbersForm turns it into E.164."""

    widget = UnfoldAdminTextInputWidget


class NumbersForm(forms.ModelForm):
    """Reads numbers as those of the form's country, else of the branch's or company's."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            # Django would make an English label of the field's name.
            if isinstance(field, PhoneField) and field.label is None:
                field.label = capfirst(self._meta.model._meta.get_field(name).verbose_name)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, PhoneField) and cleaned.get(name):
                cleaned[name] = phone.normalise(cleaned[name], self._country(cleaned)) or cleaned[name]
        return cleaned

    def _country(self, cleaned: dict[str, Any]) -> str | None:
        """The first that is given: the form's own, its branch's, its company's. Else the model checks the number."""
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        branch = cleaned.get("branch")
        said = cleaned.get("country") or (branch.home if branch else company.country if company else None)
        return said or None


class SetUpForm(NumbersForm):
    """Checks that time zones exist, and that related rows have the same company."""

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name and name not in available_timezones():
            raise forms.ValidationError(_("Write a time zone's name, such as Europe/Berlin."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        company, branch = cleaned.get("company"), cleaned.get("branch")
        if company and branch and branch.company_id != company.pk:
            self.add_error("branch", _("This branch belongs to another company."))
        if company and any(service.company_id != company.pk for service in cleaned.get("services") or ()):
            self.add_error("services", _("Some of these services belong to another company."))
        return cleaned


class ServiceForm(SetUpForm):
    """Checks that answers are for fields that are asked for, and among their options."""

    synonyms = WordsField(
        required=False, label=_("Synonyms"), help_text=_("Other words that callers use for it, one a line.")
    )

    class Meta:
        help_texts = {
            "field_answers": _(
                "What is sent for each required field: a fixed text or a placeholder: {branch}, {email}, {name}, "
                "{notes}, "
                "{phone}, {service}, {staff}, or {call.…} for what the agent collected under that name. "
                'Example: {"kasse": "privat", "grund": "{notes}", "geburtsdatum": "{call.geburtsdatum}"}.'
            )
        }

    def clean_field_answers(self) -> dict[str, str]:
        answers = self.cleaned_data["field_answers"] or {}
        if not isinstance(answers, dict) or not all(isinstance(text, str) for text in answers.values()):
            raise forms.ValidationError(_('Write texts by field, such as {"kasse": "privat", "grund": "{notes}"}.'))
        options = {field["slug"]: field["options"] for field in self.instance.required_fields}
        for slug, text in answers.items():
            if any(len(part) > 500 for part in (slug, text)):
                raise forms.ValidationError(_("An answer has at most 500 characters."))
            if any(not _is_fact(name) for name in re.findall(r"\{([^{}]*)\}", text)):
                told = _("%(field)s: the placeholders are %(names)s and call.….")
                raise forms.ValidationError(told % {"field": slug, "names": ", ".join(sorted(FACTS))})
            if "{" not in text and options.get(slug) and text not in options[slug]:
                told = _("%(field)s is one of %(options)s.")
                raise forms.ValidationError(told % {"field": slug, "options": ", ".join(options[slug])})
        return answers


def _is_fact(name: str) -> bool:
    return name in FACTS or re.fullmatch(r"call\.[\w -]{1,70}", name) is not None


class CompanyForm(SetUpForm):
    """The key is not one of the model's fields in the form: it can be written, but is never read or shown."""

    new_calcom_api_key = forms.CharField(
        required=False,
        max_length=500,
        label=_("Cal.com API key"),
        help_text=_("Empty: the key of this installation."),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )
    forget_calcom_api_key = forms.BooleanField(
        required=False, label=_("Delete the stored key"), widget=UnfoldBooleanSwitchWidget
    )

    sms_sender = forms.CharField(
        required=False,
        label=_("SMS sender"),
        help_text=_(
            "A number, a name of at most 11 letters and digits, or a messaging service (MG…). Empty: the "
            "installation's."
        ),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        labels = {
            "calcom_handles_notifications": _("Cal.com tells the customers"),
            "sms_enabled": _("SMS to customers"),
            "notification_email": _("E-mail for follow-ups"),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if getattr(self.instance, "has_key", False) and "new_calcom_api_key" in self.fields:
            self.fields["new_calcom_api_key"].help_text = _("A key is stored. Leave this empty to keep it.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if written := cleaned.get("sms_sender"):
            # The model validates what could not be read.
            cleaned["sms_sender"] = senders.read(written, self._country(cleaned)) or written
        return cleaned


class BranchForm(SetUpForm):
    phone = PhoneField(required=False)
    opening_hours = HoursField(
        required=False,
        label=_("Opening hours"),
        help_text=_("When callers may come, such as 9–13, 14–18. An empty line: closed. All empty: not known."),
    )


class NumberForm(SetUpForm):
    number = PhoneField(help_text=_("The number that callers dial: 030 23125 100 and +493023125100 are the same."))
    is_meant = forms.BooleanField(
        required=False,
        label=_("Move its calls"),
        help_text=_("Asked for where a change takes calls elsewhere."),
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._warn(cleaned)
        company, more = cleaned.get("company"), cleaned.get("more_branches")
        if company and more and any(branch.company_id != company.pk for branch in more):
            self.add_error("more_branches", _("Some of these branches belong to another company."))
        return cleaned

    def _warn(self, cleaned: dict[str, Any]) -> None:
        """Save what takes calls elsewhere only when that is meant."""
        if self.instance.pk is None or self.errors or cleaned.get("is_meant"):
            return
        before = PhoneNumber.objects.get(pk=self.instance.pk)
        # What is written in another way is the same number.
        changed = {name for name in DECIDES if cleaned.get(name) != getattr(before, name)}
        if told := warning(before, changed, cleaned):
            todo = _("Switch this on to save it.")
            self.add_error("is_meant", f"{told} {todo}")


class CustomerForm(NumbersForm):
    contact_phone = PhoneField(required=False, help_text=_("Messages go to this number."))
