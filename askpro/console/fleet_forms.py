"""What the console asks before something is done to the fleet."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

MOST_PROCESSES = 1000


class ReasonForm(forms.Form):
    """Why: kept in the event, with who it was."""

    reason = forms.CharField(label=_("Why?"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3}))

    def __init__(self, data: Any = None, *, needs_reason: bool = True) -> None:
        super().__init__(data)
        self.fields["reason"].required = needs_reason
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).replace("\n", " ").replace("\r", "").strip()


class PauseForm(ReasonForm):
    """For how long."""

    CHOICES = (
        ("", _("Until a person resumes it")),
        ("15", _("For 15 minutes")),
        ("60", _("For an hour")),
        ("240", _("For four hours")),
        ("1440", _("For a day")),
        ("moment", _("Until the moment below")),
    )
    length = forms.ChoiceField(label=_("How long?"), choices=CHOICES, required=False, widget=UnfoldAdminSelectWidget)
    moment = forms.DateTimeField(
        label=_("Moment"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local", "class": "ap-input"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Time of Berlin. Only for “Until the moment below”."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["until"] = self._until(said.get("length", ""), said.get("moment"))
        return said

    def _until(self, length: str, moment: datetime | None) -> datetime | None:
        if length == "moment":
            if moment is None or moment <= timezone.now():
                self.add_error("moment", _("Name a moment that is still to come."))
            return moment
        return timezone.now() + timedelta(minutes=int(length)) if length else None


class ScaleForm(ReasonForm):
    """How many."""

    processes = forms.IntegerField(
        label=_("Processes on each host"),
        required=False,
        min_value=1,
        max_value=MOST_PROCESSES,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty: balanced by its settings again."),
    )
