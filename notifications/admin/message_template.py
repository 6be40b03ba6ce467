"""Companies' own texts: written, checked, and looked at with real rows before they are in use."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from askpro.console import display
from askpro.console.acts import Act
from askpro.console.filters import CompanyFilter
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.table import Table
from askpro.console.term import Term
from calls.models.company import Language
from notifications.admin.preview import preview, segments
from notifications.models import MessageTemplate, Notification
from notifications.models.variable import channels, variables
from notifications.text.shipped import Written, shipped

KEYS: Final = ("company", "kind", "channel", "language")
# More than this is told when a text is saved.
MANY_SEGMENTS: Final = 2


class MessageTemplateForm(forms.ModelForm):
    """A new text begins as the shipped one."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, channel, language = (cleaned.get(name) for name in KEYS[1:])
        if self.instance.pk is None and kind and language and channel in channels(kind):
            text = shipped(kind, channel, language)
            self.instance.text, self.instance.subject = text.text, text.subject
        if self.instance.channel == Notification.Channel.SMS:
            # Its form has no field for it.
            self.instance.subject = ""
        return cleaned


def _text_of(template: MessageTemplate) -> Written | None:
    """The text that AskPro brings; None for a message that is never sent, which another release may have stored."""
    is_sent = template.channel in channels(template.kind) and template.language in Language.values
    return shipped(template.kind, template.channel, template.language) if is_sent else None


def _is_changed(template: MessageTemplate) -> bool:
    return _text_of(template) not in (None, Written(template.text, template.subject))


def _restore(template: MessageTemplate, user: Any, note: str) -> bool:
    text = _text_of(template)
    return text is not None and template.rewrite(text.text, text.subject)


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ConsoleModelAdmin):
    company_path = "company"
    form = MessageTemplateForm
    list_display = ("what", "way", "language", "company", "is_active", "changed")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("is_active", admin.BooleanFieldListFilter),
        CompanyFilter,
    )
    list_select_related = ("company",)
    list_defer = ("text",)
    page_related = ("company",)
    autocomplete_fields = ("company",)
    search_help_text = _("Words of the text")
    empty_title = _("All messages use AskPro's own texts")
    empty_text = _(
        "Add a text for one kind of message. It starts as AskPro's own text and is a draft until it is in use."
    )
    change_form_outer_after_template = "console/message_template.html"
    acts = (
        Act(
            name="restore",
            label=_("Restore AskPro's text"),
            icon="history",
            explain=_("What was written here is replaced by AskPro's own text."),
            done=_("restored to AskPro's text"),
            possible=_is_changed,
            run=_restore,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: MessageTemplate | None = None) -> Any:
        """First which message it is, then what it says."""
        keys = (("company", "kind"), ("channel", "language"))
        if obj is None:
            return ((None, {"fields": keys}),)
        says = ("text",) if obj.channel == Notification.Channel.SMS else ("subject", "text")
        return ((None, {"fields": (*keys, *says, "is_active")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: MessageTemplate | None = None) -> tuple[str, ...]:
        """A text never becomes one of another message."""
        return KEYS if obj else ()

    def find(self, rows: QuerySet[MessageTemplate], term: Term) -> QuerySet[MessageTemplate]:
        meant = Q(text__icontains=term.text) | Q(subject__icontains=term.text) | Q(company__name__icontains=term.text)
        return rows.filter(meant)

    def save_model(self, request: HttpRequest, obj: MessageTemplate, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and (count := segments(obj)) > MANY_SEGMENTS:
            said = gettext("This text is %(count)s SMS: each message is charged that often.")
            messages.warning(request, said % {"count": count})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """On to the text itself."""
        return HttpResponseRedirect(reverse("admin:notifications_messagetemplate_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        template = self.get_object(request, object_id)
        shown = _shown(template, request) if template is not None else {}
        if template is not None:
            shown["offered"] = self.offered(request, template)
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, template: MessageTemplate) -> str:
        return template.get_kind_display()

    @admin.display(description=_("channel"), ordering="channel")
    def way(self, template: MessageTemplate) -> str:
        return template.get_channel_display()

    @admin.display(description=_("changed"))
    def changed(self, template: MessageTemplate) -> SafeString | str:
        return display.minute(template.changed_at)


def _shown(template: MessageTemplate, request: HttpRequest) -> dict[str, Any]:
    """What stands below the form; nothing below that of a message which is never sent."""
    text = _text_of(template)
    if text is None:
        return {}
    names = [[f"{{{name.value}}}", name.label] for name in variables(template.kind, template.channel)]
    note = gettext("A part in [square brackets] is left out where its variable is not known or has no room.")
    return {
        "preview": preview(template, request.user, request.GET.get("about", "")),
        "shipped": text,
        "variables": Table(gettext("Variables"), [gettext("Write"), gettext("For")], names, note=note),
        "words": {
            "preview": gettext("Preview of what is saved"),
            "about": gettext("About"),
            "show": gettext("Show"),
            "subject": gettext("Subject"),
            "shipped": gettext("The text that AskPro brings"),
        },
    }
