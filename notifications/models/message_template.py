"""A company's own text of a message."""

from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import Company
from calls.models.company import Language
from notifications import markup
from notifications.models.notification import Notification
from notifications.models.variable import Variable, always_known, asked, channels, required, variables

# Four SMS with room for what is put in: nobody reads more, and Twilio takes no text over 1,600.
LONGEST_SMS: Final = 600
LONGEST_MAIL: Final = 4000


def kinds() -> list[tuple[str, Any]]:
    """The choices of `MessageTemplate.kind`, as a function so that a new one needs no migration."""
    return [choice for choice in Notification.Kind.choices if channels(choice[0])]


class MessageTemplate(models.Model):
    """What a message of one kind says in the company's own words, in place of the text that AskPro brings.

    Checked before it is saved. Only one that is in use is sent.
    """

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="message_templates"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=kinds)
    channel = models.CharField(_("channel"), max_length=8, choices=Notification.Channel.choices)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.GERMAN)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="", help_text=_("Of mails only."))
    text = models.TextField(_("text"), max_length=LONGEST_MAIL)
    is_active = models.BooleanField(
        _("in use"), default=False, help_text=_("Off: the text that AskPro brings is sent, and this is a draft.")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("message text")
        verbose_name_plural = _("message texts")
        ordering = ["company", "kind", "channel", "language"]
        constraints = [
            models.UniqueConstraint(
                "company",
                "kind",
                "channel",
                "language",
                name="message_template_once",
                violation_error_message=_("There is such a text already: change that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_channel_display()}, {self.get_language_display()}"

    def clean(self) -> None:
        """Check that it can be sent. Raises `ValidationError` with all that is wrong."""
        if self.channel not in channels(self.kind):
            raise ValidationError({"channel": _("Messages of this kind are not sent that way.")})
        is_sms = self.channel == Notification.Channel.SMS
        problems: dict[str, list[Any]] = {"text": [*_problems(self.text, self.kind, self.channel)]}
        if is_sms and len(self.text) > LONGEST_SMS:
            problems["text"].append(_("An SMS text has at most %(most)s characters.") % {"most": LONGEST_SMS})
        problems["subject"] = [*self._problems_of_subject(is_sms)]
        if any(problems.values()):
            raise ValidationError({field: said for field, said in problems.items() if said})

    def retire(self) -> bool:
        """Take it out of use; False if it was not in use."""
        retired = MessageTemplate.objects.filter(pk=self.pk, is_active=True).update(is_active=False)
        self.is_active = False
        return retired == 1

    def rewrite(self, text: str, subject: str) -> bool:
        """Replace what it says by a text that is known to be right; False if the row is gone."""
        self.text, self.subject, self.changed_at = text, subject, timezone.now()
        rows = MessageTemplate.objects.filter(pk=self.pk)
        return rows.update(text=text, subject=subject, changed_at=self.changed_at) == 1

    def _problems_of_subject(self, is_sms: bool) -> Iterable[Any]:
        if is_sms:
            yield from [_("An SMS has no subject.")] if self.subject else []
        elif not self.subject.strip():
            yield _("A mail needs a subject.")
        else:
            yield from _problems(self.subject, self.kind, self.channel, is_whole=False)


def _problems(text: str, kind: str, channel: str, *, is_whole: bool = True) -> Iterable[Any]:
    """What is wrong with a text; `is_whole` unless the facts that it must name stand elsewhere."""
    if any(not char.isprintable() and char not in "\r\n" for char in text):
        yield _("There is a character in it that cannot be printed.")
    try:
        parts = markup.parse(text)
    except markup.Unreadable as error:
        yield error.problem
        return
    used, known = markup.names(parts), {*variables(kind, channel)}
    for name in sorted(used - known):
        yield _("“{%(name)s}” is not known here. Known are: %(known)s.") % {"name": name, "known": _listed(known)}
    certain = markup.names(tuple(part for part in parts if not part.is_optional))
    for name in sorted((certain & known) - always_known(kind)):
        yield _("“{%(name)s}” may be empty: put it into a part that may be left out, such as [, {%(name)s}].") % {
            "name": name
        }
    if is_whole:
        yield from _missing(used, certain, kind, channel)


def _missing(used: frozenset[str], certain: frozenset[str], kind: str, channel: str) -> Iterable[Any]:
    wanted = required(kind, channel)
    if wanted and not any(one <= certain for one in wanted):
        listed = " / ".join(_listed(one) for one in wanted)
        yield _("The text must name %(names)s, outside of square brackets.") % {"names": listed}
    if missing := {*asked(kind, channel)} - used:
        yield _("The text must name %(names)s in square brackets.") % {"names": _listed(missing)}


def _listed(known: Iterable[Variable]) -> str:
    """In the order in which they are declared."""
    return ", ".join(f"{{{variable.value}}}" for variable in Variable if variable in {*known})
