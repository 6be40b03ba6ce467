"""What is asked before rows are repaired."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from askpro.console.fleet_forms import ReasonForm
from askpro.console.repair.kinds import Verb
from askpro.console.repair.moments import read_moment

FASTEST: Final = 100
USUAL: Final = 20
# The moment at which a person looked at the preview, and how many rows it showed.
LONGEST_LOOK: Final = timedelta(hours=12)


class RepairForm(ReasonForm):
    """Why, how fast, whether one goes first, and for some deeds until when."""

    when = forms.CharField(
        label=_("Until"), max_length=40, widget=UnfoldAdminTextInputWidget, help_text=_("Such as 29.11.2026 09:00")
    )
    rate = forms.IntegerField(
        label=_("How many a second at most?"),
        min_value=1,
        max_value=FASTEST,
        initial=USUAL,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    tries_first = forms.BooleanField(
        label=_("Try the newest one first"),
        required=False,
        help_text=_(
            "The others follow only when it has succeeded with this release's code. If it fails, they stay as they are."
        ),
    )
    looked_at = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, verb: Verb, data: Any = None) -> None:
        super().__init__(data)
        self.fields["tries_first"].initial = verb.tries_first
        if not verb.asks_when:
            del self.fields["when"]
        if verb.outcome is None:
            del self.fields["tries_first"]
        self.order_fields(["reason", "when", "tries_first", "rate"])

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that a person sees."""
        return self.visible_fields()

    def clean_when(self) -> datetime:
        found = read_moment(str(self.cleaned_data["when"]))
        if found is None or found <= timezone.now():
            raise forms.ValidationError(gettext("Name a moment that is still to come."))
        return found

    def clean_looked_at(self) -> datetime:
        looked_at: datetime = self.cleaned_data["looked_at"]
        if not timezone.now() - LONGEST_LOOK < looked_at <= timezone.now():
            raise forms.ValidationError(gettext("This page has been open for too long. Look at it again."))
        return looked_at
